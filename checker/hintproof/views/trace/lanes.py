"""The lanes of a trace side by side: how wide each is, and the lines of a step.

A column holds one lane, or, where there is little room, those to the left of the ring or to its right. A cell is
filled in where a step changed something; otherwise it shows its lane's line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hintproof.story.model import Moment, Shape, Story, Values, Variable, Weight, entry, plain
from hintproof.views.trace.blocks import has, marks_line
from hintproof.views.trace.sheet import Line, Piece, clean, clip, flow, padded

#: The lane in which the parts of the state are shown that are nobody's name.
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

#: Steps that are looked at to find out how much room what is told of a step takes.
_LOOKED_AT = 1000

#: How much more room than the names of the steps need makes a column for each lane worth it.
_AMPLE = 1.4


@dataclass(frozen=True)
class Column:
    """One lane or more (places in :attr:`Story.lanes`), and its width."""

    lanes: tuple[int, ...]
    width: int


class Lanes:
    """The columns for a story in so many columns of a terminal. ``lines`` are those that a cell may take."""

    def __init__(
        self, story: Story, width: int, watch: Sequence[str] = (), lines: int = _CELL_LINES, ascii_only: bool = False
    ) -> None:
        self.story = story
        self.lines = lines
        self.line, self.corner, self.gap = "|`:" if ascii_only else "\u2502\u2514\u22ee"
        self.places = {lane.name: number for number, lane in enumerate(story.lanes)}
        self.marked, self.ring_name = story.marked, story.ring
        self.variables = {v.name: v for v in story.variables}
        self.watch = tuple((name, self._watch_width(name)) for name in watch)
        self.digits = max(3, len(str(len(story.moments))))
        self.gutter = self.digits + 1 + (2 if story.loop is not None else 0) + 3
        self.ring = self._ring_width(width) if self.ring_name else 0
        room = width - self.gutter - (self.ring + 1 if self.ring else 0) - sum(w + 1 for _, w in self.watch)
        self.blocks = self._blocks(room)
        self.columns = self._columns(room - (self._marks_width + 1) * len(self.blocks))

    @property
    def width(self) -> int:
        """The columns that a line takes."""
        told = [self.gutter, *(column.width + 1 for column in self.columns), *(width + 1 for _, width in self.watch)]
        return sum(told) + (self.ring + 1 if self.ring else 0) + (self._marks_width + 1) * len(self.blocks)

    # -- how wide -----------------------------------------------------------------------------

    @property
    def _marks_width(self) -> int:
        return max(len(self.marked), len(str(self.story.blocks)))

    def _watch_width(self, name: str) -> int:
        values = [plain(self.story.start[name])]
        values += [plain(c.after) for m in self.story.moments for c in m.changes if c.variable == name]
        return min(max(len(name), *map(len, values)), 20)

    def _ring_width(self, width: int) -> int:
        name = self.ring_name
        contents = [self.story.start[name]]
        contents += [c.after for m in self.story.moments for c in m.changes if c.variable == name]
        longest = max(len(plain(value)) for value in contents)
        return max(6, min(longest + 4, width // 6, _RING_MOST))

    def _blocks(self, room: int) -> list[int]:
        """The blocks whose marks are shown: that of the property first, then those that steps take."""
        most = max(1, (room - _LEAST) // (self._marks_width + 1))
        taken = dict.fromkeys([self.story.block or 0, *(m.block or 0 for m in self.story.moments)])
        wanted = [block for block in taken if block]
        for block in range(1, min(self.story.blocks, len(wanted) + most) + 1):
            if block not in taken and len(wanted) < most:
                wanted.append(block)
        return sorted(wanted[:most]) if self.marked else []

    def _columns(self, room: int) -> list[Column]:
        left = [n for n, lane in enumerate(self.story.lanes) if n < self._ring_place]
        right = [n for n, lane in enumerate(self.story.lanes) if n >= self._ring_place]
        single: list[tuple[int, ...]] = [(n,) for n in (*left, *right)]
        needs = [self._needs(lanes) for lanes in single]
        if sum(least for least, _ in needs) * _AMPLE + len(needs) > room:
            single = [tuple(lanes) for lanes in (left, right) if lanes]
            needs = [self._needs(lanes) for lanes in single]
        widths = _shared(room - len(single), needs)
        return [Column(lanes, width) for lanes, width in zip(single, widths, strict=True)]

    @property
    def _ring_place(self) -> int:
        return self.places.get(_RING_BEFORE, len(self.story.lanes)) if self.ring_name else len(self.story.lanes)

    def _needs(self, lanes: tuple[int, ...]) -> tuple[int, int]:
        """The columns that the longest word in these lanes takes, and that nearly all which is told there takes."""
        names = {(m.lane, m.label): m for m in self.story.moments if m.lane in lanes}.values()
        words = [self._indent(m, lanes) + len(clip(m.label, 40)) for m in names]
        told = [0]
        for moment in self.story.moments[:: len(self.story.moments) // _LOOKED_AT + 1]:
            lengths = [len(word) for word, _ in self._words(moment, lanes)]
            if lengths:
                indent = self._indent(moment, lanes)
                words.append(indent + max(lengths))
                told.append(indent + sum(lengths) + len(lengths) - 1)
        least = max(self._title_width(lanes), min(max(words, default=0), _WORD), 6)
        return least, max(least, min(sorted(told)[len(told) * 9 // 10], 60))

    # -- what a cell says ---------------------------------------------------------------------

    def lane_of(self, variable: Variable, moment: Moment) -> int:
        """The lane in which a variable's change is shown."""
        return self.places.get(variable.owner, self.places.get(_LANE_OF.get(variable.owner, ""), moment.lane))

    def _effects(self, moment: Moment, lanes: tuple[int, ...]) -> Iterator[str]:
        """What a step changed there that is to be seen neither in the ring nor in the marks."""
        for change in moment.changes:
            v = self.variables[change.variable]
            hidden = v.ghost or v.budget or v.mark or v.shape in (Shape.RING, Shape.LIST)
            if not hidden and self.lane_of(v, moment) in lanes:
                yield clip(f"{v.short}={plain(change.after)}", 40)

    def _words(self, moment: Moment, lanes: tuple[int, ...]) -> list[Piece]:
        faint = "dim" if moment.weight == Weight.ENABLES else ""
        words = [(effect, faint) for effect in self._effects(moment, lanes)]
        if moment.lane in lanes:
            words.insert(0, (clip(moment.label, 40), f"{_EMPHASIS[moment.weight]} {self.colour(moment.lane)}".strip()))
        return words

    def _indent(self, moment: Moment, lanes: tuple[int, ...]) -> int:
        """How far in the words stand: at their lane's line."""
        if moment.lane in lanes:
            return _STEP_IN * lanes.index(moment.lane)
        touched = [self.lane_of(self.variables[c.variable], moment) for c in moment.changes]
        return _STEP_IN * min((lanes.index(lane) for lane in touched if lane in lanes), default=0)

    def colour(self, lane: int) -> str:
        """The colour of a lane."""
        return _COLOURS[lane % len(_COLOURS)]

    def _idle(self, lanes: tuple[int, ...], most: int | None = None) -> Line:
        """The lines of lanes in which nothing happens; only those that stand further left than so many columns."""
        shown = lanes if most is None else lanes[: most // _STEP_IN]
        return [(f"{self.line:<{_STEP_IN}}" if len(lanes) > 1 else self.line, f"dim {self.colour(n)}") for n in shown]

    def _cell(self, moment: Moment | None, column: Column) -> list[Line]:
        words = self._words(moment, column.lanes) if moment else []
        if moment is None or not words:
            return []
        indent = self._indent(moment, column.lanes)
        lines = flow(words, column.width - indent, 1 if moment.weight == Weight.ENABLES else self.lines)
        return [[*self._idle(column.lanes, indent), *line] for line in lines]

    def _ring_cell(self, moment: Moment | None, before: Values | None, after: Values) -> list[Line]:
        """What was taken from the ring and posted to it, and what it holds then."""
        name = self.ring_name
        if before is not None and before[name] == after[name]:
            return []
        words: list[Piece] = []
        for change in moment.changes if moment else ():
            if change.variable == name:
                words = [(move, f"bold {_RING_COLOUR}") for move in moves(change.before, change.after)]
        return flow([*words, (clean(plain(after[name]), 200), _RING_COLOUR)], self.ring, self.lines)

    def _marks_cell(self, block: int, before: Values | None, after: Values) -> list[Line]:
        if before is not None:
            changed = [v for v in self.marked if before[v.name] is not after[v.name]]
            if all(has(v, before, block) == has(v, after, block) for v in changed):
                return []
        return [marks_line(self.story, block, before, after)]

    # -- lines --------------------------------------------------------------------------------

    def header(self) -> list[Line]:
        """The titles of the columns."""
        line: Line = [(f"{'#':>{self.digits}}".ljust(self.gutter), "bold")]
        for column in self._with_ring():
            if column is None:
                line += padded([("ring", f"bold {_RING_COLOUR}")], self.ring + 1)
            else:
                line += padded(self._titles(column), column.width + 1)
        for block in self.blocks:
            line += padded([(str(block), "bold")], self._marks_width + 1)
        for name, width in self.watch:
            line += padded([(clip(name, width), "bold")], width + 1)
        return [line]

    def _title_width(self, lanes: tuple[int, ...]) -> int:
        return min(len(self.story.lanes[lanes[0]].name), 16) if len(lanes) == 1 else _STEP_IN * len(lanes)

    def _titles(self, column: Column) -> Line:
        if len(column.lanes) == 1:
            [lane] = column.lanes
            return [(clip(self.story.lanes[lane].name, column.width), f"bold {self.colour(lane)}")]
        told: Line = []
        for n in column.lanes[:-1]:
            told.append((f"{clip(self.story.lanes[n].letter, 1):<{_STEP_IN}}", f"bold {self.colour(n)}"))
        last = column.lanes[-1]
        return [*told, (clip(self.story.lanes[last].letter, 1), f"bold {self.colour(last)}")]

    def _with_ring(self) -> Iterator[Column | None]:
        """The columns in order; None for the ring."""
        told = not self.ring_name
        for column in self.columns:
            if not told and column.lanes[0] >= self._ring_place:
                told = True
                yield None
            yield column
        if not told:
            yield None

    def row(self, moment: Moment | None, before: Values | None, after: Values, number: int = 0) -> list[Line]:
        """The lines of a step; of None, those of the state after that many steps.

        ``before`` is the state of the row above, None if there is none: then all that ``after`` has is shown.
        """
        cells: list[tuple[list[Line], int, Line]] = []
        for column in self._with_ring():
            if column is None:
                cells.append((self._ring_cell(moment, before, after), self.ring, [(self.line, f"dim {_RING_COLOUR}")]))
            else:
                cells.append((self._cell(moment, column), column.width, self._idle(column.lanes)))
        for block in self.blocks:
            cells.append((self._marks_cell(block, before, after), self._marks_width, [(self.line, "dim")]))
        for name, width in self.watch:
            cells.append((self._watch_cell(name, width, before, after), width, [(self.line, "dim")]))
        told = moment.number if moment else number
        return [
            self._gutter(moment, told, line == 0) + [piece for cell in cells for piece in _nth(cell, line)]
            for line in range(max(1, *(len(lines) for lines, _, _ in cells)))
        ]

    def _watch_cell(self, name: str, width: int, before: Values | None, after: Values) -> list[Line]:
        if before is not None and before[name] == after[name]:
            return []
        return [[(clip(plain(after[name]), width), "" if before is None else "bold")]]

    def _gutter(self, moment: Moment | None, number: int, first: bool) -> Line:
        """The number of the step, whether it is in the loop (``*``), and its sign."""
        sign = SIGNS[moment.weight] if moment and first else "  "
        style = "bold red" if moment and moment.weight == Weight.CAUSE else "dim"
        told: Line = [(f"{number if first else '':>{self.digits}} ", style)]
        if self.story.loop is not None:
            told.append(("* " if moment and number > self.story.loop else "  ", "magenta"))
        return [*told, (f"{sign} ", style)]


def _nth(cell: tuple[list[Line], int, Line], number: int) -> Line:
    """A cell's line of that number, with a blank behind it; its idle line where it has none."""
    lines, width, idle = cell
    return padded(lines[number] if number < len(lines) else idle, width + 1)


def _shared(room: int, needs: list[tuple[int, int]]) -> list[int]:
    """Widths for columns that need at least so much, and could do with so much: what is left is shared out."""
    least_of_all = sum(least for least, _ in needs)
    left = room - least_of_all
    if left < 0:
        return [max(6, least * room // least_of_all) for least, _ in needs]
    wanted = sum(most - least for least, most in needs) or 1
    return [least + min(most - least, left * (most - least) // wanted) for least, most in needs]


def moves(before: dict[str, list[dict[str, object]]], after: dict[str, list[dict[str, object]]]) -> Iterator[str]:
    """What left a ring (``-S1``) and what came (``+h2``), in short."""
    old, new = before["entries"], after["entries"]
    gone = next(n for n in range(len(old) + 1) if old[n:] == new[: len(old) - n])
    for sign, entries in (("-", old[:gone]), ("+", new[len(old) - gone :])):
        if len(entries) > 3:
            yield f"{sign}{len(entries)} entries"
        else:
            yield from (clip(f"{sign}{entry(told)}", 12) for told in entries)
