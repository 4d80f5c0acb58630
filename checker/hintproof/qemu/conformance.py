"""Conformance of the model to a real QEMU: random runs are played on it, and compared wherever it can be seen.

This compares the command id in config after each step of the device and each sync, the entries given back, the pages
that a hint takes out of the bitmap, the order in which blocks are sent, and, where a migration completes, which
blocks are not at the destination as they are at the source: exactly those that are stale in the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hintproof.qemu.binary import Qemu
from hintproof.qemu.machine import Setup
from hintproof.qemu.map_threads import map_threads
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played, play
from hintproof.qemu.run_generator import generate_run
from hintproof.system.errors import BadInput
from hintproof.trace.replay import prepare
from hintspec.catalogue.releases import FAMILIES
from hintspec.language.sizes import Sizes

_DRIVER = "linux-6.1"

#: Sizes that let a run do much: rounds, a second migration, the driver's coming and going.
SIZES = Sizes(blocks=2, ring=4, rounds=4, migrations=2, chunk=2, dma=4, pauses=1, resizes=1, removes=1, freezes=1)

#: Steps of a run.
STEPS = 70


@dataclass(frozen=True)
class RunDifference:
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
    differences: list[RunDifference] = field(default_factory=list)
    not_steered: list[RunDifference] = field(default_factory=list)

    def add(self, seed: int, course: Course, played: Played) -> None:
        """Count a run."""
        if played.result == Result.FOLLOWED:
            self.agree += 1
            self.steps += len(course.run)
            self.migrations += len(played.arrivals)
            self.losses += bool(played.lost)
        elif played.result == Result.NOT_STEERED:
            self.not_steered.append(RunDifference(seed, course, played))
        else:
            self.differences.append(RunDifference(seed, course, played))

    @property
    def runs(self) -> int:
        """All runs."""
        return self.agree + len(self.differences) + len(self.not_steered)


def world_of(qemu: Qemu, accelerator: str) -> str:
    """The world that a QEMU should be: its rules are those of the newest range of releases that begins no later.

    Raises :class:`BadInput` if the accelerator can't be used.
    """
    if refusal := qemu.refusal(accelerator):
        raise BadInput(refusal)
    ranges = FAMILIES["qemu"].releases  # from old to new
    no_newer = [releases for releases in ranges if releases.first <= qemu.version]
    word = (no_newer or ranges)[-1 if no_newer else 0].words
    return f"{_DRIVER}+{word}+{qemu.log_mode(accelerator)}"


def course_of(environment: str, lazy: bool, seed: int) -> Course:
    """The run of a seed."""
    return Course.along(environment, SIZES, generate_run(prepare(environment, SIZES), lazy, seed, STEPS))


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


def conform(
    environment: str, setup: Setup, seeds: Sequence[int], watch: Callable[[Conformance], None] = lambda so_far: None
) -> Conformance:
    """Play the runs of these seeds, and say where the real system does otherwise than the model.

    ``watch`` is called with the counts so far. Raises :class:`BadInput` for a world without hints: its runs have no
    driver to play.
    """
    if all(variable.name != "ring.queue" for variable in prepare(environment, SIZES).model.vars):
        raise BadInput(f"{environment} has no hints: conformance plays the runs of a driver that hints")
    counts = Conformance()
    courses = (course_of(environment, setup.lazy, seed) for seed in seeds)
    for place, (course, played) in map_threads(lambda course: compare(course, setup), courses):
        counts.add(seeds[place], course, played)
        watch(counts)
    return counts
