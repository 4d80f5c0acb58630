"""Random steps at any size: the Python API."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hintproof.interpret.concrete import Concrete, State
from hintspec.language.recording import RecordedAction

#: How many random blocks are tried for an action that takes one.
_TRIES = 8


def run_random_steps(concrete: Concrete, steps: int, choice: Random) -> Iterator[str]:
    """Take random steps, and yield a line for each: an actor is chosen first, then one of its steps.

    A few random blocks are tried for each action, so millions of blocks take no longer than a few.
    """
    state = concrete.initial
    for number in range(1, steps + 1):
        options = [o for o in (_try(concrete, state, a, choice) for a in concrete.model.actions) if o]
        if not options:
            yield f"{number:>5}  no step found"
            return
        actor = choice.choice(sorted({action.action.actor.name for action, _ in options}))
        action, block = choice.choice([o for o in options if o[0].action.actor.name == actor])
        state, _ = concrete.apply(state, action, block)
        argument = "" if block is None else f"({block})"
        yield f"{number:>5}  {actor:<11} {action.name}{argument}"


def _try(
    concrete: Concrete, state: State, action: RecordedAction, choice: Random
) -> tuple[RecordedAction, int | None] | None:
    if not action.action.takes_block:
        return None if concrete.failed_conjuncts(state, action, None) else (action, None)
    for _ in range(_TRIES):
        block = choice.randint(1, concrete.sizes.blocks)
        if not concrete.failed_conjuncts(state, action, block):
            return action, block
    return None
