"""A trace as a page of Markdown: the explanation, a diagram, the table of steps."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.story.model import Moment, PreventingRule, Story, Values, Weight, marks, plain
from hintproof.views import markdown
from hintproof.views.trace import mermaid
from hintproof.views.trace.explanation import departure
from hintproof.views.trace.rows import Loop, all_rows

#: How a step's weight is shown.
_WEIGHT = {Weight.CAUSE: "**cause**", Weight.FEEDS: "feeds", Weight.ENABLES: ""}

#: Blocks whose marks are shown.
_SHOWN_BLOCKS = 4


def render(story: Story) -> str:
    """The page."""
    rules = story.preventing_rules
    parts = [
        f"# {markdown.escaped(story.claim)} is violated",
        markdown.table(("", ""), _facts(story)),
        "## Why",
        markdown.escaped(story.explanation.paragraph),
        *(("## What would stop it", rules_table(rules)) if rules else ()),
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
    blocks = story.shown_blocks(_SHOWN_BLOCKS)
    head = ("#", "who", "step", "", "changed", "ring", *(f"block {block}" for block in blocks))
    return markdown.table(head, _steps(story, blocks))


def marks_table(story: Story) -> str:
    """The meaning of the marks of a block."""
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
        ("looks like", story.likenesses),
    ]
    return [(name, markdown.escaped(value)) for name, value in facts if value]


def rules_table(rules: tuple[PreventingRule, ...]) -> str:
    """The rules whose change prevents a trace, with the world that each of them makes."""
    head = ("rule", "here", "there", "environment", "the trace", "what else is violated there")
    return markdown.table(head, map(_rule_row, rules))


def _rule_row(rule: PreventingRule) -> tuple[str, ...]:
    follows = f"{departure(rule)}holds in all {rule.states:,} states"
    cells = (rule.rule, rule.value, rule.instead, rule.environment or "(no name)", follows)
    return (*map(markdown.escaped, cells), ", ".join(map(markdown.code, rule.others)) or "nothing")


def _steps(story: Story, blocks: list[int]) -> Iterator[list[str]]:
    states = story.states()
    next(states)
    for row in all_rows(story):
        if isinstance(row, Loop):
            yield ["", "", f"*{row.says}*", "", "", "", *("" for _ in blocks)]
        else:
            yield _row(story, row, next(states), blocks)


def _row(story: Story, moment: Moment, state: Values, blocks: list[int]) -> list[str]:
    ring = markdown.code(plain(state[story.ring])) if story.ring else ""
    shown = [markdown.code(marks(story, state, block)) for block in blocks]
    named = ((v, after) for v, after in story.changed(moment) if not (v.budget or v.drawn))
    changed = ", ".join(f"{markdown.code(v.name)} {markdown.escaped(plain(after))}" for v, after in named)
    who = markdown.escaped(story.lanes[moment.lane].name)
    return [str(moment.number), who, markdown.code(moment.label), _WEIGHT[moment.weight], changed, ring, *shown]
