"""Lemmas of the hint queue: ids, START, batches, and the driver that posts them."""

from __future__ import annotations

from hintspec.language.declare import lemma
from hintspec.language.terms import DONE, NO_BLOCK, STOP, Term, before, earlier, implies, is_issued, older, one_of
from hintspec.proof.vocabulary import clean_batches, is_start, loop, not_newer, posted_under, serving_now
from hintspec.protocol.rules import Fill
from hintspec.protocol.state import Binding, Entry, PoisonVal, State, Status, Worker
from hintspec.protocol.worlds import (
    discarding,
    has_cell_per_round,
    hinting,
    keeps_order,
    reads_in_worker,
    skipping,
    waits_for_device,
    waits_for_each,
)

# -- ids ---------------------------------------------------------------------------------------


@lemma(hinting, leans_on="shown_is_now slots_are_known start_reads_as_posted stop_reads_as_stop")
def ids_are_known(s: State) -> Term:
    """No id that the driver or the device has seen is newer than the one issued last."""
    now = s.device.cmd_id
    known = not_newer(s.driver.cache, now) & not_newer(s.driver.active, now) & not_newer(s.ghost.last_id, now)
    return known & older(DONE, now)


@lemma(hinting, leans_on="ids_are_known")
def slots_are_known(s: State, slot: Term) -> Term:
    """No entry on the ring was posted under an id newer than the one issued last."""
    return implies(s.ring.queue.holds(slot), not_newer(posted_under(s, slot), s.device.cmd_id))


@lemma(hinting, leans_on="ids_are_known shown_is_now worker_rests_while_away")
def driver_ids_grow(s: State) -> Term:
    """An id that the driver reads is no older than the one it served last; one that it takes up is newer."""
    at, cache, active = s.driver.at, s.driver.cache, s.driver.active
    grows = implies(is_issued(cache), not_newer(active, cache))
    checked = implies(one_of(at, Worker.RETEST, Worker.REREAD), is_issued(cache) & older(active, cache))
    taken_up = older(active, s.device.cmd_id) & implies(is_issued(cache), older(active, cache))
    return grows & checked & implies(at == Worker.SET_ID, taken_up)


@lemma(discarding)
def shown_is_now(s: State) -> Term:
    """Config shows STOP, DONE or the id issued last; the id the driver sent is that of the open batch."""
    open_batch = s.ghost.open & (s.device.guest_cmd == s.ghost.last_id)
    now = implies(is_issued(s.device.shown), s.device.shown == s.device.cmd_id)
    return now & (open_batch | (~s.ghost.open & ~is_issued(s.device.guest_cmd)))


def is_older_than_unserved(s: State, command_id: Term) -> Term:
    """This id is older than any that the driver has yet to take up, or has taken up and not yet posted."""
    now, cache, active = s.device.cmd_id, s.driver.cache, s.driver.active
    unserved = implies(older(active, now), older(command_id, now))
    unread = implies(is_issued(cache) & older(active, cache), older(command_id, cache))
    unposted = implies((s.driver.at == Worker.ADD_ID) & is_issued(active), older(command_id, active))
    return unserved & unread & unposted


@lemma(hinting, leans_on="driver_ids_grow shown_is_now slots_are_known worker_rests_while_away")
def ring_is_older(s: State, slot: Term) -> Term:
    """Whatever is on the ring is older than an id that the driver has yet to send."""
    return implies(s.ring.queue.holds(slot), is_older_than_unserved(s, posted_under(s, slot)))


@lemma(
    hinting,
    leans_on="driver_ids_grow ids_are_known ring_is_older shown_is_now start_reads_as_posted stop_reads_as_stop "
    "worker_rests_while_away",
)
def device_saw_older(s: State) -> Term:
    """Whatever the device has seen is older than an id that the driver has yet to send."""
    return is_older_than_unserved(s, s.ghost.last_id)


# -- START -------------------------------------------------------------------------------------


@lemma(hinting, leans_on="round_begins_on_empty_ring worker_rests_while_away")
def start_reads_as_posted(s: State, slot: Term) -> Term:
    """Whenever the device may read a START, it reads the id that the START was posted under."""
    return implies(is_start(s, slot), payload_at(s, slot) == posted_under(s, slot))


def payload_at(s: State, slot: Term) -> Term:
    """What the device would read from the START at a slot, if it popped it now."""
    if has_cell_per_round(s.world):
        return s.ring.queue.at(slot, "cell")
    return s.driver.active


@lemma(has_cell_per_round)
def stop_reads_as_stop(s: State, slot: Term) -> Term:
    """The out buffer that closes a batch carries STOP."""
    queue = s.ring.queue
    stop = queue.holds(slot) & (queue.at(slot, "kind") == Entry.STOP_SIGN)
    return implies(stop, queue.at(slot, "cell") == STOP)


@lemma(waits_for_device)
def round_begins_on_empty_ring(s: State) -> Term:
    """A driver that waits begins a round when nothing of the last one is on the ring, and keeps room for STOP."""
    w, queue = Worker, s.ring.queue
    begins = one_of(s.driver.at, w.IDLE, w.TEST_BIT, w.READ_ID, w.CHECK_ID, w.RETEST, w.REREAD, w.SET_ID, w.ADD_ID)
    empty = implies(begins, queue.waiting == 0)
    if waits_for_each(s.world):
        between = one_of(s.driver.at, w.POLL_BIT, w.POLL_ID, w.COMPARE, w.ALLOC, w.ADD_PAGE, w.PUSH_PAGE, w.SEND_STOP)
        return empty & implies(between, queue.waiting == 0)
    detached = one_of(s.driver.at, w.RETEST, w.REREAD, w.SET_ID, w.ADD_ID)
    return empty & implies(detached, queue.room > 1) & implies(loop(s), queue.room > 0)


@lemma(hinting, leans_on="ring_is_older")
def starts_grow(s: State, slot: Term, other: Term) -> Term:
    """On the ring each START is newer than everything posted before it (unless it is posted under STOP or DONE)."""
    both = s.ring.queue.holds(slot) & is_start(s, other) & earlier(slot, other)
    return implies(both & is_issued(posted_under(s, other)), older(posted_under(s, slot), posted_under(s, other)))


@lemma(hinting, leans_on="device_saw_older start_reads_as_posted starts_grow stop_reads_as_stop")
def starts_are_new(s: State, slot: Term) -> Term:
    """A START on the ring is newer than all that the device has seen (unless it is posted under STOP or DONE)."""
    under = posted_under(s, slot)
    return implies(is_start(s, slot) & is_issued(under), older(s.ghost.last_id, under))


@lemma(hinting, leans_on="ids_are_known ring_is_older slots_are_known")
def only_now_after_start(s: State, slot: Term, other: Term) -> Term:
    """What follows the START of the id issued last was posted under that id."""
    start = is_start(s, slot) & (posted_under(s, slot) == s.device.cmd_id)
    after = s.ring.queue.holds(other) & earlier(slot, other)
    return implies(start & after, posted_under(s, other) == s.device.cmd_id)


@lemma(skipping, leans_on="ids_are_known slots_are_known start_reads_as_posted stop_reads_as_stop")
def start_is_of_now(s: State) -> Term:
    """While hinting is on, the batch that the device has open is the current id's."""
    return implies(s.device.status == Status.S_START, s.ghost.open & (s.ghost.last_id == s.device.cmd_id))


@lemma(
    hinting,
    leans_on="device_saw_older ids_are_known only_now_after_start shown_is_now slots_are_known start_is_of_now "
    "start_reads_as_posted stop_reads_as_stop",
)
def only_now_in_batch(s: State, slot: Term) -> Term:
    """While the device is in the batch of the id issued last, all that is on the ring was posted under that id."""
    return implies(s.ring.queue.holds(slot) & serving_now(s), posted_under(s, slot) == s.device.cmd_id)


# -- batches -----------------------------------------------------------------------------------


@lemma(clean_batches, leans_on="id_is_read_once worker_rests_while_away")
def ids_are_issued(s: State, slot: Term) -> Term:
    """Every entry was posted under an id of the device, neither STOP nor DONE."""
    posting = (s.driver.at == Worker.ADD_ID) | loop(s)
    on_ring = implies(s.ring.queue.holds(slot), is_issued(posted_under(s, slot)))
    reading = implies(s.driver.at == Worker.SET_ID, is_issued(s.driver.cache))
    return on_ring & reading & implies(posting, is_issued(s.driver.active))


@lemma(clean_batches)
def id_is_read_once(s: State) -> Term:
    """The worker does not read the id a second time before START."""
    return ~one_of(s.driver.at, Worker.RETEST, Worker.REREAD)


@lemma(clean_batches, leans_on="driver_is_in_step")
def stop_is_followed_by_start(s: State, slot: Term) -> Term:
    """On the ring a STOP is followed by a START."""
    queue = s.ring.queue
    follows = queue.holds(slot) & queue.holds(before(slot)) & ~(queue.at(slot, "kind") == Entry.START)
    return implies(follows, ~(queue.at(before(slot), "kind") == Entry.STOP_SIGN))


@lemma(
    clean_batches,
    leans_on="driver_is_in_step half_a_hint ids_are_issued start_reads_as_posted stop_is_followed_by_start",
)
def device_is_in_step(s: State, slot: Term) -> Term:
    """The oldest entry on the ring is a START, or the device has a batch open."""
    queue = s.ring.queue
    first = queue.holds(slot) & ~queue.holds(before(slot))
    return implies(first & ~(queue.at(slot, "kind") == Entry.START), s.ghost.open)


@lemma(
    clean_batches, leans_on="device_is_in_step half_a_hint ids_are_issued start_reads_as_posted worker_rests_while_away"
)
def driver_is_in_step(s: State) -> Term:
    """In a round, the newest entry is no STOP, and if the ring is empty the device has the batch open."""
    queue = s.ring.queue
    empty = queue.waiting == 0
    unclosed = ~(queue.at(queue.newest, "kind") == Entry.STOP_SIGN)
    return implies(loop(s), implies(~empty, unclosed) & implies(empty, s.ghost.open))


# -- the driver --------------------------------------------------------------------------------


@lemma(lambda w: w.hinting and w.guest.fill == Fill.ZERO and w.device.has_poison_val)
def poison_val_is_zero(s: State) -> Term:
    """A guest that expects zeros never writes anything else, and a reset leaves zero."""
    return s.device.poison_val == PoisonVal.ZERO


@lemma(hinting)
def worker_rests_while_away(s: State) -> Term:
    """While the driver is away, or nearly so, its worker rests; without a device nothing is on the ring."""
    binding = s.driver.binding
    up = one_of(binding, Binding.BOUND, Binding.REMOVE)
    off = one_of(binding, Binding.ABSENT, Binding.FROZEN)
    reset = (s.ring.queue.waiting == 0) & (s.ghost.last_id == STOP) & ~s.ghost.open & ~s.device.negotiated
    return implies(~up, s.driver.at == Worker.IDLE) & implies(off, reset) & implies(~off, s.device.negotiated)


@lemma(reads_in_worker, leans_on="ids_are_known worker_rests_while_away")
def loop_is_of_last_id(s: State) -> Term:
    """A worker that is about to take a block for hinting serves the id that it read last."""
    return implies(s.driver.at == Worker.ALLOC, s.driver.cache == s.driver.active)


@lemma(hinting)
def hand_is_in_step(s: State) -> Term:
    """The worker has a block in its hand from its allocation until it is on free_page_list."""
    has = one_of(s.driver.at, Worker.ADD_PAGE, Worker.KICK_PAGE, Worker.WAIT_PAGE, Worker.PUSH_PAGE)
    none = s.driver.in_hand == NO_BLOCK
    return (~has | ~none) & (has | none)


@lemma(keeps_order, leans_on="order_has_no_twins")
def order_is_held(s: State, slot: Term) -> Term:
    """Every block in the order of free_page_list is on free_page_list."""
    return implies(s.driver.order.holds(slot), s.driver.held.has(s.driver.order.at(slot)))


@lemma(keeps_order, leans_on="block_conserved order_is_held")
def order_has_no_twins(s: State, slot: Term, other: Term) -> Term:
    """No block is in the order of free_page_list twice."""
    order = s.driver.order
    two = order.holds(slot) & order.holds(other) & ~(slot == other)
    return implies(two, ~(order.at(slot) == order.at(other)))
