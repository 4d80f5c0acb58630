"""Stories for the tests of views: known traces, a long random walk, and stories in which every text is hostile."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from random import Random
from typing import Any

from hintproof.story.build import build_story
from hintproof.story.model import Condition, Link, PreventingRule, Story
from hintproof.trace.document import load
from hintproof.trace.replay import build, prepare
from hintspec.language.sizes import Sizes
from tests.places import COUNTEREXAMPLES

#: The defects that have a trace.
NAMES = sorted(path.parent.name for path in COUNTEREXAMPLES.glob("*/trace.json"))

#: What would run, load, hide, reorder or break something, were it not escaped, in a page or a picture.
ON_A_PAGE = (
    "</script><script>window.ran=1</script><img src=https://example.invalid/x onerror=window.ran=1>"
    "<!--]]>'\"&lt;{{7*7}}\u202etxet\u2028\x00\x07\x1b[31m\ufffe\ud800\U000e0041"
)

#: What a text would do to a terminal, to rich's markup and to textual's actions; and far too much of it.
ON_A_TERMINAL = (
    "\x1b[2J\x1b]0;evil\x07\x9b31m\r\n\t\b[red]R[/red][@click=app.quit]Q[/]\u202e\u200b\u0301\u2028<script>"
    + "x" * 20_000
)

#: Texts that views compare and never show.
_WORDS = ("", "HINT", "STOP_SIGN", "content", "stale", "dirty", "place")


@cache
def story_of(name: str) -> Story:
    """The story of a known defect's trace."""
    return build_story(load(COUNTEREXAMPLES / name / "trace.json"))


@cache
def known(name: str) -> Story:
    """The story of a known defect's trace, which says so."""
    return replace(story_of(name), known_as=name)


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
        actor = choice.choice(sorted({instance.action.action.actor.name for instance, _ in options}))
        chosen, state = choice.choice([o for o in options if o[0].action.action.actor.name == actor])
        run.append((chosen.action.name, chosen.block))
    return build_story(build(environment, concrete, "sampled", goal, run))


def hostile_story(name: str, text: str, instead: bool = False) -> Story:
    """The story of a known defect with hostile ``text`` after each text of it; ``instead``: before it, letters too."""
    story = known(name)
    rule = PreventingRule("rule", "here", "there", "world", 3, "because", True, 10**9, ("other",))
    links, guard = (Link("function", "address"),), (Condition("condition", "place"),)
    moments = (replace(m, links=links, guard=guard, breaks=("promise",)) for m in story.moments)
    full = replace(story, begins="in some state", preventing_rules=(rule,), moments=tuple(moments))
    hostile: Story = _hostile(full, text, instead)
    return hostile


def _hostile(value: Any, text: str, instead: bool) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        if value in ("", "HINT", "STOP_SIGN", "content", "stale", "dirty", "place") or (
            len(value) == 1 and not instead
        ):
            return value
        return text + value if instead else value + text
    if isinstance(value, dict):  # names of variables are texts of the story; those of a ring's parts are not
        names = ((_hostile(name, text, instead) if "." in name else name) for name in value)
        return dict(zip(names, (_hostile(part, text, instead) for part in value.values()), strict=True))
    if isinstance(value, (list, tuple)):
        return type(value)(_hostile(part, text, instead) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _hostile(getattr(value, f.name), text, instead) for f in fields(value)})
    return value
