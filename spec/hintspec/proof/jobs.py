"""Lemmas of postcopy and of background snapshots, where no hints are asked for."""

from __future__ import annotations

from hintspec.language.declare import lemma
from hintspec.language.terms import Term, implies, just
from hintspec.protocol.rules import World
from hintspec.protocol.state import Phase, State, Status
from hintspec.protocol.worlds import asks_for_hints, skipping, takes_snapshot, turns_to_postcopy


def no_hints(w: World) -> bool:
    """Worlds that have the feature, and a job in which nobody asks for hints."""
    return skipping(w) and not asks_for_hints(w)


@lemma(no_hints)
def hints_are_off(s: State) -> Term:
    """Nobody asks for hints, so that the status stays what it was at first."""
    return s.device.status == Status.S_STOP


@lemma(turns_to_postcopy, leans_on="hints_are_off")
def has_come_or_will(s: State, block: Term) -> Term:
    """Every block is at the destination as it is now, or it is being sent, or still to be sent."""
    there = s.migration.arrived | s.log.bitmap | just(s.migration.sending)
    return implies(~(s.migration.at == Phase.IDLE), there.has(block))


@lemma(takes_snapshot)
def snapshot_logs_nothing(s: State, block: Term) -> Term:
    """A background snapshot has no dirty log: a block is saved before it changes."""
    return ~s.log.own.has(block) & ~s.log.kernel.has(block)


@lemma(takes_snapshot)
def snapshot_has_no_last_stage(s: State) -> Term:
    """The guest runs on while its snapshot is saved: nothing stops it for a last stage."""
    return ~s.migration.last
