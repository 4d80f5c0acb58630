"""The balloon device of QEMU, one ring element a step: hw/virtio/virtio-balloon.c.

A START on the ring is a reference to a cell in guest memory; the device reads it when it pops the
entry, not when the driver posted it. Hints carry no id: theirs is that of the last START before them.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import DONE, FALSE, NO_BLOCK, STOP, TRUE, Term, choose, is_issued, just
from hintspec.protocol.dirty_log import clear_chunk, migration_runs, owed_chunk, remembered_elsewhere
from hintspec.protocol.promises import (
    DEVICE_STANDS_STILL,
    HINT_IN_BATCH,
    HINT_IN_WINDOW,
    HINT_SPARES_NEW_WRITES,
    ID_AT_MOST_ONCE,
    POPS_WHAT_IS_THERE,
)
from hintspec.protocol.rules import AcceptsStart, Honours, IssueWaits, Kind, StartCell, World, manual, skipping
from hintspec.protocol.state import DEVICE, Entry, Phase, Sending, State, Status

S = State


# -- what both sides share --------------------------------------------------------------------


def config_shows(s: S) -> Term:
    """The command id that the driver reads from config: in S_START it is 0, the same as STOP.

    Source: QEMU virtio_balloon_get_config(); Firecracker shows its host_cmd.
    """
    if s.world.device.kind == Kind.DISCARDS:
        return s.device.shown
    done = choose(s.device.status == Status.S_DONE, DONE, STOP)
    return choose(s.device.status == Status.S_REQUESTED, s.device.cmd_id, done)


def payload(s: S) -> Term:
    """What the device reads from the out buffer at the head of the ring, now."""
    cell = s.world.driver.start_cell
    if cell == StartCell.PER_ROUND:
        return s.ring.queue.head("cell")
    if cell == StartCell.SHARED_WITH_STOP:
        return choose(s.driver.stop_in_cell, STOP, s.driver.active)
    return choose(s.ring.queue.head("kind") == Entry.STOP_SIGN, STOP, s.driver.active)


def out_buffer(s: S) -> Term:
    """The loop may pop, and the element at the head of the ring is an out buffer."""
    return may_pop(s) & ~(s.ring.queue.head("kind") == Entry.HINT)


def hint(s: S) -> Term:
    """The loop may pop, and the element at the head of the ring is a hint."""
    return may_pop(s) & (s.ring.queue.head("kind") == Entry.HINT)


def may_pop(s: S) -> Term:
    """The loop runs, is not held by a stopped VM (block_iothread), and an element is available."""
    ready: Term = s.device.awake & s.device.negotiated & ~(s.ring.queue.waiting == 0)
    if s.world.migrates:
        ready = ready & may_run(s) & ~hint_in_progress(s)
    if skipping(s.world) and not s.world.device.rechecks_ring:
        ready = ready & ~s.device.dozing
    return ready


def may_run(s: S) -> Term:
    """A stopped VM blocks the loop; not if the driver has turned the feature off (set_status looks at it)."""
    runs: Term = s.vm.running
    if skipping(s.world) and not s.world.device.features_are_fixed:
        runs = runs | ~s.device.feature
    return runs


def is_notified(s: S) -> Term:
    """The migration's notifier does its part: the driver is there, and has accepted the feature."""
    there: Term = s.device.negotiated
    return there if s.world.device.features_are_fixed else there & s.device.feature


def hint_in_progress(s: S) -> Term:
    """Between the two steps of a hint the device holds free_page_lock and bitmap_mutex."""
    if returns_first(s.world):
        return ~(s.device.acting == NO_BLOCK)
    if clears_in_two_steps(s.world):
        return ~(s.device.clearing == NO_BLOCK)
    return FALSE


def device_unlocked(s: S) -> Term:
    """free_page_lock can be had: no hint is half done."""
    return ~hint_in_progress(s) if s.world.hinting else TRUE


def takes_head(s: S, of_its_kind: Term) -> None:
    """What the device owes whenever it acts on the oldest entry of the ring."""
    promise(POPS_WHAT_IS_THERE, ~(s.ring.queue.waiting == 0) & of_its_kind)
    if s.world.migrates:
        promise(DEVICE_STANDS_STILL, s.vm.running)


def takes_hint(s: S) -> None:
    """The same of a hint."""
    takes_head(s, s.ring.queue.head("kind") == Entry.HINT)


def see_out_buffer(s: S) -> None:
    """Ghosts and promise of each out buffer: what the device has seen of ids."""
    seen = payload(s)
    promise(ID_AT_MOST_ONCE, ~(is_issued(seen) & (seen == s.ghost.last_id)))
    takes_head(s, ~(s.ring.queue.head("kind") == Entry.HINT))
    s.ghost.last_id = choose(is_issued(seen), seen, s.ghost.last_id)
    s.ghost.open = is_issued(seen)


# -- out buffers ------------------------------------------------------------------------------


def opens_batch(s: S) -> Term:
    """Whether the out buffer at the head is taken as the START of the current id."""
    matches = payload(s) == s.device.cmd_id
    if s.world.device.accepts_start == AcceptsStart.REQUESTED:
        return (s.device.status == Status.S_REQUESTED) & matches
    return matches


@action(by=DEVICE, step="H4", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def pop_start(s: S) -> None:
    """An out buffer with the current id: hinting starts."""
    require(out_buffer(s), opens_batch(s))
    see_out_buffer(s)
    s.ring.queue = s.ring.queue.pop()
    s.device.status = Status.S_START
    if s.world.device.issue_waits == IssueWaits.START:
        s.device.round_open = False


@action(by=DEVICE, step="H5", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def pop_stop(s: S) -> None:
    """Any other out buffer while hinting is on: hinting stops. The driver is not told."""
    require(out_buffer(s), ~opens_batch(s), s.device.status == Status.S_START)
    see_out_buffer(s)
    close_round(s)
    s.ring.queue = s.ring.queue.pop()
    s.device.status = Status.S_STOP


@action(by=DEVICE, step="H6", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def ignore_out_buffer(s: S) -> None:
    """An out buffer that is neither the awaited id nor ends a batch: dropped."""
    require(out_buffer(s), ~opens_batch(s), ~(s.device.status == Status.S_START))
    see_out_buffer(s)
    close_round(s)
    s.ring.queue = s.ring.queue.pop()


def close_round(s: S) -> None:
    """Repair F2: a STOP was popped, so nothing of the last round is on the ring any more."""
    if s.world.device.issue_waits == IssueWaits.STOP:
        stopped = s.ring.queue.head("kind") == Entry.STOP_SIGN
        s.device.round_open = choose(stopped, FALSE, s.device.round_open)


# -- hints ------------------------------------------------------------------------------------


def mutex_free(s: S) -> Term:
    """bitmap_mutex is not with the migration thread: since 6.1 it keeps it until the page was read."""
    if s.world.device.mutex_spans_send:
        return s.migration.sending == NO_BLOCK
    return ~(s.migration.send_step == Sending.CLEARED)


def accepted_hint(s: S) -> Term:
    """A hint at the head that counts: hinting is on, and a migration is running."""
    return hint(s) & hint_counts(s) & mutex_free(s)


def hint_counts(s: S) -> Term:
    """The device's status is S_START, and qemu_guest_free_page_hint() finds a migration running."""
    on: Term = s.device.status == Status.S_START
    return on & migration_runs(s)


def hint_is_due(s: S) -> None:
    """What an honoured hint at the head of the ring promises: it is of the batch and the round that are open."""
    in_round = s.migration.at == Phase.ROUND
    takes_hint(s)
    promise(HINT_IN_BATCH, s.ghost.open)
    promise(HINT_IN_WINDOW, in_round & (s.ring.queue.head("governed_by") == s.device.cmd_id))


def drop_from_bitmap(s: S, block: Term) -> None:
    """Honour a hint: the block need not be sent."""
    new_data = s.ghost.written.has(block) & s.ghost.data.has(block) & s.log.bitmap.has(block)
    promise(HINT_SPARES_NEW_WRITES, ~new_data | remembered_elsewhere(s, block))
    s.log.bitmap = s.log.bitmap - just(block)
    if s.world.device.return_marks_dirty:
        s.log.own = s.log.own | just(block)


def clears_in_two_steps(w: World) -> bool:
    """Devices whose hint clears the chunk's dirty log and then, a step later, the block's bit."""
    clears = manual(w) and w.device.hint_clears_log
    return skipping(w) and clears and w.device.honours == Honours.ALL and w.device.acts_before_return


def returns_first(w: World) -> bool:
    """Devices that give a hint back to the driver before they honour it."""
    return skipping(w) and not w.device.acts_before_return


def honours_some(w: World) -> bool:
    """Repairs R2 and R3: a hint in a chunk that was not cleared yet only clears it."""
    return skipping(w) and manual(w) and w.device.honours != Honours.ALL


@action(
    by=DEVICE,
    step="H8",
    where="virtio-balloon.c (QEMU): get_free_page_hints; ram.c: qemu_guest_free_page_hint",
    when=lambda w: skipping(w) and not clears_in_two_steps(w) and not returns_first(w),
)
def honour_hint(s: S) -> None:
    """A hint while hinting is on: drop the block from the migration bitmap."""
    block = s.ring.queue.head("block")
    require(accepted_hint(s))
    if honours_some(s.world):
        require(~s.log.owed.has(block))
    if s.world.device.honours == Honours.POSTED_AFTER_CLEAR:
        require(~s.ring.queue.head("early"))
    hint_is_due(s)
    drop_from_bitmap(s, block)
    s.ring.queue = s.ring.queue.pop()


@action(
    by=DEVICE,
    step="H8 (clear)",
    where="ram.c: qemu_guest_free_page_hint, migration_clear_memory_region_dirty_bitmap_range",
    when=clears_in_two_steps,
)
def hint_clears_chunk(s: S) -> None:
    """A hint while hinting is on: first clear the kernel's log of its chunk, if that is still owed."""
    require(accepted_hint(s))
    s.device.clearing = s.ring.queue.head("block")
    clear_chunk(s, s.ring.queue.head("block"))


@action(
    by=DEVICE,
    step="H8 (drop)",
    where="ram.c: qemu_guest_free_page_hint, bitmap_clear",
    when=clears_in_two_steps,
)
def hint_drops_block(s: S) -> None:
    """Then drop the block from the migration bitmap."""
    require(~(s.device.clearing == NO_BLOCK))
    hint_is_due(s)
    drop_from_bitmap(s, s.device.clearing)
    s.device.clearing = NO_BLOCK
    s.ring.queue = s.ring.queue.pop()


@action(by=DEVICE, step="H8 (return)", where="virtio-balloon.c (QEMU before ae440bd14c): get_free_page_hints",
        when=returns_first)  # fmt: skip
def return_hint(s: S) -> None:
    """As first posted: the element goes back to the driver ..."""
    require(accepted_hint(s))
    hint_is_due(s)
    s.device.acting = s.ring.queue.head("block")
    s.ring.queue = s.ring.queue.pop()


@action(by=DEVICE, step="H8 (late)", where="virtio-balloon.c (QEMU before ae440bd14c): get_free_page_hints",
        when=returns_first)  # fmt: skip
def honour_late(s: S) -> None:
    """... and only then is its block left out."""
    require(~(s.device.acting == NO_BLOCK), mutex_free(s))
    drop_from_bitmap(s, s.device.acting)
    if manual(s.world) and s.world.device.hint_clears_log:
        clear_chunk(s, s.device.acting)
    s.device.acting = NO_BLOCK


@action(by=DEVICE, step="H8 (arm)", where="repairs R2 and R3 of the docs", when=honours_some)
def hint_only_arms(s: S) -> None:
    """Repaired: a hint in a chunk that is still to be cleared clears it and is otherwise ignored."""
    block = s.ring.queue.head("block")
    require(accepted_hint(s), s.log.owed.has(block))
    takes_hint(s)
    promise(HINT_IN_BATCH, s.ghost.open)
    marked = mark_early(s, block)
    clear_chunk(s, block)
    s.ring.queue = marked.pop()


@action(
    by=DEVICE,
    step="H9",
    where="repair R3 of the docs",
    when=lambda w: honours_some(w) and w.device.honours == Honours.POSTED_AFTER_CLEAR,
)
def ignore_early_hint(s: S) -> None:
    """Repaired: a hint that was posted before its chunk was cleared is ignored."""
    require(accepted_hint(s), s.ring.queue.head("early"), ~s.log.owed.has(s.ring.queue.head("block")))
    takes_hint(s)
    promise(HINT_IN_BATCH, s.ghost.open)
    s.ring.queue = s.ring.queue.pop()


def mark_early(s: S, block: Term) -> Term:
    """Repair R3: remember of each hint on the ring that it was posted before this clear of its chunk."""
    queue: Term = s.ring.queue
    if s.world.device.honours == Honours.POSTED_AFTER_CLEAR:
        return queue.mark("early", owed_chunk(s, block))
    return queue


@action(by=DEVICE, step="H9", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def ignore_hint(s: S) -> None:
    """A hint while hinting is off, or while no migration is running: given back unread."""
    require(hint(s), ~hint_counts(s))
    takes_hint(s)
    promise(HINT_IN_BATCH, s.ghost.open)
    s.ring.queue = s.ring.queue.pop()
