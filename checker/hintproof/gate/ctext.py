"""The functions in C text of kernel style, found by their braces; comments, strings and directives do not count."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

_BLANKED = re.compile(
    r"""
    /\*.*?(?:\*/|\Z)                 # comments
  | //(?:[^\n\\]|\\.)*
  | "(?:[^"\\\n]|\\.)*"              # strings and characters
  | '(?:[^'\\\n]|\\.)*'
  | ^[ \t]*\#(?:[^\n\\]|\\.)*        # directives, with the lines that they go on for
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"([A-Za-z_]\w*)\s*$")


@dataclass(frozen=True)
class Function:
    """A function: its name, and its lines from the first of its declaration to its closing brace (from 1)."""

    name: str
    first: int
    last: int


def functions(text: str) -> tuple[Function, ...]:
    """The functions that a text defines, in its order; a best guess where braces are unbalanced."""
    bare = _BLANKED.sub(_blank, text)
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    found, depth, opened, ended = [], 0, 0, 0
    for brace in _BRACE.finditer(bare):
        if brace[0] == "{":
            if depth == 0:
                opened = brace.start()
            depth += 1
            continue
        if depth == 0 or (depth > 1 and starts[_line(starts, brace.start()) - 1] == brace.start()):
            depth = 1  # more closing than opening braces; or kernel style ends a function that has too many open
        depth -= 1
        if depth == 0:
            name, begins = _declared(bare[ended:opened], ended)
            if name:
                found.append(Function(name, _line(starts, begins), _line(starts, brace.start())))
            ended = brace.end()
    return tuple(found)


def function_at(every: tuple[Function, ...], line: int) -> str:
    """The function around a line; empty if there is none."""
    return next((item.name for item in every if item.first <= line <= item.last), "")


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _line(starts: list[int], position: int) -> int:
    return bisect.bisect_right(starts, position)


def _declared(text: str, offset: int) -> tuple[str, int]:
    """The name of the function whose body follows, and where its declaration begins; empty for a struct or a table."""
    start = text.rfind(";") + 1
    text, offset = text[start:], offset + start
    begins = offset + len(text) - len(text.lstrip())
    after = text[text.rfind(")") + 1 :]
    return ("" if ")" not in text or "=" in after else _name_before_arguments(text)), begins


def _name_before_arguments(text: str) -> str:
    """The last name that arguments follow, and that is no attribute, outside of any other parentheses."""
    depth, name = 0, ""
    for found in re.finditer(r"[()]", text):
        if found[0] == ")":
            depth -= 1
            continue
        if depth == 0 and (before := _NAME.search(text[: found.start()])) and not before[1].startswith("__"):
            name = before[1]
        depth += 1
    return name
