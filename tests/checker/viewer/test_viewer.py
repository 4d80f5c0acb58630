"""The viewer, driven as by a reader's hands: textual's Pilot presses the keys."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import pytest
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from hintproof.story.build import build_story
from hintproof.story.model import Story, Weight
from hintproof.system.errors import BadInput
from hintproof.viewer import open_viewer
from hintproof.viewer.app import Help, Viewer
from hintproof.viewer.place import Place
from hintproof.viewer.steps import Steps
from hintproof.viewer.texts import PANES
from hintproof.views.trace.sheet import Line
from tests.long_trace import long_trace
from tests.stories import ON_A_TERMINAL, hostile_story, story_of

Look = Callable[[Viewer], None]


def viewed(story: Story, *keys: str | Look, size: tuple[int, int] = (140, 40)) -> None:
    """Press keys, and in between look at what is there."""

    async def drive() -> None:
        app = Viewer(story)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for key in keys:
                if isinstance(key, str):
                    await pilot.press(key)
                else:
                    await pilot.pause()
                    key(app)

    asyncio.run(drive())


def at(number: int) -> Look:
    """Look whether the reader stands at that step, and all that is shown says so."""

    def look(app: Viewer) -> None:
        assert app.place.at == number
        assert f"step {number} of {len(app.story.moments)}" in text(app, "status")
        steps = app.query_one(Steps)
        shown = [steps.render_line(y) for y in range(steps.size.height)]
        [cursor] = [strip for strip in shown if any(s.style and s.style.reverse for s in list(strip)[:1])]
        assert cursor.text.split()[0] == str(number)

    return look


def text(app: Viewer, name: str) -> str:
    """The text of a part."""
    content = app.query_one(f"#{name}", Static).content
    assert isinstance(content, Text)
    return content.plain


def sought(words: str) -> Look:
    """Search for a text: as if it were typed, but in one go."""

    def look(app: Viewer) -> None:
        app.action_seek()
        app.query_one("#sought", Input).value = words
        app.post_message(Input.Submitted(app.query_one("#sought", Input), words))

    return look


def says(name: str, *words: str) -> Look:
    """Look whether a part says all that."""

    def look(app: Viewer) -> None:
        shown = " ".join(text(app, name).split())
        for word in words:
            assert word in shown, shown

    return look


def test_it_opens_at_the_step_to_look_at_first() -> None:
    viewed(
        story_of("shared-start-cell"),
        at(38),
        says("step-text", "honour_hint by the device", "breaks hint_in_window", "qemu_guest_free_page_hint"),
        says("state-text", "* log.bitmap {1} -> {}"),
        says("blocks-text", "to be sent .*", "lost X"),
        says("why-text", "> step 38", "step 22 block 1 got the content that matters"),
    )


def test_back_and_forth() -> None:
    viewed(
        story_of("shared-start-cell"),
        *("up", at(37), "k", at(36), "j", "down", at(38), "home", at(0), "up", at(0), "pagedown"),
        lambda app: at(app.query_one(Steps).size.height - 2)(app),
        *("pageup", at(0), "end", at(44), "down", at(44)),
    )


def test_the_first_state_is_a_place_too() -> None:
    viewed(story_of("shared-start-cell"), "home", says("step-text", "the initial state"), says("state-text", "S_STOP"))


def test_searching() -> None:
    viewed(
        story_of("shared-start-cell"),
        *("home", sought("read_conf"), at(8), says("status", "1 of 2 found")),
        *("n", at(29), "n", at(8), says("status", "from the other end"), "N", at(29)),
        *(sought("active=id2"), at(36), says("status", "1 of 1 found")),
        *("slash", "x", "escape", at(36), sought("zzz"), at(36), says("status", "not found")),
        *(sought("12"), at(12), sought("99"), at(44)),
    )


def test_jumping_to_the_cause() -> None:
    viewed(
        story_of("shared-start-cell"),
        *("home", "c", at(38), says("status", "station 4 of 4"), "c", at(27), "c", at(26), "c", at(22), "c", at(38)),
    )


def test_only_what_matters() -> None:
    story = story_of("shared-start-cell")
    matter = [m.number for m in story.moments if m.weight != Weight.ENABLES]
    left_out = len(story.moments) - len(matter)
    viewed(
        story,
        *("m", at(38), says("status", f"{left_out} left out"), "k", at(37), "k", at(36), "k", at(29), "end", at(38)),
        *(sought("stop_vm"), at(38), says("status", "m shows them"), "m", "n", at(39)),
        *("m", at(38)),
    )


def test_a_loop_is_told() -> None:
    viewed(story_of("full-ring-spin"), at(21), says("status", "in the loop, which goes on with step 21"))


def test_help_tells_the_keys_and_letters() -> None:
    def helped(app: Viewer) -> None:
        assert isinstance(app.screen, Help)
        shown = " ".join("".join(piece for piece, _ in line) for line in app.screen.lines)
        assert all(word in shown for word in ("search", "the cause", "RAMBlock.bmap", "Home End"))

    def gone(app: Viewer) -> None:
        assert not isinstance(app.screen, Help)

    viewed(story_of("shared-start-cell"), "question_mark", helped, "x", gone, at(38))


def test_a_pane_at_a_time_where_there_is_little_room() -> None:
    def shown(*names: str) -> Look:
        def look(app: Viewer) -> None:
            assert [name for name in PANES if app.query_one(f"#{name}", VerticalScroll).display] == list(names)

        return look

    story = story_of("shared-start-cell")
    viewed(story, shown(*PANES))

    def unbroken(app: Viewer) -> None:
        assert "what         A hint while hinting is on: drop the block from" in text(app, "step-text")

    viewed(story, unbroken, size=(80, 24))
    viewed(
        story, shown("step"), "2", shown("state"), says("state-text", "* log.bitmap"), "4", shown("why"), size=(80, 24)
    )


def test_tab_and_escape_go_to_the_panes_and_back() -> None:
    def focused(kind: type[object]) -> Look:
        def look(app: Viewer) -> None:
            assert isinstance(app.focused, kind)

        return look

    viewed(story_of("shared-start-cell"), "tab", focused(VerticalScroll), "down", at(38), "escape", focused(Steps))
    viewed(story_of("shared-start-cell"), "slash", focused(Input), "q", "escape", focused(Steps), at(38))


def test_a_click_goes_to_its_row() -> None:
    async def drive() -> None:
        app = Viewer(story_of("shared-start-cell"))
        async with app.run_test(size=(140, 40)) as pilot:
            await pilot.press("home")
            await pilot.click(Steps, offset=(20, 5))
            at(4)(app)

    asyncio.run(drive())


def test_leaving() -> None:
    async def drive(key: str) -> int | None:
        app = Viewer(story_of("shared-start-cell"))
        async with app.run_test() as pilot:
            await pilot.press(key)
            await pilot.pause()
        return app.return_code

    assert asyncio.run(drive("q")) == 0
    assert asyncio.run(drive("ctrl+c")) == 0


def test_every_known_shape_of_story_is_shown() -> None:
    for name in ("tcg-hot-tlb", "discard-before-reuse-seen", "poison-not-restored", "nobody-reclaims"):
        viewed(story_of(name), "home", "c", "end", "m", size=(90, 30))


def test_hostile_texts_are_harmless() -> None:
    def looked_at(app: Viewer) -> None:
        steps = app.query_one(Steps)
        texts = [steps.render_line(y).text for y in range(steps.size.height)]
        texts += [text(app, name) for name in ("title", "status", *(f"{pane}-text" for pane in PANES))]
        for shown in texts:
            assert {c for c in shown if not " " <= c <= "~"} <= {"\n", "\u2502"}
        assert "[red]R[/red]" in "".join(texts).replace("\n", "").replace("  ", "")

    viewed(
        hostile_story("shared-start-cell", ON_A_TERMINAL, instead=True),
        looked_at,
        "question_mark",
        "x",
        "m",
        "c",
        sought("xxx"),
        looked_at,
    )


def test_a_long_trace_is_made_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    story, made, original = build_story(long_trace(10_000)), [], Steps._row

    def counted(self: Steps, row: int) -> Line:
        made.append(row)
        return original(self, row)

    monkeypatch.setattr(Steps, "_row", counted)
    viewed(story, "home", "end", at(len(story.moments)), sought("5000"), at(5000))
    assert len(made) < 2000, "only lines on the screen are made"


def test_states_are_those_of_the_story() -> None:
    story = build_story(long_trace(200))
    place = Place(story)
    for number, state in enumerate(story.states()):
        assert place.state(number) == state


def test_without_textual_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual", None)
    with pytest.raises(BadInput, match=r"pip install 'hintproof\[viewer\]'"):
        open_viewer(story_of("shared-start-cell"))
