"""The function and line of the driver's source behind an address in the compiled driver."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

from hintproof.linux.source import DRIVER
from hintproof.system.children import run_child


@dataclass(frozen=True)
class Place:
    """A function of the driver and a line of its source; line 0 where it is unknown."""

    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.function}:{self.line}" if self.line else self.function


NOWHERE = Place("?", 0)

#: A library is smaller than this (bytes); an address farther away is not in it.
_LARGEST = 1 << 26


class Symbols:
    """Looks places up with addr2line, which comes with the compiler; each address once."""

    def __init__(self, library: Path, base: int) -> None:
        self._library = library
        self._base = base
        self._tool = shutil.which("addr2line")
        self.place = cache(self._look_up)

    def _look_up(self, site: int) -> Place:
        """The place of a call, by its return address. ``-i`` gives the frames that were inlined."""
        offset = site - 1 - self._base  # the call is before where it returns to
        if self._tool is None or not 0 <= offset < _LARGEST:
            return NOWHERE
        command = [self._tool, "-f", "-i", "-e", str(self._library), hex(offset)]
        return _innermost(run_child(command, self._library.parent, 30).output.splitlines())


def _innermost(lines: list[str]) -> Place:
    """The innermost frame that is in the driver's own file, not in a helper of the shim."""
    for function, place in zip(lines[::2], lines[1::2], strict=False):
        name, _, line = place.partition(" (")[0].rpartition(":")
        if name.endswith(PurePath(DRIVER).name):
            return Place(function, int(line) if line.isdigit() else 0)
    return NOWHERE
