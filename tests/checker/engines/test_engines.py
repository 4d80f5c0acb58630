"""The engines are generic, their counts right, and they agree with each other."""

from __future__ import annotations

import pytest

from hintproof.engines.bounded import search_bounded
from hintproof.engines.exhaustive import explore_all
from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions, SamplingOptions
from hintproof.engines.report import NO_DEADLOCK
from hintproof.engines.sampling import sample
from hintproof.interpret.concrete import Concrete
from hintproof.peers.two_phase_commit import MANAGER, RESOURCE, STATES, STEPS, S, two_phase_commit
from hintspec.language.declare import Text, action, require
from hintspec.language.recording import record
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BOOL
from hintspec.language.terms import Term, just
from hintspec.language.variables import Part, PartOf, StateView, var


@pytest.mark.parametrize(("managers", "states"), [(n, STATES[n]) for n in (3, 5)])
def test_known_counts_of_two_phase_commit(managers: int, states: int) -> None:
    found = explore_all(two_phase_commit(managers))
    assert found.states == states
    assert found.finished
    assert "consistent" not in found.against
    assert found.depth == 3 * managers + 1


def test_shortest_runs_are_equal() -> None:
    """All managers prepare, are heard, the manager commits, all receive: 3 N + 1 steps."""
    model = two_phase_commit(3)
    full, bounded = explore_all(model), search_bounded(model, options=BoundedOptions(12))
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
        len(found.against["consistent"])
        for found in (
            explore_all(model),
            search_bounded(model, options=BoundedOptions(5)),
            sample(model, options=SamplingOptions(50)),
        )
    )
    assert full == bounded == 3
    assert sampled <= 5


def test_a_deadlock_is_found() -> None:
    class Switch(Part):
        on = var(BOOL, False, "a switch")

    class T(StateView[None]):
        s = PartOf(Switch)

    @action(by=MANAGER, where="once")
    def turn_on(s: T) -> None:
        require(~s.s.on)
        s.s.on = True

    text = Text(T, (MANAGER,), (turn_on,), ())
    found = explore_all(Concrete(record(text, None), Sizes()))
    assert found.against[NO_DEADLOCK] == [("turn_on", None)]
    assert found.states == 2


def test_limits_are_kept_and_said() -> None:
    model = two_phase_commit(5)
    found = explore_all(model, Limits(seconds=0.0))
    assert not found.finished
    assert found.stopped_by == "limit of 0 seconds"
    assert not search_bounded(model, Limits(seconds=0.0), BoundedOptions(40)).finished
    assert not sample(model, Limits(seconds=0.0)).finished


def test_sampling_is_reproducible() -> None:
    model = two_phase_commit(3)
    first, second = (sample(model, options=SamplingOptions(30)) for _ in range(2))
    assert first.fired == second.fired
    assert first.transitions == second.transitions > 0
