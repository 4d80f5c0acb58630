"""The functions that a patch touches: those around each changed line, before and after it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hintproof.gate.ctext import Function, function_at, functions

#: The name for changed lines outside of any function: structs, tables, defines, includes.
FILE_LEVEL = "(file level)"

#: In longer texts lines that repeat often are left out of the comparison: its time grows with the square.
_MANY_LINES = 10_000


@dataclass(frozen=True)
class Touched:
    """A function with changed lines; lines count from 1, None on a side that does not have it.

    ``line`` is the first changed line after the patch: where lines are only removed, the line that follows.
    """

    path: str
    function: str
    line: int
    before: tuple[int, int] | None = None
    after: tuple[int, int] | None = None


def touched(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Touched, ...]:
    """The functions that differ between two sets of files, in the order of the files and of their lines."""
    found: list[Touched] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new:
            found += _touched_in(path, old, new)
    return tuple(found)


def _touched_in(path: str, old: str, new: str) -> Iterator[Touched]:
    was, now = functions(old), functions(new)
    first: dict[str, int] = {}
    for old_lines, new_lines in changed_lines(old, new):
        at = new_lines.start + 1
        for line in new_lines:
            first.setdefault(function_at(now, line + 1) or FILE_LEVEL, line + 1)
        for line in old_lines:
            first.setdefault(function_at(was, line + 1) or FILE_LEVEL, at)
    if len(first) > 1 and _outside(old) == _outside(new):
        first.pop(FILE_LEVEL, None)
    for name, line in sorted(first.items(), key=lambda item: item[1]):
        yield Touched(path, name, line, _lines(was, name), _lines(now, name))


def changed_lines(old: str, new: str) -> Iterator[tuple[range, range]]:
    """Lines (from 0) that differ, before and after."""
    was, now = old.split("\n"), new.split("\n")
    compared = difflib.SequenceMatcher(None, was, now, autojunk=len(was) + len(now) > _MANY_LINES)
    for kind, a, b, c, d in compared.get_opcodes():
        if kind != "equal":
            yield range(a, b), range(c, d)


def _outside(text: str) -> list[str]:
    """The lines outside of functions that are not empty."""
    every = functions(text)
    return [line for number, line in enumerate(text.split("\n"), 1) if line.strip() and not function_at(every, number)]


def _lines(every: tuple[Function, ...], name: str) -> tuple[int, int] | None:
    return next(((item.first, item.last) for item in every if item.name == name), None)
