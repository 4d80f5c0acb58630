"""Liveness under weak fairness, and what can still be reached: questions to all transitions of a search.

A run refutes a goal if from some state on it never meets it and yet is weakly fair: each condition, a set of
steps, is met in passing time and again, by one of its steps or by a state in which none of them is possible.
Such a run ends in a strongly connected part of the states that don't meet the goal; and a part in which every
condition has a place where it is met is enough, as one can go round all these places for ever. So maximal
parts suffice: a larger one has no fewer such places. A single state is a part, too, as anyone may stand still.

The loops are plain functions over arrays of numbers: as they stand they run on lists, and compiled by Numba
on arrays, where there are many states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hintproof.engines.report import Run
from hintproof.engines.search import BreadthFirst, Graph, StepsFrom, Visitor
from hintproof.interpret.concrete import Instance, State

#: States up to which plain Python is the quicker one.
_FEW = 20_000

#: What a transition takes: its target and step, and its source in the list by target.
BYTES_PER_TRANSITION = 12


@dataclass(frozen=True)
class Lasso:
    """A run that refutes a goal: the shortest one to ``state``, and then ``loop`` round and round.

    The loop is (instance, target) by (instance, target), and ends in ``state``. An empty one: it stays there.
    """

    state: int
    loop: list[tuple[int, int]]


# -- the loops --------------------------------------------------------------------------------


def count_into(targets: Any, first: Any) -> None:
    """Where in a list of all transitions by target those into each state begin (one place later, as yet)."""
    for edge in range(len(targets)):
        first[targets[edge] + 1] += 1
    for state in range(1, len(first)):
        first[state] += first[state - 1]


def note_sources(ends: Any, targets: Any, first: Any, sources: Any) -> None:
    """Fill in the transitions by target; ``first`` ends as their ends."""
    edge = 0
    for state in range(len(ends)):
        while edge < ends[state]:
            target = targets[edge]
            sources[first[target]] = state
            first[target] += 1
            edge += 1


def go_back(ends: Any, sources: Any, reached: Any, waiting: Any) -> None:
    """Note all states from which a noted one can be reached; ``ends`` are those of the transitions by target."""
    last = 0
    for state in range(len(reached)):
        if reached[state]:
            waiting[last] = state
            last += 1
    here = 0
    while here < last:
        state = waiting[here]
        for edge in range(ends[state - 1] if state else 0, ends[state]):
            source = sources[edge]
            if not reached[source]:
                reached[source] = 1
                waiting[last] = source
                last += 1
        here += 1


def find_parts(ends: Any, targets: Any, met: Any, part: Any, index: Any, low: Any, stack: Any, path: Any, at: Any):  # type: ignore[no-untyped-def]
    """Tarjan's algorithm without recursion: number the strongly connected parts of what does not meet the goal.

    ``part`` of a state is -1 at first, and stays so where the goal is met. Returns how many parts there are.
    """
    parts, number, top = 0, 0, 0
    for root in range(len(ends)):
        if met[root] or index[root]:
            continue
        depth = 0
        number += 1
        path[0], at[0] = root, (ends[root - 1] if root else 0)
        index[root], low[root] = number, number
        stack[top] = root
        top += 1
        while depth >= 0:
            here = path[depth]
            if at[depth] < ends[here]:
                there = targets[at[depth]]
                at[depth] += 1
                if met[there]:
                    continue
                if index[there] == 0:
                    depth += 1
                    number += 1
                    path[depth], at[depth] = there, (ends[there - 1] if there else 0)
                    index[there], low[there] = number, number
                    stack[top] = there
                    top += 1
                elif part[there] < 0:  # it is on the stack
                    low[here] = min(low[here], index[there])
                continue
            if low[here] == index[here]:
                while part[here] < 0:
                    top -= 1
                    part[stack[top]] = parts
                parts += 1
            depth -= 1
            if depth >= 0:
                low[path[depth]] = min(low[path[depth]], low[here])
    return parts


def note_fairness(ends: Any, targets: Any, via: Any, part: Any, obliged: Any, everyone: Any, met_in: Any) -> None:
    """Note of each part which conditions are met in it, a bit each; ``obliged`` has those of an instance."""
    edge = 0
    for state in range(len(ends)):
        here, possible = part[state], everyone ^ everyone
        while edge < ends[state]:
            possible |= obliged[via[edge]]
            if here >= 0 and part[targets[edge]] == here:
                met_in[here] |= obliged[via[edge]]
            edge += 1
        if here >= 0:
            met_in[here] |= everyone & ~possible


class _Loops:
    """Runs the loops on the arrays of one graph, plainly or compiled."""

    def __init__(self, graph: Graph) -> None:
        self.states, self.transitions = graph.states, len(graph.targets)
        self._few = self.states <= _FEW
        self.ends, self.targets, self.via = (self.given(a) for a in (graph.ends, graph.targets, graph.via))

    def given(self, values: npt.NDArray[Any]) -> Any:
        """An array as the loops take it, which may write into it."""
        return values.tolist() if self._few else values

    def room(self, size: int, value: int = 0, kind: Any = np.int32) -> Any:
        """A new array."""
        return [value] * size if self._few else np.full(size, value, kind)

    def run(self, function: Callable[..., Any], *arrays: Any) -> Any:
        """Call one of the loops."""
        if self._few:
            return function(*arrays)
        from hintproof.engines.modules import compiled  # here, as it takes Numba a while to be imported

        return compiled(function)(*arrays)


# -- the questions ----------------------------------------------------------------------------


def first_stuck(graph: Graph, met: npt.NDArray[np.uint8]) -> int | None:
    """The first state from which no state that meets the goal can be reached any more."""
    loops = _Loops(graph)
    first, sources = loops.room(loops.states + 1), loops.room(loops.transitions)
    reached = loops.given(met.copy())
    loops.run(count_into, loops.targets, first)
    loops.run(note_sources, loops.ends, loops.targets, first, sources)
    loops.run(go_back, first, sources, reached, loops.room(loops.states))
    stuck = np.flatnonzero(np.asarray(reached) == 0)
    return int(stuck[0]) if len(stuck) else None


def find_lasso(graph: Graph, met: npt.NDArray[np.uint8], fair: Sequence[frozenset[int]]) -> Lasso | None:
    """A fair run that from some state on never meets the goal: of those with the shortest way there, if any.

    ``fair`` has a set of instances for each condition.
    """
    loops = _Loops(graph)
    part, goal = loops.room(loops.states, -1), loops.given(met)
    scratch = [loops.room(loops.states) for _ in range(4)]
    parts = loops.run(find_parts, loops.ends, loops.targets, goal, part, *scratch, loops.room(loops.states))
    everyone = (1 << len(fair)) - 1
    masks = _masks(graph, fair)
    met_in = loops.room(parts, 0, np.int64)
    loops.run(note_fairness, loops.ends, loops.targets, loops.via, part, loops.given(masks), everyone, met_in)
    parted = np.asarray(part, np.int64)
    refuting = np.append(np.asarray(met_in, np.int64) == everyone, False)  # the last for part -1: the goal is met
    found = np.flatnonzero(refuting[parted])
    if not len(found):
        return None
    return Lasso(int(found[0]), _walk(graph, parted, masks.tolist(), everyone, int(found[0])))


def _masks(graph: Graph, fair: Sequence[frozenset[int]]) -> npt.NDArray[np.int64]:
    """Of each instance the conditions that it meets, a bit each."""
    most = max(max((max(steps, default=0) for steps in fair), default=0), int(graph.via.max(initial=0)))
    masks = np.zeros(most + 1, np.int64)
    for bit, steps in enumerate(fair):
        masks[list(steps)] |= 1 << bit
    return masks


def _walk(
    graph: Graph, part: npt.NDArray[np.int64], masks: list[int], everyone: int, start: int
) -> list[tuple[int, int]]:
    """A short closed walk inside a part that passes a place for each condition: to the nearest, and on, and home."""

    def missed(state: int) -> int:
        """The conditions that are not met by being in a state: one of their steps is possible."""
        possible = 0
        for via, _ in graph.steps(state):
            possible |= masks[via]
        return possible & everyone

    here, walk, open_ = start, list[tuple[int, int]](), missed(start)
    while open_:
        way = _nearest(graph, part, here, lambda via, there: bool(open_ & ~(missed(there) & ~masks[via])))  # noqa: B023
        for via, there in way:
            open_ &= missed(there) & ~masks[via]
            here = there
        walk += way
    return walk + (_nearest(graph, part, here, lambda via, there: there == start) if here != start else [])


def _nearest(
    graph: Graph, part: npt.NDArray[np.int64], start: int, wanted: Callable[[int, int], bool]
) -> list[tuple[int, int]]:
    """The shortest way inside the part, of at least one step, whose last step is wanted."""
    way: list[tuple[int, int]] = []

    class Wanted(Visitor):
        def on_steps(self, number: int, state: int, steps: Sequence[tuple[int, int, int]]) -> bool:
            last = next(((via, there) for via, there, _ in steps if wanted(via, there)), None)
            if last is not None:
                way.extend([*((via, search.order[n]) for via, n in search.path_to(number)), last])
            return last is not None

    def inside(state: int) -> list[tuple[int, int, int]]:
        return [(via, there, 0) for via, there in graph.steps(state) if part[there] == part[start]]

    search = BreadthFirst(StepsFrom(start, inside), visitors=[Wanted()])
    search.search()
    assert way, "a strongly connected part that is not"
    return way


#: Takes a state on by an action, to the state that is stored as the number given, or one that it stands for.
Take = Callable[[State, str, int], tuple[Instance, State]]


def follow_lasso(here: State, stem: Run, loop: Sequence[tuple[str, int]], take: Take) -> tuple[Run, int]:
    """A lasso in real states, from where its stem ends: the whole run, and how many of its steps come before the loop.

    Where a stored state stands for all namings of the blocks, once round the loop may lead to the same state under
    another naming. It goes round until a state comes again, which it does, as there are so many namings only; that
    the conditions are met does not depend on the naming, as they speak of actions and not of blocks.
    """
    run, reached = list(stem), dict[State, int]()
    while here not in reached:
        reached[here] = len(run)
        for name, number in loop:
            instance, here = take(here, name, number)
            run.append(instance.step)
    return run, reached[here]
