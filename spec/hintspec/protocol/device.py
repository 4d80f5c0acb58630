"""The balloon device of QEMU 5.1 and later, one ring element a step: hw/virtio/virtio-balloon.c.

A START on the ring is a reference to a cell in guest memory; the device reads it when it pops the entry, not when the
driver posted it. Hints carry no id: theirs is that of the last START before them. Where an older or a
repaired device does otherwise, a step calls :mod:`~hintspec.protocol.historic` or :mod:`~hintspec.protocol.repairs`.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import DONE, FALSE, NO_BLOCK, STOP, TRUE, Term, choose, is_issued, just
from hintspec.protocol import historic, repairs
from hintspec.protocol.dirty_log import clear_chunk, migration_runs, remembered_elsewhere
from hintspec.protocol.promises import (
    DEVICE_STANDS_STILL,
    HINT_IN_BATCH,
    HINT_IN_WINDOW,
    HINT_SPARES_NEW_WRITES,
    ID_AT_MOST_ONCE,
    POPS_WHAT_IS_THERE,
)
from hintspec.protocol.state import DEVICE, Entry, Phase, State, Status
from hintspec.protocol.worlds import (
    clears_in_two_steps,
    discarding,
    has_cell_per_round,
    may_doze,
    may_lose_feature,
    returns_first,
    skipping,
    stores_stop_in_cell,
)

# -- what both sides share --------------------------------------------------------------------


def config_shows(s: State) -> Term:
    """The command id that the driver reads from config: in S_START it is 0, the same as STOP.

    Source: QEMU virtio_balloon_get_config(); Firecracker shows its host_cmd.
    """
    if discarding(s.world):
        return s.device.shown
    done = choose(s.device.status == Status.S_DONE, DONE, STOP)
    return choose(s.device.status == Status.S_REQUESTED, s.device.cmd_id, done)


def payload(s: State) -> Term:
    """What the device reads from the out buffer at the head of the ring, now: STOP, or a START's cell."""
    if has_cell_per_round(s.world):
        return s.ring.queue.head("cell")
    is_stop = s.driver.stop_in_cell if stores_stop_in_cell(s.world) else s.ring.queue.head("kind") == Entry.STOP_SIGN
    return choose(is_stop, STOP, s.driver.active)


# -- may the loop pop -------------------------------------------------------------------------


def out_buffer(s: State) -> Term:
    """The loop may pop, and the element at the head of the ring is an out buffer."""
    return may_pop(s) & ~(s.ring.queue.head("kind") == Entry.HINT)


def hint(s: State) -> Term:
    """The loop may pop, and the element at the head of the ring is a hint."""
    return may_pop(s) & (s.ring.queue.head("kind") == Entry.HINT)


def may_pop(s: State) -> Term:
    """The loop runs, is not held by a stopped VM (block_iothread), and an element is available."""
    ready = s.device.awake & s.device.negotiated & ~(s.ring.queue.waiting == 0)
    if s.world.migrates:
        ready = ready & may_run(s) & ~hint_in_progress(s)
    return ready & ~s.device.dozing if may_doze(s.world) else ready


def may_run(s: State) -> Term:
    """A stopped VM blocks the loop; not if the driver has turned the feature off (set_status looks at it)."""
    return s.vm.running | ~s.device.feature if may_lose_feature(s.world) else s.vm.running


def is_notified(s: State) -> Term:
    """The migration's notifier does its part: the driver is there, and has accepted the feature."""
    return s.device.negotiated & s.device.feature if may_lose_feature(s.world) else s.device.negotiated


def hint_in_progress(s: State) -> Term:
    """Between the two steps of a hint the device holds free_page_lock and bitmap_mutex."""
    if returns_first(s.world):
        return ~(s.device.acting == NO_BLOCK)
    return ~(s.device.clearing == NO_BLOCK) if clears_in_two_steps(s.world) else FALSE


def device_unlocked(s: State) -> Term:
    """free_page_lock can be had: no hint is half done."""
    return ~hint_in_progress(s) if s.world.hinting else TRUE


# -- what each pop promises -------------------------------------------------------------------


def promise_head_is_there(s: State, of_its_kind: Term) -> None:
    """The device acts on the oldest entry of the ring, and while the VM runs."""
    promise(POPS_WHAT_IS_THERE, ~(s.ring.queue.waiting == 0) & of_its_kind)
    promise(DEVICE_STANDS_STILL, s.vm.running)


def promise_hint_in_batch(s: State) -> None:
    """A hint is at the head, and a batch is open."""
    promise_head_is_there(s, s.ring.queue.head("kind") == Entry.HINT)
    promise(HINT_IN_BATCH, s.ghost.open)


def promise_hint_is_due(s: State) -> None:
    """The hint at the head, which is honoured, is of the batch and of the round that are open."""
    promise_hint_in_batch(s)
    in_round = s.migration.at == Phase.ROUND
    promise(HINT_IN_WINDOW, in_round & (s.ring.queue.head("governed_by") == s.device.cmd_id))


def pop_out_buffer(s: State) -> None:
    """Pop an out buffer; ghosts and promises note what the device has seen of ids."""
    seen = payload(s)
    promise(ID_AT_MOST_ONCE, ~(is_issued(seen) & (seen == s.ghost.last_id)))
    promise_head_is_there(s, ~(s.ring.queue.head("kind") == Entry.HINT))
    s.ghost.last_id = choose(is_issued(seen), seen, s.ghost.last_id)
    s.ghost.open = is_issued(seen)
    s.ring.queue = s.ring.queue.pop()


def pop_unhonoured(s: State, queue: Term) -> None:
    """Pop a hint that is given back unread from the queue, or from what its entries have just become."""
    promise_hint_in_batch(s)
    s.ring.queue = queue.pop()


# -- out buffers ------------------------------------------------------------------------------


def opens_batch(s: State) -> Term:
    """The out buffer at the head is taken as the START of the current id: once for each id."""
    return historic.is_requested(s, payload(s) == s.device.cmd_id)


@action(by=DEVICE, step="H4", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def pop_start(s: State) -> None:
    """An out buffer with the current id: hinting starts."""
    require(out_buffer(s), opens_batch(s))
    repairs.note_start(s)
    pop_out_buffer(s)
    s.device.status = Status.S_START


@action(by=DEVICE, step="H5", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def pop_stop(s: State) -> None:
    """Any other out buffer while hinting is on: hinting stops. No interrupt tells the driver."""
    require(out_buffer(s), ~opens_batch(s), s.device.status == Status.S_START)
    repairs.note_stop(s)
    pop_out_buffer(s)
    s.device.status = Status.S_STOP


@action(by=DEVICE, step="H6", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def ignore_out_buffer(s: State) -> None:
    """An out buffer that is neither the awaited id nor ends a batch: dropped."""
    require(out_buffer(s), ~opens_batch(s), ~(s.device.status == Status.S_START))
    repairs.note_stop(s)
    pop_out_buffer(s)


# -- hints ------------------------------------------------------------------------------------


def hint_counts(s: State) -> Term:
    """The device's status is S_START, and qemu_guest_free_page_hint() finds a migration running."""
    return (s.device.status == Status.S_START) & migration_runs(s)


def accepted_hint(s: State) -> Term:
    """A hint at the head that counts, and bitmap_mutex can be had."""
    return hint(s) & hint_counts(s) & historic.mutex_is_free(s)


def drop_from_bitmap(s: State, block: Term) -> None:
    """Honour a hint: the block need not be sent."""
    new_data = s.ghost.written.has(block) & s.ghost.data.has(block) & s.log.bitmap.has(block)
    promise(HINT_SPARES_NEW_WRITES, ~new_data | remembered_elsewhere(s, block))
    s.log.bitmap = s.log.bitmap - just(block)
    historic.mark_returned(s, block)


@action(
    by=DEVICE,
    step="H8",
    where="virtio-balloon.c (QEMU): get_free_page_hints; ram.c: qemu_guest_free_page_hint",
    when=lambda w: skipping(w) and not clears_in_two_steps(w) and not returns_first(w),
)
def honour_hint(s: State) -> None:
    """A hint while hinting is on: drop the block from the migration bitmap."""
    block = s.ring.queue.head("block")
    require(accepted_hint(s))
    repairs.require_armed(s, block)
    promise_hint_is_due(s)
    drop_from_bitmap(s, block)
    s.ring.queue = s.ring.queue.pop()


@action(
    by=DEVICE,
    step="H8 (clear)",
    where="ram.c: qemu_guest_free_page_hint, migration_clear_memory_region_dirty_bitmap_range",
    when=clears_in_two_steps,
)
def hint_clears_chunk(s: State) -> None:
    """A hint while hinting is on: first clear the kernel's log of its chunk, if that is still owed."""
    require(accepted_hint(s))
    s.device.clearing = s.ring.queue.head("block")
    clear_chunk(s, s.ring.queue.head("block"))


@action(by=DEVICE, step="H8 (drop)", where="ram.c: qemu_guest_free_page_hint, bitmap_clear", when=clears_in_two_steps)
def hint_drops_block(s: State) -> None:
    """Then drop the block from the migration bitmap."""
    require(~(s.device.clearing == NO_BLOCK))
    promise_hint_is_due(s)
    drop_from_bitmap(s, s.device.clearing)
    s.device.clearing = NO_BLOCK
    s.ring.queue = s.ring.queue.pop()


@action(by=DEVICE, step="H9", where="virtio-balloon.c (QEMU): get_free_page_hints", when=skipping)
def ignore_hint(s: State) -> None:
    """A hint while hinting is off, or while no migration is running: given back unread."""
    require(hint(s), ~hint_counts(s))
    pop_unhonoured(s, s.ring.queue)
