"""The function and line of the driver's source behind an address in the compiled driver."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
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
        self._known: dict[int, Place] = {0: NOWHERE}
        self._tool = shutil.which("addr2line")

    def places(self, sites: Iterable[int]) -> list[Place]:
        """The places of some calls, by their return addresses."""
        wanted = list(sites)
        unknown = sorted({s for s in wanted if s not in self._known and 0 < s - self._base < _LARGEST})
        if unknown and self._tool:
            self._ask(unknown)
        return [self._known.get(site, NOWHERE) for site in wanted]

    def _ask(self, sites: list[int]) -> None:
        """One run of the tool; ``-a`` separates the answers, ``-i`` gives the frames that were inlined."""
        assert self._tool is not None
        addresses = [hex(site - 1 - self._base) for site in sites]  # the call is before where it returns to
        command = [self._tool, "-a", "-f", "-i", "-e", str(self._library), *addresses]
        answers = run_child(command, self._library.parent, 30).output.split("0x")[1:]
        for site, answer in zip(sites, answers, strict=False):
            self._known[site] = _innermost(answer.splitlines()[1:])


def _innermost(lines: list[str]) -> Place:
    """The innermost frame that is in the driver's own file, not in a helper of the shim."""
    for function, place in zip(lines[::2], lines[1::2], strict=False):
        name, _, line = place.partition(" (")[0].rpartition(":")
        if name.endswith(PurePath(DRIVER).name):
            return Place(function, int(line) if line.isdigit() else 0)
    return NOWHERE
