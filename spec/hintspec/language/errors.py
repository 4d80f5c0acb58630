"""Errors of the language: the exception, the line of the text to blame, a user's word in quotes, a better word."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from os.path import dirname


class SpecError(Exception):
    """The text says something that no interpretation could mean; the message names file and line."""


def blame() -> str:
    """``file.py:line`` of the innermost caller outside the language, for error messages."""
    here = dirname(__file__)
    frame = sys._getframe(1)
    while frame.f_back is not None and dirname(frame.f_code.co_filename) == here:
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}"


def quote(word: str) -> str:
    """A user's word as it may stand in a message: in quotes, ASCII alone, and no longer than a line."""
    return ascii(word if len(word) <= 80 else f"{word[:77]}...")


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that a misspelt one resembles, as the end of a message; "" if there is none."""
    names = list(known)
    near = difflib.get_close_matches(word, names, 1) or [name for name in names if word and word in name][:1]
    return f"; did you mean '{near[0]}'?" if near else ""
