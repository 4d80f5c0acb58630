"""One step of a trace in full: its sentence, its source, its guard, its changes, the step properties that it breaks."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.story.model import Moment, Shape, Story, Values, Variable, Weight, plain
from hintproof.system.errors import BadInput
from hintproof.views.trace.blocks import block_map
from hintproof.views.trace.sheet import Line, clean, clip, field, padded

#: The weights, in words.
WEIGHTS = {
    Weight.CAUSE: "a cause: a station of the causal chain",
    Weight.FEEDS: "feeds a cause: it made a value that a cause went by",
    Weight.ENABLES: "only lets others happen",
}

#: Columns that an address may take even where there are fewer: broken or cut it would be of no use.
_LINK = 120

#: Columns from which on there is room for what a variable means.
_ROOMY = 70


def step_in_full(story: Story, number: int, width: int) -> Iterator[Line]:
    """A step (0: the state where the trace begins), with the blocks and the state after it.

    Raises :class:`BadInput` if there is none of that number.
    """
    if not 0 <= number <= len(story.moments):
        raise BadInput(f"there is no step {number}: give 1 to {len(story.moments)}, or 0 for where the trace begins")
    before, after = story.state(max(number - 1, 0)), story.state(number)
    yield from describe_step(story, number, width)
    yield []
    yield [("blocks", "bold"), (" after the step; * marks what it changed" if number else "", "dim")]
    about_block = story.moments[number - 1].block if number else None
    yield from block_map(story, before, after, width, [about_block])
    yield []
    yield [("state", "bold"), (" before -> after; * marks what it changed" if number else "", "dim")]
    yield from state_table(story, before, after, width)


def describe_step(story: Story, number: int, width: int) -> Iterator[Line]:
    """The sentence of a step, its source, its guard, and the step properties that it breaks."""
    if number == 0:
        yield [("the state where the trace begins", "bold")]
        yield from field("which", story.begins or "the initial state", width)
        return
    moment = story.moments[number - 1]
    lane = story.lanes[moment.lane]
    yield [
        (f"step {number} of {len(story.moments)}: ", "bold"),
        (clip(moment.label, max(width - 40, 20)), "bold"),
        (f" by the {clip(lane.name, 16)}", ""),
    ]
    yield from field("what", moment.says, width)
    yield from field("weight", WEIGHTS[moment.weight], width, "bold" if moment.weight == Weight.CAUSE else "")
    if story.loop is not None and number > story.loop:
        yield from field("loop", "it comes again and again", width)
    for cause in story.explanation.chain:
        if cause.step == number:
            yield from field("why", cause.says, width, "bold")
    for broken in moment.breaks:
        yield from field("breaks", broken, width, "bold red")
    yield from _origin(moment, width)


def _origin(moment: Moment, width: int) -> Iterator[Line]:
    yield from field("where", moment.where, width)
    for link in moment.links:
        if link.address:
            yield [(f"  {clip(link.address, max(width - 2, _LINK))}", "dim underline")]
    yield from field("text", f"{moment.step}  {moment.text}", width)
    for number, condition in enumerate(moment.guard):
        yield from field("" if number else "guard", f"{condition.says}   ({condition.text})", width)


def state_table(story: Story, before: Values, after: Values, width: int, changed_first: bool = False) -> Iterator[Line]:
    """A line a variable: its value, before and after if that differs, and, where there is room, its meaning."""
    values = {v.name: _value(v, before, after) for v in story.variables}
    names = min(max(map(len, values), default=0), width // 2 if width < _ROOMY else width // 3)
    room = width - names - 3
    if width >= _ROOMY:
        room = min(max(map(len, values.values()), default=0), max(width // 3, room - 50))
    changed = {v.name: bool(before[v.name] != after[v.name]) for v in story.variables}
    for v in sorted(story.variables, key=lambda v: changed_first and not changed[v.name]):
        style, value_style = ("bold", "bold yellow") if changed[v.name] else ("dim", "")
        line: Line = [("* " if changed[v.name] else "  ", "bold red")]
        line += padded([(clip(v.name, names), style)], names + 1)
        line += padded([(clip(values[v.name], room), value_style)], room + 1)
        yield [*line, (clip(_meaning(v), width - names - room - 4), "dim")] if width >= _ROOMY else line


def _value(v: Variable, before: Values, after: Values) -> str:
    """A value; if it changed, both. Of a set that changed the blocks that left and came, if that is shorter."""
    old, new = before[v.name], after[v.name]
    if old == new:
        return clean(plain(new), 200)
    text = f"{plain(old)} -> {plain(new)}"
    if v.shape == Shape.BLOCKS and len(text) > 40:
        came, went = sorted(set(new) - set(old)), sorted(set(old) - set(new))
        text = " ".join([*(f"+{block}" for block in came), *(f"-{block}" for block in went)])
    return clean(text, 200)


def _meaning(v: Variable) -> str:
    kind = "ghost: " if v.ghost else "budget: " if v.budget else ""
    return f"{f'{v.mark}  ' if v.mark else ''}{kind}{v.says}"
