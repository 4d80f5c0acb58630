"""What older systems do where the modern text calls for it: Linux before 5.7 and the series before it, QEMU before 6.1.

Steps that only they have are in :mod:`hintspec.protocol.historic_steps`. For Linux 5.7 and
QEMU 6.1 or later each function here returns what the modern driver or device does, or does nothing.
"""

from __future__ import annotations

from hintspec.language.declare import require
from hintspec.language.sorts import Label
from hintspec.language.terms import FALSE, NO_BLOCK, OLDEST_ID, STOP, Term, choose, just
from hintspec.protocol.rules import AcceptsStart, World
from hintspec.protocol.state import Sending, State, Status, Worker
from hintspec.protocol.worlds import (
    allocates_blocks,
    marks_before_store,
    reads_in_worker,
    releases_after_posting,
    stores_stop_in_cell,
)

# -- driver -----------------------------------------------------------------------------------


def first_place(w: World) -> Label:
    """Where the worker begins: with received() in W1; Linux 4.20 goes to send START at once, whatever the id."""
    return Worker.TEST_BIT if reads_in_worker(w) else Worker.RETEST


def loop_head(w: World) -> Label:
    """Where the loop over the free blocks begins: with received(), or with the cache if there is none (Linux 4.20)."""
    return Worker.POLL_BIT if reads_in_worker(w) else Worker.COMPARE


def after_loop(w: World) -> Label:
    """What follows when no more blocks are hinted: STOP; in v36 the release of all blocks first."""
    return Worker.RELEASE if releases_after_posting(w) else Worker.SEND_STOP


def after_hint(w: World) -> Label:
    """What follows a hint: its block goes to free_page_list; up to v35 no block was allocated."""
    return Worker.PUSH_PAGE if allocates_blocks(w) else loop_head(w)


def decode(w: World, shown: Term) -> Term:
    """The id as the driver understands it; in the wrong byte order DONE and every id look like one never issued.

    Source: Linux 168c358af2f8, on legacy devices of big-endian guests.
    """
    return choose(shown == STOP, STOP, OLDEST_ID) if w.driver.swaps_bytes else shown


def is_served(s: State) -> Term:
    """The id that was read is the one that was served last (before v25 it is served again)."""
    return s.driver.cache == s.driver.active if s.world.driver.skips_served_id else FALSE


def store_in_cell(s: State, *, stop: bool) -> None:
    """Up to v28 STOP has no cell of its own: it is written over the id, and the next id over it."""
    if stores_stop_in_cell(s.world):
        s.driver.stop_in_cell = stop


# -- device and hypervisor --------------------------------------------------------------------


def is_requested(s: State, batch: Term) -> Term:
    """The id opens a batch once, when the device has asked for hints; up to QEMU 5.0 each time that it comes."""
    once = s.world.device.accepts_start == AcceptsStart.REQUESTED
    return (s.device.status == Status.S_REQUESTED) & batch if once else batch


def mutex_is_free(s: State) -> Term:
    """The migration thread does not have bitmap_mutex: since QEMU 6.1 it keeps it until the page was read."""
    if s.world.device.mutex_spans_send:
        return s.migration.sending == NO_BLOCK
    return ~(s.migration.send_step == Sending.CLEARED)


def mark_returned(s: State, block: Term) -> None:
    """Up to QEMU 6.1 giving a hint back with length 1 marks its page dirty (d3f1f940eb corrected it)."""
    if s.world.device.return_marks_dirty:
        s.log.own = s.log.own | just(block)


def cleanup_status(w: World) -> Label:
    """What the clean-up after a failed migration shows: DONE; up to QEMU 5.0 (dd8eeb9671) STOP."""
    return Status.S_DONE if w.device.done_on_cleanup else Status.S_STOP


# -- stores under TCG before QEMU 4.2 ---------------------------------------------------------


def require_landed(s: State, block: Term) -> None:
    """An application frees no block while its own store into it is under way."""
    if marks_before_store(s.world):
        require(~(s.memory.storing == block))


def require_no_store(s: State) -> None:
    """A virtual CPU stops between two instructions."""
    if not s.world.log.store_is_atomic:
        require(s.memory.storing == NO_BLOCK)
