"""A long trace: a random walk that ends with a step that breaks a property."""

from __future__ import annotations

from functools import cache
from random import Random

from hintproof.engines.report import Run
from hintproof.trace.replay import Trace, build, prepare
from hintspec.language.sizes import Sizes

#: A world, with budgets that a long walk does not use up, and what is broken in it now and then.
WORLD, SIZES, BROKEN = "linux-6.1+qemu-7.2+kvm-manual", Sizes(3, 4, 5000, migrations=1000), "hint_in_batch"

#: Steps after which a walk that breaks nothing is given up.
_GIVEN_UP = 200_000


@cache
def long_trace(least: int, seed: int = 1) -> Trace:
    """A trace of at least so many steps: at each, an actor is drawn, and then one of the steps that it could take."""
    concrete, choice = prepare(WORLD, SIZES), Random(seed)
    bit = 1 << concrete.step_properties.index(BROKEN)
    state, broken, run = concrete.initial, 0, Run()
    while len(run) < least or not broken & bit:
        assert len(run) < _GIVEN_UP
        options = [(concrete.instances[index], after, breaks) for index, after, breaks in concrete.successors(state)]
        actor = choice.choice(sorted({instance.action.action.actor.name for instance, _, _ in options}))
        instance, state, broken = choice.choice([o for o in options if o[0].action.action.actor.name == actor])
        run.append((instance.action.name, instance.block))
    return build(WORLD, concrete, "random walk", BROKEN, run)
