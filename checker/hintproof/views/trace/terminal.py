"""A trace for a terminal: lanes side by side, colour where there is some, letters that say the same."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from hintproof.story.model import Moment, PreventingRule, Story
from hintproof.system.errors import BadInput
from hintproof.views.trace.explanation import LISTED, departure
from hintproof.views.trace.lanes import Lanes
from hintproof.views.trace.rows import Gap, Loop, mattering, rows
from hintproof.views.trace.sheet import Line, clean, field
from hintspec.language.errors import quote, suggest

#: Columns that a view needs at least, and in which it is laid out if nobody says how many there are.
NARROWEST, WIDTH = 72, 100


@dataclass(frozen=True)
class Part:
    """The part of a trace to show: steps ``first`` to ``last`` (None: the end), perhaps only those that matter.

    ``watch`` are names of variables that get a column of their own.
    """

    first: int = 1
    last: int | None = None
    only_matters: bool = False
    watch: tuple[str, ...] = ()


def trace_lines(story: Story, width: int, part: Part, ascii_only: bool = False) -> Iterator[Line]:
    """A part of a trace, in at most so many columns. Raises :class:`BadInput` for a part that it does not have."""
    last = len(story.moments) if part.last is None else part.last
    _refuse(story, part, last)
    lanes = Lanes(story, width, part.watch, ascii_only=ascii_only)
    if lanes.width > width + 1 and part.watch:
        raise BadInput(f"{width} columns are too few to watch so much: give --width {lanes.width}, or less to watch")
    yield from head(story, width)
    yield []
    yield from legend(story, lanes, width)
    yield []
    yield from lanes.header()
    yield from _rows(story, lanes, part, last)
    yield []
    yield from field("why", story.explanation.paragraph, width)
    yield from rule_lines(story, width)


def _refuse(story: Story, part: Part, last: int) -> None:
    """Refuse a part that the trace does not have, and variables that its world does not have."""
    if not 1 <= part.first <= last <= len(story.moments):
        raise BadInput(f"there are no steps {part.first} to {last}: this trace has steps 1 to {len(story.moments)}")
    names = [v.name for v in story.variables]
    for name in part.watch:
        if name not in names:
            hint = suggest(name, names) or "; hintproof show TRACE --step 0 lists all"
            raise BadInput(f"no variable of this environment is called {quote(name)}{hint}")


def head(story: Story, width: int) -> Iterator[Line]:
    """The facts about the trace."""
    yield from field("environment", story.environment, width)
    yield from field("sizes", story.sizes, width)
    found = f"line 0 {story.begins}" if story.begins else f"{story.length}, replayed"
    yield from field("found by", f"{story.engine} engine; {found}", width)
    yield from field("lemma" if story.kind == "lemma" else "property", story.claim, width, "bold red")
    yield from field("", story.says, width)
    if story.clause:
        yield from field("clause", story.clause, width, "dim")
    if story.known_as:
        yield from field("known as", story.known_as, width)
    if story.looks_like:
        yield from field("looks like", story.likenesses, width)


def _rows(story: Story, lanes: Lanes, part: Part, last: int) -> Iterator[Line]:
    """The lines of the steps, with the number of those that are left out."""
    shown = mattering(story, part.first, last) if part.only_matters else range(part.first, last + 1)
    states = enumerate(story.states())
    state = next(state for number, state in states if number == part.first - 1)
    yield from lanes.row(None, None, state, part.first - 1)
    for row in rows(story, shown, part.first, last):
        if isinstance(row, Gap):
            yield [(f"{'':{lanes.gutter}}{lanes.gap} {row.steps} left out", "dim")]
        elif isinstance(row, Loop):
            yield [(f"{'':{lanes.gutter}}-- {row.says} --", "bold magenta")]
        else:
            before, state = state, next(state for number, state in states if number == row.number)
            yield from lanes.row(row, before, state)
            yield from _remarks(story, lanes, row)
    if part.only_matters:
        steps = last - part.first + 1
        yield [(f"{steps - len(shown)} of {steps} steps left out: they only let others happen", "dim")]


def _remarks(story: Story, lanes: Lanes, moment: Moment) -> Iterator[Line]:
    """The sentences of the causal chain about a step, or else the step properties that it breaks."""
    causes = [cause.says for cause in story.explanation.chain if cause.step == moment.number]
    for says in causes or [f"breaks {broken}" for broken in moment.breaks]:
        for number, line in enumerate(textwrap.wrap(clean(says), max(lanes.width - lanes.gutter - 3, 20))):
            lead = f"{lanes.corner} " if number == 0 else "  "
            yield [(f"{'':{lanes.gutter}}{lead}{line}", "italic")]


def rule_lines(story: Story, width: int) -> Iterator[Line]:
    """The rules whose change prevents the trace."""
    for number, rule in enumerate(story.preventing_rules[:LISTED]):
        yield from field("" if number else "stopped by", describe_rule(rule), width)
    if len(story.preventing_rules) > LISTED:
        yield from field("", f"and {len(story.preventing_rules) - LISTED} more", width)


def describe_rule(rule: PreventingRule) -> str:
    """A rule whose change prevents the trace, in a sentence."""
    text = f'{rule.rule} "{rule.instead}" instead of "{rule.value}": {departure(rule)}'
    if rule.holds is not None:
        text += f"it holds in all {rule.states:,} states" if rule.holds else "the property is violated there, too"
    return text + (f"; but these are violated there: {', '.join(rule.others)}" if rule.others else "")


def legend(story: Story, lanes: Lanes, width: int) -> Iterator[Line]:
    """The meaning of the letters and signs."""
    for label, text in _legend(story, lanes):
        yield from field(label, text, width, "dim")


def _legend(story: Story, lanes: Lanes) -> Iterator[tuple[str, str]]:
    yield "steps", ">> a cause; > made a value that a cause went by; others only let these happen"
    if story.loop is not None:
        yield "loop", "* comes again and again"
    yield "lanes", "; ".join(f"{lane.letter} {lane.name}: {lane.says}" for lane in story.lanes)
    yield "", "a step stands in its lane; a line says what it changed there, + that there is more (--step K)"
    if story.ring:
        moved = "+ posted, - taken; then all of it, oldest first: S1 a START posted under id1, h1 a hint of block 1,"
        yield "ring", f"{moved} T a STOP; and behind it how many used entries wait for the driver"
    if story.marked:
        yield "marks", f"of a block, where one changed; - is one that it lost: {story.legend}"
        if len(lanes.blocks) < story.blocks:
            yield "", f"blocks {', '.join(map(str, lanes.blocks))} of {story.blocks:,} are shown (--step K: all)"
