"""How fast the exhaustive searches are: fixed worlds and sizes, each search in a process of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.exhaustive import PlainSearch
from hintproof.engines.report import Limits, Progress, megabytes
from hintproof.trace import prepare
from hintspec.sizes import Sizes

#: What is measured: a small and a larger world of one block, and one of two, which symmetry halves.
WORLDS: tuple[tuple[str, Sizes], ...] = (
    ("virtio-1.3", Sizes(1, 3, 2)),
    ("linux-6.1+qemu-7.2+kvm-auto", Sizes(1, 3, 2)),
    ("virtio-1.3-driver+qemu-10+kvm-auto", Sizes(2, 3, 1)),
)

#: The searches: the plain one, the compiled one, the compiled one up to the names of blocks.
PLAIN, COMPILED, SYMMETRIC = "plain", "compiled", "compiled, symmetry"


@dataclass(frozen=True)
class Measured:
    """One search: its counts, seconds for the search alone and for making it ready, memory in MB."""

    environment: str
    sizes: str
    engine: str
    states: int
    transitions: int
    seconds: float
    ready: float
    megabytes: int

    @property
    def rate(self) -> float:
        """States a second."""
        return self.states / self.seconds


@dataclass(frozen=True)
class BenchTask:
    """One search of one world: a unit of work."""

    environment: str
    sizes: Sizes
    engine: str

    def __str__(self) -> str:
        return f"{self.engine} search of {self.environment}"

    def run(self, progress: Progress | None = None) -> Measured:
        """Make the search ready, then time it."""
        concrete = prepare(self.environment, self.sizes)
        began = time.monotonic()
        if self.engine == PLAIN:
            plain = PlainSearch(concrete, Limits(), progress)
            plain.search(1)  # makes the source of the steps
            search: PlainSearch | CompiledSearch = plain
        else:
            limits = Limits(symmetry=self.engine == SYMMETRIC)
            CompiledSearch(concrete, limits, None).search()  # compiles what is not compiled yet
            search = CompiledSearch(concrete, limits, progress)
        ready = time.monotonic() - began
        began = time.monotonic()
        search.search()
        seconds = time.monotonic() - began
        counts = (search.count, search.transitions, seconds, ready, megabytes())
        return Measured(self.environment, str(self.sizes), self.engine, *counts)


def tasks() -> list[BenchTask]:
    """All that is measured, in order."""
    return [
        BenchTask(environment, sizes, engine)
        for environment, sizes in WORLDS
        for engine in (PLAIN, COMPILED, SYMMETRIC)
        if engine != SYMMETRIC or sizes.blocks > 1
    ]
