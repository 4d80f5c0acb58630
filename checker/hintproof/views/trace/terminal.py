"""A trace for a terminal: lanes side by side, colour where there is some, letters that say the same."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from hintproof.story.model import Moment, PreventingRule, Story, Weight
from hintproof.system.errors import BadInput
from hintproof.views.trace.explanation import departure
from hintproof.views.trace.lanes import Lanes
from hintproof.views.trace.one_step import step_in_full
from hintproof.views.trace.sheet import Line, clean, field

#: Columns that a view needs at least, and in which it is laid out if nobody says how many there are.
NARROWEST, WIDTH = 72, 100

#: Rules that are told.
_TOLD = 6


@dataclass(frozen=True)
class Part:
    """What is shown of a trace: steps ``first`` to ``last`` (None: the end), perhaps only those that matter.

    ``watch`` are names of variables that get a column of their own.
    """

    first: int = 1
    last: int | None = None
    only_matters: bool = False
    watch: tuple[str, ...] = ()


def whole(story: Story, width: int, part: Part, ascii_only: bool = False) -> Iterator[Line]:
    """The trace, or a part of it, in at most so many columns. Raises :class:`BadInput` for a part that it has not."""
    _refuse(story, part)
    lanes = Lanes(story, width, part.watch, ascii_only=ascii_only)
    if lanes.width > width + 1 and part.watch:
        raise BadInput(f"{width} columns are too few to watch so much: give --width {lanes.width}, or less to watch")
    yield from head(story, width)
    yield []
    yield from legend(story, lanes, width)
    yield []
    yield from lanes.header()
    yield from _rows(story, lanes, part)
    yield []
    yield from explanation(story, width)


def one(story: Story, number: int, width: int) -> Iterator[Line]:
    """One step in full. Raises :class:`BadInput` if there is none of that number."""
    if not 0 <= number <= len(story.moments):
        raise BadInput(f"there is no step {number}: give 1 to {len(story.moments)}, or 0 for where the trace begins")
    yield from step_in_full(story, number, width)


def _refuse(story: Story, part: Part) -> None:
    """Refuse a part that the trace has not, and variables that its world has not."""
    last = len(story.moments) if part.last is None else part.last
    if not 1 <= part.first <= last <= len(story.moments):
        raise BadInput(f"there are no steps {part.first} to {last}: this trace has steps 1 to {len(story.moments)}")
    names = [v.name for v in story.variables]
    for name in part.watch:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else "hintproof show TRACE --step 0 lists all"
            raise BadInput(f"no variable of this world is called {name[:80]!a}: {hint}")


def head(story: Story, width: int) -> Iterator[Line]:
    """What the trace is of."""
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


def _rows(story: Story, lanes: Lanes, part: Part) -> Iterator[Line]:
    """The lines of the steps. Those that are left out are told by their number."""
    last = len(story.moments) if part.last is None else part.last
    shown, left_out = None, 0
    for number, state in enumerate(story.states()):
        if number == part.first - 1:
            shown = state
            yield from lanes.row(None, None, state, number)
        if shown is None or number < part.first:
            continue
        moment = story.moments[number - 1]
        if number > last:
            break
        if part.only_matters and moment.weight == Weight.ENABLES:
            left_out += 1
            continue
        yield from _gap(lanes, left_out)
        left_out = 0
        yield from _loop_begins(story, lanes, number)
        yield from lanes.row(moment, shown, state)
        yield from _remarks(story, lanes, moment)
        shown = state
    yield from _gap(lanes, left_out)
    if story.loop is not None and last == len(story.moments):
        stays = story.loop == len(story.moments)
        told = "and so it stays for ever" if stays else f"and again from step {story.loop + 1}"
        yield [(f"{'':{lanes.gutter}}-- {told} --", "bold magenta")]
    if part.only_matters:
        enabling = sum(m.weight == Weight.ENABLES for m in story.moments[part.first - 1 : last])
        yield [(f"{enabling} of {last - part.first + 1} steps left out: they only let others happen", "dim")]


def _gap(lanes: Lanes, count: int) -> Iterator[Line]:
    if count:
        yield [(f"{'':{lanes.gutter}}{lanes.gap} {count} left out", "dim")]


def _loop_begins(story: Story, lanes: Lanes, number: int) -> Iterator[Line]:
    if story.loop == number - 1:
        yield [(f"{'':{lanes.gutter}}-- from here for ever --", "bold magenta")]


def _remarks(story: Story, lanes: Lanes, moment: Moment) -> Iterator[Line]:
    """Under a step what the causal chain says of it, or what it breaks."""
    told = [cause.says for cause in story.explanation.chain if cause.step == moment.number]
    if not told:
        told = [f"breaks {broken}" for broken in moment.breaks]
    for says in told:
        for number, line in enumerate(textwrap.wrap(clean(says), max(lanes.width - lanes.gutter - 3, 20))):
            lead = f"{lanes.corner} " if number == 0 else "  "
            yield [(f"{'':{lanes.gutter}}{lead}{line}", "italic")]


def explanation(story: Story, width: int) -> Iterator[Line]:
    """Why the trace ends as it does, and in which worlds it is not possible."""
    yield from field("why", story.explanation.paragraph, width)
    yield from stopped_lines(story, width)


def stopped_lines(story: Story, width: int) -> Iterator[Line]:
    """The worlds in which the trace is not possible, the likeliest to be what is wanted first."""
    for number, world in enumerate(story.preventing_rules[:_TOLD]):
        yield from field("" if number else "stopped by", stopped(world), width)
    if len(story.preventing_rules) > _TOLD:
        yield from field("", f"and {len(story.preventing_rules) - _TOLD} more", width)


def stopped(world: PreventingRule) -> str:
    """A world in which the trace is not possible, in a sentence."""
    told = f'{world.rule} "{world.instead}" instead of "{world.value}": {departure(world)}'
    if world.holds is not None:
        told += f"it holds in all {world.states:,} states" if world.holds else "the property falls there, too"
    return told + (f"; but these fall there: {', '.join(world.others)}" if world.others else "")


def legend(story: Story, lanes: Lanes, width: int) -> Iterator[Line]:
    """What the letters mean."""
    for label, told in _legend(story, lanes):
        yield from field(label, told, width, "dim")


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
        letters = "; ".join(f"{v.mark} {v.says}" for v in story.marked)
        yield "marks", f"of a block, where one changed; - is one that it lost: {letters}"
        if len(lanes.blocks) < story.blocks:
            yield "", f"blocks {', '.join(map(str, lanes.blocks))} of {story.blocks:,} are shown (--step K: all)"
