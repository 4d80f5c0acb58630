"""The lines of the driver that ran: the parts of its code that told so, and the lines that the compiler made them of.

gcc calls ``__sanitizer_cov_trace_pc`` at the beginning of each part that has no branch (shim/coverage.c). Where in the
code these calls are, and which lines it is made of, objdump says, which comes with the compiler.
"""

from __future__ import annotations

import re
import shutil
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import msgspec

from hintproof.linux.binding import Library
from hintproof.linux.source import DRIVER
from hintproof.system.children import run_child
from hintproof.system.errors import BadInput

_CALL = "__sanitizer_cov_trace_pc"
_FUNCTION = re.compile(r"^([0-9a-f]+) <")
_INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(.*)")
_ROW = re.compile(rf"^(?:\S*/)?{re.escape(PurePath(DRIVER).name)}\s+(\d+)\s+0x([0-9a-f]+)\b")

#: Seconds for objdump, which takes less than one.
_PATIENCE = 60.0


class Lines(msgspec.Struct, frozen=True):
    """Lines of the driver (from 1) that have code: those that ``ran``, and those that were ``idle``."""

    ran: list[int] = []
    idle: list[int] = []


@dataclass(frozen=True)
class _Part:
    """A part of the code: where it begins, and where the call at its beginning returns to."""

    begin: int
    returns: int


def lines_run(library: Library) -> Lines:
    """The lines that ran since the library was loaded. Raises :class:`BadInput` without objdump."""
    base = library.base()
    seen = {address - base for address in library.ran if address}
    parts = list(_parts(_objdump(library.path, "-d", "--no-show-raw-insn")))
    begins = [part.begin for part in parts]
    ran: set[int] = set()
    every: set[int] = set()
    for line, address in _rows(_objdump(library.path, "--dwarf=decodedline")):
        at = bisect_right(begins, address) - 1
        if at >= 0 and line:
            every.add(line)
            if parts[at].returns in seen:
                ran.add(line)
    return Lines(sorted(ran), sorted(every - ran))


def _objdump(library: Path, *options: str) -> Iterator[str]:
    tool = shutil.which("objdump")
    if tool is None:
        raise BadInput("no objdump: it comes with the compiler, in the package binutils; install that")
    return iter(run_child([tool, *options, str(library)], library.parent, _PATIENCE).output.splitlines())


def _parts(listing: Iterator[str]) -> Iterator[_Part]:
    """The parts in the order of their addresses. What stands in a function before its first call belongs to that."""
    begin = called = None
    for line in listing:
        if function := _FUNCTION.match(line):
            begin = int(function[1], 16)
        elif instruction := _INSTRUCTION.match(line):
            address = int(instruction[1], 16)
            if called is not None:
                yield _Part(called, address)
                called = None
            if _CALL in instruction[2]:
                called, begin = (address if begin is None else begin), None


def _rows(listing: Iterator[str]) -> Iterator[tuple[int, int]]:
    """The rows of the table of lines that are of the driver: line and address."""
    for line in listing:
        if row := _ROW.match(line):
            yield int(row[1]), int(row[2], 16)
