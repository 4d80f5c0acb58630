"""A trace as plain ASCII text of at most 78 columns, to be pasted into a mail reply."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hintproof.story.model import Change, Moment, Shape, Story, Values, marks, plain
from hintproof.views.sanitize import ascii_only
from hintspec.language.declare import LEMMA

WIDTH = 78

#: Blocks whose marks are shown; with more, only the one that the property is about.
_SHOWN_BLOCKS = 2

#: Width of the column of what changed, and of the marks of a block, by the number of blocks shown.
_CHANGED, _MARKS = {1: 21, 2: 12}, {1: 11, 2: 9}

#: What the ring and the marks show.
_SHOWN_ELSEWHERE = (Shape.RING, Shape.LIST, Shape.BLOCKS)

#: Width of the ring's column.
_RING = 12

#: Width of the step's column, and how much of what changed it may take where names are long (a real driver's are).
_NAME, _LENT = 22, {1: 12, 2: 3}


def render(story: Story) -> str:
    """The whole trace as text."""
    return "\n".join([*_head(story), "", *_table(story), "", *_foot(story)]) + "\n"


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        ascii_only(text), WIDTH, initial_indent=f"{label:<13}", subsequent_indent=" " * 13, break_long_words=True
    )


def _head(story: Story) -> Iterator[str]:
    yield from _wrap("environment:", story.environment)
    yield from _wrap("sizes:", story.sizes)
    if story.begins:
        yield from _wrap("found by:", f"{story.engine} engine; line 0 {story.begins}")
    else:
        yield from _wrap("found by:", f"{story.engine} engine, {story.length}, replayed")
    yield from _wrap("lemma:" if story.kind == LEMMA else "property:", story.claim)
    if story.clause:
        yield from _wrap("", story.says)
        yield from _wrap("clause:", story.clause)
    if story.known_as:
        yield from _wrap("known as:", story.known_as)


def _table(story: Story) -> Iterator[str]:
    blocks = _blocks_shown(story)
    head = " ".join(f"{b:<{_MARKS[len(blocks)]}}" for b in blocks)
    name, changed = _widths(story, len(blocks))
    lanes = "".join(lane.letter for lane in story.lanes)
    yield f"{'#':>3} {lanes:<4} {'step':<{name}} {'changed':<{changed}} {'ring':<{_RING}} {head}".rstrip()
    states = story.states()
    before = next(states)
    if story.begins:
        yield _line(story, 0, None, before, blocks, (name, changed))
    for moment, state in zip(story.moments, states, strict=True):
        if story.loop == moment.number - 1:
            yield "    -- from here for ever --"
        yield _line(story, moment.number, moment, state, blocks, (name, changed))
    if story.loop is not None:
        stays = story.loop == len(story.moments)
        yield "    -- and so it stays for ever --" if stays else f"    -- and again from step {story.loop + 1} --"
    if story.begins:
        yield ""
        yield from _wrap("line 0:", _not_as_initially(story))


def _blocks_shown(story: Story) -> list[int]:
    if story.blocks <= _SHOWN_BLOCKS:
        return list(range(1, story.blocks + 1))
    return [story.block or 1]


def _widths(story: Story, blocks: int) -> tuple[int, int]:
    """Columns of the step and of what changed."""
    longest = max((len(moment.label) for moment in story.moments), default=0)
    lent = min(max(longest - _NAME, 0), _LENT[blocks])
    return _NAME + lent, _CHANGED[blocks] - lent


def _line(
    story: Story, number: int, moment: Moment | None, state: Values, blocks: list[int], widths: tuple[int, int]
) -> str:
    lane, name = "", "(before)"
    if moment:
        lane = "".join(who.letter if n == moment.lane else "." for n, who in enumerate(story.lanes))
        name = ascii_only(moment.label)
    width = _MARKS[len(blocks)]
    shown = " ".join(f"{marks(story, state, block):<{width}.{width}}" for block in blocks)
    room, width = widths
    changed = _changed(story, moment, width) if moment else " " * width
    return f"{number:>3} {lane:<4} {name:<{room}.{room}} {changed} {_ring(story, state)} {shown}".rstrip()


def _changed(story: Story, moment: Moment, width: int) -> str:
    """What changed and is not to be seen in the ring or the marks: short names, as many as fit."""
    told: dict[str, Change] = {change.variable: change for change in moment.changes}
    text = ""
    for v in story.variables:
        if v.name in told and not (v.ghost or v.budget or v.mark or v.shape in _SHOWN_ELSEWHERE):
            part = f"{v.short}={ascii_only(plain(told[v.name].after))}"
            longer = f"{text} {part}".strip()
            if len(longer) > width:
                text = f"{(text or part)[: width - 1]}+"
                break
            text = longer
    return f"{text:<{width}}"


def _not_as_initially(story: Story) -> str:
    """What differs from the initial state, without what the table shows."""
    return ", ".join(
        f"{v.name}={plain(story.start[v.name])}"
        for v in story.variables
        if story.start[v.name] != story.initial[v.name]
        and not (v.budget or v.mark or v.shape in (Shape.RING, Shape.LIST))
    )


def _ring(story: Story, state: Values) -> str:
    """Entries, oldest first: S1 a START posted under id1, h2 a hint of block 2, T a STOP; then used ones."""
    if not story.ring:
        return " " * _RING
    text = plain(state[story.ring])
    return f"{text if len(text) <= _RING else text[: _RING - 2] + '..':<{_RING}}"


def _legend(story: Story) -> str:
    return "; ".join(f"{v.mark} {v.says}" for v in story.marked)


def _foot(story: Story) -> Iterator[str]:
    yield from _wrap("why:", story.explanation.paragraph)
    yield ""
    yield from _wrap("lanes:", ", ".join(f"{lane.letter} {lane.name}" for lane in story.lanes))
    yield from _wrap("changed:", "a variable's short name and its new value; + stands for more")
    yield from _wrap(
        "ring:",
        "oldest first; S1 a START posted under id1, h1 a hint of block 1, T a STOP, "
        "+n entries used and not yet taken back by the driver",
    )
    yield from _wrap("marks:", "per block: " + _legend(story))
