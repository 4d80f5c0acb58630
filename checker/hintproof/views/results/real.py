"""What a real system did with runs of the model, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hintproof.qemu.conformance import Conformance
from hintproof.qemu.machine import Setup
from hintproof.qemu.observations import NAME, Observation, load_observations
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played, count_results
from hintproof.tasks.verdict import Exit
from hintspec.catalogue.environments import compose

#: Runs that differ, or could not be steered, of which more than the count is told.
_SHOWN = 5


def system(setup: Setup) -> str:
    """A real system in a line."""
    writes = "by the virtual CPU" if setup.vcpu_stores else "over qtest, as by a device"
    return f"{setup.qemu} with {setup.accelerator}, dirty log {setup.log_mode}, writes {writes}"


def replays_exit(played: Sequence[Played]) -> Exit:
    """1 if anything is lost, does otherwise or died; 3 if nothing is, and some could not be steered."""
    results = {p.result for p in played}
    if results & {Result.LOST, Result.DIFFERS, Result.DIED}:
        return Exit.REFUTED
    return Exit.UNDECIDED if Result.NOT_STEERED in results else Exit.AS_EXPECTED


def replays_lines(course: Course, setup: Setup, played: Sequence[Played]) -> Iterator[str]:
    """Replays of one run, as text."""
    yield f"{course.environment}, {len(course.run)} steps"
    yield f"on {system(setup)}"
    modelled = compose(course.environment).log.mode
    if modelled != setup.log_mode:
        yield f"(the run is of a world with the dirty log {modelled})"
    for told, number in Counter(str(p) for p in played).items():
        yield f"{number} of {len(played)}: {told}"


def replays_json(course: Course, setup: Setup, played: Sequence[Played]) -> dict[str, Any]:
    """Replays of one run, as JSON."""
    return {
        "schema": "hintproof-real/1",
        "environment": course.environment,
        "steps": len(course.run),
        "system": system(setup),
        "results": count_results(played),
        "replays": [
            {
                "result": str(p.result),
                "step": p.step if p.reason else None,
                "reason": p.reason,
                "otherwise": p.otherwise,
                "lost": [
                    {"block": d.block, "address": d.address, "source": d.source, "destination": d.destination}
                    for d in p.lost
                ],
            }
            for p in played
        ],
    }


_SHORT = {
    Result.LOST: "lost",
    Result.KEPT: "not lost",
    Result.FOLLOWED: "followed to its end",
    Result.DIFFERS: "does otherwise",
    Result.DIED: "died",
}


def seen_line(seen: Observation) -> str:
    """What was seen on one system, in a few words."""
    told = ", ".join(f"{_SHORT.get(Result(result), result)} {n} of {seen.times}" for result, n in seen.results.items())
    return f"QEMU {seen.qemu}, {seen.accelerator} (dirty log {seen.dirty_log}): {told}"


def seen_lines(folder: Path) -> list[str]:
    """What was seen of a counterexample, by its folder."""
    return [seen_line(seen) for seen in load_observations(folder / NAME)]


def conformance_lines(environment: str, setup: Setup, told: Conformance, seconds: float) -> Iterator[str]:
    """A comparison with random runs, as text."""
    yield f"{environment} on {system(setup)}"
    yield f"{told.runs} random runs in {seconds:.0f} s, {told.agree} of them as the model says"
    yield f"{told.steps} steps, {told.migrations} migrations completed"
    yield f"data lost in {told.losses} runs, as in the model"
    for what, runs in (("does otherwise", told.differences), ("could not be steered", told.not_steered)):
        if runs:
            yield f"{what}: {len(runs)}"
            yield from (f"  {run}" for run in runs[:_SHOWN])
