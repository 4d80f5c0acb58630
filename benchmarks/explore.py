"""Measure how soon the sampled engine finds each known safety defect, from several seeds.

python benchmarks/explore.py --json docs/exploration.json     all worlds, 10 seeds each, a minute at most
python benchmarks/explore.py --seeds 3 --only firecracker     less
python benchmarks/explore.py --cores 2                        as thorough on two cores: two searches, from a seed each
python benchmarks/explore.py --stateful --json docs/stateful.json    Hypothesis' stateful tests, one for each property

A search is one process on one core. It stops when it has found every known violation of its environment, and takes
nothing from the other engines. Searches on several cores do not communicate, so they may be measured one after the
other: the first to find the defect counts. The file is written after each search, so that Ctrl-C loses nothing; rows
of other environments that the file holds stay as they are. Seconds of stateful tests are seconds of the processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import unittest
from dataclasses import asdict, dataclass
from functools import partial, reduce
from pathlib import Path
from time import process_time
from typing import Any

from hypothesis import Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from summarize import write_summary

from hintproof.engines.limits import Limits
from hintproof.engines.options import SamplingOptions
from hintproof.engines.report import SampledFound
from hintproof.engines.sampling import sample
from hintproof.stateful import Violation, machine
from hintproof.system.progress import Progress, no_progress
from hintproof.system.workers import Task, run_all
from hintproof.trace.replay import prepare
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import RECORDS, Record, pins
from hintspec.language.declare import ALWAYS, STEP
from hintspec.text import PROTOCOL

#: The properties that one run of finite length refutes.
SAFETY = {p.name for p in PROTOCOL.properties if p.kind in (ALWAYS, STEP)}

ROOT = Path(__file__).resolve().parents[1]


def _worlds() -> list[Record]:
    """The recorded worlds, and those of the catalogue that are not recorded."""
    recorded = {(record.environment, record.sizes, name) for record in RECORDS for name in record.known}
    others = [d for d in DEFECTS.values() if (d.environment, d.sizes, d.violates) not in recorded]
    return [*RECORDS, *(Record(d.environment, d.sizes, 0, {d.violates: d.name}) for d in others)]


WORLDS = _worlds()


def shortest(world: Record, name: str) -> int:
    """The length of the shortest run: pinned, or that of the shipped counterexample."""
    if world in RECORDS:
        return int(pins()[world.key]["lengths"][name])
    document = json.loads((ROOT / "counterexamples" / world.known[name] / "trace.json").read_text())
    return len(document["steps"])


#: Seconds that a search may take.
SECONDS = 60.0


@dataclass(frozen=True)
class Exploration:
    """One search of one record, from one seed."""

    record: Record
    seed: int
    core: int
    seconds: float

    @property
    def known(self) -> list[str]:
        """The safety properties that are known to be violated."""
        return [name for name in self.record.known if name in SAFETY]


def explore(item: Exploration, progress: Progress = no_progress) -> SampledFound:
    """Search until all known violations are found, or time is over."""
    seed = item.seed + (item.core << 32)
    options = SamplingOptions(profile="thorough", seed=seed, until=frozenset(item.known))
    concrete = prepare(item.record.environment, item.record.sizes)
    return sample(concrete, Limits(seconds=item.seconds), options, progress)


def rows(done: list[tuple[Exploration, SampledFound]], cores: int) -> list[dict[str, Any]]:
    """One row for each defect: how many seeds found it, how soon, and the lengths of the shrunk runs."""
    made = []
    for record in WORLDS:
        parts: dict[int, list[SampledFound]] = {}
        for item, found in done:
            if item.record == record:
                parts.setdefault(item.seed, []).append(found)
        together = [reduce(SampledFound.merged, of_seed) for of_seed in parts.values() if len(of_seed) == cores]
        for name in [n for n in record.known if n in SAFETY] if together else []:
            runs = [(found.after[name], len(found.against[name])) for found in together if name in found.against]
            made.append(
                {
                    "environment": record.environment,
                    "sizes": str(record.sizes),
                    "property": name,
                    "finding": record.known[name],
                    "cores": cores,
                    "seeds": len(together),
                    "found": len(runs),
                    "median_seconds": round(statistics.median(s for s, _ in runs), 2) if runs else None,
                    "most_seconds": round(max(s for s, _ in runs), 2) if runs else None,
                    "lengths": [pick(length for _, length in runs) for pick in (min, max)] if runs else [],
                    "shortest": shortest(record, name),
                }
            )
    return made


@dataclass(frozen=True)
class StatefulTest:
    """One stateful test for one known violation of a record, from one seed."""

    record: Record
    property: str
    seed: int
    seconds: float


@dataclass(frozen=True)
class Failure:
    """How a stateful test failed: after how many seconds, and the steps of its run, before Hypothesis shrinks it."""

    after: float
    steps: int


def run_stateful(item: StatefulTest, progress: Progress = no_progress) -> Failure | None:
    """Run the test until it fails, or time is over: None. Raises ``TypeError`` if something else fails."""
    made = machine(item.record.environment, properties=[item.property], **asdict(item.record.sizes))
    began, failed_after = process_time(), list[float]()

    class Timed(made):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            if not failed_after and process_time() - began > item.seconds:
                raise unittest.SkipTest
            super().__init__()

        def check_invariants(self, *args: Any, **kwargs: Any) -> None:
            try:
                super().check_invariants(*args, **kwargs)
            except Violation:
                failed_after.append(process_time() - began)
                raise

    usual = Timed.TestCase.settings
    options = settings(usual, max_examples=10**9, phases=[Phase.generate], database=None, report_multiple_bugs=False)
    try:
        run_state_machine_as_test(seed(item.seed)(Timed), settings=options)
    except unittest.SkipTest:
        return None
    except Violation as violation:
        return Failure(failed_after[0], len(violation.run))
    raise TypeError(f"{item} ended without an answer")


def stateful_rows(done: list[tuple[StatefulTest, Failure | None]]) -> list[dict[str, Any]]:
    """One row for each defect: how many seeds found it, how soon, and the lengths of the runs."""
    made = []
    for record in WORLDS:
        for name in record.known:
            tests = [(test, failure) for test, failure in done if test.record == record and test.property == name]
            found = [failure for _, failure in tests if failure is not None]
            if tests:
                made.append(
                    {
                        "environment": record.environment,
                        "sizes": str(record.sizes),
                        "property": name,
                        "finding": record.known[name],
                        "seeds": len(tests),
                        "found": len(found),
                        "median_seconds": round(statistics.median(f.after for f in found), 2) if found else None,
                        "most_seconds": round(max(f.after for f in found), 2) if found else None,
                        "lengths": [pick(f.steps for f in found) for pick in (min, max)] if found else [],
                        "shortest": shortest(record, name),
                    }
                )
    return made


def measure_stateful(given: argparse.Namespace) -> None:
    """Measure the stateful tests, and write or print the figures."""
    tests = [
        StatefulTest(record, name, number, given.seconds)
        for number in range(given.seeds)
        for record in WORLDS
        for name in record.known
        if name in SAFETY and given.only in record.key
    ]
    tasks = {
        Task(test.record.key, f"{test.property}, seed {test.seed}", partial(run_stateful, test)): test for test in tests
    }
    done: list[tuple[StatefulTest, Failure | None]] = []
    for task, failure in run_all(tasks, given.jobs):
        done.append((tasks[task], failure))
        took = f"{failure.after:.1f} s, {failure.steps} steps" if failure else "not found"
        print(f"{len(done)}/{len(tasks)} {task.title} {task.detail}: {took}", file=sys.stderr, flush=True)
        defects = merge_rows(given.json, stateful_rows(done))
        document = {"schema": "hintproof-stateful/1", "seconds": given.seconds, "defects": defects}
        if given.json:
            write_summary(given.json, document)
    if not given.json:
        print(json.dumps(document, indent=1))


def merge_rows(file: Path | None, made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge new rows with those that the file holds of other environments, in the order of the records."""
    old = json.loads(file.read_text())["defects"] if file is not None and file.exists() else []
    new = {(row["environment"], row["sizes"]) for row in made}
    order = [(record.environment, str(record.sizes)) for record in WORLDS]
    every = [row for row in old if (row["environment"], row["sizes"]) not in new] + made
    current = [row for row in every if (row["environment"], row["sizes"]) in order]
    return sorted(current, key=lambda row: order.index((row["environment"], row["sizes"])))


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description="Measure the exploration with Hypothesis on all known safety defects.")
    parser.add_argument("--json", type=Path, help="file for the figures (default: printed)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time, each on a core of its own")
    parser.add_argument("--only", default="", help="records whose environment and sizes have this in them")
    parser.add_argument("--cores", type=int, default=1, help="searches from each seed")
    parser.add_argument("--stateful", action="store_true", help="measure Hypothesis' stateful tests instead")
    given = parser.parse_args()
    if given.stateful:
        measure_stateful(given)
        return 0
    explorations = [
        Exploration(record, seed, core, given.seconds)
        for seed in range(given.seeds)
        for record in WORLDS
        if SAFETY & set(record.known) and given.only in record.key
        for core in range(given.cores)
    ]
    tasks = {
        Task(item.record.key, f"seed {item.seed}, core {item.core}", partial(explore, item)): item
        for item in explorations
    }
    done: list[tuple[Exploration, SampledFound]] = []
    for task, found in run_all(tasks, given.jobs):
        item = tasks[task]
        done.append((item, found))
        seen = ", ".join(f"{name} {found.after[name]:.1f} s" for name in item.known if name in found.against)
        print(
            f"{len(done)}/{len(tasks)} {task.title} {task.detail}: {seen}",
            file=sys.stderr,
            flush=True,
        )
        defects = merge_rows(given.json, rows(done, given.cores))
        document = {"schema": "hintproof-exploration/1", "seconds": given.seconds, "defects": defects}
        if given.json:
            write_summary(given.json, document)
    if not given.json:
        print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
