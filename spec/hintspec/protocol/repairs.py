"""What the repairs change where the modern text calls for it; without one, nothing.

- F1: each START has a cell of its own, or the driver waits for the device.
- F2: no new id is issued before the last round's START, or its STOP, was popped.
- F3: the ring is drained before a new id.
- R1: all chunks of the dirty log are cleared inside the sync.
- R2, R3: a hint is honoured only if its chunk was cleared; R3: before the hint was posted.
- R4: the driver waits for each buffer (HINT_WAIT_ON_ACK). R5: the lazy clear goes by block.
- N4: a full ring ends the round. N7: restore forgets the id that was read.

Steps that only a repaired system has are in :mod:`hintspec.protocol.repair_steps`.
"""

from __future__ import annotations

from hintspec.language.declare import require
from hintspec.language.sorts import Label
from hintspec.language.terms import FALSE, STOP, Liftable, Term, choose
from hintspec.protocol.dirty_log import owed_chunk
from hintspec.protocol.historic import after_loop, loop_head
from hintspec.protocol.rules import IssueWaits, World
from hintspec.protocol.state import Entry, Phase, PoisonVal, State, Worker
from hintspec.protocol.worlds import (
    has_cell_per_round,
    honours_some,
    issue_waits,
    manual,
    marks_early_hints,
    tells_poison,
    waits_for_device,
    waits_for_each,
)

# -- driver -----------------------------------------------------------------------------------


def before_start(w: World) -> Label:
    """send_cmd_id_start() reads the id a second time; repaired, it sends the one that was checked (N3)."""
    return Worker.RETEST if w.driver.rereads_id_for_start else Worker.SET_ID


def after_start(w: World) -> Label:
    """After START comes the loop; with R4 the driver first waits for the device."""
    return Worker.WAIT_ID if waits_for_each(w) else loop_head(w)


def after_lost_start(w: World) -> Label:
    """A START that does not fit is logged only, and the round goes on; repaired (N2), and in v36, the round ends."""
    return loop_head(w) if w.driver.goes_on_without_start else Worker.IDLE


def after_hint(w: World, otherwise: Label) -> Label:
    """After a hint its block is kept; with R4 the driver first waits for the device."""
    return Worker.WAIT_PAGE if waits_for_each(w) else otherwise


def after_full_ring(w: World) -> Label:
    """A hint that does not fit is tried again at once (a busy loop); repaired (N4), the round ends."""
    return after_loop(w) if w.driver.ends_round_when_full else loop_head(w)


def after_stop(w: World) -> Label:
    """After STOP the worker ends; a driver that waits for the device waits here."""
    return Worker.WAIT_STOP if waits_for_device(w) else Worker.IDLE


def fields_of_entry(w: World, cell: Term) -> dict[str, Liftable]:
    """What an entry has beside its kind, block and id: a cell of its own (F1), the mark of an early hint (R3)."""
    own: dict[str, Liftable] = {"cell": cell} if has_cell_per_round(w) else {}
    return own | ({"early": False} if marks_early_hints(w) else {})


def restore_more(s: State) -> None:
    """restore() forgets the id that was read before the reset (N7), and writes poison_val again: Linux does neither."""
    if s.world.driver.forgets_id_on_restore:
        s.driver.cache = STOP
    if tells_poison(s.world) and s.world.driver.tells_poison_on_restore:
        s.device.poison_val = PoisonVal.PATTERN


# -- device: F2 and R1 to R5 ------------------------------------------------------------------


def open_round(s: State) -> None:
    """F2: with a new id nothing of its round was popped yet."""
    if issue_waits(s.world):
        s.device.round_open = True


def may_issue(s: State, ready: Term) -> Term:
    """A new id may be issued when all is ready; F2: and the last round's START (or STOP) was popped."""
    return ready & ~s.device.round_open if issue_waits(s.world) else ready


def note_start(s: State) -> None:
    """F2: a START was popped."""
    if s.world.device.issue_waits == IssueWaits.START:
        s.device.round_open = False


def note_stop(s: State) -> None:
    """F2: if it is a STOP that is popped, nothing of the last round is on the ring any more."""
    if s.world.device.issue_waits == IssueWaits.STOP:
        stopped = s.ring.queue.head("kind") == Entry.STOP_SIGN
        s.device.round_open = choose(stopped, FALSE, s.device.round_open)


def require_armed(s: State, block: Term) -> None:
    """R2, R3: the hint of the block at the head is honoured; its chunk was cleared, (R3) before the hint was posted."""
    if honours_some(s.world):
        require(~s.log.owed.has(block))
    if marks_early_hints(s.world):
        require(~s.ring.queue.head("early"))


def mark_early(s: State, block: Term) -> Term:
    """R3: each hint on the ring that was posted before this clear of its chunk is marked."""
    queue = s.ring.queue
    return queue.mark("early", owed_chunk(s, block)) if marks_early_hints(s.world) else queue


# -- migration: R1 and F3 ---------------------------------------------------------------------


def after_merge(w: World) -> Label:
    """After the merge the new id is issued; R1 clears all chunks before, F3 drains the ring."""
    return Phase.SYNC_CLEAR if manual(w) and w.device.eager_clear else before_issue(w)


def before_issue(w: World) -> Label:
    """Before a new id comes nothing; F3 drains the ring."""
    return Phase.SYNC_DRAIN if w.hinting and w.device.drains_before_issue else Phase.SYNC_PUBLISH
