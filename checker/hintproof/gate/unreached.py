"""The changed lines of a patch that no run reached: what they do was not seen, so nothing is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hintproof.gate.checker import DriverVerdict
from hintproof.gate.ctext import function_at, functions
from hintproof.gate.touched import changed_lines
from hintproof.linux.source import DRIVER


@dataclass(frozen=True)
class Unreached:
    """Lines of the driver (from 1) in one function that no run reached; ``removed``: in the text before the patch."""

    first: int
    last: int
    function: str
    removed: bool = False

    def __str__(self) -> str:
        lines = f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"
        where = f" of {self.function}" if self.function else ""
        return f"{'removed ' if self.removed else ''}{lines}{where}"


def unreached(
    before: Mapping[str, str], after: Mapping[str, str], was: DriverVerdict, now: DriverVerdict
) -> tuple[Unreached, ...]:
    """The lines that a patch removes or adds, have code, and were reached by no run of the driver that has them."""
    found: list[Unreached] = []
    old, new = before.get(DRIVER, ""), after.get(DRIVER, "")
    for removed, added in changed_lines(old, new):
        found += _in_range(old, removed, was.idle, True)
        found += _in_range(new, added, now.idle, False)
    return tuple(found)


def _in_range(text: str, lines: range, idle: frozenset[int], removed: bool) -> Iterator[Unreached]:
    """Idle lines of a range (from 0) that follow one another, together where one function has them."""
    every = functions(text)
    first = last = 0
    name = ""
    for line in (number + 1 for number in lines if number + 1 in idle):
        here = function_at(every, line)
        if first and here == name and not any(n in idle for n in range(last + 1, line)) and line - last <= _NEAR:
            last = line
            continue
        if first:
            yield Unreached(first, last, name, removed)
        first, last, name = line, line, here
    if first:
        yield Unreached(first, last, name, removed)


#: Lines that may lie between two idle ones that are told together: a brace, a comment, the rest of a statement.
_NEAR = 4
