"""Breadth-first search of a transition system, with visitors (as in Stateright's ``CheckerVisitor``).

The search numbers the states in the order in which it finds them, and keeps how it reached each one first: a shortest
run. What else a caller wants to know of states and steps, a visitor collects on the way. In plain Python a state takes
about 0.7 kB; :mod:`hintproof.engines.compiled` has the same search compiled.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hintproof.engines.limits import Limits
from hintproof.engines.report import Run
from hintproof.interpret.concrete import Instance
from hintproof.interpret.transition_system import Transitions
from hintproof.system.clock import Clock
from hintproof.system.memory import no_collector
from hintproof.system.progress import Progress, no_progress

if TYPE_CHECKING:
    import numpy.typing as npt

#: States between two looks at the limits.
LOOK = 20_000


@dataclass(frozen=True)
class Graph:
    """All states and transitions of a search. States are numbered breadth-first from the initial one, 0.

    ``ends[i]`` is where the transitions of state i end; those of the next state begin there. ``targets`` are
    states, ``via`` says by which instance of an action.
    """

    ends: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    via: npt.NDArray[Any]

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.ends)

    def steps(self, state: int) -> Iterator[tuple[int, int]]:
        """The transitions of a state: (instance, target)."""
        first, end = (int(self.ends[state - 1]) if state else 0), int(self.ends[state])
        return zip(self.via[first:end].tolist(), self.targets[first:end].tolist(), strict=True)


@dataclass(frozen=True)
class StepsFrom:
    """A system given by its first state and its steps: to search from another state, or something else than states."""

    initial: Any
    successors: Callable[[Any], Sequence[tuple[int, Any, int]]]
    instances: Sequence[Instance] = ()


class Visitor:
    """Hears of each state and its steps; a subclass overrides what it needs."""

    def on_state(self, state: Any) -> None:
        """The search found a new state: the last one of ``search.order``."""

    def on_steps(self, number: int, state: Any, steps: Sequence[tuple[int, Any, int]]) -> bool | None:
        """The steps of a state, before the search enters them. True ends the search."""

    def on_violation(self, number: int, instance: int, broken: int) -> None:
        """A step from a state breaks promises: the mask of their STEP properties."""


class Search:
    """What a breadth-first search has, plain or compiled: its limits, and how far it is."""

    def __init__(self, limits: Limits, progress: Progress) -> None:
        self.limits = limits.with_memory()
        self.progress = progress
        self.clock = Clock(limits.seconds)
        self.stopped_by = ""
        self.depth, self._level_ends = 0, 1

    def _is_over(self, states: int, expanded: int) -> bool:
        """Report how many states are found and expanded, and whether a limit is met."""
        rate = states / max(self.clock.seconds, 1e-3)
        self.progress(f"states, depth {self.depth}, {states - expanded:,} waiting, {rate:,.0f} a second", states)
        self.stopped_by = self.limits.reached(self.clock, states)
        return bool(self.stopped_by)


class BreadthFirst(Search):
    """States by number, how the search first reached each, and all of their transitions.

    ``visitors`` hear of everything, the initial state first. ``look`` is how many states the search expands between
    two looks at its limits.
    """

    def __init__(
        self,
        system: Transitions,
        limits: Limits = Limits(),
        visitors: Sequence[Visitor] = (),
        progress: Progress = no_progress,
        look: int = LOOK,
    ) -> None:
        super().__init__(limits, progress)
        self.system = system
        self.look = look
        self.number: dict[Any, int] = {system.initial: 0}
        self.order: list[Any] = [system.initial]
        self.parent, self.via = array("I", [0]), array("H", [0])
        #: All transitions: where those of each state end, their targets, and their instances.
        self.ends, self.targets, self.vias = array("I"), array("I"), array("H")
        self.deadlock: int | None = None
        self._on_state = [v.on_state for v in visitors if type(v).on_state is not Visitor.on_state]
        self._on_steps = [v.on_steps for v in visitors if type(v).on_steps is not Visitor.on_steps]
        self._on_violation = [v.on_violation for v in visitors]
        for visit in self._on_state:
            visit(system.initial)

    @property
    def count(self) -> int:
        """States found so far."""
        return len(self.order)

    @property
    def transitions(self) -> int:
        """Steps taken so far."""
        return len(self.targets)

    @no_collector()
    def search(self, until: int | None = None) -> bool:
        """Visit all states, or until a limit or a visitor ends it; or pause at about ``until`` states.

        Returns whether the search is over; after a pause the next call goes on.
        """
        successors, on_state, on_steps = self.system.successors, self._on_state, self._on_steps
        number, order, parent, via = self.number, self.order, self.parent, self.via
        targets, vias, ends, look = self.targets, self.vias, self.ends, self.look
        here, found = len(ends), len(order)
        while here < found:
            if here == self._level_ends:
                self.depth += 1
                self._level_ends = found
            if here % look == 0 and self._is_over(found, here):
                return True
            if until is not None and found >= until:
                return False
            steps = successors(order[here])
            for enter in on_steps:
                if enter(here, order[here], steps):
                    self.stopped_by = "it found what was looked for"
                    return True
            for instance, state, broken in steps:
                if broken:
                    for violate in self._on_violation:
                        violate(here, instance, broken)
                known = number.setdefault(state, found)
                if known == found:
                    found += 1
                    order.append(state)
                    parent.append(here)
                    via.append(instance)
                    for visit in on_state:
                        visit(state)
                targets.append(known)
                vias.append(instance)
            ends.append(len(targets))
            if not steps and self.deadlock is None:
                self.deadlock = here
            here += 1
        return True

    def path_to(self, state: int) -> list[tuple[int, int]]:
        """The first way found to a state, a shortest one: (instance, state) by (instance, state)."""
        path = []
        while state:
            path.append((self.via[state], state))
            state = self.parent[state]
        return path[::-1]

    def run_to(self, state: int) -> Run:
        """The names of a shortest run to a state."""
        return [self.system.instances[via].step for via, _ in self.path_to(state)]

    def graph(self) -> Graph:
        """All transitions."""
        import numpy as np  # here, as a search without a graph (a trace is shortened, say) does not need it

        return Graph(*(np.array(values) for values in (self.ends, self.targets, self.vias)))
