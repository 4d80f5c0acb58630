"""Stories for the tests of views: known traces, a long random walk, and one in which every text is hostile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from random import Random
from typing import Any

from hintproof.story.build import build_story
from hintproof.story.model import Story
from hintproof.trace.document import load
from hintproof.trace.replay import build, prepare
from hintspec.language.sizes import Sizes
from tests.places import COUNTEREXAMPLES

NAMES = sorted(path.parent.name for path in COUNTEREXAMPLES.glob("*/trace.json"))

#: What would run, load, hide, reorder or break something, were it not escaped.
HOSTILE = (
    "</script><script>window.ran=1</script><img src=https://example.invalid/x onerror=window.ran=1>"
    "<!--]]>'\"&lt;{{7*7}}\u202etxet\u2028\x00\x07\x1b[31m\ufffe\ud800\U000e0041"
)


@cache
def known(name: str) -> Story:
    """The story of a catalogued trace."""
    return build_story(load(COUNTEREXAMPLES / name / "trace.json"), known_as=name)


@cache
def long_walk(steps: int = 10_000) -> Story:
    """A random walk of at least so many steps, through many migrations, that ends where something is witnessed."""
    environment, goal = "linux-6.1+qemu-7.2+kvm-auto", "free_block_skipped"
    concrete = prepare(environment, Sizes(blocks=4, ring=4, rounds=4000, migrations=1000))
    [bit] = [place for place, item in enumerate(concrete.state_properties) if item.name == goal]
    choice, state, run = Random(1), concrete.initial, list[tuple[str, int | None]]()
    while len(run) < steps or not concrete.judge(state) >> bit & 1:
        options = [(concrete.instances[index], after) for index, after, _ in concrete.successors(state)]
        options = [o for o in options if o[0].action.name != "abort_migration"]
        actor = choice.choice(sorted({one.action.action.actor.name for one, _ in options}))
        taken, state = choice.choice([o for o in options if o[0].action.action.actor.name == actor])
        run.append((taken.action.name, taken.block))
    return build_story(build(environment, concrete, "sampled", goal, run))


def hostile(value: Any) -> Any:
    """The same story, with something hostile after each text of it: the same after the same."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value if value in ("", "HINT", "STOP_SIGN") or len(value) == 1 else value + HOSTILE
    if isinstance(value, dict):
        return {_key(name): hostile(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(hostile(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: hostile(getattr(value, field.name)) for field in fields(value)})
    return value


def _key(name: str) -> str:
    """Names of variables are texts of the story; those of a ring's parts are not."""
    return name + HOSTILE if "." in name else name
