"""The transition systems that engines search: a protocol text at given sizes, a mutant of it, the C code in its place.

An engine that only runs a system takes one of these protocols. The compiled search and the solvers interpret the terms
of a model anew, so they take :class:`~hintproof.interpret.concrete.Concrete`, which is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from hintproof.interpret.concrete import Instance, State
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.terms import Term


class Transitions(Protocol):
    """What a search needs: where it begins, and the steps from a state.

    ``successors`` gives for each step the number of its instance, the next state, and the mask of the STEP properties
    that the step breaks.
    """

    @property
    def initial(self) -> Any:
        """The one initial state, a value that can be a key of a dictionary."""

    @property
    def instances(self) -> Sequence[Instance]:
        """The steps by number."""

    @property
    def successors(self) -> Callable[[Any], Sequence[tuple[int, Any, int]]]:
        """All steps from a state."""


class TransitionSystem(Transitions, Protocol):
    """A system with properties, whose states can be shown.

    A STEP property is broken by a step; the others are judged in a state, or in all of them.
    """

    @property
    def model(self) -> Model:
        """The names: variables, actions, properties."""

    @property
    def sizes(self) -> Sizes:
        """The sizes at which the system runs."""

    @property
    def step_properties(self) -> Sequence[str]:
        """The names of the STEP properties, in the order of the bits of a step's mask."""

    @property
    def state_properties(self) -> Sequence[RecordedProperty]:
        """The properties of states, in the order of the bits of :attr:`judge`."""

    @property
    def judge(self) -> Callable[[Any], int]:
        """The mask of the ALWAYS properties that a state violates, and of the others whose goal it meets."""

    def truths(self, conditions: Sequence[Term]) -> Callable[[Any], int]:
        """A function that gives the mask of the conditions that hold for some block."""


class Replayable(TransitionSystem, Protocol):
    """A system whose runs can be replayed, step by step, and told."""

    @property
    def moves(self) -> Sequence[Callable[[State], tuple[State, int] | None]]:
        """For each instance a function that takes its step: the next state and broken properties, None if it can't."""

    def action_named(self, name: str) -> RecordedAction:
        """The action of that name. Raises ``KeyError``."""

    def holds_for(self, item: RecordedProperty, state: State, block: int) -> bool:
        """The value of a property's predicate for one block."""

    def value(self, term: Term, state: State, block: int | None) -> Any:
        """The plain JSON value of a term in a state."""

    def show(self, state: State) -> dict[str, Any]:
        """The state by variable names, in plain JSON values."""
