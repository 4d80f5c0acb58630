"""The lanes of a trace side by side: how wide each is, and the lines of a step.

A column holds one lane, or, where there is little room, those to the left of the ring or to its right. A cell is
filled in where a step changed something; otherwise it shows its lane's line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from hintproof.story.model import Entry, Moment, Story, Values, Variable, Weight, entry, plain, popped_and_posted
from hintproof.views.trace.blocks import marks_line
from hintproof.views.trace.sheet import Line, Piece, clean, clip, flow, padded

#: The lane that shows a part of the state whose owner has no lane of its own.
_LANE_OF = {"vm": "guest", "memory": "guest", "log": "hypervisor", "migration": "hypervisor"}

#: The lane before which the ring stands.
_RING_BEFORE = "device"

#: Colours of the lanes, in their order, and of the ring.
_COLOURS = ("green", "cyan", "yellow", "blue")
_RING_COLOUR = "magenta"

#: What stands before a step, by its weight; and how its name is shown.
SIGNS = {Weight.CAUSE: ">>", Weight.FEEDS: " >", Weight.ENABLES: "  "}
_EMPHASIS = {Weight.CAUSE: "bold", Weight.FEEDS: "", Weight.ENABLES: "dim"}

#: Columns between two lanes that share a column.
_STEP_IN = 3

#: Lines that a cell may take; columns that the lanes together need at least, and the ring at most.
_CELL_LINES, _LEAST, _RING_MOST = 4, 44, 24

#: A word that is longer than so many columns may be broken.
_WORD = 22

#: Steps that are measured to find out how much room the words of a step take.
_MEASURED = 1000

#: How much more room than the names of the steps need makes a column for each lane worth it.
_AMPLE = 1.4


@dataclass(frozen=True)
class Column:
    """One lane or more (indices in :attr:`Story.lanes`), and its width."""

    lanes: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class _Strip:
    """A strip of the sheet from top to bottom: its width, its title, its line where nothing happens, and its cells.

    ``cell`` gives the lines for a step (None: for a state), the state before (None: there is no row above) and after.
    """

    width: int
    title: Line
    idle: Line
    cell: Callable[[Moment | None, Values | None, Values], list[Line]]


class Lanes:
    """The columns for a story in so many columns of a terminal. ``lines`` are those that a cell may take."""

    def __init__(
        self, story: Story, width: int, watch: Sequence[str] = (), lines: int = _CELL_LINES, ascii_only: bool = False
    ) -> None:
        self.story = story
        self.lines = lines
        self.line, self.corner, self.gap = "|`:" if ascii_only else "\u2502\u2514\u22ee"
        self.places = {lane.name: number for number, lane in enumerate(story.lanes)}
        self.ring_place = self.places.get(_RING_BEFORE, len(story.lanes)) if story.ring else len(story.lanes)
        self.marks_width = max(len(story.marked), len(str(story.blocks)))
        self.digits = max(3, len(str(len(story.moments))))
        self.gutter = self.digits + 1 + (2 if story.loop is not None else 0) + 3
        watched = [self._watch_strip(name) for name in watch]
        ring = [self._ring_strip(width)] if story.ring else []
        room = width - self.gutter - sum(strip.width + 1 for strip in (*ring, *watched))
        self.blocks = self._blocks(room)
        self.columns = self._columns(room - (self.marks_width + 1) * len(self.blocks))
        before_ring = sum(column.lanes[0] < self.ring_place for column in self.columns)
        lanes = [self._lane_strip(column) for column in self.columns]
        marks = [self._marks_strip(block) for block in self.blocks]
        self._strips = [*lanes[:before_ring], *ring, *lanes[before_ring:], *marks, *watched]

    @property
    def width(self) -> int:
        """The columns that a line takes."""
        return self.gutter + sum(strip.width + 1 for strip in self._strips)

    # -- how wide -----------------------------------------------------------------------------

    def _values(self, name: str) -> list[str]:
        """All values that a variable has in the trace."""
        later = (c.after for m in self.story.moments for c in m.changes if c.variable == name)
        return [plain(value) for value in (self.story.start[name], *later)]

    def _blocks(self, room: int) -> list[int]:
        """The blocks whose marks are shown: that of the property first, then those that steps take."""
        most = max(1, (room - _LEAST) // (self.marks_width + 1))
        named = [self.story.block, *(m.block for m in self.story.moments)]
        others = range(1, min(self.story.blocks, len({*named}) + most) + 1)
        wanted = [block for block in dict.fromkeys((*named, *others)) if block]
        return sorted(wanted[:most]) if self.story.marked else []

    def _columns(self, room: int) -> list[Column]:
        lanes = tuple(range(len(self.story.lanes)))
        columns: list[tuple[int, ...]] = [(lane,) for lane in lanes]
        needs = [self._needs(column) for column in columns]
        if sum(least for least, _ in needs) * _AMPLE + len(needs) > room:
            columns = [side for side in (lanes[: self.ring_place], lanes[self.ring_place :]) if side]
            needs = [self._needs(column) for column in columns]
        return list(map(Column, columns, _share_room(room - len(columns), needs)))

    def _needs(self, lanes: tuple[int, ...]) -> tuple[int, int]:
        """The columns that the longest word in these lanes takes, and that nine steps of ten take there."""
        names = {(m.lane, m.label): m for m in self.story.moments if m.lane in lanes}.values()
        words = [self._indent(m, lanes) + len(clip(m.label, 40)) for m in names]
        lengths_of_all = [0]
        for moment in self.story.moments[:: len(self.story.moments) // _MEASURED + 1]:
            lengths = [len(word) for word, _ in self._words(moment, lanes)]
            if lengths:
                indent = self._indent(moment, lanes)
                words.append(indent + max(lengths))
                lengths_of_all.append(indent + sum(lengths) + len(lengths) - 1)
        title = min(len(self.story.lanes[lanes[0]].name), 16) if len(lanes) == 1 else _STEP_IN * len(lanes)
        least = max(title, min(max(words, default=0), _WORD), 6)
        return least, max(least, min(sorted(lengths_of_all)[len(lengths_of_all) * 9 // 10], 60))

    # -- cells --------------------------------------------------------------------------------

    def lane_of(self, variable: Variable, moment: Moment) -> int:
        """The lane in which a variable's change is shown."""
        return self.places.get(variable.owner, self.places.get(_LANE_OF.get(variable.owner, ""), moment.lane))

    def _effects(self, moment: Moment, lanes: tuple[int, ...]) -> Iterator[str]:
        """The changes of a step there that neither the ring nor the marks show."""
        for v, after in self.story.changed(moment):
            if not (v.ghost or v.budget or v.drawn) and self.lane_of(v, moment) in lanes:
                yield clip(f"{v.short}={plain(after)}", 40)

    def _words(self, moment: Moment, lanes: tuple[int, ...]) -> list[Piece]:
        faint = "dim" if moment.weight == Weight.ENABLES else ""
        words = [(effect, faint) for effect in self._effects(moment, lanes)]
        if moment.lane in lanes:
            words.insert(0, (clip(moment.label, 40), f"{_EMPHASIS[moment.weight]} {self.colour(moment.lane)}".strip()))
        return words

    def _indent(self, moment: Moment, lanes: tuple[int, ...]) -> int:
        """The indent of the words: they stand at their lane's line."""
        if moment.lane in lanes:
            return _STEP_IN * lanes.index(moment.lane)
        touched = [self.lane_of(v, moment) for v, _ in self.story.changed(moment)]
        return _STEP_IN * min((lanes.index(lane) for lane in touched if lane in lanes), default=0)

    def colour(self, lane: int) -> str:
        """The colour of a lane."""
        return _COLOURS[lane % len(_COLOURS)]

    def _idle(self, lanes: tuple[int, ...], most: int | None = None) -> Line:
        """The lines of lanes in which nothing happens; only those that stand further left than so many columns."""
        shown = lanes if most is None else lanes[: most // _STEP_IN]
        return [(f"{self.line:<{_STEP_IN}}" if len(lanes) > 1 else self.line, f"dim {self.colour(n)}") for n in shown]

    def _lane_strip(self, column: Column) -> _Strip:
        def cell(moment: Moment | None, before: Values | None, after: Values) -> list[Line]:
            words = self._words(moment, column.lanes) if moment else []
            if moment is None or not words:
                return []
            indent = self._indent(moment, column.lanes)
            lines = flow(words, column.width - indent, 1 if moment.weight == Weight.ENABLES else self.lines)
            return [[*self._idle(column.lanes, indent), *line] for line in lines]

        return _Strip(column.width, self._titles(column), self._idle(column.lanes), cell)

    def _ring_strip(self, width: int) -> _Strip:
        """The entries that left the ring and came to it, and all that it holds then."""
        name = self.story.ring
        own = max(6, min(max(map(len, self._values(name))) + 4, width // 6, _RING_MOST))

        def cell(moment: Moment | None, before: Values | None, after: Values) -> list[Line]:
            if before is not None and before[name] == after[name]:
                return []
            change = next((c for c in moment.changes if c.variable == name), None) if moment else None
            moved = moves(change.before, change.after) if change else ()
            words = [(move, f"bold {_RING_COLOUR}") for move in moved]
            return flow([*words, (clean(plain(after[name]), 200), _RING_COLOUR)], own, self.lines)

        return _Strip(own, [("ring", f"bold {_RING_COLOUR}")], [(self.line, f"dim {_RING_COLOUR}")], cell)

    def _marks_strip(self, block: int) -> _Strip:
        def cell(moment: Moment | None, before: Values | None, after: Values) -> list[Line]:
            if before is not None:
                changed = [v for v in self.story.marked if before[v.name] is not after[v.name]]
                if all(v.marks(before, block) == v.marks(after, block) for v in changed):
                    return []
            return [marks_line(self.story, block, before, after)]

        return _Strip(self.marks_width, [(str(block), "bold")], [(self.line, "dim")], cell)

    def _watch_strip(self, name: str) -> _Strip:
        width = min(max(len(name), *map(len, self._values(name))), 20)

        def cell(moment: Moment | None, before: Values | None, after: Values) -> list[Line]:
            if before is not None and before[name] == after[name]:
                return []
            return [[(clip(plain(after[name]), width), "" if before is None else "bold")]]

        return _Strip(width, [(clip(name, width), "bold")], [(self.line, "dim")], cell)

    # -- lines --------------------------------------------------------------------------------

    def header(self) -> list[Line]:
        """The titles of the columns."""
        titles = (padded(strip.title, strip.width + 1) for strip in self._strips)
        return [[(f"{'#':>{self.digits}}".ljust(self.gutter), "bold"), *chain.from_iterable(titles)]]

    def _titles(self, column: Column) -> Line:
        if len(column.lanes) == 1:
            [lane] = column.lanes
            return [(clip(self.story.lanes[lane].name, column.width), f"bold {self.colour(lane)}")]
        *others, last = ((clip(self.story.lanes[n].letter, 1), f"bold {self.colour(n)}") for n in column.lanes)
        return [*((f"{letter:<{_STEP_IN}}", style) for letter, style in others), last]

    def row(self, moment: Moment | None, before: Values | None, after: Values, number: int = 0) -> list[Line]:
        """The lines of a step; of None, those of the state after that many steps.

        ``before`` is the state of the row above, None if there is none: then all that ``after`` has is shown.
        """
        cells = [strip.cell(moment, before, after) for strip in self._strips]
        lines = []
        for n in range(max(1, *map(len, cells))):
            line = self._gutter(moment, moment.number if moment else number, n == 0)
            for strip, cell in zip(self._strips, cells, strict=True):
                line += padded(cell[n] if n < len(cell) else strip.idle, strip.width + 1)
            lines.append(line)
        return lines

    def _gutter(self, moment: Moment | None, number: int, first: bool) -> Line:
        """The number of the step, whether it is in the loop (``*``), and its sign."""
        sign = SIGNS[moment.weight] if moment and first else "  "
        style = "bold red" if moment and moment.weight == Weight.CAUSE else "dim"
        line: Line = [(f"{number if first else '':>{self.digits}} ", style)]
        if self.story.loop is not None:
            line.append(("* " if moment and number > self.story.loop else "  ", "magenta"))
        return [*line, (f"{sign} ", style)]


def _share_room(room: int, needs: list[tuple[int, int]]) -> list[int]:
    """Widths for columns with these least and greatest needs: the room that is left is shared out."""
    least_of_all = sum(least for least, _ in needs)
    left = room - least_of_all
    if left < 0:
        return [max(6, least * room // least_of_all) for least, _ in needs]
    wanted = sum(most - least for least, most in needs) or 1
    return [least + min(most - least, left * (most - least) // wanted) for least, most in needs]


def moves(before: dict[str, list[Entry]], after: dict[str, list[Entry]]) -> Iterator[str]:
    """The entries that left a ring (``-S1``) and that came (``+h2``), in short."""
    for sign, entries in zip("-+", popped_and_posted(before["entries"], after["entries"]), strict=True):
        if len(entries) > 3:
            yield f"{sign}{len(entries)} entries"
        else:
            yield from (clip(f"{sign}{entry(fields)}", 12) for fields in entries)
