"""Shorter runs to the same end: replay with steps left out, and the searches over which steps can go.

Hypothesis shrinks a run by leaving out steps that stand together. ``shorten`` finds what Hypothesis can't: two steps
that must go together, and another way from one of the run's states on. ``leave_out_stretches`` is delta debugging
(Zeller's ``ddmin``, without its complements) for runs whose end only a predicate can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import Replayable

#: A run by the numbers of its instances.
Steps = tuple[int, ...]

#: States looked at around each state of a run.
AROUND = 400

_Run = TypeVar("_Run")


def leave_out_stretches(run: _Run, length: Callable[[_Run], int], without: Callable[[_Run, int], _Run | None]) -> _Run:
    """Leave out stretches of steps, half of the run at first, then ever shorter ones, until no single step can go.

    ``without`` gives a shorter run without stretches of so many steps, or None if none can go.
    """
    size = length(run) // 2
    while size:
        shorter = without(run, size)
        if shorter is None:
            size //= 2
        else:
            run = shorter
            size = min(size, length(run) // 2)
    return run


class Replay:
    """Runs of instances, replayed; an instance that is not possible where it comes is left out."""

    def __init__(self, system: Replayable) -> None:
        self.system = system
        self._moves = system.moves
        self._bits = {name: (1 << i, True) for i, name in enumerate(system.step_properties)}
        self._bits |= {p.name: (1 << i, False) for i, p in enumerate(system.state_properties)}

    def play(self, steps: Sequence[int], state: State | None = None) -> Iterator[tuple[int, State, int]]:
        """Take the steps that are possible: the place of each among ``steps``, the state after it, its broken mask."""
        here = self.system.initial if state is None else state
        moves = self._moves
        for place, step in enumerate(steps):
            moved = moves[step](here)
            if moved is not None:
                here, broken = moved
                yield place, here, broken

    def until(self, name: str, steps: Sequence[int], state: State | None = None) -> Steps | None:
        """The possible steps, up to the one that breaks the property; None if none does."""
        bit, of_steps = self._bits[name]
        judge, moves, possible = self.system.judge, self._moves, []  # without ``play``: shrinking spends its time here
        here = self.system.initial if state is None else state
        for step in steps:
            moved = moves[step](here)
            if moved is not None:
                here, broken = moved
                possible.append(step)
                if (broken if of_steps else judge(here)) & bit:
                    return tuple(possible)
        return None

    def breaks(self, name: str, state: State, broken: int) -> bool:
        """Whether a step to that state, which breaks these promises, breaks the property."""
        bit, of_steps = self._bits[name]
        return bool((broken if of_steps else self.system.judge(state)) & bit)


def shorten(replay: Replay, name: str, run: Steps, over: Callable[[], bool]) -> Steps:
    """The shortest run found that breaks the property, from one that does, until nothing helps or time is over."""
    ways = (_without_two, _detours)
    while not over():
        shorter = next((found for way in ways for found in way(replay, name, run, over)), None)
        if shorter is None:
            return run
        run = shorter
    return run


def _without_two(replay: Replay, name: str, run: Steps, over: Callable[[], bool]) -> Iterator[Steps]:
    """Without one step, or two."""
    for first in reversed(range(len(run))):
        if over():
            return
        for second in range(first + 1):
            found = replay.until(name, run[:second] + run[second + 1 : first] + run[first + 1 :])
            if found is not None and len(found) < len(run):
                yield found


def _detours(replay: Replay, name: str, run: Steps, over: Callable[[], bool]) -> Iterator[Steps]:
    """From a state on another way, by any steps: to the end, or to where some of the rest of the run leads there."""
    states = [replay.system.initial, *(state for _, state, _ in replay.play(run))]
    for begin, state in enumerate(states[:-1]):
        if over():
            return
        for way, reached, broken in _around(replay.system, state):
            if begin + len(way) >= len(run):
                break
            if replay.breaks(name, reached, broken):
                yield run[:begin] + way
                continue
            found = replay.until(name, run[begin:], reached)
            if found is not None and begin + len(way) + len(found) < len(run):
                joined = replay.until(name, run[:begin] + way + found)
                if joined is not None and len(joined) < len(run):
                    yield joined


def _around(system: Replayable, state: State) -> Iterator[tuple[Steps, State, int]]:
    """States near a state, the nearest first, with the way there and the promises that its last step breaks.

    A caller takes as many as it needs, mostly few: a search that keeps its states costs more than it gives here.
    """
    known = {(state, 0)}
    ways: list[tuple[Steps, State]] = [((), state)]
    for way, here in ways:  # grows as it goes
        for index, after, broken in system.successors(here):
            if (after, broken) not in known and len(known) < AROUND:
                known.add((after, broken))
                ways.append(((*way, index), after))
                yield (*way, index), after, broken
