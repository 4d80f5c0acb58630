"""A trace as plain ASCII text of at most 78 columns, to be pasted into a mail reply."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import zip_longest

from hintproof.story.model import Moment, Story, Values, marks, plain
from hintproof.views.sanitize import ascii_only, cut
from hintproof.views.trace.rows import Loop, all_rows
from hintspec.language.declare import LEMMA

WIDTH = 78

#: Blocks whose marks are shown; with more, only the one that the property is about.
_SHOWN_BLOCKS = 2

#: Width of the column of changes, and of the marks of a block, by the number of blocks shown.
_CHANGED, _MARKS = {1: 21, 2: 12}, {1: 11, 2: 9}

#: Width of the ring's column.
_RING = 12

#: Width of the step's column, and how much of that of changes it may take where names are long (a real driver's).
_NAME, _LENT = 22, {1: 12, 2: 3}


def render(story: Story) -> str:
    """The whole trace as text."""
    return "\n".join([*_head(story), "", *_table(story), "", *_foot(story)]) + "\n"


def wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    """A text as lines of at most :data:`WIDTH` characters, which begin with ``first`` and then ``rest``."""
    return textwrap.wrap(ascii_only(text), WIDTH, initial_indent=first, subsequent_indent=rest)


def _field(label: str, text: str) -> list[str]:
    return wrap(text, f"{label:<13}", " " * 13)


def _head(story: Story) -> Iterator[str]:
    yield from _field("environment:", story.environment)
    yield from _field("sizes:", story.sizes)
    if story.begins:
        yield from _field("found by:", f"{story.engine} engine; line 0 {story.begins}")
    else:
        yield from _field("found by:", f"{story.engine} engine, {story.length}, replayed")
    yield from _field("lemma:" if story.kind == LEMMA else "property:", story.claim)
    if story.clause:
        yield from _field("", story.says)
        yield from _field("clause:", story.clause)
    if story.known_as:
        yield from _field("known as:", story.known_as)
    if story.looks_like:
        yield from _field("looks like:", story.likenesses)


def _table(story: Story) -> Iterator[str]:
    blocks = story.shown_blocks(_SHOWN_BLOCKS)
    name, changed = _widths(story, len(blocks))
    widths = (4, name, changed, _RING, *[_MARKS[len(blocks)]] * len(blocks))
    lanes = "".join(lane.letter for lane in story.lanes)
    yield _line(widths, "#", lanes, "step", "changed", "ring", *map(str, blocks))
    states = story.states()
    before = next(states)
    if story.begins:
        yield _line(widths, "0", "", "(before)", "", *_after(story, before, blocks))
    for row in all_rows(story):
        if isinstance(row, Loop):
            yield f"    -- {row.says} --"
        else:
            lane = "".join(who.letter if n == row.lane else "." for n, who in enumerate(story.lanes))
            labels, changes = _fit(row.label.split(), name), _fit(_changes(story, row), changed)
            for n, (label, change) in enumerate(zip_longest(labels or [""], changes, fillvalue="")):
                after = _after(story, next(states), blocks) if n == 0 else []
                yield _line(widths, str(row.number) if n == 0 else "", lane if n == 0 else "", label, change, *after)
    if story.begins:
        yield ""
        yield from _field("line 0:", _not_as_initially(story))


def _widths(story: Story, blocks: int) -> tuple[int, int]:
    """The widths of the columns of the step and of its changes."""
    longest = max((len(word) for moment in story.moments for word in moment.label.split()), default=0)
    lent = min(max(longest - _NAME, 0), _LENT[blocks])
    return _NAME + lent, _CHANGED[blocks] - lent


def _line(widths: tuple[int, ...], number: str, *cells: str) -> str:
    """A line of the table; one that continues a row has the first cells alone."""
    shown = (f"{cell:<{width}.{width}}" for cell, width in zip(cells, widths, strict=False))
    return " ".join([f"{number:>3}", *shown]).rstrip()


def _after(story: Story, state: Values, blocks: list[int]) -> list[str]:
    """The cells of the state after a step: the ring, and the marks of the blocks."""
    ring = cut(ascii_only(plain(state[story.ring])), _RING, "..") if story.ring else ""
    return [ring, *(marks(story, state, block) for block in blocks)]


def _changes(story: Story, moment: Moment) -> list[str]:
    """The changes that neither the ring nor the marks show, with short names."""
    return [f"{v.short}={plain(after)}" for v, after in story.changed(moment) if v.brief]


def _fit(words: list[str], width: int) -> list[str]:
    """Words in as few lines as they fit in. One that is too long is broken behind its ``=``, if it has one."""
    fitting = (word if len(word) <= width else word.replace("=", "= ") for word in map(ascii_only, words))
    return textwrap.wrap(" ".join(fitting), width, break_on_hyphens=False)


def _not_as_initially(story: Story) -> str:
    """The variables that differ from the initial state, without those that the table shows."""
    return ", ".join(
        f"{v.name}={plain(story.start[v.name])}"
        for v in story.variables
        if story.start[v.name] != story.initial[v.name] and not (v.budget or v.drawn)
    )


def _foot(story: Story) -> Iterator[str]:
    yield from _field("why:", story.explanation.paragraph)
    yield ""
    yield from _field("lanes:", ", ".join(f"{lane.letter} {lane.name}" for lane in story.lanes))
    yield from _field("changed:", "a variable's short name and its new value")
    yield from _field(
        "ring:",
        "oldest first; S1 a START posted under id1, h1 a hint of block 1, T a STOP, "
        "+n entries used and not yet taken back by the driver",
    )
    shown = story.shown_blocks(_SHOWN_BLOCKS)
    of_all = f" (shown: {', '.join(map(str, shown))} of {story.blocks})" if len(shown) < story.blocks else ""
    yield from _field("marks:", f"per block{of_all}: {story.legend}")
