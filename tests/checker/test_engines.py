"""The engines are generic, their counts right, and they agree with each other."""

from __future__ import annotations

import pytest

from hintproof.engines.bounded import search_bounded
from hintproof.engines.exhaustive import NO_DEADLOCK, explore_all
from hintproof.engines.report import Limits
from hintproof.engines.sampling import sample
from hintproof.interpret.concrete import Concrete
from hintspec.recording import record
from hintspec.sizes import Sizes
from hintspec.sorts import BLOCKS, BOOL, EMPTY, Enum, Term, just
from hintspec.text import (
    ALWAYS,
    RECOVERABLE,
    SOMETIMES,
    Action,
    Actor,
    Part,
    Property,
    StateView,
    Text,
    action,
    claim,
    require,
    var,
)

# Two-phase commit: a model that has nothing to do with ballooning, whose counts are known from TLC,
# SPIN and others: 288 states for 3 resource managers, 8,832 for 5.
MANAGER = Actor("manager", "M", "the transaction manager")
RESOURCE = Actor("resource", "R", "a resource manager")
Phase = Enum("phase", ("INIT", "COMMITTED", "ABORTED"))


class Commit(Part):
    tm = var(Phase, Phase.INIT, "the transaction manager")
    heard = var(BLOCKS, EMPTY, "prepared, as the manager knows")
    prepared = var(BLOCKS, EMPTY, "prepared")
    committed = var(BLOCKS, EMPTY, "committed")
    aborted = var(BLOCKS, EMPTY, "aborted")
    said_prepared = var(BLOCKS, EMPTY, "message: prepared")
    said_commit = var(BLOCKS, EMPTY, "message: commit, to all or none")
    said_abort = var(BLOCKS, EMPTY, "message: abort, to all or none")


S = StateView[None]


@action(by=MANAGER, where="TMRcvPrepared")
def hear(s: S, block: Term) -> None:
    require(s.c.tm == Phase.INIT, s.c.said_prepared.has(block))
    s.c.heard = s.c.heard | just(block)


@action(by=MANAGER, where="TMCommit")
def commit(s: S) -> None:
    require(s.c.tm == Phase.INIT, s.c.heard == ~EMPTY)
    s.c.tm = Phase.COMMITTED
    s.c.said_commit = ~EMPTY


@action(by=MANAGER, where="TMAbort")
def abort(s: S) -> None:
    require(s.c.tm == Phase.INIT)
    s.c.tm = Phase.ABORTED
    s.c.said_abort = ~EMPTY


def working(s: S, block: Term) -> Term:
    return ~(s.c.prepared | s.c.committed | s.c.aborted).has(block)


@action(by=RESOURCE, where="RMPrepare")
def prepare_(s: S, block: Term) -> None:
    require(working(s, block))
    s.c.prepared = s.c.prepared | just(block)
    s.c.said_prepared = s.c.said_prepared | just(block)


@action(by=RESOURCE, where="RMChooseToAbort")
def choose_to_abort(s: S, block: Term) -> None:
    require(working(s, block))
    s.c.aborted = s.c.aborted | just(block)


@action(by=RESOURCE, where="RMRcvCommitMsg")
def receive_commit(s: S, block: Term) -> None:
    require(s.c.said_commit.has(block))
    s.c.committed = s.c.committed | just(block)
    s.c.prepared = s.c.prepared - just(block)
    s.c.aborted = s.c.aborted - just(block)


@action(by=RESOURCE, where="RMRcvAbortMsg")
def receive_abort(s: S, block: Term) -> None:
    require(s.c.said_abort.has(block))
    s.c.aborted = s.c.aborted | just(block)
    s.c.prepared = s.c.prepared - just(block)
    s.c.committed = s.c.committed - just(block)


@claim(ALWAYS, "consistency")
def consistent(s: S, block: Term) -> Term:
    return ~(s.c.committed.has(block) & ~(s.c.aborted == EMPTY))


@claim(SOMETIMES, "the point of it")
def all_commit(s: S) -> Term:
    return s.c.committed == ~EMPTY


@claim(RECOVERABLE, "the manager may abort for ever")
def can_commit(s: S) -> Term:
    return s.c.committed == ~EMPTY


STEPS: tuple[Action, ...] = (hear, commit, abort, prepare_, choose_to_abort, receive_commit, receive_abort)
CLAIMS: tuple[Property, ...] = (consistent, all_commit, can_commit)


def two_phase_commit(managers: int, steps: tuple[Action, ...] = STEPS) -> Concrete:
    text = Text({"c": Commit}, (MANAGER, RESOURCE), steps, CLAIMS)
    return Concrete(record(text, None), Sizes(blocks=managers, ring=2, rounds=1))


@pytest.mark.parametrize(("managers", "states"), [(3, 288), (5, 8832)])
def test_known_counts_of_two_phase_commit(managers: int, states: int) -> None:
    found = explore_all(two_phase_commit(managers))
    assert found.states == states
    assert found.finished
    assert "consistent" not in found.against
    assert found.depth == 3 * managers + 1


def test_shortest_runs_are_equal() -> None:
    """All managers prepare, are heard, the manager commits, all receive: 3 N + 1 steps."""
    model = two_phase_commit(3)
    full, bounded = explore_all(model), search_bounded(model, Limits(depth=12))
    assert len(full.witnesses["all_commit"]) == len(bounded.witnesses["all_commit"]) == 10
    assert len(full.against["can_commit"]) == 1  # one abort, and it can't be any more
    assert "can_commit" not in bounded.decides
    assert bounded.depths["consistent"] == 12


def test_a_broken_commit_is_found_by_all_engines() -> None:
    """Without the message check a resource manager commits on its own."""

    @action(by=RESOURCE, where="broken")
    def commit_unasked(s: S, block: Term) -> None:
        require(s.c.prepared.has(block))
        s.c.committed = s.c.committed | just(block)

    model = two_phase_commit(2, (*STEPS, commit_unasked))
    full, bounded, sampled = (
        len(run(model, limits).against["consistent"])
        for run, limits in ((explore_all, Limits()), (search_bounded, Limits(depth=5)), (sample, Limits(runs=50)))
    )
    assert full == bounded == 3
    assert sampled <= 5


def test_a_deadlock_is_found() -> None:
    class Switch(Part):
        on = var(BOOL, False, "a switch")

    @action(by=MANAGER, where="once")
    def turn_on(s: S) -> None:
        require(~s.s.on)
        s.s.on = True

    text = Text({"s": Switch}, (MANAGER,), (turn_on,), ())
    found = explore_all(Concrete(record(text, None), Sizes()))
    assert found.against[NO_DEADLOCK] == [("turn_on", None)]
    assert found.states == 2


def test_limits_are_kept_and_said() -> None:
    model = two_phase_commit(5)
    found = explore_all(model, Limits(seconds=0.0))
    assert not found.finished
    assert found.stopped_by == "limit of 0 seconds"
    assert not search_bounded(model, Limits(seconds=0.0, depth=40)).finished
    assert not sample(model, Limits(seconds=0.0)).finished


def test_sampling_is_reproducible() -> None:
    model = two_phase_commit(3)
    first, second = (sample(model, Limits(runs=30)) for _ in range(2))
    assert first.fired == second.fired
    assert first.transitions == second.transitions > 0
