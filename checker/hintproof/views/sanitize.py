"""Text from outside (subjects, names, a compiler's lines), made fit to be shown: it acts on nothing that shows it."""

from __future__ import annotations

import re
import textwrap
import unicodedata

#: Categories of characters that are shown by their number: controls, formats (which can turn the direction of a
#: line), surrogates (bytes that are no UTF-8), what has no meaning, and separators of lines and paragraphs.
_SHOWN_BY_NUMBER = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

#: How commands to the log of a GitHub workflow begin, anywhere in a line.
_COMMANDS = re.compile(r"::|##(?=\[)")


def line(text: str, limit: int = 0) -> str:
    """One line of a text from outside, of at most ``limit`` characters (0: any number).

    Tabs and line ends become blanks, what can't be seen is told by its number, and no command of a log is left.
    """
    shown = _shown(" ".join(text.split()))
    return f"{shown[: limit - 3]}..." if 0 < limit < len(shown) else shown


def lines(text: str) -> list[str]:
    """A text from outside, line by line, with its blanks; tabs are those of a terminal."""
    return [_shown(part.expandtabs(8)).rstrip() for part in text.removesuffix("\n").split("\n")]


def valid(text: str) -> str:
    """A text that any encoding can hold: bytes that were no UTF-8 are told by their numbers."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def ascii_only(text: str) -> str:
    """A text of which all but printable ASCII is told by its number: for what is mailed, and for any terminal."""
    return (
        text if text.isascii() and text.isprintable() else "".join(c if " " <= c <= "~" else numbered(c) for c in text)
    )


def numbered(character: str) -> str:
    """A character by its number, as Python writes it."""
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _shown(text: str) -> str:
    shown = "".join(map(_character, text))
    return _COMMANDS.sub(lambda found: " ".join(found[0]), shown)


def _character(character: str) -> str:
    if character == " " or unicodedata.category(character) not in _SHOWN_BY_NUMBER:
        return character
    return numbered(character)


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """A line from outside as lines of at most ``width`` characters, which begin with ``first`` and then ``rest``."""
    return textwrap.wrap(line(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [
        first.rstrip()
    ]
