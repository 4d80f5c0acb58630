"""The breadth-first search: what its visitors hear, how it stops and goes on; the search over steps that can go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hintproof.engines.limits import Limits
from hintproof.engines.search import BreadthFirst, StepsFrom, Visitor
from hintproof.engines.shorten import Replay, leave_out_stretches
from hintproof.peers.two_phase_commit import STATES, two_phase_commit


def counter(last: int) -> StepsFrom:
    """From a number its double and its successor, up to a last one; a step to a multiple of 5 breaks a promise."""

    def successors(here: int) -> list[tuple[int, int, int]]:
        return [(i, n, int(n % 5 == 0)) for i, n in enumerate((2 * here, here + 1)) if n <= last]

    return StepsFrom(1, successors)


class Listener(Visitor):
    """Keeps what it hears; ends the search at a state."""

    def __init__(self, end: int | None = None) -> None:
        self.end = end
        self.states: list[int] = []
        self.expanded: list[int] = []
        self.violations: list[tuple[int, int, int]] = []

    def on_state(self, state: int) -> None:
        self.states.append(state)

    def on_steps(self, number: int, state: int, steps: Sequence[tuple[int, int, int]]) -> bool:
        self.expanded.append(state)
        return state == self.end

    def on_violation(self, number: int, instance: int, broken: int) -> None:
        self.violations.append((number, instance, broken))


def test_states_come_in_the_order_of_their_distance() -> None:
    heard = Listener()
    search = BreadthFirst(counter(12), visitors=[heard])
    assert search.search()
    assert search.order == heard.states == heard.expanded == [1, 2, 4, 3, 8, 5, 6, 9, 10, 12, 7, 11]
    assert search.path_to(search.number[10]) == [(0, 1), (0, 2), (1, 5), (0, 8)]
    assert search.depth == 5
    assert search.deadlock == search.number[12]
    assert heard.violations == [(2, 1, 1), (5, 0, 1), (7, 1, 1)]
    graph = search.graph()
    assert (graph.states, len(graph.targets)) == (search.count, search.transitions)
    assert list(graph.steps(search.number[3])) == [(0, search.number[6]), (1, search.number[4])]


def test_a_visitor_ends_a_search() -> None:
    heard = Listener(end=3)
    search = BreadthFirst(counter(12), visitors=[heard])
    assert search.search()
    assert search.stopped_by
    assert heard.expanded == [1, 2, 4, 3]
    assert heard.states == [1, 2, 4, 3, 8, 5]


def test_a_search_that_pauses_finds_the_same() -> None:
    paused, straight = (BreadthFirst(two_phase_commit(3)) for _ in range(2))
    pauses = 0
    while not paused.search(paused.count + 10):
        pauses += 1
    assert straight.search()
    assert pauses > 5
    assert paused.order == straight.order
    assert len(paused.order) == STATES[3]
    assert (paused.parent, paused.via, paused.targets) == (straight.parent, straight.via, straight.targets)


def test_limits_end_a_search() -> None:
    search = BreadthFirst(two_phase_commit(3), Limits(states=50), look=1)
    assert search.search()
    assert search.stopped_by == "limit of 50 states"
    assert 50 <= search.count < STATES[3]


def test_single_steps_are_left_out_last() -> None:
    """What matters is 3 and 7 in this order, wherever they are."""
    tried: list[int] = []

    def without(run: list[int], size: int) -> list[int] | None:
        tried.append(size)
        shorter = [run[:i] + run[i + size :] for i in range(0, len(run), size)]
        return next((s for s in shorter if [x for x in s if x in (3, 7)] == [3, 7] and len(s) < len(run)), None)

    assert leave_out_stretches(list(range(16)), len, without) == [3, 7]
    assert tried[0] == 8
    assert tried[-1] == 1


def test_impossible_steps_are_left_out_of_a_replay() -> None:
    model = two_phase_commit(2)
    numbers = {instance.step: n for n, instance in enumerate(model.instances)}
    found = BreadthFirst(model)
    found.search()
    run = [numbers[step] for step in found.run_to(found.count - 1)]
    assert model.moves[run[-1]](model.initial) is None
    longer = [run[-1], run[0], run[-1], *run[1:]]
    taken: list[Any] = [(longer[place], state) for place, state, _ in Replay(model).play(longer)]
    assert [step for step, _ in taken] == run
    assert taken[-1][1] == found.order[-1]
