"""A trace on a terminal: what is shown and what is left out, at any width, with and without colour."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hintproof.cli.traces import Only, show
from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story, Weight
from hintproof.system.errors import BadInput
from hintproof.views.trace import terminal
from hintproof.views.trace.blocks import block_map
from hintproof.views.trace.lanes import Lanes, moves
from hintproof.views.trace.one_step import step_in_full
from hintproof.views.trace.sheet import Line, Sheet, clean, clip, flow
from hintproof.views.trace.terminal import Part
from tests.long_trace import long_trace
from tests.places import COUNTEREXAMPLES as FOLDER
from tests.stories import ON_A_TERMINAL, hostile_story, story_of

GOLDEN = Path(__file__).parent / "golden" / "shared-start-cell.txt"
TRACED = sorted(path.parent.name for path in FOLDER.glob("*/trace.json"))

#: The only characters beside printable ASCII that a view may show: the lanes' lines.
LINES = "\u2502\u2514\u22ee"


def printed(lines: Iterable[Line], colour: bool = False, width: int = 100) -> str:
    out = io.StringIO()
    system = "truecolor" if colour else None
    console = Console(file=out, width=width, color_system=system, force_terminal=colour)  # type: ignore[arg-type]
    console.print(Sheet(lines), end="", crop=False)
    return out.getvalue()


def show_all(story: Story, width: int = 100, part: Part | None = None) -> str:
    return printed(terminal.trace_lines(story, width, part or Part()))


def row(text: str, number: int) -> str:
    return next(line for line in text.splitlines() if line.lstrip().startswith(f"{number} "))


def numbers(text: str) -> list[int]:
    """The steps that have a row."""
    return [int(line[:3]) for line in table(text) if line[:3].strip().isdigit() and line[2] != " "]


def table(text: str) -> list[str]:
    """The lines below the header."""
    lines = text.splitlines()
    begin = next(n for n, line in enumerate(lines) if line.lstrip().startswith("# "))
    return lines[begin + 1 : lines.index("", begin)]


def test_it_looks_as_it_did() -> None:
    """After a change that is meant to be: write what is printed into the file, and look at it."""
    assert show_all(story_of("shared-start-cell")) == GOLDEN.read_text()


@pytest.mark.parametrize("name", TRACED)
@pytest.mark.parametrize("width", [72, 80, 140])
def test_every_known_defect_fits_any_width(name: str, width: int) -> None:
    story = story_of(name)
    text = show_all(story, width)
    assert max(map(len, text.splitlines())) <= width
    for number in range(0, len(story.moments) + 1, 5):
        in_full = printed(step_in_full(story, number, width), width=width)
        assert max(len(line) for line in in_full.splitlines() if "https://" not in line) <= width
    assert numbers(text) == list(range(len(story.moments) + 1))
    assert story.claim in text
    for moment in story.moments:
        in_row = row("\n".join(table(text)), moment.number)
        assert moment.label[:8] in in_row


def test_a_lane_each_where_there_is_room() -> None:
    story = story_of("shared-start-cell")
    header = [name for line in Lanes(story, 140).header() for name, _ in line if name.strip()]
    assert header == ["  #    ".rstrip().ljust(7), "guest", "driver", "ring", "device", "hypervisor", "1"]
    assert len(Lanes(story, 80).columns) == 2
    wide = show_all(story, 140)
    assert row(wide, 37).index("pop_start") > row(wide, 37).index("[h1 T]+1") > row(wide, 36).index("set_active_id")


def test_what_changed_stands_in_the_lane_that_has_it() -> None:
    wide = show_all(story_of("shared-start-cell"), 140)
    heads = next(line for line in wide.splitlines() if line.lstrip().startswith("# "))
    published = row(wide, 4)
    assert published.index("status=S_REQUESTED") == heads.index("device")
    assert published.index("publish_id") == heads.index("hypervisor")
    assert "queued" not in published


def test_ring_and_marks_are_shown_where_they_change() -> None:
    text = show_all(story_of("shared-start-cell"))
    assert "+S1 [S1]" in row(text, 12)
    assert "-h1 [T]+2" in row(text, 38)
    assert "[" not in row(text, 13)
    assert row(text, 16).endswith("-.w...b..!")
    assert row(text, 22).endswith(".u..k.b.D!")
    assert row(text, 38).endswith(".u....-.D!")
    assert row(text, 37).endswith("\u2502")


def test_what_an_entry_is_said_of_a_ring() -> None:
    def ring(*blocks: int) -> dict[str, list[dict[str, object]]]:
        return {"entries": [{"kind": "HINT", "block": b, "governed_by": "id1"} for b in blocks]}

    assert list(moves(ring(1, 2), ring(2, 3))) == ["-h1", "+h3"]
    assert list(moves(ring(), ring(3))) == ["+h3"]
    assert list(moves(ring(1, 2, 3), ring())) == ["-h1", "-h2", "-h3"]
    assert list(moves(ring(1, 2, 3, 4), ring())) == ["-4 entries"]
    assert list(moves(ring(1, 2), ring(3))) == ["-h1", "-h2", "+h3"]


def test_causes_stand_out_with_and_without_colour() -> None:
    story = story_of("shared-start-cell")
    plain, coloured = show_all(story), printed(terminal.trace_lines(story, 100, Part()), colour=True)
    signs = {Weight.CAUSE: ">>", Weight.FEEDS: " >", Weight.ENABLES: "  "}
    for moment in story.moments:
        assert re.match(rf" *{moment.number} {signs[moment.weight]} ", row(plain, moment.number))
    assert "\x1b" not in plain
    assert re.search(r"\x1b\[1;31m 38 >> ", coloured)
    assert "\x1b[2m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(terminal.trace_lines(story_of("shared-start-cell"), 100, Part()), colour=True)
    attributes = {int(code) for found in re.findall(r"\x1b\[([\d;]*)m", text) for code in found.split(";")}
    assert attributes <= {0, 1, 2, 3, 4, 7}, "no colours, only bold, dim, italic, underlined and reverse"


def test_only_what_matters_says_how_many_it_leaves_out() -> None:
    story = story_of("shared-start-cell")
    text = show_all(story, part=Part(only_matters=True))
    left_out = [m.number for m in story.moments if m.weight == Weight.ENABLES]
    assert f"{len(left_out)} of 44 steps left out" in text
    counted = sum(int(found) for found in re.findall(r"(\d+) left out$", text, re.MULTILINE))
    assert counted == len(left_out)
    assert numbers(text) == [0, *(m.number for m in story.moments if m.weight != Weight.ENABLES)]
    assert "[S1 h1 T]" in row(text, 36), "what changed in a step that is left out is shown in the next row"


def test_a_part_begins_with_its_whole_state() -> None:
    text = show_all(story_of("shared-start-cell"), part=Part(first=20, last=22))
    assert numbers(text) == [19, 20, 21, 22]
    assert "[S1 h1]" in row(text, 19)
    assert row(text, 19).endswith("...h..b..!")


def test_variables_are_watched() -> None:
    text = show_all(story_of("shared-start-cell"), 140, Part(watch=("driver.active", "device.cmd_id")))
    assert row(text, 0).split()[-2:] == ["STOP", "id0"]
    assert row(text, 11).split()[-2:] == ["id1", "\u2502"]
    assert row(text, 36).split()[-2:] == ["id2", "\u2502"]


@pytest.mark.parametrize(
    ("part", "complaint"),
    [
        (Part(first=0), "no steps 0 to 44"),
        (Part(first=30, last=20), "no steps 30 to 20"),
        (Part(last=45), "steps 1 to 44"),
        (Part(watch=("driver.activ",)), "did you mean 'driver.active'"),
        (Part(watch=("\x1b[2J",)), "--step 0 lists all"),
        (Part(watch=("driver.active", "device.status", "migration.at", "driver.at", "driver.cache")), "too few"),
    ],
)
def test_what_is_not_there_is_refused(part: Part, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint) as caught:
        show_all(story_of("shared-start-cell"), 80, part)
    assert str(caught.value).isprintable()


def test_a_loop_is_marked() -> None:
    text = show_all(story_of("full-ring-spin"))
    lines = table(text)
    assert lines[-1].strip() == "-- and again from step 21 --"
    begins = next(n for n, line in enumerate(lines) if line.strip() == "-- from here for ever --")
    assert re.match(r" *21 \* >>", lines[begins + 1])
    assert not any("*" in line for line in lines[:begins])
    assert "and so it stays for ever" in show_all(story_of("nobody-reclaims"))


def test_what_would_stop_it_is_told() -> None:
    world = PreventingRule("start_cell", "shared", "per-round", "", 37, "a guard fails", True, 1234)
    text = show_all(replace(story_of("shared-start-cell"), preventing_rules=(world,) * 8))
    assert 'stopped by   start_cell "per-round" instead of "shared": departs at step 37: a guard fails; it' in text
    assert "and 2 more" in text


def test_one_step_in_full() -> None:
    story = story_of("shared-start-cell")
    text = printed(step_in_full(story, 38, 100))
    assert "step 38 of 44: honour_hint by the device" in text
    assert "breaks       hint_in_window: migration.at is ROUND" in text
    assert "https://elixir.bootlin.com/qemu/v7.2.0/A/ident/qemu_guest_free_page_hint" in text
    assert re.search(r"ring.queue.head.kind == HINT +\(device.py:\d+\)", text)
    changed = [line.split()[1] for line in text.splitlines() if line.startswith("* ")]
    assert changed == [change.variable for change in story.moments[37].changes]
    assert re.search(r"^\* log.bitmap +\{1\} -> \{\}", text, re.MULTILINE)
    assert {v.name for v in story.variables} <= set(text.split())
    assert "lost         X" in text
    assert "initial state" in printed(step_in_full(story, 0, 100))
    with pytest.raises(BadInput, match="no step 45"):
        printed(step_in_full(story, 45, 100))


def test_a_guard_names_the_line_that_asks_for_it() -> None:
    spec = FOLDER.parent / "spec" / "hintspec"
    for moment in story_of("early-release").moments:
        for condition in moment.guard:
            file, line = condition.text.split(":")
            [path] = spec.rglob(file)
            cited = path.read_text().splitlines()[int(line) - 1]
            assert re.search(r"require\(|^def |^@action", cited), f"{moment.action}: {condition}"
        assert not {"True", "~False"} & {condition.says for condition in moment.guard}


def test_many_blocks_are_mapped_and_counted() -> None:
    story = build_story(long_trace(200))
    state = story.state(150)
    text = printed(block_map(story, state, state, 80))
    assert text.splitlines()[0].split() == ["block", "1", "2", "3"]
    assert "*" not in text
    assert re.search(r"blocks \d of 3 are shown", show_all(story, 80))
    assert "are shown" not in show_all(story, 140)


@pytest.mark.parametrize("width", [72, 140])
def test_hostile_texts_are_harmless(width: int) -> None:
    story = hostile_story("shared-start-cell", ON_A_TERMINAL, instead=True)
    for lines in (terminal.trace_lines(story, width, Part()), step_in_full(story, 38, width)):
        text = printed(lines)
        assert {c for c in text if not " " <= c <= "~"} <= {"\n", *LINES}
        assert max(map(len, text.splitlines())) <= max(width, 122), "an address is cut, too, but later"
        assert "[red]R[/red]" in text.replace("\n             ", ""), "markup is shown, not obeyed"
        assert len(text) < 200_000
    assert "\x1b[2J" not in printed(terminal.trace_lines(story, width, Part()), colour=True)


def test_texts_are_cleaned_cut_and_broken() -> None:
    assert clean("a\x1bb\u202e\n\xe9") == "a\\x1bb\\u202e\\x0a\\xe9"
    assert clean("x" * 5000).endswith("(4,000 characters more)")
    assert clip("abcdef", 4) == "ab.."
    assert clip("abcd", 4) == "abcd"
    assert ["".join(t for t, _ in line) for line in flow([("ab", ""), ("cd", ""), ("efghi", "")], 4, 9)] == [
        "ab", "cd", "efgh", "i"
    ]  # fmt: skip
    assert ["".join(t for t, _ in line) for line in flow([("ab", ""), ("cd", ""), ("ef", "")], 5, 1)] == ["ab +"]
    assert ["".join(t for t, _ in line) for line in flow([("abcdef", "")], 4, 1)] == ["ab +"]


def test_ascii_terminals_get_ascii() -> None:
    lines = terminal.trace_lines(story_of("shared-start-cell"), 100, Part(), ascii_only=True)
    assert printed(lines).isascii()


def test_a_long_trace_is_told_line_by_line() -> None:
    story = build_story(long_trace(10_000))
    assert len(story.moments) >= 10_000
    lines = terminal.trace_lines(story, 140, Part())
    text = printed(lines, width=140)
    assert row(text, 10_000)
    assert max(map(len, text.splitlines())) <= 140


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"step": -1}, "no step -1: give 1 to 44"),
        ({"first": 9, "last": 3}, "no steps 9 to 3"),
        ({"watch": ["nothing"]}, "no variable of this environment"),
        ({"width": 10}, "--width must be 72 or more"),
        ({"plain": True, "step": 3}, "--plain shows the whole trace"),
        ({"plain": True, "interactive": True}, "--plain shows the whole trace"),
        ({"interactive": True, "width": 100}, "--interactive shows the whole trace"),
        ({"interactive": True}, "needs a terminal"),
    ],
)
def test_options_that_make_no_sense(
    options: dict[str, Any], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInput, match=complaint):
        show(FOLDER / "shared-start-cell" / "trace.json", **options)
    assert capsys.readouterr().out == ""


def test_a_part_is_printed_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show(FOLDER / "shared-start-cell" / "trace.json", first=36, only=Only.MATTERS, width=80)
    part = capsys.readouterr().out
    assert "6 of 9 steps left out" in part
    assert max(map(len, part.splitlines())) <= 80
