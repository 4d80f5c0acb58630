"""The list of the steps: as many lines as there are steps, of which only those on the screen are ever made."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hintproof.viewer.place import Place
from hintproof.views.trace.lanes import Lanes
from hintproof.views.trace.sheet import Line

#: Columns that the list is laid out for at least; in a narrower terminal it scrolls.
_NARROWEST = 72

#: Rows that are kept on the screen before and after the one at which the reader stands.
_AROUND = 3


class Steps(ScrollView, can_focus=True):
    """A line a step; the one that the reader stands at is shown in reverse."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "end(-1)", show=False),
        Binding("end", "end(1)", show=False),
    ]

    class Moved(Message):
        """The reader went to another step."""

    def __init__(self, place: Place) -> None:
        super().__init__(id="steps")
        self.place = place
        self.lanes = Lanes(place.story, _NARROWEST, lines=1)

    def on_resize(self, event: Resize) -> None:
        """Lay the lanes out for the new width."""
        self.lanes = Lanes(self.place.story, max(event.size.width, _NARROWEST), lines=1)
        self.show_place()

    def show_place(self) -> None:
        """Draw the list again, scrolled so that the step at which the reader stands is on the screen."""
        self.virtual_size = Size(self.lanes.width, len(self.place.shown) + 1)
        around = Region(0, max(0, self.place.row - _AROUND), 1, 2 * _AROUND + 2)
        self.scroll_to_region(around, animate=False, x_axis=False)
        self.refresh()

    # -- lines --------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """The header in the first line, below it the steps from the place scrolled to."""
        row = y - 1 + self.scroll_offset.y
        if y == 0:
            strip = _strip(self.lanes.header()[0])
        elif row < len(self.place.shown):
            line = self._row(row)
            if row == self.place.row:
                text = "".join(text for text, _ in line)
                line = [(f"{text:<{max(self.lanes.width, self.size.width)}}", "bold reverse")]
            strip = _strip(line)
        else:
            strip = Strip.blank(self.size.width)
        left = self.scroll_offset.x
        return strip.crop_extend(left, left + self.size.width, self.rich_style)

    def _row(self, row: int) -> Line:
        number = self.place.shown[row]
        before = self.place.state(self.place.shown[row - 1]) if row else None
        return self.lanes.row(self.place.moment(number), before, self.place.state(number), number)[0]

    # -- moving -------------------------------------------------------------------------------

    def on_click(self, event: Click) -> None:
        """Go to the step that was clicked."""
        if event.y > 0:
            self._go_to_row(event.y - 1 + self.scroll_offset.y)

    def action_move(self, by: int) -> None:
        """Go so many rows further."""
        self._go_to_row(self.place.row + by)

    def action_page(self, direction: int) -> None:
        """Go a screen further."""
        self._go_to_row(self.place.row + direction * max(1, self.size.height - 2))

    def action_end(self, direction: int) -> None:
        """Go to the first row, or to the last."""
        self._go_to_row(0 if direction < 0 else len(self.place.shown) - 1)

    def _go_to_row(self, row: int) -> None:
        self.place.go_to_row(row)
        self.post_message(self.Moved())


def _strip(line: Line) -> Strip:
    return Strip([Segment(text, Style.parse(style)) for text, style in line if text])
