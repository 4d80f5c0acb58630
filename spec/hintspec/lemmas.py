"""Why the properties hold: the inductive invariants, each one sentence and one predicate.

Each names the lemmas that it leans on: those that are used, beside itself, to show that every step keeps
it. The proof of a lemma may use no others, so what rests on what can be read here.

They are for devices that accept an id once and drivers that read it in the worker. With a shared START
cell, or a clear that comes late, the proof fails at the guilty step, and it should.
"""

from __future__ import annotations

from hintspec.device import clears_in_two_steps, honours_some
from hintspec.dirtylog import remembered_elsewhere
from hintspec.driver import keeps_order
from hintspec.rules import (
    Fill,
    Honours,
    LogMode,
    StartCell,
    Waits,
    World,
    discarding,
    hinting,
    manual,
    migrating,
    skipping,
)
from hintspec.sorts import (
    DONE,
    NO_BLOCK,
    STOP,
    TRUE,
    Term,
    before,
    earlier,
    implies,
    in_window,
    is_issued,
    older,
    one_of,
)
from hintspec.state import Binding, Entry, Phase, PoisonVal, Sending, Status, Worker
from hintspec.text import LEMMA, Property, StateView, assumption, lemma

S = StateView[World]


# -- words that the lemmas share ---------------------------------------------------------------


def not_newer(a: Term, b: Term) -> Term:
    """Id ``a`` is ``b`` or older."""
    return ~older(b, a)


def matters(s: S, block: Term) -> Term:
    """The content of the block is relied on: data, or the filling of a free page."""
    if s.world.guest.fill == Fill.NOTHING:
        return s.ghost.data.has(block)
    return s.ghost.data.has(block) | s.memory.free.has(block)


def loop(s: S) -> Term:
    """The worker is in its loop over the free blocks, or on its way into it or out of it."""
    w = Worker
    looping = one_of(s.driver.at, w.L1, w.L1_READ, w.L1_DECIDE, w.L3, w.L4, w.L5, w.L_WAIT, w.L6)
    return looping | one_of(s.driver.at, w.S5, w.S_WAIT, w.RELEASE, w.T1)


def hinting_on(s: S) -> Term:
    """Hints under the current id are asked for, or come in."""
    return one_of(s.device.status, Status.S_REQUESTED, Status.S_START)


def serving_now(s: S) -> Term:
    """The device is in the batch of the id issued last: it honours the hints that it pops."""
    if discarding(s.world):
        return s.device.guest_cmd == s.device.cmd_id
    return s.device.status == Status.S_START


def is_start(s: S, slot: Term) -> Term:
    """A START is at the slot."""
    return s.ring.queue.holds(slot) & (s.ring.queue.at(slot, "kind") == Entry.START)


def is_hint(s: S, slot: Term) -> Term:
    """A hint is at the slot."""
    return s.ring.queue.holds(slot) & (s.ring.queue.at(slot, "kind") == Entry.HINT)


def posted_under(s: S, slot: Term) -> Term:
    """The id that governs the entry at the slot: the one in cmd_id_active when it was posted."""
    return s.ring.queue.at(slot, "governed_by")


def hints_in_hand(w: World) -> bool:
    """Worlds in which the driver waits for each buffer, so that a hinted block stays in its hand till then."""
    return w.hinting and w.driver.waits == Waits.EACH_BUFFER


def late_hints_only(w: World) -> bool:
    """Worlds with repair R3, whose device honours only hints that were posted after the clear of their chunk."""
    return honours_some(w) and w.device.honours == Honours.POSTED_AFTER_CLEAR


def clean_batches(w: World) -> bool:
    """Worlds whose driver opens each batch with an id: it reads the id once, and gives up a round without START."""
    return w.hinting and not w.driver.rereads_id_for_start and not w.driver.goes_on_without_start


# -- memory and dirty log ------------------------------------------------------------------------


@lemma()
def data_is_used(s: S, block: Term) -> Term:
    """Only used blocks have data."""
    return implies(s.ghost.data.has(block), s.memory.used.has(block))


@lemma(
    migrating,
    leans_on=(
        "block_conserved",
        "data_is_used",
        "half_a_hint",
        "hint_of_now_is_fresh",
        "hinted_block_is_in_hand",
        "hot_is_logged",
        "late_hint_is_remembered",
        "only_now_in_batch",
        "seen_is_merged",
        "write_since_issue",
    ),
)
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
    phase = one_of(s.migration.at, Phase.ROUND, Phase.LAST)
    return (~none | idle) & (none | ~idle) & (none | phase)


@lemma(migrating)
def last_stage_is_stopped(s: S) -> Term:
    """In the last stage the virtual CPUs stand still, and only then may migration complete."""
    at = s.migration.at
    only_last = one_of(at, Phase.SYNC_STOP, Phase.LAST, Phase.COMPLETE)
    outside = one_of(at, Phase.IDLE, Phase.ROUND)
    return implies(s.migration.last, ~s.vm.running & ~outside) & implies(only_last, s.migration.last)


@lemma(migrating, leans_on=("last_stage_is_stopped",))
def nothing_left_behind(s: S, block: Term) -> Term:
    """After the last sync nothing is left further up the log."""
    at = s.migration.at
    read = one_of(at, Phase.SYNC_MERGE, Phase.SYNC_CLEAR)
    merged = one_of(at, Phase.SYNC_DRAIN, Phase.SYNC_PUBLISH, Phase.LAST, Phase.COMPLETE)
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


@lemma(manual, leans_on=("half_a_hint", "hinting_only_in_round", "sending_is_in_step"))
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


@lemma(clears_in_two_steps, leans_on=("hinting_only_in_round", "last_stage_is_stopped"))
def half_a_hint(s: S) -> Term:
    """Between the two steps of a hint it is still the oldest entry, hinting is on and the VM runs."""
    queue = s.ring.queue
    same = (queue.head("kind") == Entry.HINT) & (queue.head("block") == s.device.clearing)
    on = (s.device.status == Status.S_START) & (s.migration.at == Phase.ROUND) & s.vm.running
    return implies(~(s.device.clearing == NO_BLOCK), ~(queue.waiting == 0) & same & on)


# -- what a hint may drop --------------------------------------------------------------------------


@lemma(skipping)
def hinting_only_in_round(s: S) -> Term:
    """Hinting is requested or on only between a sync and the next, with a driver that is there."""
    between = one_of(s.migration.at, Phase.ROUND, Phase.SYNC_STOP)
    return implies(hinting_on(s), between & s.device.negotiated)


def by_age(w: World) -> bool:
    """Worlds in which a hint may be honoured because every write since its id was issued left a mark."""
    return skipping(w) and not hints_in_hand(w) and not late_hints_only(w)


@lemma(by_age, leans_on=("hinting_only_in_round", "hot_is_logged", "nothing_is_owed"))
def write_since_issue(s: S, block: Term) -> Term:
    """Data written since the id was issued is remembered further up the log until the next sync reads it."""
    fresh = s.ghost.written.has(block) & hinting_on(s)
    return implies(fresh, remembered_elsewhere(s, block))


@lemma(by_age, leans_on=("block_conserved", "data_is_used", "hinting_only_in_round", "slots_are_known"))
def hint_of_now_is_fresh(s: S, slot: Term) -> Term:
    """A hint under the current id: if its block has data that the destination lacks, it was written since."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.cmd_id)
    missing = matters(s, block) & s.ghost.stale.has(block) & hinting_on(s)
    return implies(now & missing, s.ghost.written.has(block))


@lemma(late_hints_only, leans_on=("block_conserved", "data_is_used", "hinting_only_in_round", "slots_are_known"))
def late_hint_is_remembered(s: S, slot: Term) -> Term:
    """A hint under the current id, posted after its chunk was cleared: what was written since is remembered."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.cmd_id) & hinting_on(s)
    late = ~s.ring.queue.at(slot, "early") & ~s.log.owed.has(block)
    missing = matters(s, block) & s.ghost.stale.has(block)
    return implies(now & late & missing, remembered_elsewhere(s, block))


@lemma(late_hints_only, leans_on=("sending_is_in_step",))
def taken_bit_is_clear(s: S) -> Term:
    """Once the bit of the block being sent was taken, it stays clear until the block was read."""
    return implies(s.migration.send_step == Sending.TAKEN, ~s.log.bitmap.has(s.migration.sending))


@lemma(late_hints_only, leans_on=("hinting_only_in_round", "taken_bit_is_clear"))
def unsent_write_is_missing(s: S, block: Term) -> Term:
    """What was written since the id was issued and is still to be sent, the destination lacks."""
    unsent = s.ghost.written.has(block) & s.log.bitmap.has(block)
    return implies(hinting_on(s) & unsent, s.ghost.stale.has(block))


@lemma(
    lambda w: discarding(w) and w.device.checks_writes and not hints_in_hand(w),
    leans_on=("block_conserved", "data_is_used", "slots_are_known"),
)
def hint_of_now_is_noted(s: S, slot: Term) -> Term:
    """A hint under the id that is shown: if its block has data, the device knows that it was written since."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.shown) & is_issued(s.device.shown)
    return implies(now & s.ghost.data.has(block), s.device.written.has(block))


@lemma(hints_in_hand)
def hinted_block_is_in_hand(s: S, slot: Term) -> Term:
    """A driver that waits has each hint's block in its hand until the device has used the hint."""
    waiting = one_of(s.driver.at, Worker.L5, Worker.L_WAIT)
    return implies(is_hint(s, slot), waiting & (s.ring.queue.at(slot, "block") == s.driver.in_hand))


# -- ids -------------------------------------------------------------------------------------------


@lemma(hinting, leans_on=("shown_is_now", "slots_are_known", "start_reads_as_posted", "stop_reads_as_stop"))
def ids_are_known(s: S) -> Term:
    """No id that the driver or the device has seen is newer than the one issued last."""
    now = s.device.cmd_id
    known = not_newer(s.driver.cache, now) & not_newer(s.driver.active, now) & not_newer(s.ghost.last_id, now)
    return known & older(DONE, now)


@lemma(hinting, leans_on=("ids_are_known",))
def slots_are_known(s: S, slot: Term) -> Term:
    """No entry on the ring was posted under an id newer than the one issued last."""
    return implies(s.ring.queue.holds(slot), not_newer(posted_under(s, slot), s.device.cmd_id))


@lemma(hinting, leans_on=("ids_are_known", "shown_is_now", "worker_rests_while_away"))
def driver_ids_grow(s: S) -> Term:
    """An id that the driver reads is no older than the one it served last; one that it takes up is newer."""
    at, cache, active = s.driver.at, s.driver.cache, s.driver.active
    grows = implies(is_issued(cache), not_newer(active, cache))
    checked = implies(one_of(at, Worker.S2, Worker.S2_READ), is_issued(cache) & older(active, cache))
    taken_up = older(active, s.device.cmd_id) & implies(is_issued(cache), older(active, cache))
    return grows & checked & implies(at == Worker.S3, taken_up)


@lemma(discarding)
def shown_is_now(s: S) -> Term:
    """Config shows STOP, DONE or the id issued last; the id the driver sent is that of the open batch."""
    open_batch = s.ghost.open & (s.device.guest_cmd == s.ghost.last_id)
    now = implies(is_issued(s.device.shown), s.device.shown == s.device.cmd_id)
    return now & (open_batch | (~s.ghost.open & ~is_issued(s.device.guest_cmd)))


def is_older_than_unserved(s: S, command_id: Term) -> Term:
    """This id is older than any that the driver has yet to take up, or has taken up and not yet posted."""
    now, cache, active = s.device.cmd_id, s.driver.cache, s.driver.active
    unserved = implies(older(active, now), older(command_id, now))
    unread = implies(is_issued(cache) & older(active, cache), older(command_id, cache))
    unposted = implies((s.driver.at == Worker.S4) & is_issued(active), older(command_id, active))
    return unserved & unread & unposted


@lemma(hinting, leans_on=("driver_ids_grow", "shown_is_now", "slots_are_known", "worker_rests_while_away"))
def ring_is_older(s: S, slot: Term) -> Term:
    """Whatever is on the ring is older than an id that the driver has yet to send."""
    return implies(s.ring.queue.holds(slot), is_older_than_unserved(s, posted_under(s, slot)))


@lemma(
    hinting,
    leans_on=(
        "driver_ids_grow",
        "ids_are_known",
        "ring_is_older",
        "shown_is_now",
        "start_reads_as_posted",
        "stop_reads_as_stop",
        "worker_rests_while_away",
    ),
)
def device_saw_older(s: S) -> Term:
    """Whatever the device has seen is older than an id that the driver has yet to send."""
    return is_older_than_unserved(s, s.ghost.last_id)


# -- START -----------------------------------------------------------------------------------------


@lemma(hinting, leans_on=("round_begins_on_empty_ring", "worker_rests_while_away"))
def start_reads_as_posted(s: S, slot: Term) -> Term:
    """Whenever the device may read a START, it reads the id that the START was posted under."""
    return implies(is_start(s, slot), payload_at(s, slot) == posted_under(s, slot))


def payload_at(s: S, slot: Term) -> Term:
    """What the device would read from the START at a slot, if it popped it now."""
    if s.world.driver.start_cell == StartCell.PER_ROUND:
        return s.ring.queue.at(slot, "cell")
    return s.driver.active


@lemma(lambda w: w.hinting and w.driver.start_cell == StartCell.PER_ROUND)
def stop_reads_as_stop(s: S, slot: Term) -> Term:
    """The out buffer that closes a batch carries STOP."""
    queue = s.ring.queue
    stop = queue.holds(slot) & (queue.at(slot, "kind") == Entry.STOP_SIGN)
    return implies(stop, queue.at(slot, "cell") == STOP)


@lemma(lambda w: w.hinting and w.driver.waits != Waits.NEVER)
def round_begins_on_empty_ring(s: S) -> Term:
    """A driver that waits begins a round when nothing of the last one is on the ring, and keeps room for STOP."""
    w, queue = Worker, s.ring.queue
    begins = one_of(s.driver.at, w.IDLE, w.W1, w.W1_READ, w.W2, w.S2, w.S2_READ, w.S3, w.S4)
    empty = implies(begins, queue.waiting == 0)
    if s.world.driver.waits == Waits.EACH_BUFFER:
        between = one_of(s.driver.at, w.L1, w.L1_READ, w.L1_DECIDE, w.L3, w.L4, w.L6, w.T1)
        return empty & implies(between, queue.waiting == 0)
    detached = one_of(s.driver.at, w.S2, w.S2_READ, w.S3, w.S4)
    return empty & implies(detached, queue.room > 1) & implies(loop(s), queue.room > 0)


@lemma(hinting, leans_on=("ring_is_older",))
def starts_grow(s: S, slot: Term, other: Term) -> Term:
    """On the ring each START is newer than everything posted before it (unless it is posted under STOP or DONE)."""
    both = s.ring.queue.holds(slot) & is_start(s, other) & earlier(slot, other)
    return implies(both & is_issued(posted_under(s, other)), older(posted_under(s, slot), posted_under(s, other)))


@lemma(hinting, leans_on=("device_saw_older", "start_reads_as_posted", "starts_grow", "stop_reads_as_stop"))
def starts_are_new(s: S, slot: Term) -> Term:
    """A START on the ring is newer than all that the device has seen (unless it is posted under STOP or DONE)."""
    under = posted_under(s, slot)
    return implies(is_start(s, slot) & is_issued(under), older(s.ghost.last_id, under))


@lemma(hinting, leans_on=("ids_are_known", "ring_is_older", "slots_are_known"))
def only_now_after_start(s: S, slot: Term, other: Term) -> Term:
    """What follows the START of the id issued last was posted under that id."""
    start = is_start(s, slot) & (posted_under(s, slot) == s.device.cmd_id)
    after = s.ring.queue.holds(other) & earlier(slot, other)
    return implies(start & after, posted_under(s, other) == s.device.cmd_id)


@lemma(skipping, leans_on=("ids_are_known", "slots_are_known", "start_reads_as_posted", "stop_reads_as_stop"))
def start_is_of_now(s: S) -> Term:
    """While hinting is on, the batch that the device has open is the current id's."""
    return implies(s.device.status == Status.S_START, s.ghost.open & (s.ghost.last_id == s.device.cmd_id))


@lemma(
    hinting,
    leans_on=(
        "device_saw_older",
        "ids_are_known",
        "only_now_after_start",
        "shown_is_now",
        "slots_are_known",
        "start_is_of_now",
        "start_reads_as_posted",
        "stop_reads_as_stop",
    ),
)
def only_now_in_batch(s: S, slot: Term) -> Term:
    """While the device is in the batch of the id issued last, all that is on the ring was posted under that id."""
    return implies(s.ring.queue.holds(slot) & serving_now(s), posted_under(s, slot) == s.device.cmd_id)


# -- batches ---------------------------------------------------------------------------------------


@lemma(clean_batches, leans_on=("id_is_read_once", "worker_rests_while_away"))
def ids_are_issued(s: S, slot: Term) -> Term:
    """Every entry was posted under an id of the device, neither STOP nor DONE."""
    posting = (s.driver.at == Worker.S4) | loop(s)
    on_ring = implies(s.ring.queue.holds(slot), is_issued(posted_under(s, slot)))
    reading = implies(s.driver.at == Worker.S3, is_issued(s.driver.cache))
    return on_ring & reading & implies(posting, is_issued(s.driver.active))


@lemma(clean_batches)
def id_is_read_once(s: S) -> Term:
    """The worker does not read the id a second time before START."""
    return ~one_of(s.driver.at, Worker.S2, Worker.S2_READ)


@lemma(clean_batches, leans_on=("driver_is_in_step",))
def stop_is_followed_by_start(s: S, slot: Term) -> Term:
    """On the ring a STOP is followed by a START."""
    queue = s.ring.queue
    follows = queue.holds(slot) & queue.holds(before(slot)) & ~(queue.at(slot, "kind") == Entry.START)
    return implies(follows, ~(queue.at(before(slot), "kind") == Entry.STOP_SIGN))


@lemma(
    clean_batches,
    leans_on=(
        "driver_is_in_step",
        "half_a_hint",
        "ids_are_issued",
        "start_reads_as_posted",
        "stop_is_followed_by_start",
    ),
)
def device_is_in_step(s: S, slot: Term) -> Term:
    """The oldest entry on the ring is a START, or the device has a batch open."""
    queue = s.ring.queue
    first = queue.holds(slot) & ~queue.holds(before(slot))
    return implies(first & ~(queue.at(slot, "kind") == Entry.START), s.ghost.open)


@lemma(
    clean_batches,
    leans_on=("device_is_in_step", "half_a_hint", "ids_are_issued", "start_reads_as_posted", "worker_rests_while_away"),
)
def driver_is_in_step(s: S) -> Term:
    """In a round, the newest entry is no STOP, and if the ring is empty the device has the batch open."""
    queue = s.ring.queue
    empty = queue.waiting == 0
    unclosed = ~(queue.at(queue.newest, "kind") == Entry.STOP_SIGN)
    return implies(loop(s), implies(~empty, unclosed) & implies(empty, s.ghost.open))


# -- the driver --------------------------------------------------------------------------------------


@lemma(lambda w: w.hinting and w.guest.fill == Fill.ZERO and w.device.has_poison_val)
def poison_val_is_zero(s: S) -> Term:
    """A guest that expects zeros never tells anything else, and a reset leaves zero."""
    return s.device.poison_val == PoisonVal.ZERO


@lemma(hinting)
def worker_rests_while_away(s: S) -> Term:
    """While the driver is away, or nearly so, its worker rests; without a device nothing is on the ring."""
    binding = s.driver.binding
    up = one_of(binding, Binding.BOUND, Binding.REMOVE)
    off = one_of(binding, Binding.ABSENT, Binding.FROZEN)
    reset = (s.ring.queue.waiting == 0) & (s.ghost.last_id == STOP) & ~s.ghost.open & ~s.device.negotiated
    return implies(~up, s.driver.at == Worker.IDLE) & implies(off, reset) & implies(~off, s.device.negotiated)


@lemma(hinting)
def hand_is_in_step(s: S) -> Term:
    """The worker has a block in its hand from its allocation until it is on free_page_list."""
    has = one_of(s.driver.at, Worker.L4, Worker.L5, Worker.L_WAIT, Worker.L6)
    none = s.driver.in_hand == NO_BLOCK
    return (~has | ~none) & (has | none)


@lemma(lambda w: w.hinting and keeps_order(w), leans_on=("order_has_no_twins",))
def order_is_held(s: S, slot: Term) -> Term:
    """Every block in the order of free_page_list is on free_page_list."""
    return implies(s.driver.order.holds(slot), s.driver.held.has(s.driver.order.at(slot)))


@lemma(lambda w: w.hinting and keeps_order(w), leans_on=("block_conserved", "order_is_held"))
def order_has_no_twins(s: S, slot: Term, other: Term) -> Term:
    """No block is in the order of free_page_list twice."""
    order = s.driver.order
    two = order.holds(slot) & order.holds(other) & ~(slot == other)
    return implies(two, ~(order.at(slot) == order.at(other)))


LEMMAS: tuple[Property, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Property) and value.kind == LEMMA
)


# -- what is assumed -----------------------------------------------------------------------------------


@assumption("QEMU's window has 2^31 ids, virtio's 2^32 - 2; a ring has at most 2^15 entries", hinting)
def ids_do_not_lap(s: S) -> Term:
    """Nothing that the driver or the device remembers is a whole window of ids old."""
    now = s.device.cmd_id
    return in_window(s.driver.cache, now) & in_window(s.driver.active, now) & in_window(s.ghost.last_id, now)


@assumption("the same", hinting)
def entries_do_not_lap(s: S, slot: Term) -> Term:
    """No entry on the ring is a whole window of ids old."""
    return implies(s.ring.queue.holds(slot), in_window(posted_under(s, slot), s.device.cmd_id))


ASSUMPTIONS: tuple[Property, ...] = (ids_do_not_lap, entries_do_not_lap)
