"""Runs that go round for ever: whether one refutes a liveness property, and how it is weakly fair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hintproof.engines.report import Run
from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import TransitionSystem
from hintproof.system.errors import BadInput
from hintspec.language.recording import RecordedFairness, RecordedProperty


@dataclass(frozen=True)
class LoopFairness:
    """How a loop is fair to a condition: its own steps there (numbers), or, without any, a step after which
    none of its own is possible (0: the beginning)."""

    condition: RecordedFairness
    steps: tuple[int, ...]
    idle_after: int | None

    @property
    def is_fair(self) -> bool:
        """Whether the loop is fair to it at all."""
        return bool(self.steps) or self.idle_after is not None


def enabled_actions(system: TransitionSystem, state: State) -> set[str]:
    """The names of the actions that are enabled in a state."""
    return {system.instances[index].action.name for index, _, _ in system.successors(state)}


def loop_fairness(
    system: TransitionSystem, item: RecordedProperty, run: Run, states: Sequence[State], loop: int
) -> list[LoopFairness]:
    """How the loop, which begins after so many steps, is fair to each condition of the property."""
    offered = [enabled_actions(system, state) for state in states[loop:]]
    fairness = []
    for condition in item.fair:
        steps = tuple(n for n, (name, _) in enumerate(run[loop:], loop + 1) if name in condition.steps)
        idle = [loop + n for n, names in enumerate(offered) if not names & condition.steps]
        fairness.append(LoopFairness(condition, steps, idle[0] if idle else None))
    return fairness


def unobliged_actions(system: TransitionSystem, run: Run, states: Sequence[State], loop: int) -> list[str]:
    """The actions that are possible in every state of the loop and never happen: nobody is obliged to them."""
    always = set.intersection(*(enabled_actions(system, state) for state in states[loop:])) - {n for n, _ in run[loop:]}
    return [action.name for action in system.model.actions if action.name in always]


def refuse_unless_refuting(
    system: TransitionSystem, item: RecordedProperty, run: Run, states: Sequence[State], loop: int | None
) -> None:
    """Raise :class:`BadInput` if the run, with its loop, does not refute the liveness property."""
    name = item.name
    if loop is None:
        raise BadInput(f"{name} is a property of progress: a run against it needs a loop, and this one has none")
    if not 0 <= loop <= len(run):
        raise BadInput(f"the loop can't begin after step {loop}: there are {len(run)} steps")
    if states[loop] != states[-1]:
        raise BadInput(f"the loop from step {loop + 1} to {len(run)} does not lead back to the state it begins in")
    goal = 1 << system.state_properties.index(item)
    for number, state in enumerate(states[loop:], loop):
        if system.judge(state) & goal:
            raise BadInput(f"the goal of {name} is met in the loop, after step {number}: the run does not violate it")
    for fairness in loop_fairness(system, item, run, states, loop):
        if not fairness.is_fair:
            raise BadInput(
                f"the loop is not fair: a step of {fairness.condition.name} is always possible and never taken"
            )
