"""A driver's source, compiled and examined in processes of their own: the Python API over the harness.

The compiler and each question run in a child; none of the foreign code runs here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hintproof.linux.build import build
from hintproof.linux.child import Job, run_job
from hintproof.linux.jobs import Faults, Likeness, Question, Verdicts, faults, likeness, verdicts
from hintproof.linux.source import Source
from hintspec.language.sizes import Sizes

#: Seconds that a child has beyond those of its question: to start, to load, to tell.
_GRACE = 60.0

A = TypeVar("A", Faults, Likeness, Verdicts)


class Examined:
    """A compiled driver that questions can be asked of. Each method runs in a sandboxed child.

    They raise :class:`~hintproof.system.errors.BadInput` for environments and sizes that mean nothing and for a
    child that takes too long, and :class:`~hintproof.linux.child.Lost` where the driver took its process along.
    """

    def __init__(self, source: Source, directory: Path) -> None:
        self.source = source
        self._directory = directory
        self._library = build(source, directory / "by-call")
        self._by_access: Path | None = None

    def faults(self, sizes: Sizes, most: int = 1_000_000, seconds: float = 60.0) -> Faults:
        """Every state of the code in a small world of its own: crashes, hangs, deadlocks, leaks, broken rules."""
        return self._ask(faults, Faults, self._library, "", sizes, most, seconds)

    def races(self, sizes: Sizes, steps: int = 200_000, seconds: float = 60.0) -> Faults:
        """Random walks with a point at each access to memory: for races that no call separates, and use after free."""
        if self._by_access is None:
            self._by_access = build(self.source, self._directory / "by-access", accesses=True)
        return self._ask(faults, Faults, self._by_access, "", sizes, 0, seconds, random_steps=steps)

    def likeness(
        self, environment: str, sizes: Sizes, most: int = 1_000_000, seconds: float = 60.0, random_steps: int = 0
    ) -> Likeness:
        """The code in lock-step with the environment's driver: all pairs, or so many random steps."""
        more = {"random_steps": random_steps}
        return self._ask(likeness, Likeness, self._library, environment, sizes, most, seconds, **more)

    def verdicts(
        self,
        environment: str,
        sizes: Sizes,
        most: int = 1_000_000,
        seconds: float = 60.0,
        until: str | None = None,
        random_steps: int = 0,
    ) -> Verdicts:
        """The code under the spec's properties, with everybody else of the environment: all states, or random runs.

        It ends as soon as the property ``until`` falls, if one is named.
        """
        more = {"until": until, "random_steps": random_steps}
        return self._ask(verdicts, Verdicts, self._library, environment, sizes, most, seconds, **more)

    def _ask(
        self,
        job: Job,
        kind: type[A],
        library: Path,
        environment: str,
        sizes: Sizes,
        most: int,
        seconds: float,
        **more: Any,
    ) -> A:
        question = Question(str(library), environment, asdict(sizes), most, seconds, **more)
        answer = run_job(job, msgspec.to_builtins(question), seconds + _GRACE)
        return msgspec.convert(answer, kind)


@contextmanager
def examined(source: Source) -> Iterator[Examined]:
    """Compile a driver into a scratch directory that is gone afterwards.

    Raises :class:`~hintproof.linux.build.BuildFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="hintproof-build-") as directory:
        yield Examined(source, Path(directory))
