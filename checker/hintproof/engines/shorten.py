"""Shorter runs to the same end: leave steps out, and look for detours that save steps.

Hypothesis shrinks a run by leaving out steps that stand together. What it can't find is done here: two steps that
must go together, and another way from one of the run's states on. It all starts from the run, and ends with a run that
breaks the same property.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import Replayable

Steps = tuple[int, ...]

#: States looked at around each state of a run.
AROUND = 400


class Replay:
    """Runs of instances, replayed; an instance that is not possible where it comes is left out."""

    def __init__(self, system: Replayable) -> None:
        self.system = system
        self._moves = system.moves
        self._bits = {name: (1 << i, True) for i, name in enumerate(system.step_properties)}
        self._bits |= {p.name: (1 << i, False) for i, p in enumerate(system.state_properties)}

    def until(self, name: str, steps: Sequence[int], state: State | None = None) -> Steps | None:
        """The steps taken, up to the one that breaks the property; None if none does."""
        bit, of_steps = self._bits[name]
        taken = []
        here = self.system.initial if state is None else state
        for step in steps:
            moved = self._moves[step](here)
            if moved is None:
                continue
            here, broken = moved
            taken.append(step)
            if (broken if of_steps else self.system.judge(here)) & bit:
                return tuple(taken)
        return None

    def breaks(self, name: str, state: State, broken: int) -> bool:
        """Whether a step to that state, which breaks these promises, breaks the property."""
        bit, of_steps = self._bits[name]
        return bool((broken if of_steps else self.system.judge(state)) & bit)

    def states(self, steps: Steps) -> Iterator[State]:
        """The states before each of the steps."""
        state = self.system.initial
        for step in steps:
            yield state
            moved = self._moves[step](state)
            assert moved is not None
            state = moved[0]


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
    for begin, state in enumerate(list(replay.states(run))):
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
                whole = replay.until(name, run[:begin] + way + found)
                if whole is not None and len(whole) < len(run):
                    yield whole


def _around(system: Replayable, state: State) -> Iterator[tuple[Steps, State, int]]:
    """States near a state, the nearest first, with the way there and the promises that its last step breaks."""
    known = {(state, 0)}
    waiting: list[tuple[Steps, State]] = [((), state)]
    for way, here in waiting:
        for index, after, broken in system.successors(here):
            if (after, broken) not in known and len(known) < AROUND:
                known.add((after, broken))
                waiting.append(((*way, index), after))
                yield (*way, index), after, broken
