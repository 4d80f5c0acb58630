"""Text from outside (subjects, names, a compiler's lines), made harmless to whatever shows it."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any

#: Categories of characters that are shown by their number: controls, formats (which can turn the direction of a
#: line), surrogates (bytes that are no UTF-8), unassigned ones, and separators of lines and paragraphs.
_SHOWN_BY_NUMBER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

#: How commands to the log of a GitHub workflow begin, anywhere in a line.
_COMMANDS = re.compile(r"::|##(?=\[)")


def cut(text: str, most: int, mark: str = "...") -> str:
    """At most so many characters of a text; ``mark`` at the end says that it goes on."""
    return text if len(text) <= most else f"{text[: max(most - len(mark), 0)]}{mark}"[:most]


def line(text: str, limit: int = 0) -> str:
    """One line of a text from outside, of at most ``limit`` characters (0: any number).

    Tabs and line ends become blanks, an invisible character its number, and no command of a log is left.
    """
    shown = _shown(" ".join(text.split()))
    return cut(shown, limit) if limit else shown


def lines(text: str) -> list[str]:
    """A text from outside, line by line, with its blanks; tabs are those of a terminal."""
    return [_shown(part.expandtabs(8)).rstrip() for part in text.removesuffix("\n").split("\n")]


def valid(text: str) -> str:
    """A text that any encoding can hold: bytes that were no UTF-8 become their numbers."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def ascii_only(text: str) -> str:
    """A text in which all but printable ASCII becomes its number: for mails, and for any terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else numbered(c) for c in text)


def numbered(character: str) -> str:
    """A character by its number, as Python writes it."""
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shown(text: str) -> str:
    shown = "".join(c if c == " " or unicodedata.category(c) not in _SHOWN_BY_NUMBER else numbered(c) for c in text)
    return _COMMANDS.sub(lambda found: " ".join(found[0]), shown)


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """A line from outside as lines of at most ``width`` characters, which begin with ``first`` and then ``rest``."""
    shown = textwrap.wrap(line(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return shown or [first.rstrip()]


# -- pictures -----------------------------------------------------------------------------------

#: Characters of one text that are shown; a longer one ends with the number of those left out.
LONGEST = 4000

#: Controls, and characters that reorder a line, break it, have no width, or that XML or UTF-8 can't hold.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
    "|[" + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17)) + "]"
)


def harmless(value: Any) -> Any:
    """A value (a text, or dicts and lists of texts) in which such characters are written as Python writes them."""
    return map_texts(value, _harmless)


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value (a text, or dicts and lists of values) with each text changed, the keys of dicts included."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(str(name)): map_texts(part, change) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [map_texts(part, change) for part in value]
    return value


def _harmless(text: str) -> str:
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text) - LONGEST} more characters)"
    return _UNSEEN.sub(lambda found: numbered(found[0]), text)
