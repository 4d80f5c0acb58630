"""Lines for a screen of any width: rows of a state, a name and figures, and wrapped texts. No name is broken or cut."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

#: Lines of a screen, which a summary keeps to.
LINES = 40

#: Of each state of a row: its symbol, the symbol on a screen that has ASCII alone, its style.
_LOOKS = {
    "holds": ("✓", "+", "green"),
    "proved": ("✓", "+", "green"),
    "confirmed": ("✓", "+", "green"),
    "all seen": ("✓", "+", "green"),
    "known": ("✗", "x", "magenta"),
    "REFUTED": ("✗", "x", "bold red"),
    "DISAGREE": ("✗", "x", "bold red"),
    "DIFFERS": ("!", "!", "bold red"),
    "some never": ("·", ".", "cyan"),
    "undecided": ("?", "?", "yellow"),
}


@dataclass(frozen=True)
class Screen:
    """How wide the screen is, and whether it has ASCII alone."""

    width: int
    ascii_only: bool = False


@dataclass(frozen=True)
class Row:
    """A line: a state (one of those that have a symbol), a name, and figures."""

    state: str
    name: str
    figures: tuple[str, ...]


def rows_of(rows: Sequence[Row], screen: Screen) -> Iterator[Text]:
    """A line a row, with its figures in columns; a name that does not fit beside them has a line of its own."""
    if not rows:
        return
    first = max(len(row.state) for row in rows) + 2
    right = [max(map(len, column)) for column in zip(*(row.figures for row in rows), strict=True)]
    room = screen.width - first - 1 - sum(width + 1 for width in right)
    room = min(room, max(len(row.name) for row in rows))
    for row in rows:
        symbol, plain, style = _LOOKS[row.state]
        state = f"{plain if screen.ascii_only else symbol} {row.state}"
        figures = " ".join(f"{figure:>{width}}" for figure, width in zip(row.figures, right, strict=True))
        name = row.name
        if len(name) > room:
            yield Text(name, no_wrap=True)
            name = ""
        yield Text.assemble((f"{state:<{first}}", style), f" {name:<{room}} {figures}", no_wrap=True)


def some_rows(rows: Sequence[Row], screen: Screen, room: int) -> Iterator[Text]:
    """The rows that fit so many lines; of the others, which are the least remarkable, the number."""
    lines = [list(rows_of([row], screen)) for row in rows]
    if len(list(rows_of(rows, screen))) <= room:
        yield from rows_of(rows, screen)
        return
    order = sorted(range(len(rows)), key=lambda n: (rows[n].state in ("proved", "confirmed", "all seen"), n))
    shown: list[int] = []
    taken = 1
    for n in order:
        taken += max(len(lines[n]), 1 + (len(rows[n].name) > screen.width - 40))
        if taken > room:
            break
        shown.append(n)
    yield from rows_of([rows[n] for n in sorted(shown)], screen)
    left = [rows[n] for n in range(len(rows)) if n not in shown]
    states = ", ".join(
        f"{sum(row.state == state for row in left)} {state}" for state in dict.fromkeys(r.state for r in left)
    )
    yield Text(f"and {len(left)} more: {states} (--verbose lists them)", no_wrap=True)


def wrapped(texts: Sequence[str], screen: Screen, margin: str = "") -> list[Text]:
    """Texts as lines that fit; no name is broken."""
    lines = (
        line
        for text in texts
        for line in textwrap.wrap(
            text,
            screen.width,
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
    return [Text(line, no_wrap=True) for line in lines]
