"""The changed lines of a patch that no run reached: what they do was not seen, so nothing is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

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


def _in_range(text: str, lines: range, idle: frozenset[int], removed: bool) -> list[Unreached]:
    """The idle lines of a range (from 0), together where they follow one another in one function."""
    every = functions(text)
    found: list[Unreached] = []
    for line in (number + 1 for number in lines if number + 1 in idle):
        here = function_at(every, line)
        if found and (found[-1].last, found[-1].function) == (line - 1, here):
            found[-1] = replace(found[-1], last=line)
        else:
            found.append(Unreached(line, line, here, removed))
    return found
