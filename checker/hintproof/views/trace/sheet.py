"""Lines of styled text for a terminal: foreign text made harmless, wrapped, printed by rich.

A line is a list of pieces, each a text and a style of rich. No piece is ever read as markup, and none holds a
character that a terminal would obey.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

from hintproof.views.sanitize import ascii_only, cut

#: A text, and the style in which it is shown ("" for none).
Piece = tuple[str, str]
Line = list[Piece]

#: Characters of one text that are shown; of a longer one, its beginning.
MOST = 1000

#: Styles that are to be seen where there is no letter, too.
_SHOWS_ON_BLANKS = re.compile("underline|reverse")

#: Columns that a label takes, with the blanks behind it; in fewer columns than these there is no room for that.
_LABEL, _NARROW = 13, 50


def clean(text: object, most: int = MOST) -> str:
    """A text as it may be sent to a terminal: printable ASCII alone, the rest escaped, and not too much of it."""
    full = str(text)
    return ascii_only(full if len(full) <= most else f"{full[:most]}... ({len(full) - most:,} characters more)")


def clip(text: object, width: int) -> str:
    """A text as it may be sent to a terminal, in at most so many columns; ``..`` says that it goes on."""
    return cut(clean(text, 4 * width + 4), width, "..")


def length(line: Line) -> int:
    """The columns that a line takes."""
    return sum(len(text) for text, _ in line)


def padded(line: Line, width: int) -> Line:
    """A line with blanks behind it."""
    missing = width - length(line)
    return [*line, (" " * missing, "")] if missing > 0 else line


def field(label: str, text: object, width: int, style: str = "") -> Iterator[Line]:
    """A label and its text, wrapped beside it; where there is little room, below it."""
    lead = f"{clip(label, _LABEL - 1):<{_LABEL}}" if width >= _NARROW else f"{clip(label, _LABEL)} " if label else "  "
    indent = " " * _LABEL if width >= _NARROW else "  "
    lines = textwrap.wrap(clean(text), max(width, 20), initial_indent=lead, subsequent_indent=indent)
    for number, line in enumerate(lines or [lead]):
        start = lead if number == 0 else indent
        yield [(start, "bold"), (line[len(start) :], style)]


def flow(words: Iterable[Piece], width: int, most: int) -> list[Line]:
    """Words one after the other in at most so many lines; ``+`` stands for those that don't fit. Long ones break."""
    lines: list[Line] = [[]]
    for word, style in words:
        for part in (word[place : place + width] for place in range(0, len(word), width)):
            if not lines[-1]:
                lines[-1] = [(part, style)]
            elif length(lines[-1]) + 1 + len(part) <= width:
                lines[-1].append((f" {part}", style))
            else:
                lines.append([(part, style)])
    return lines if len(lines) <= most else [*lines[: most - 1], _with_more(lines[most - 1], width)]


def _with_more(line: Line, width: int) -> Line:
    """A line that ends with a ``+``, at the cost of its last words if need be; of a single word, its last letters."""
    while len(line) > 1 and length(line) + 2 > width:
        line = line[:-1]
    *rest, (text, style) = line
    return [*rest, (text[: max(0, width - 2 - length(rest))], style), (" +", "dim")]


def text_of(lines: Iterable[Line]) -> Text:
    """The lines as one text of rich."""
    return Text("\n", no_wrap=True).join(Text.assemble(*line) for line in lines)


class Sheet:
    """Lines, as rich prints them: as they are, one after the other."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            for text, style in without_end(line):
                yield Segment(text, console.get_style(style) if style else None)
            yield Segment.line()


def without_end(line: Line) -> Line:
    """A line without the blanks at its end, in as few pieces as it takes: blanks go with what stands before them."""
    pieces: Line = []
    for text, style in line:
        if pieces and (style == pieces[-1][1] or (text.isspace() and not _SHOWS_ON_BLANKS.search(pieces[-1][1]))):
            pieces[-1] = (pieces[-1][0] + text, pieces[-1][1])
        elif text:
            pieces.append((text, style))
    if pieces:
        pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
    return pieces
