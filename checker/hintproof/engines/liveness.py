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
from hintproof.engines.search import Graph
from hintproof.interpret.concrete import Instance, State

#: States up to which plain Python is the quicker one.
_FEW = 20_000


@dataclass(frozen=True)
class Lasso:
    """A run that refutes a goal: the shortest one to ``state``, and then ``loop`` round and round.

    The loop is (instance, target) by (instance, target), and ends in ``state``. An empty one: it stays there.
    """

    state: int
    loop: list[tuple[int, int]]


# -- the loops --------------------------------------------------------------------------------


def spread_back(ends: Any, targets: Any, reached: Any) -> None:
    """Note all states from which a noted one can be reached, by sweeps over all states, down and up in turn.

    Most steps lead to a later state, so few sweeps suffice, and nothing has to be stored of the steps into a state.
    """
    states, down, changed = len(ends), True, True
    while changed:
        changed = False
        for number in range(states):
            state = states - 1 - number if down else number
            if reached[state] == 0:
                for edge in range(ends[state - 1] if state else 0, ends[state]):
                    if reached[targets[edge]]:
                        reached[state] = 1
                        changed = True
                        break
        down = not down


def find_parts(ends: Any, targets: Any, met: Any, part: Any, stack: Any, at: Any, root: Any):  # type: ignore[no-untyped-def]
    """Number the strongly connected parts of what does not meet the goal; returns how many there are.

    Pearce's algorithm (A space-efficient algorithm for finding strongly connected components, 2016), which needs no
    more than a number and a place on one of two stacks for each state. ``part``, zeros at first, is -1 where the goal
    is met. ``stack`` holds the way of the depth-first search at its beginning, and at its end states whose part is not
    closed yet; ``at`` and ``root`` belong to the way: the next step of each state, and whether its part begins there.
    """
    states = len(ends)
    number, left, top = 1, states, states
    for state in range(states):
        if met[state]:
            part[state] = states + 1
    for first in range(states):
        if part[first] != 0:
            continue
        depth = 0
        stack[0], at[0], root[0], part[first] = first, 0, 1, number
        number += 1
        while depth >= 0:
            here = stack[depth]
            edge = (ends[here - 1] if here else 0) + at[depth]
            if edge < ends[here]:
                there = targets[edge]
                if part[there] == 0:
                    depth += 1
                    stack[depth], at[depth], root[depth], part[there] = there, 0, 1, number
                    number += 1
                    continue
                if part[there] < part[here]:
                    part[here], root[depth] = part[there], 0
                at[depth] += 1
                continue
            if root[depth]:
                number -= 1
                while top < states and part[here] <= part[stack[top]]:
                    part[stack[top]] = left
                    top += 1
                    number -= 1
                part[here] = left
                left -= 1
            else:
                top -= 1
                stack[top] = here
            depth -= 1
    for state in range(states):
        part[state] = -1 if part[state] > states else states - part[state]
    return states - left


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


def find_nearest(ends: Any, targets: Any, via: Any, part: Any, masks: Any, everyone: Any, start: Any, open_: Any, goal: Any, came: Any, waiting: Any):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
    """Breadth-first inside a part, to the nearest wanted transition; -1 if there is none.

    Wanted is one to the state ``goal``, or with a goal of -1 one that meets a condition that is still open. For each
    state that was reached ``came`` has the state before it on the way, and -1 for any other.
    """
    inside = part[start]
    waiting[0], came[start] = start, start
    here, last = 0, 1
    while here < last:
        state = waiting[here]
        first = ends[state - 1] if state else 0
        for edge in range(first, ends[state]):
            there = targets[edge]
            if part[there] != inside:
                continue
            if goal >= 0:
                if there == goal:
                    return edge
                continue
            possible = everyone ^ everyone
            for after in range(ends[there - 1] if there else 0, ends[there]):
                possible |= masks[via[after]]
            if open_ & (masks[via[edge]] | (everyone & ~possible)):
                return edge
        for edge in range(first, ends[state]):
            there = targets[edge]
            if part[there] == inside and came[there] < 0:
                came[there] = state
                waiting[last] = there
                last += 1
        here += 1
    return -1


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


def bytes_to_find_lasso(graph: Graph, conditions: int) -> int:
    """The memory that :func:`find_lasso` takes at most, beside the graph: while it finds parts, and while it walks."""
    parts = 4 + 4 + 2 * _widest(graph).itemsize + 1
    return _in_lists(graph) * graph.states * max(parts, 4 + 4 + 4 + _mask_kind(conditions).itemsize)


def bytes_to_find_stuck(graph: Graph) -> int:
    """The memory that :func:`first_stuck` takes at most, beside the graph."""
    return 2 * _in_lists(graph) * graph.states


def _in_lists(graph: Graph) -> int:
    """How many times as much the numbers take in lists, where there are few states."""
    return 10 if graph.states <= _FEW else 1


def _mask_kind(conditions: int) -> np.dtype[Any]:
    """The narrowest type that has a bit for each condition of fairness."""
    return np.min_scalar_type((1 << conditions) - 1)


def _widest(graph: Graph) -> np.dtype[Any]:
    """The narrowest type that numbers the steps of any state."""
    ends, some = graph.ends, 1 << 20
    most = max(
        (int(np.diff(ends[low : low + some + 1]).max(initial=0)) for low in range(0, len(ends), some)), default=0
    )
    return np.min_scalar_type(max(most, int(ends[0])))


def first_stuck(graph: Graph, met: npt.NDArray[np.uint8]) -> int | None:
    """The first state from which no state that meets the goal can be reached any more."""
    loops = _Loops(graph)
    reached = loops.given(met.copy())
    loops.run(spread_back, loops.ends, loops.targets, reached)
    stuck = int(np.argmin(reached))
    return stuck if not reached[stuck] else None


def find_lasso(graph: Graph, met: npt.NDArray[np.uint8], fair: Sequence[frozenset[int]]) -> Lasso | None:
    """A fair run that from some state on never meets the goal: of those with the shortest way there, if any.

    ``fair`` has a set of instances for each condition.
    """
    loops = _Loops(graph)
    part, stack = loops.room(loops.states), loops.room(loops.states)
    on_the_way = [loops.room(loops.states, 0, _widest(graph)) for _ in range(2)]
    parts = loops.run(find_parts, loops.ends, loops.targets, loops.given(met), part, stack, *on_the_way)
    on_the_way.clear()
    everyone = (1 << len(fair)) - 1
    masks = loops.given(_masks(graph, fair))
    met_in = loops.room(parts, 0, _mask_kind(len(fair)))
    loops.run(note_fairness, loops.ends, loops.targets, loops.via, part, masks, everyone, met_in)
    refuting = np.append(np.asarray(met_in) == everyone, False)  # the last for part -1: the goal is met
    found = _first_in(refuting, np.asarray(part))
    return None if found is None else Lasso(found, _walk(loops, graph, part, masks, everyone, found, stack))


def _first_in(chosen: npt.NDArray[np.bool_], part: npt.NDArray[Any]) -> int | None:
    """The first state of a chosen part; a few states at a time, as numpy makes wide copies of what it looks up."""
    for low in range(0, len(part), 1 << 20):
        found = np.flatnonzero(chosen[part[low : low + (1 << 20)]])
        if len(found):
            return low + int(found[0])
    return None


def _masks(graph: Graph, fair: Sequence[frozenset[int]]) -> npt.NDArray[np.int64]:
    """Of each instance the conditions that it meets, a bit each."""
    most = max(max((max(steps, default=0) for steps in fair), default=0), int(graph.via.max(initial=0)))
    masks = np.zeros(most + 1, np.int64)
    for bit, steps in enumerate(fair):
        masks[list(steps)] |= 1 << bit
    return masks


def _walk(
    loops: _Loops, graph: Graph, part: Any, masks: Any, everyone: int, start: int, waiting: Any
) -> list[tuple[int, int]]:
    """A short closed walk inside a part that passes a place for each condition: to the nearest, and on, and home.

    ``waiting`` has room for all states.
    """

    came = loops.room(loops.states)

    def missed(state: int) -> int:
        """The conditions that are not met by being in a state: one of their steps is possible."""
        possible = 0
        for via, _ in graph.steps(state):
            possible |= int(masks[via])
        return possible & everyone

    def nearest(here: int, wanted: int, goal: int) -> list[tuple[int, int]]:
        """The shortest way of at least one step to where a wanted condition is met, or to the goal."""
        for low in range(0, loops.states, 1 << 20):
            came[low : low + (1 << 20)] = loops.room(min(1 << 20, loops.states - low), -1)
        edge = loops.run(
            find_nearest,
            *(loops.ends, loops.targets, loops.via, part, masks, everyone, here, wanted, goal, came, waiting),
        )
        assert edge >= 0, "a strongly connected part that is not"
        state = int(np.searchsorted(graph.ends, edge, "right"))
        way = [(int(graph.via[edge]), int(graph.targets[edge]))]
        while state != here:
            before = int(came[state])
            way.append(next((via, there) for via, there in graph.steps(before) if there == state))
            state = before
        return way[::-1]

    here, walk, open_ = start, list[tuple[int, int]](), missed(start)
    while open_:
        way = nearest(here, open_, -1)
        for via, there in way:
            open_ &= missed(there) & ~int(masks[via])
            here = there
        walk += way
    return walk + (nearest(here, 0, start) if here != start else [])


#: Takes a state on by an action, to the state that is stored as the number given, or one that it stands for.
Take = Callable[[State, str, int], tuple[Instance, State]]


def follow_lasso(
    here: State,
    stem: Run,
    loop: Sequence[tuple[str, int]],
    take: Take,
    at_each_round: Callable[[], None] = lambda: None,
) -> tuple[Run, int]:
    """A lasso in real states, from where its stem ends: the whole run, and how many of its steps come before the loop.

    Where a stored state stands for all namings of the blocks, once round the loop may lead to the same state under
    another naming. It goes round until a state comes again, which it does, as there are so many namings only; that
    the conditions are met does not depend on the naming, as they speak of actions and not of blocks. There are many
    namings of many blocks: ``at_each_round`` may raise an error to end it.
    """
    run, reached = list(stem), dict[State, int]()
    while here not in reached:
        reached[here] = len(run)
        at_each_round()
        for name, number in loop:
            instance, here = take(here, name, number)
            run.append(instance.step)
    return run, reached[here]
