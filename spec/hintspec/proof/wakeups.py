"""Lemmas of wake-ups: none is lost between the device's config and a worker that looks at it.

Each change of what config shows is followed by an interrupt. That finds the bit clear, and queues the worker, or set,
and then the worker is queued, or is about to clear the bit, before it reads config. So the driver sees DONE, and gives
all its blocks back; and where a migration ended without it, it has none (:func:`nothing_kept_unasked`).
"""

from __future__ import annotations

from hintspec.language.declare import lemma
from hintspec.language.sorts import Label
from hintspec.language.terms import DONE, STOP, TRUE, Term, implies, is_issued, one_of
from hintspec.proof.vocabulary import loop
from hintspec.protocol.device import config_shows
from hintspec.protocol.rules import Issue, World
from hintspec.protocol.state import Binding, Phase, State, Status, Worker
from hintspec.protocol.worlds import asks_for_hints, copies_ram, discarding, hinting, reads_in_worker, skipping


def announces_changes(w: World) -> bool:
    """Worlds whose device raises an interrupt with each change, and whose driver reads the id in its worker."""
    return reads_in_worker(w) and (discarding(w) or w.device.issue == Issue.LOCKED)


def has_work(s: State, place: Label, *others: Label) -> Term:
    """The worker's work is pending, or the worker is at one of these places, or its driver leaves."""
    leaving = one_of(s.driver.binding, Binding.REMOVE_RELEASE, Binding.REMOVE_RESET, Binding.ABSENT)
    return s.driver.queued | one_of(s.driver.at, place, *others) | leaving


@lemma(announces_changes, leans_on="worker_rests_while_away")
def reset_shows_stop(s: State) -> Term:
    """While the driver is away config shows STOP, or (Firecracker, which asks whoever is there) an interrupt is due."""
    if discarding(s.world):
        return implies(~s.device.negotiated, (s.device.shown == STOP) | s.device.interrupt)
    return implies(~s.device.negotiated, s.device.status == Status.S_STOP)


@lemma(announces_changes, leans_on="reset_shows_stop worker_rests_while_away")
def news_is_on_its_way(s: State) -> Term:
    """If config shows an id or DONE that the worker has not read, an interrupt is due, the bit set, or it reads now."""
    shown = config_shows(s)
    reading = one_of(s.driver.at, Worker.READ_ID, Worker.REREAD, Worker.POLL_ID)
    due = s.device.interrupt | s.driver.read_bit | reading
    return implies(~(shown == STOP) & ~(shown == s.driver.cache), due)


@lemma(announces_changes)
def bit_has_work(s: State) -> Term:
    """While the bit is set the worker's work is pending, or the worker is about to clear the bit."""
    return implies(s.driver.read_bit, has_work(s, Worker.TEST_BIT))


@lemma(announces_changes, leans_on="bit_has_work driver_ids_grow worker_rests_while_away")
def reading_again_has_work(s: State) -> Term:
    """If the bit was set while the worker worked, its work is pending until it ends."""
    again = one_of(s.driver.at, Worker.REREAD, Worker.POLL_ID)
    past = (loop(s) | one_of(s.driver.at, Worker.SET_ID, Worker.ADD_ID)) & (s.driver.cache == DONE)
    return implies(again | past, has_work(s, Worker.TEST_BIT))


@lemma(announces_changes, leans_on="ids_are_known reading_again_has_work")
def unserved_id_has_work(s: State) -> Term:
    """An id that was read and not served keeps the worker at work."""
    unserved = is_issued(s.driver.cache) & ~(s.driver.cache == s.driver.active)
    w = Worker
    return implies(unserved, has_work(s, w.TEST_BIT, w.READ_ID, w.CHECK_ID, w.RETEST, w.REREAD, w.SET_ID))


@lemma(announces_changes, leans_on="reading_again_has_work")
def done_has_work(s: State, block: Term) -> Term:
    """DONE that was read keeps the worker at work until it has given all blocks back."""
    kept = (s.driver.cache == DONE) & s.driver.held.has(block)
    return implies(kept, has_work(s, Worker.TEST_BIT, Worker.READ_ID, Worker.CHECK_ID))


# -- blocks come back ---------------------------------------------------------------------------


@lemma(lambda w: hinting(w) and w.driver.releases_on_remove, leans_on="worker_rests_while_away")
def gone_keeps_nothing(s: State, block: Term) -> Term:
    """A driver that has released its blocks, to be removed or suspended, has none until it is back."""
    gone = one_of(s.driver.binding, Binding.REMOVE_RESET, Binding.ABSENT, Binding.FREEZE_RESET, Binding.FROZEN)
    return implies(gone, ~s.driver.held.has(block))


@lemma(lambda w: skipping(w) and asks_for_hints(w) and copies_ram(w), leans_on="last_stage_is_stopped")
def last_stage_shows_done(s: State) -> Term:
    """From the last sync's end on, config shows DONE, if the driver is there to see it."""
    ending = one_of(s.migration.at, Phase.LAST, Phase.COMPLETE)
    return implies(ending & s.device.negotiated, s.device.status == Status.S_DONE)


def can_forget(w: World) -> bool:
    """Worlds in which an id does not outlive its device: a reset, or the end of its migration."""
    return skipping(w) and announces_changes(w) and w.driver.forgets_id_on_restore and w.device.done_on_cleanup


@lemma(can_forget, leans_on="gone_keeps_nothing hinting_only_in_round last_stage_shows_done worker_rests_while_away")
def nothing_kept_unasked(s: State, block: Term) -> Term:
    """Without a migration, and where config does not show DONE, a driver keeps no block and has no id to serve."""
    none_asked = (s.migration.at == Phase.IDLE) if asks_for_hints(s.world) else TRUE
    quiet = none_asked & (s.device.status == Status.S_STOP)
    served = ~is_issued(s.driver.cache) | (s.driver.cache == s.driver.active)
    rests = one_of(s.driver.at, Worker.IDLE, Worker.TEST_BIT, Worker.READ_ID, Worker.CHECK_ID)
    nothing = rests & (served | ~s.device.negotiated) & ~s.driver.held.has(block)
    kept = implies(quiet, nothing)
    return kept if asks_for_hints(s.world) else kept & (s.device.status == Status.S_STOP)
