"""Measure how soon the exploration with Hypothesis finds each safety defect that is known, from several seeds.

python benchmarks/explore.py --json docs/exploration.json     all records, 10 seeds each, a minute at most
python benchmarks/explore.py --seeds 3 --only firecracker     less

Each search is one process on one core, stops when all that is known to fall in its environment was found, and is given
nothing of the other engines. The figures are written after each search, so that Ctrl-C keeps what was measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hintproof.engines.report import Found, Limits
from hintproof.engines.sampling import sample
from hintproof.parallel import run_all
from hintproof.trace import prepare, write_whole
from hintspec.protocol import PROTOCOL
from hintspec.records import RECORDS, Record, pins
from hintspec.text import ALWAYS, STEP

#: What a single run of finite length speaks against.
SAFETY = {p.name for p in PROTOCOL.properties if p.kind in (ALWAYS, STEP)}

#: Seconds that a search may take.
SECONDS = 60.0


@dataclass(frozen=True)
class Exploration:
    """One search of one record, from one seed."""

    record: Record
    seed: int
    seconds: float

    @property
    def known(self) -> list[str]:
        """The safety properties that are known to fall."""
        return [name for name in self.record.known if name in SAFETY]

    def run(self, progress: Callable[[str, int], None] | None = None) -> Found:
        """Search until all of them were found, or time is over."""
        limits = Limits(profile="thorough", seed=self.seed, seconds=self.seconds, until=frozenset(self.known))
        return sample(prepare(self.record.environment, self.record.sizes), limits, progress)


def rows(done: list[tuple[Exploration, Found]]) -> list[dict[str, Any]]:
    """A row a defect: from how many seeds it was found, how soon, and how long the run is after shrinking."""
    made = []
    for record in dict.fromkeys(task.record.key for task, _ in done):
        of_record = [(task, found) for task, found in done if task.record.key == record]
        for name in of_record[0][0].known:
            runs = [(found.after[name], len(found.against[name])) for _, found in of_record if name in found.against]
            made.append(
                {
                    "environment": of_record[0][0].record.environment,
                    "sizes": str(of_record[0][0].record.sizes),
                    "property": name,
                    "finding": of_record[0][0].record.known[name],
                    "seeds": len(of_record),
                    "found": len(runs),
                    "median_seconds": round(statistics.median(s for s, _ in runs), 2) if runs else None,
                    "most_seconds": round(max(s for s, _ in runs), 2) if runs else None,
                    "lengths": sorted(length for _, length in runs),
                    "shortest": pins()[record]["lengths"][name],
                }
            )
    return made


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description="Measure the exploration with Hypothesis on all known safety defects.")
    parser.add_argument("--json", type=Path, help="file for the figures (default: printed)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--jobs", type=int, default=1, help="searches at a time, each on a core of its own")
    parser.add_argument("--only", default="", help="environments whose name has this in it")
    given = parser.parse_args()
    tasks = [
        Exploration(record, seed, given.seconds)
        for seed in range(given.seeds)
        for record in RECORDS
        if SAFETY & set(record.known) and given.only in record.environment
    ]
    done: list[tuple[Exploration, Found]] = []
    for task, found in run_all(tasks, given.jobs):
        done.append((task, found))
        told = ", ".join(f"{name} {found.after[name]:.1f} s" for name in task.known if name in found.against)
        print(f"{len(done)}/{len(tasks)} {task.record.key} seed {task.seed}: {told}", file=sys.stderr, flush=True)
        order = sorted(done, key=lambda item: RECORDS.index(item[0].record))
        document = {"schema": "hintproof-exploration/1", "seconds": given.seconds, "defects": rows(order)}
        if given.json:
            write_whole(given.json, json.dumps(document, indent=1) + "\n")
    if not given.json:
        print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
