"""A driver's source, compiled and checked in processes of their own: the Python API over the harness.

The compiler and each check run in a child; none of the foreign code runs here.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from hintproof.linux.build import build
from hintproof.linux.child import run_job
from hintproof.linux.jobs import (
    BY_ACCESS,
    CHECKS,
    TAKES_NONE,
    Answer,
    Check,
    Kind,
    Told,
    run_check,
    takes_one,
    tell_walk,
)
from hintproof.linux.source import Source

#: Seconds that a child has beyond those of its check: to start, to load, to answer.
_GRACE = 60.0


class CompiledDriver:
    """A compiled driver. Each check runs in a sandboxed child; several threads may run checks at once."""

    def __init__(self, source: Source, directory: Path) -> None:
        self.source = source
        self._directory = directory
        self._by_call = build(source, directory / "by-call")
        self._by_access: Path | None = None
        self._builds = threading.Lock()
        self._taken: dict[tuple[int, ...], bool] = {}
        self._asking = threading.Lock()

    def run(self, check: Check) -> Answer:
        """The answer to a check.

        Raises :class:`~hintproof.system.errors.BadInput` for environments and sizes that mean nothing and for a
        child that takes too long, and :class:`~hintproof.linux.child.Lost` where the driver took its process along.
        """
        kind = CHECKS[check.kind][1]
        if check.offers and not self._takes(check.offers):
            return TAKES_NONE[kind]
        arguments = {"library": str(self._library(check.kind)), "check": msgspec.to_builtins(check)}
        return msgspec.convert(run_job(run_check, arguments, check.seconds + _GRACE), kind)

    def tell_walk(self, check: Check, number: int) -> Told:
        """One of the walks of a check of the whole driver, counted from 0. Raises as :meth:`run` does."""
        arguments = {"library": str(self._by_call), "check": msgspec.to_builtins(check), "number": number}
        return msgspec.convert(run_job(tell_walk, arguments, check.seconds + _GRACE), Told)

    def _takes(self, offers: tuple[int, ...]) -> bool:
        """Whether the driver takes one of these features; it is asked once."""
        with self._asking:
            if offers not in self._taken:
                arguments = {"library": str(self._by_call), "offers": offers}
                self._taken[offers] = run_job(takes_one, arguments)["takes"]
            return self._taken[offers]

    def _library(self, kind: Kind) -> Path:
        if kind not in BY_ACCESS:
            return self._by_call
        with self._builds:
            if self._by_access is None:
                self._by_access = build(self.source, self._directory / "by-access", accesses=True)
            return self._by_access


@contextmanager
def compiled(source: Source) -> Iterator[CompiledDriver]:
    """Compile a driver into a scratch directory that is gone afterwards.

    Raises :class:`~hintproof.linux.build.BuildFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="hintproof-build-") as directory:
        yield CompiledDriver(source, Path(directory))
