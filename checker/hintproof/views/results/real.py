"""The results of runs on a real system, as text and as a JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hintproof.qemu.conformance import Conformance
from hintproof.qemu.machine import Setup
from hintproof.qemu.observations import NAME, Observation, load_observations
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played, count_results
from hintproof.qemu.rig import BlockDifference
from hintproof.system.documents import Document
from hintproof.system.words import quantity
from hintproof.tasks.verdict import Exit
from hintproof.views.structs import fill
from hintspec.catalogue.environments import compose

#: How many of the runs that differ, or could not be steered, are shown.
_SHOWN = 5


def system(setup: Setup) -> str:
    """A real system in a line."""
    writes = "by the virtual CPU" if setup.vcpu_stores else "over qtest, as by a device"
    return f"{setup.qemu} with {setup.accelerator}, dirty log {setup.log_mode}, writes {writes}"


def replays_exit(played: Sequence[Played]) -> Exit:
    """1 if QEMU lost data, differed from the model or died; else 3 if a replay could not be steered, else 0."""
    results = {p.result for p in played}
    if results & {Result.LOST, Result.DIFFERS, Result.DIED}:
        return Exit.REFUTED
    return Exit.UNDECIDED if Result.NOT_STEERED in results else Exit.AS_EXPECTED


def replays_lines(course: Course, setup: Setup, played: Sequence[Played]) -> Iterator[str]:
    """Replays of one run, as text."""
    yield f"{course.environment}, {quantity(len(course.run), 'step')}"
    yield f"on {system(setup)}"
    modelled = compose(course.environment).log.mode
    if modelled != setup.log_mode:
        yield f"(the run is of an environment with the dirty log {modelled})"
    for result, number in Counter(str(p) for p in played).items():
        yield f"{number} of {len(played)}: {result}"


class RealReplay(msgspec.Struct):
    """One replay on a real system. ``step`` and ``reason`` say where it ended early; ``otherwise`` how it differed."""

    result: Result
    step: int | None
    reason: str
    otherwise: str
    lost: tuple[BlockDifference, ...]


class ReplaysDocument(Document, tag="hintproof-real/1"):
    """The results of ``hintproof replay --on qemu``."""

    environment: str
    steps: int
    system: str
    results: dict[str, int]
    replays: list[RealReplay]


def replays_document(course: Course, setup: Setup, played: Sequence[Played]) -> ReplaysDocument:
    """Replays of one run, as a JSON document."""
    return ReplaysDocument(
        environment=course.environment,
        steps=len(course.run),
        system=system(setup),
        results=count_results(played),
        replays=[fill(RealReplay, p, step=p.step if p.reason else None) for p in played],
    )


_SHORT = {
    Result.LOST: "lost",
    Result.KEPT: "not lost",
    Result.FOLLOWED: "followed to its end",
    Result.DIFFERS: "does otherwise",
    Result.DIED: "died",
}


def observation_lines(folder: Path) -> list[str]:
    """The replays of a counterexample on real systems, by its folder: a line for each system."""
    return [_observation_line(observed) for observed in load_observations(folder / NAME)]


def _observation_line(observed: Observation) -> str:
    counts = [f"{_SHORT.get(Result(result), result)} {n} of {observed.times}" for result, n in observed.results.items()]
    return f"QEMU {observed.qemu}, {observed.accelerator} (dirty log {observed.dirty_log}): {', '.join(counts)}"


def conformance_lines(environment: str, setup: Setup, found: Conformance, seconds: float) -> Iterator[str]:
    """A comparison with random runs, as text."""
    yield f"{environment} on {system(setup)}"
    yield f"{found.runs} random runs in {seconds:.0f} s, {found.agree} of them as the model says"
    yield f"{quantity(found.steps, 'step')}, {quantity(found.migrations, 'migration')} completed"
    yield f"data lost in {quantity(found.losses, 'run')}, as in the model"
    for what, runs in (("does otherwise", found.differences), ("could not be steered", found.not_steered)):
        if runs:
            yield f"{what}: {len(runs)}"
            yield from (f"  {run}" for run in runs[:_SHOWN])
