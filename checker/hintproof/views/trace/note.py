"""A trace as a page of Markdown: the explanation, a diagram, the table of steps."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.story.model import Change, Moment, PreventingRule, Shape, Story, Values, Weight, marks, plain
from hintproof.views import markdown
from hintproof.views.trace import mermaid
from hintproof.views.trace.explanation import departure

#: How a step's weight is shown.
_WEIGHT = {Weight.CAUSE: "**cause**", Weight.FEEDS: "feeds", Weight.ENABLES: ""}

#: Blocks whose marks are shown.
_SHOWN_BLOCKS = 4


def render(story: Story) -> str:
    """The page."""
    parts = [
        f"# {markdown.escaped(story.claim)} falls",
        markdown.table(("", ""), _facts(story)),
        "## Why",
        markdown.escaped(story.explanation.paragraph),
        *_stopped(story),
        "## What matters",
        f"```mermaid\n{mermaid.render(story)}```",
        "## Step by step",
        steps_table(story),
        "## Marks",
        marks_table(story),
    ]
    return "\n\n".join(parts) + "\n"


def steps_table(story: Story) -> str:
    """A row a step."""
    return markdown.table(("#", "who", "step", "", "changed", "ring", *_block_heads(story)), _steps(story))


def marks_table(story: Story) -> str:
    """What the marks of a block mean."""
    rows = ((markdown.code(v.mark), markdown.escaped(v.says)) for v in story.marked)
    return markdown.table(("mark", "means"), rows)


def _facts(story: Story) -> list[tuple[str, str]]:
    facts = [
        ("environment", story.environment),
        ("sizes", story.sizes),
        ("found by", f"{story.engine} engine, {story.length}, replayed"),
        ("property", f"{story.claim}: {story.says}"),
        ("clause", story.clause),
        ("known as", story.known_as),
    ]
    return [(name, markdown.escaped(value)) for name, value in facts if value]


def _stopped(story: Story) -> Iterator[str]:
    if story.preventing_rules:
        yield "## What would stop it"
        yield stopped_table(story.preventing_rules)


def stopped_table(stopped: tuple[PreventingRule, ...]) -> str:
    """The worlds in which a trace is not possible and its property holds."""
    head = ("rule", "here", "there", "world", "the trace", "what else falls there")
    return markdown.table(head, (_stopped_row(s) for s in stopped))


def _stopped_row(told: PreventingRule) -> tuple[str, ...]:
    follows = f"{departure(told)}holds in all {told.states:,} states"
    cells = (told.rule, told.value, told.instead, told.environment or "(no name)", follows)
    return (*map(markdown.escaped, cells), ", ".join(map(markdown.code, told.others)) or "nothing")


def _block_heads(story: Story) -> list[str]:
    return [f"block {block}" for block in _blocks(story)]


def _blocks(story: Story) -> list[int]:
    if story.blocks <= _SHOWN_BLOCKS:
        return list(range(1, story.blocks + 1))
    return [story.block or 1]


def _steps(story: Story) -> Iterator[list[str]]:
    states = story.states()
    next(states)
    for moment, state in zip(story.moments, states, strict=True):
        if story.loop == moment.number - 1:
            yield ["", "", "*from here for ever*", "", "", "", *("" for _ in _blocks(story))]
        yield _row(story, moment, state)
    if story.loop is not None:
        stays = story.loop == len(story.moments)
        told = "*and so it stays for ever*" if stays else f"*and again from step {story.loop + 1}*"
        yield ["", "", told, "", "", "", *("" for _ in _blocks(story))]


def _row(story: Story, moment: Moment, state: Values) -> list[str]:
    ring = markdown.code(plain(state[story.ring])) if story.ring else ""
    shown = [markdown.code(marks(story, state, block)) for block in _blocks(story)]
    changed = ", ".join(_changed(story, moment))
    who = markdown.escaped(story.lanes[moment.lane].name)
    return [str(moment.number), who, markdown.code(moment.label), _WEIGHT[moment.weight], changed, ring, *shown]


def _changed(story: Story, moment: Moment) -> Iterator[str]:
    told: dict[str, Change] = {change.variable: change for change in moment.changes}
    for v in story.variables:
        if v.name in told and not (v.budget or v.mark or v.shape in (Shape.RING, Shape.LIST)):
            yield f"{markdown.code(v.name)} {markdown.escaped(plain(told[v.name].after))}"
