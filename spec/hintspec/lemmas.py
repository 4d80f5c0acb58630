"""Why the properties hold: the inductive invariants, each one sentence and one predicate.

They are for devices and drivers that keep to the clauses: one START cell a round, the id read once, a
dirty log that arms every page before the id is published (or a driver that waits for the device). With
a shared START cell, or a clear that comes late, the proof fails, and it should.
"""

from __future__ import annotations

from hintspec.device import clears_in_two_steps
from hintspec.dirtylog import remembered_elsewhere
from hintspec.rules import Fill, LogMode, StartCell, Waits, World, discarding, hinting, manual, migrating, skipping
from hintspec.sorts import DONE, NO_BLOCK, STOP, Term, before, implies, is_issued, older, one_of
from hintspec.state import Binding, Entry, Phase, PoisonVal, Sending, Status, Worker
from hintspec.text import Property, StateView, lemma

S = StateView[World]


def not_newer(a: Term, b: Term) -> Term:
    """Id ``a`` is ``b`` or older."""
    return ~older(b, a)


def matters(s: S, block: Term) -> Term:
    """The content of the block is relied on: data, or the filling of a free page."""
    if s.world.guest.fill == Fill.NOTHING:
        return s.ghost.data.has(block)
    return s.ghost.data.has(block) | s.memory.free.has(block)


def batch_open(s: S) -> Term:
    """The worker has posted START and not yet STOP."""
    w = Worker
    looping = one_of(s.driver.at, w.L1, w.L1_READ, w.L1_DECIDE, w.L3, w.L4, w.L5, w.L_WAIT, w.L6)
    return looping | one_of(s.driver.at, w.S5, w.S_WAIT, w.RELEASE, w.T1)


@lemma()
def data_is_used(s: S, block: Term) -> Term:
    """Only used blocks have data."""
    return implies(s.ghost.data.has(block), s.memory.used.has(block))


@lemma(migrating)
def write_remembered(s: S, block: Term) -> Term:
    """Data that the destination lacks is remembered: in the bitmap, further up the log, or just being sent."""
    missing = matters(s, block) & s.ghost.stale.has(block) & ~(s.migration.at == Phase.IDLE)
    being_sent = (s.migration.sending == block) & (s.migration.send_step == Sending.TAKEN)
    return implies(missing, s.log.bitmap.has(block) | remembered_elsewhere(s, block) | being_sent)


@lemma(migrating)
def sending_is_in_step(s: S) -> Term:
    """A block is being sent if and only if a send is under way, and only while sending goes on."""
    none = s.migration.sending == NO_BLOCK
    idle = s.migration.send_step == Sending.NOTHING
    phase = (s.migration.at == Phase.ROUND) | (s.migration.at == Phase.LAST)
    return (~none | idle) & (none | ~idle) & (none | phase)


@lemma(migrating)
def last_stage_is_stopped(s: S) -> Term:
    """In the last stage the virtual CPUs stand still, and only then may migration complete."""
    at = s.migration.at
    only_last = (at == Phase.SYNC_STOP) | (at == Phase.LAST) | (at == Phase.COMPLETE)
    outside = (at == Phase.IDLE) | (at == Phase.ROUND)
    return implies(s.migration.last, ~s.vm.running & ~outside) & implies(only_last, s.migration.last)


@lemma(migrating)
def nothing_left_behind(s: S, block: Term) -> Term:
    """After the last sync nothing is left further up the log."""
    at = s.migration.at
    read = (at == Phase.SYNC_MERGE) | (at == Phase.SYNC_CLEAR)
    merged = (at == Phase.SYNC_DRAIN) | (at == Phase.SYNC_PUBLISH) | (at == Phase.LAST) | (at == Phase.COMPLETE)
    if s.world.log.is_manual:
        merged = merged | (at == Phase.SYNC_CLEAR)
        own = implies(s.migration.last & merged, ~s.log.own.has(block))
        return own & implies(s.migration.last & (read | merged), ~s.log.kernel.has(block) | s.log.seen.has(block))
    own = implies(s.migration.last & merged, ~s.log.own.has(block))
    if s.world.log.mode == LogMode.TCG:
        return own
    return own & implies(s.migration.last & (read | merged), ~s.log.kernel.has(block))


@lemma(lambda w: w.migrates and w.log.mode == LogMode.TCG)
def hot_is_logged(s: S, block: Term) -> Term:
    """TCG: a page that can be written without a trace has its trace in QEMU's own log already."""
    return implies(s.log.hot.has(block), s.log.own.has(block))


@lemma(manual)
def seen_is_merged(s: S, block: Term) -> Term:
    """What GET returned is merged, and its clear owed; a block leaves the bitmap after its seen bit was cleared."""
    merging, seen = s.migration.at == Phase.SYNC_MERGE, s.log.seen.has(block)
    merged = implies(merging & seen, s.log.own.has(block)) & implies(~merging & seen, s.log.bitmap.has(block))
    merged = merged & implies(~merging & seen, s.log.owed.has(block))
    leaving = ~(s.migration.send_step == Sending.NOTHING) & (s.migration.sending == block)
    if clears_in_two_steps(s.world):
        leaving = leaving | (s.device.clearing == block)
    return merged & implies(leaving, ~seen)


@lemma(lambda w: manual(w) and w.device.eager_clear)
def nothing_is_owed(s: S, block: Term) -> Term:
    """Eager clear: outside a sync nothing is seen and uncleared, so every page is armed when an id is published."""
    merging, clearing = s.migration.at == Phase.SYNC_MERGE, s.migration.at == Phase.SYNC_CLEAR
    return implies(~merging & ~clearing, ~s.log.seen.has(block)) & implies(~clearing, ~s.log.owed.has(block))


@lemma(clears_in_two_steps)
def half_a_hint(s: S) -> Term:
    """Between the two steps of a hint it is still the oldest entry, hinting is on and the VM runs."""
    queue = s.ring.queue
    same = (queue.head("kind") == Entry.HINT) & (queue.head("block") == s.device.clearing)
    on = (s.device.status == Status.S_START) & (s.migration.at == Phase.ROUND) & s.vm.running
    return implies(~(s.device.clearing == NO_BLOCK), ~(queue.waiting == 0) & same & on)


def hinting_on(s: S) -> Term:
    """Hints under the current id are asked for, or come in."""
    return (s.device.status == Status.S_REQUESTED) | (s.device.status == Status.S_START)


@lemma(skipping)
def hinting_only_in_round(s: S) -> Term:
    """Hinting is requested or on only between a sync and the next, with a driver that is there."""
    between = (s.migration.at == Phase.ROUND) | (s.migration.at == Phase.SYNC_STOP)
    return implies(hinting_on(s), between & s.device.negotiated)


@lemma(skipping)
def write_since_issue(s: S, block: Term) -> Term:
    """Data written since the id was issued is remembered further up the log until the next sync reads it."""
    fresh = s.ghost.written.has(block) & hinting_on(s)
    return implies(fresh, remembered_elsewhere(s, block))


@lemma(skipping)
def hint_of_now_is_fresh(s: S, slot: Term) -> Term:
    """A hint under the current id: if its block has data that the destination lacks, it was written since."""
    queue = s.ring.queue
    block = queue.at(slot, "block")
    now = (
        queue.holds(slot) & (queue.at(slot, "kind") == Entry.HINT) & (queue.at(slot, "governed_by") == s.device.cmd_id)
    )
    missing = matters(s, block) & s.ghost.stale.has(block) & hinting_on(s)
    return implies(now & missing, s.ghost.written.has(block))


@lemma(hinting)
def ids_are_known(s: S) -> Term:
    """No id that the driver or the device has seen is newer than the one issued last."""
    now = s.device.cmd_id
    known = not_newer(s.driver.cache, now) & not_newer(s.driver.active, now) & not_newer(s.ghost.last_id, now)
    return known & older(DONE, now)


@lemma(discarding)
def shown_is_now(s: S) -> Term:
    """Config shows STOP, DONE or the id issued last; the id the driver sent is that of the open batch."""
    open_batch = s.ghost.open & (s.device.guest_cmd == s.ghost.last_id)
    now = implies(is_issued(s.device.shown), s.device.shown == s.device.cmd_id)
    return now & (open_batch | (~s.ghost.open & ~is_issued(s.device.guest_cmd)))


@lemma(lambda w: discarding(w) and w.device.checks_writes)
def hint_of_now_is_noted(s: S, slot: Term) -> Term:
    """A hint under the id that is shown: if its block has data, the device knows that it was written since."""
    queue = s.ring.queue
    block = queue.at(slot, "block")
    here = queue.holds(slot) & (queue.at(slot, "kind") == Entry.HINT)
    now = here & (queue.at(slot, "governed_by") == s.device.shown) & is_issued(s.device.shown)
    return implies(now & s.ghost.data.has(block), s.device.written.has(block))


@lemma(lambda w: discarding(w) and w.driver.waits == Waits.EACH_BUFFER)
def hinted_block_is_in_hand(s: S, slot: Term) -> Term:
    """A driver that waits has each hint's block in its hand until the device has used the hint."""
    queue = s.ring.queue
    here = queue.holds(slot) & (queue.at(slot, "kind") == Entry.HINT)
    waiting = (s.driver.at == Worker.L5) | (s.driver.at == Worker.L_WAIT)
    return implies(here, waiting & (queue.at(slot, "block") == s.driver.in_hand))


@lemma(hinting)
def driver_ids_grow(s: S) -> Term:
    """The id read last is STOP, DONE, or no older than the one served last; before START it is newer."""
    at = s.driver.at
    grows = implies(is_issued(s.driver.cache), not_newer(s.driver.active, s.driver.cache))
    return grows & implies(at == Worker.S3, is_issued(s.driver.cache) & older(s.driver.active, s.driver.cache))


@lemma(lambda w: w.hinting and not w.driver.rereads_id_for_start)
def id_is_read_once(s: S) -> Term:
    """The worker does not read the id a second time before START."""
    at = s.driver.at
    return ~(at == Worker.S2) & ~(at == Worker.S2_READ)


@lemma(hinting)
def slots_are_known(s: S, slot: Term) -> Term:
    """Every entry was posted under an id that is no newer than the driver's, and issued."""
    queue = s.ring.queue
    under = queue.at(slot, "governed_by")
    return implies(queue.holds(slot), not_newer(under, s.driver.active) & is_issued(under) & older(DONE, under))


@lemma(hinting)
def start_reads_as_posted(s: S, slot: Term) -> Term:
    """Whenever the device may read a START, it reads the id that the START was posted under."""
    queue = s.ring.queue
    start = queue.holds(slot) & (queue.at(slot, "kind") == Entry.START)
    return implies(start, payload_at(s, slot) == queue.at(slot, "governed_by"))


def payload_at(s: S, slot: Term) -> Term:
    """What the device would read from the entry at a slot, if it popped it now."""
    if s.world.driver.start_cell == StartCell.PER_ROUND:
        return s.ring.queue.at(slot, "cell")
    return s.driver.active


@lemma(lambda w: w.hinting and w.driver.start_cell == StartCell.PER_ROUND)
def stop_reads_as_stop(s: S, slot: Term) -> Term:
    """The out buffer that closes a batch carries STOP."""
    queue = s.ring.queue
    stop = queue.holds(slot) & (queue.at(slot, "kind") == Entry.STOP_SIGN)
    return implies(stop, queue.at(slot, "cell") == STOP)


@lemma(hinting)
def batches_follow(s: S, slot: Term) -> Term:
    """On the ring a START is newer than what is before it; anything else continues an open batch of the same id."""
    queue = s.ring.queue
    kind, under = queue.at(slot, "kind"), queue.at(slot, "governed_by")
    previous, under_before = queue.at(before(slot), "kind"), queue.at(before(slot), "governed_by")
    start = older(under_before, under)
    other = (under_before == under) & ~(previous == Entry.STOP_SIGN)
    inside = queue.holds(slot) & queue.holds(before(slot))
    return implies(inside, (~(kind == Entry.START) | start) & ((kind == Entry.START) | other))


@lemma(hinting)
def device_is_in_step(s: S, slot: Term) -> Term:
    """The oldest entry is a START newer than all the device has seen, or continues the batch that is open for it."""
    queue = s.ring.queue
    kind, under = queue.at(slot, "kind"), queue.at(slot, "governed_by")
    first = queue.holds(slot) & ~queue.holds(before(slot))
    start = older(s.ghost.last_id, under)
    other = s.ghost.open & (s.ghost.last_id == under)
    return implies(first, (~(kind == Entry.START) | start) & ((kind == Entry.START) | other))


@lemma(hinting)
def driver_is_in_step(s: S) -> Term:
    """The newest entry (or, on an empty ring, what the device saw last) is what the worker posted last."""
    queue = s.ring.queue
    empty = queue.waiting == 0
    newest_kind, newest_id = queue.at(queue.newest, "kind"), queue.at(queue.newest, "governed_by")
    going_on = batch_open(s)
    on_ring = ~(newest_kind == Entry.STOP_SIGN) & (newest_id == s.driver.active)
    seen = s.ghost.open & (s.ghost.last_id == s.driver.active)
    before_start = s.driver.at == Worker.S4
    newer_than_ring = older(newest_id, s.driver.active)
    newer_than_seen = older(s.ghost.last_id, s.driver.active)
    return (
        implies(going_on & ~empty, on_ring)
        & implies(going_on & empty, seen)
        & implies(before_start & ~empty, newer_than_ring)
        & implies(before_start & empty, newer_than_seen)
        & implies(empty, not_newer(s.ghost.last_id, s.driver.active))
        & implies(before_start | going_on, is_issued(s.driver.active) & older(DONE, s.driver.active))
    )


@lemma(lambda w: w.hinting and w.guest.fill == Fill.ZERO and w.device.has_poison_val)
def poison_val_is_zero(s: S) -> Term:
    """A guest that expects zeros never tells anything else, and a reset leaves zero."""
    return s.device.poison_val == PoisonVal.ZERO


@lemma(hinting)
def worker_rests_while_away(s: S) -> Term:
    """While the driver is away, or nearly so, its worker rests; without a device nothing is on the ring."""
    binding = s.driver.binding
    up = (binding == Binding.BOUND) | (binding == Binding.REMOVE)
    off = (binding == Binding.ABSENT) | (binding == Binding.FROZEN)
    queue = s.ring.queue
    return (
        implies(~up, s.driver.at == Worker.IDLE)
        & implies(off, (queue.waiting == 0) & (s.ghost.last_id == STOP) & ~s.ghost.open & ~s.device.negotiated)
        & implies(~off, s.device.negotiated)
    )


@lemma(hinting)
def hand_is_in_step(s: S) -> Term:
    """The worker has a block in its hand from its allocation until it is on free_page_list."""
    at = s.driver.at
    has = (at == Worker.L4) | (at == Worker.L5) | (at == Worker.L_WAIT) | (at == Worker.L6)
    none = s.driver.in_hand == NO_BLOCK
    return (~has | ~none) & (has | none)


@lemma(skipping)
def start_is_of_now(s: S) -> Term:
    """While hinting is on, the batch that the device has open is the current id's."""
    return implies(s.device.status == Status.S_START, s.ghost.open & (s.ghost.last_id == s.device.cmd_id))


LEMMAS: tuple[Property, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Property))
