"""Why the properties hold: the inductive invariants, each one sentence and one predicate.

Each names the lemmas that it leans on: those that are used, beside itself, to show that every step keeps it. Its proof
may use no others, so that the text shows all dependencies.

They are in :mod:`hintspec.proof.dirty_log`, :mod:`hintspec.proof.hint_queue`, :mod:`hintspec.proof.jobs` and
:mod:`hintspec.proof.wakeups`.

They are for devices that accept an id once and drivers that read it in the worker. With a shared START cell, or a clear
that comes late, the proof fails at the guilty step, as it should.
"""

from __future__ import annotations

from hintspec.language.declare import Property, assumption, collect
from hintspec.language.terms import Term, implies, in_window
from hintspec.proof import dirty_log, hint_queue, jobs, wakeups
from hintspec.proof.vocabulary import posted_under
from hintspec.protocol.state import State
from hintspec.protocol.worlds import hinting

LEMMAS: tuple[Property, ...] = tuple(
    item for module in (dirty_log, hint_queue, jobs, wakeups) for item in collect(module, Property)
)


@assumption("a window has 2^31 ids (QEMU); with a sync each millisecond it lasts for 24 days", hinting)
def ids_do_not_lap(s: State) -> Term:
    """No id that the driver or the device remembers is a whole window of ids old."""
    now = s.device.cmd_id
    return in_window(s.driver.cache, now) & in_window(s.driver.active, now) & in_window(s.ghost.last_id, now)


@assumption("a window of ids lasts for 24 days, as in ids_do_not_lap", hinting)
def entries_do_not_lap(s: State, slot: Term) -> Term:
    """No entry on the ring is a whole window of ids old."""
    return implies(s.ring.queue.holds(slot), in_window(posted_under(s, slot), s.device.cmd_id))


ASSUMPTIONS: tuple[Property, ...] = (ids_do_not_lap, entries_do_not_lap)
