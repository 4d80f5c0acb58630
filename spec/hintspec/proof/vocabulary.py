"""Conditions that the lemmas share: the worker's place, entries of the ring, kinds of worlds."""

from __future__ import annotations

from hintspec.language.terms import Term, older, one_of
from hintspec.protocol.rules import Fill, Job, World
from hintspec.protocol.state import Entry, State, Status, Worker
from hintspec.protocol.worlds import discarding, honours_some, marks_early_hints, skipping, waits_for_each


def not_newer(a: Term, b: Term) -> Term:
    """Id ``a`` is ``b`` or older."""
    return ~older(b, a)


def matters(s: State, block: Term) -> Term:
    """The content of the block is relied on: data, or the filling of a free page; of a snapshot, data of its moment."""
    if s.world.job == Job.SNAPSHOT:
        return s.ghost.then.has(block)
    if s.world.guest.fill == Fill.NOTHING:
        return s.ghost.data.has(block)
    return s.ghost.data.has(block) | s.memory.free.has(block)


def loop(s: State) -> Term:
    """The worker is in its loop over the free blocks, or on its way into it or out of it."""
    w = Worker
    looping = one_of(
        s.driver.at, w.POLL_BIT, w.POLL_ID, w.COMPARE, w.ALLOC, w.ADD_PAGE, w.KICK_PAGE, w.WAIT_PAGE, w.PUSH_PAGE
    )
    return looping | one_of(s.driver.at, w.KICK_ID, w.WAIT_ID, w.RELEASE, w.SEND_STOP)


def hinting_on(s: State) -> Term:
    """Hints under the current id are asked for, or come in."""
    return one_of(s.device.status, Status.S_REQUESTED, Status.S_START)


def serving_now(s: State) -> Term:
    """The device is in the batch of the id issued last: it honours the hints that it pops."""
    if discarding(s.world):
        return s.device.guest_cmd == s.device.cmd_id
    return s.device.status == Status.S_START


def is_start(s: State, slot: Term) -> Term:
    """A START is at the slot."""
    return s.ring.queue.holds(slot) & (s.ring.queue.at(slot, "kind") == Entry.START)


def is_hint(s: State, slot: Term) -> Term:
    """A hint is at the slot."""
    return s.ring.queue.holds(slot) & (s.ring.queue.at(slot, "kind") == Entry.HINT)


def posted_under(s: State, slot: Term) -> Term:
    """The id that governs the entry at the slot: the one in cmd_id_active when it was posted."""
    return s.ring.queue.at(slot, "governed_by")


def late_hints_only(w: World) -> bool:
    """Worlds with repair R3, whose device honours only hints that were posted after the clear of their chunk."""
    return honours_some(w) and marks_early_hints(w)


def clean_batches(w: World) -> bool:
    """Worlds whose driver opens each batch with an id: it reads the id once, and gives up a round without START."""
    return w.hinting and not w.driver.rereads_id_for_start and not w.driver.goes_on_without_start


def by_age(w: World) -> bool:
    """Worlds in which a hint may be honoured because every write since its id was issued left a mark."""
    return skipping(w) and not waits_for_each(w) and not late_hints_only(w)
