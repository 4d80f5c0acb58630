"""The viewer: the steps above, and below them the step, the state, the blocks and why the trace ends as it does."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.events import Key, Resize
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from hintproof.story.model import Story
from hintproof.viewer.place import Place
from hintproof.viewer.steps import Steps
from hintproof.viewer.texts import PANES, help_lines, pane_lines, status
from hintproof.views.trace.sheet import Line, clip, text_of

#: From so many columns on all panes are shown at once.
_WIDE = 120


class Help(ModalScreen[None]):
    """The keys, and what the letters mean."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__()
        self.lines = lines

    def compose(self) -> ComposeResult:
        """One text."""
        with VerticalScroll(id="help"):
            yield Static(text_of(self.lines))

    def on_key(self, event: Key) -> None:
        """Leave on any key but those that scroll."""
        if event.key not in ("up", "down", "pageup", "pagedown", "home", "end"):
            event.stop()
            self.dismiss()


class Viewer(App[None]):
    """Step through a trace."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #title, #status { height: 1; }
    #title { text-style: bold; }
    #steps { height: 1fr; }
    #panes { height: 1fr; layout: horizontal; }
    .pane { height: 100%; border: solid $primary; padding: 0 1; display: none; }
    .pane { scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    .pane:focus { border: solid $accent; }
    #step, #state { width: 10fr; }
    #blocks { width: 5fr; }
    #why { width: 9fr; }
    .chosen, .wide .pane { display: block; }
    #sought { display: none; height: 1; border: none; padding: 0; }
    Help { align: center middle; }
    #help { width: 90%; max-width: 100; height: 90%; border: solid $primary; background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c", "quit", priority=True, show=False),
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
        Binding("slash", "seek", show=False),
        Binding("n", "again(1)", show=False),
        Binding("N", "again(-1)", show=False),
        Binding("c", "cause", show=False),
        Binding("m", "matters", show=False),
        Binding("question_mark", "help", show=False),
        Binding("escape", "to_steps", show=False),
        *(Binding(title[0], f"pane('{name}')", show=False) for name, title in PANES.items()),
    ]

    def __init__(self, story: Story) -> None:
        super().__init__()
        self.story = story
        self.place = Place(story)
        self.message = "? tells the keys"
        self.chosen = "step"

    def compose(self) -> ComposeResult:
        """A title, the steps, the panes, a line for a search, and a status line."""
        title = f"{self.story.environment}  {self.story.sizes}  {self.story.claim}"
        yield Static(text_of([[(clip(title, 300), "")]]), id="title")
        yield Steps(self.place)
        with Container(id="panes"):
            for name, title in PANES.items():
                pane = VerticalScroll(Static(id=f"{name}-text"), id=name, classes="pane")
                pane.border_title = title
                yield pane
        yield Input(placeholder="an action, a variable, a word, or a number", id="sought")
        yield Static(id="status")

    def on_mount(self) -> None:
        """Begin at the step to look at first, if there is one."""
        self.place.at = self.story.explanation.last_cause or 0
        self.query_one("#steps").focus()

    def on_resize(self, event: Resize) -> None:
        """Show all panes where there is room."""
        self.query_one("#panes").set_class(event.size.width >= _WIDE, "wide")
        self.show_place()

    # -- showing ------------------------------------------------------------------------------

    def on_steps_moved(self) -> None:
        """The reader went to another step."""
        self.message = ""
        self.show_place()

    def show_place(self) -> None:
        """Show the step that the reader stands at, in all panes."""
        self.query_one(Steps).show_place()
        for name in PANES:
            self.query_one(f"#{name}").set_class(name == self.chosen, "chosen")
        self.query_one("#status", Static).update(text_of([[(status(self.place, self.message), "reverse")]]))
        self.call_after_refresh(self._fill_panes)  # when those that appear have their sizes

    def _fill_panes(self) -> None:
        for name in PANES:
            pane = self.query_one(f"#{name}")
            if pane.display:
                width = max(pane.scrollable_content_region.width, 20)
                self.query_one(f"#{name}-text", Static).update(text_of(pane_lines(name, self.place, width)))

    # -- keys ---------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Go so many steps further."""
        self.query_one(Steps).action_move(by)

    def action_again(self, direction: int) -> None:
        """Go to the next step that the search found, or to the one before."""
        self._show_message(self.place.seek_again(direction))

    def action_cause(self) -> None:
        """Go to the cause."""
        self._show_message(self.place.go_to_cause())

    def action_matters(self) -> None:
        """Leave out the steps that only let others happen, or show all."""
        self.place.toggle_matters()
        self._show_message("only steps that matter" if self.place.only_matters else "all steps")

    def action_pane(self, name: str) -> None:
        """Choose a pane."""
        self.chosen = name
        self.show_place()

    def action_to_steps(self) -> None:
        """Back to the steps."""
        self.query_one("#sought").display = False
        self.query_one("#steps").focus()

    def action_help(self) -> None:
        """Show the keys and the letters."""
        width = max(min(self.size.width * 9 // 10, 100) - 6, 40)
        self.push_screen(Help(list(help_lines(self.query_one(Steps).lanes, width))))

    def action_seek(self) -> None:
        """Open the line for a search."""
        sought = self.query_one("#sought", Input)
        sought.value = ""
        sought.display = True
        sought.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next step that has it."""
        self.action_to_steps()
        self._show_message(self.place.seek(event.value))

    def _show_message(self, message: str) -> None:
        self.message = message
        self.show_place()
