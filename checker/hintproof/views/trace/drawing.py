"""The sequence diagram of a trace as a drawing: one static SVG, black on white, that can be read when printed."""

from __future__ import annotations

import textwrap
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from hintproof.story.model import Moment, Story, Weight, describe_likenesses, marks
from hintproof.views.sanitize import cut, harmless
from hintproof.views.trace.rows import Gap, Loop, mattering, rows
from hintproof.views.trace.sequence import RING, SHOWN_BLOCKS, Traffic, column, columns, describe_changes, traffic

#: Steps that one drawing has room for.
LIMIT = 250

#: Pixels: the height of a row, the distance of two lanes, where the first lane and the first row are.
_ROW, _LANE, _LEFT, _TOP = 22, 84, 84, 92

#: Pixels after the last lane: of the names, of what changed, of the marks of one block.
_NAMES, _CHANGED, _MARKS = 210, 270, 90

#: Characters that these have room for.
_NAME_FITS, _CHANGED_FITS, _MARKS_FIT, _ENTRY_FITS = 26, 40, 10, 9

_INK, _GREY, _PALE, _RED = "#111111", "#555555", "#bbbbbb", "#a3160b"
_TEXT = "system-ui, 'DejaVu Sans', sans-serif"
_MONO = "ui-monospace, 'DejaVu Sans Mono', monospace"


class _Look(NamedTuple):
    """The look of a step: the colour and the strength of its name, and the radius and the colour of its dot."""

    ink: str
    strength: str
    radius: float
    dot: str


#: A large full dot for a cause, a smaller one for what feeds it, a hollow one for the rest: on paper, without colours,
#: dots and strength are enough.
_LOOKS = {
    Weight.CAUSE: _Look(_RED, "bold", 6, _RED),
    Weight.FEEDS: _Look(_INK, "normal", 4.5, _INK),
    Weight.ENABLES: _Look(_GREY, "normal", 3.5, "white"),
}


def render(story: Story) -> str:
    """The drawing as an SVG document.

    All steps are drawn, or, of a trace of more than ``LIMIT`` steps, those that matter; of more than ``LIMIT`` of these
    the last.
    """
    chosen, says = _chosen(story)
    picture = _Picture(story, list(rows(story, chosen)))
    document = ElementTree.tostring(picture.draw(says), encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'


def _chosen(story: Story) -> tuple[list[int], str]:
    """The steps to be drawn, and a remark about that choice."""
    last = len(story.moments)
    if last <= LIMIT:
        return list(range(1, last + 1)), _count(last)
    matter = mattering(story)
    if len(matter) <= LIMIT:
        return matter, f"the {_count(len(matter))} of {last} that matter"
    return matter[-LIMIT:], f"the last {LIMIT} of {len(matter)} steps that matter, of {last}"


def _count(number: int) -> str:
    return f"{number} step{'' if number == 1 else 's'}"


class _Picture:
    """Where everything is, and the elements."""

    def __init__(self, story: Story, rows: list[Moment | Gap | Loop]) -> None:
        self.story = story
        self.rows = rows
        self.columns = columns(story)
        blocks = story.shown_blocks(SHOWN_BLOCKS)
        self.names = _LEFT + (len(self.columns) - 1) * _LANE + 48
        self.changed = self.names + _NAMES
        marks = self.changed + _CHANGED
        self.marks = {block: marks + place * _MARKS for place, block in enumerate(blocks)}
        self.width = marks + len(blocks) * _MARKS
        self.bottom = _TOP + len(rows) * _ROW
        self.foot = _foot(story, self.width // 7)
        self.height = self.bottom + 40 + 16 * len(self.foot)
        self.letters = _letters(story, blocks, {row.number for row in rows if isinstance(row, Moment)})

    def draw(self, says: str) -> Element:
        """The whole document."""
        width, height = str(self.width), str(self.height)
        place = {"width": width, "height": height, "viewBox": f"0 0 {width} {height}", "role": "img"}
        texts = {"aria-labelledby": "title desc", "font-family": _TEXT, "font-size": "12"}
        root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **place, **texts})
        _add(root, "title", f"{self.story.claim}: {self.story.verdict}", id="title")
        _add(root, "desc", " ".join(cause.says for cause in self.story.explanation.chain), id="desc")
        _add(root, "rect", width=self.width, height=self.height, fill="white")
        self._draw_head(root, says)
        for number, row in enumerate(self.rows):
            y = _TOP + number * _ROW + _ROW // 2
            if isinstance(row, Moment):
                self._draw_step(root, row, y)
            else:
                self._draw_remark(root, row, y)
        for number, line in enumerate(self.foot):
            _add(root, "text", line, x=16, y=self.bottom + 34 + 16 * number, font_size=11, fill=_GREY)
        return root

    def _draw_head(self, root: Element, says: str) -> None:
        story = self.story
        title = _clip(f"{story.claim}: {story.verdict}", self.width // 11)
        _add(root, "text", title, x=16, y=24, font_size=16, font_weight="bold", fill=_INK)
        known = story.known_as or describe_likenesses(story.looks_like)
        known = f" \u00b7 {known}" if known else ""
        about = _clip(f"{story.environment} \u00b7 {story.sizes} \u00b7 {says}{known}", self.width // 7)
        _add(root, "text", about, x=16, y=44, fill=_GREY)
        for place, name in enumerate(self.columns):
            x = self._x(place)
            _add(root, "text", _clip(name, 14), x=x, y=_TOP - 14, text_anchor="middle", fill=_INK)
            dashes = "2 3" if name == RING else None
            _add(root, "line", x1=x, x2=x, y1=_TOP - 6, y2=self.bottom + 6, stroke=_PALE, stroke_dasharray=dashes)
        heads = {self.names: "step", self.changed: "changed"} | {x: f"block {b}" for b, x in self.marks.items()}
        for x, name in heads.items():
            _add(root, "text", name, x=x, y=_TOP - 14, fill=_GREY)

    def _x(self, place: int) -> int:
        return _LEFT + place * _LANE

    def _draw_step(self, root: Element, moment: Moment, y: int) -> None:
        group = _add(root, "g")
        lane = self.story.lanes[moment.lane].name
        _add(group, "title", f"{moment.number}, {lane}: {moment.says}")
        look = _LOOKS[moment.weight]
        _add(group, "text", str(moment.number), x=_LEFT - 40, y=y + 4, text_anchor="end", fill=_GREY, font_size=11)
        ring = traffic(self.story, moment)
        if ring is not None:
            self._draw_traffic(group, ring, moment, y)
        x = self._x(column(self.story, moment.lane))
        _add(group, "circle", cx=x, cy=y, r=look.radius, fill=look.dot, stroke=look.ink)
        name = {"font_family": _MONO, "font_weight": look.strength, "fill": look.ink}
        _add(group, "text", _clip(moment.label, _NAME_FITS), x=self.names, y=y + 4, **name)
        beside = _clip(describe_changes(self.story, moment), _CHANGED_FITS)
        _add(group, "text", beside, x=self.changed, y=y + 4, font_family=_MONO, font_size=11, fill=_GREY)
        for x, letters in zip(self.marks.values(), self.letters[moment.number], strict=True):
            _add(group, "text", _clip(letters, _MARKS_FIT), x=x, y=y + 4, font_family=_MONO, fill=_INK)

    def _draw_remark(self, root: Element, row: Gap | Loop, y: int) -> None:
        says, ink = (row.says, _INK) if isinstance(row, Loop) else (f"{_count(row.steps)} not drawn", _GREY)
        if isinstance(row, Loop):
            _add(root, "line", x1=16, x2=self.width - 16, y1=y, y2=y, stroke=_INK, stroke_dasharray="6 4")
        x, end = self.names, self.names + 7 * len(says) + 8
        _add(root, "rect", x=x - 4, y=y - 9, width=end - x, height=18, fill="white")
        _add(root, "text", says, x=x, y=y + 4, font_style="italic", fill=ink)

    def _draw_traffic(self, group: Element, ring: Traffic, moment: Moment, y: int) -> None:
        """Arrows between who acts and the ring: posts go there, pops come from there, used entries are taken back."""
        ink = _LOOKS[moment.weight].ink
        actor, middle = self._x(column(self.story, moment.lane)), self._x(len(self.story.lanes) // 2)
        side = -1 if actor < middle else 1
        text = _clip(" ".join([*ring.posted, *ring.popped]), _ENTRY_FITS)
        half = 5 + 4 * len(text) if text else 0
        edge, beside = middle + side * half, actor + side * -9
        if ring.posted:
            _arrow(group, actor, edge, y, ink)
        if ring.popped:
            _arrow(group, edge, beside, y, ink)
        if ring.taken:
            _arrow(group, edge, beside, y + 6 if text else y, _GREY, dashes="3 2")
        if text:
            _add(group, "rect", x=middle - half, y=y - 9, width=2 * half, height=18, rx=3, fill="white", stroke=ink)
            style = {"text_anchor": "middle", "font_family": _MONO, "font_size": 11, "fill": _INK}
            _add(group, "text", text, x=middle, y=y + 4, **style)


_DOTS = "Bold, large dot: a station of the causal chain. Full dot: made a value that a cause went by. Hollow: the rest."


def _foot(story: Story, width: int) -> list[str]:
    """The legend of the dots and the letters, in lines of so many characters."""
    return [*textwrap.wrap(_DOTS, width), *textwrap.wrap(f"Marks of a block: {harmless(story.legend)}", width)]


def _letters(story: Story, blocks: list[int], wanted: set[int]) -> dict[int, list[str]]:
    """The marks of the blocks after each of the steps."""
    states = enumerate(story.states())
    return {number: [marks(story, state, block) for block in blocks] for number, state in states if number in wanted}


def _arrow(group: Element, start: int, end: int, y: int, ink: str, dashes: str | None = None) -> None:
    _add(group, "line", x1=start, x2=end, y1=y, y2=y, stroke=ink, stroke_width=1.3, stroke_dasharray=dashes)
    back = -6 if end > start else 6
    _add(group, "path", d=f"M{end} {y}L{end + back} {y - 3.5}L{end + back} {y + 3.5}Z", fill=ink)


def _clip(text: str, most: int) -> str:
    return cut(harmless(text), most, "..")


def _add(parent: Element, tag: str, text: str = "", **attributes: object) -> Element:
    """An element below another. Text is made harmless; an attribute's ``_`` stands for ``-``, None leaves it out."""
    written = {name.replace("_", "-"): str(value) for name, value in attributes.items() if value is not None}
    element = SubElement(parent, tag, written)
    if text:
        element.text = harmless(text)
    return element
