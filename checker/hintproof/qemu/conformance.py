"""Does the model say what a real QEMU does? Random runs are played on it, and compared wherever it can be seen.

Compared are the command id in config after each step of the device and each sync, the entries given back, the pages
that a hint takes out of the bitmap, the order in which blocks are sent, and, where a migration completes, which
blocks are not at the destination as they are at the source: exactly those that are stale in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

from hintproof.engines.report import Progress
from hintproof.interpret.concrete import Concrete
from hintproof.parallel import cores, run_all
from hintproof.qemu.drawing import draw
from hintproof.qemu.machine import Setup
from hintproof.qemu.replay import Course, Played, Result, play
from hintproof.trace import prepare
from hintspec.sizes import Sizes

#: Sizes that let a run do much: rounds, a second migration, the driver's coming and going.
SIZES = Sizes(blocks=2, ring=4, rounds=4, migrations=2, chunk=2, dma=4, pauses=1, resizes=1, removes=1, freezes=1)

#: Steps of a run.
STEPS = 70

#: Runs that a process plays one after the other.
_BATCH = 4

#: Machines at a time for each processor: QEMU sleeps most of the time.
_MACHINES = 6


@dataclass(frozen=True)
class Difference:
    """A run in which the real system does otherwise: its seed, the run up to there, and both sides."""

    seed: int
    course: Course
    played: Played

    def __str__(self) -> str:
        steps = " ".join(name if block is None else f"{name}({block})" for name, block in self.course.run)
        return f"seed {self.seed}: {self.played}; after {steps}"


@dataclass
class Conformance:
    """How many runs agree; those that differ; those that could not be steered, or whose QEMU died."""

    agree: int = 0
    steps: int = 0
    migrations: int = 0
    losses: int = 0
    differences: list[Difference] = field(default_factory=list)
    not_steered: list[Difference] = field(default_factory=list)

    def add(self, seed: int, course: Course, played: Played) -> None:
        """Count a run."""
        if played.result == Result.FOLLOWED:
            self.agree += 1
            self.steps += len(course.run)
            self.migrations += len(played.arrivals)
            self.losses += bool(played.lost)
        elif played.result == Result.NOT_STEERED:
            self.not_steered.append(Difference(seed, course, played))
        else:
            self.differences.append(Difference(seed, course, played))

    @property
    def runs(self) -> int:
        """All runs."""
        return self.agree + len(self.differences) + len(self.not_steered)


@cache
def _world(environment: str, sizes: Sizes) -> Concrete:
    return prepare(environment, sizes)


def course_of(environment: str, sizes: Sizes, lazy: bool, seed: int) -> Course:
    """The run of a seed."""
    concrete = _world(environment, sizes)
    return Course.along(environment, sizes, draw(concrete, lazy, seed, STEPS))


def compare(course: Course, setup: Setup) -> tuple[Course, Played]:
    """Play a run; if the real system does otherwise, the run up to there, and in what."""
    played = play(course, setup)
    if played.result == Result.FOLLOWED:
        problem = next((arrival.problem for arrival in played.arrivals if arrival.problem), "")
        if problem:
            played = Played(Result.DIFFERS, played.arrivals, len(course.run), problem)
        return course, played
    end = played.step or 0
    return Course(course.environment, course.sizes, course.run[:end], course.states[: end + 1]), played


@dataclass(frozen=True)
class _Batch:
    environment: str
    sizes: Sizes
    setup: Setup
    seeds: tuple[int, ...]
    engine: str = "qemu"

    def __str__(self) -> str:
        return f"runs {self.seeds[0]} .. {self.seeds[-1]} of {self.environment}"

    def run(self, progress: Progress | None = None) -> list[tuple[int, Course, Played]]:
        """Play the runs of these seeds."""
        played = []
        for seed in self.seeds:
            course = course_of(self.environment, self.sizes, self.setup.lazy, seed)
            played.append((seed, *compare(course, self.setup)))
        return played


def conform(
    environment: str,
    setup: Setup,
    seeds: Sequence[int],
    sizes: Sizes = SIZES,
    watch: Callable[[Conformance], None] = lambda so_far: None,
) -> Conformance:
    """Play the runs of these seeds, and say where the real system does otherwise than the model.

    ``watch`` is called with the counts so far.
    """
    batches = [
        _Batch(environment, sizes, setup, tuple(seeds[place : place + _BATCH]))
        for place in range(0, len(seeds), _BATCH)
    ]
    counts = Conformance()
    for _, played in run_all(batches, _MACHINES * cores()):
        for seed, course, result in played:
            counts.add(seed, course, result)
        watch(counts)
    return counts
