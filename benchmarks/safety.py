"""Say of every pair of a driver and a host whether a guest write can be lost: the first table of the docs.

python benchmarks/safety.py                          a line for each pair
python benchmarks/safety.py --json docs/safety.json  the figures that docs/index.md shows

The catalogue has the answer for most pairs: a recorded check, or a proof for every size. The others are proved here or,
where the proof fails, searched at the sizes below. That takes some minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from summarize import write_summary

from hintproof import Sizes, check
from hintproof.engines.induction import prove
from hintproof.tasks.prove import unbounded_model
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import PROVED, RECORDS, pins

#: Drivers, each with the change that its environments name at their end. ``no-hint`` is plain migration: a loss there
#: is none of hinting.
DRIVERS = (("no-hint", ""), ("linux-6.1", ""), ("linux-6.1", "cell-per-round"), ("virtio-1.3-driver", ""))

#: Devices, each with its dirty log.
HOSTS = (
    "qemu-5.1+kvm-auto",
    "qemu-5.1+kvm-manual",
    "qemu-7.2+kvm-auto",
    "qemu-7.2+kvm-manual",
    "qemu-10+kvm-ring",
    "qemu-7.2+tcg",
    "qemu-10+tcg",
    "firecracker-1.14",
    "virtio-1.3-device",
)

#: One block and two rounds: the loss by the shared START cell takes two.
SIZES = Sizes(1, 3, 2)

#: With manual-clear, two blocks of one chunk as well: a send of the one clears the log of the other.
CHUNK = Sizes(2, 3, 1, chunk=2)

LOST = "no_lost_write"


def recall(environment: str) -> dict[str, Any] | None:
    """The catalogue's answer, of this world under whatever name."""
    world = compose(environment)
    for record in RECORDS:
        if compose(record.environment) == world and LOST in record.known:
            pinned = pins()[record.key]
            return {"steps": pinned["lengths"][LOST], "defect": record.known[LOST], "sizes": str(record.sizes)}
    proved = any(compose(name) == world and LOST not in known for name, known in PROVED.items())
    return {"proved": True} if proved else None


def decide(environment: str) -> dict[str, Any]:
    """The answer of a proof or, where that fails, of a search of all states."""
    if LOST in prove(unbounded_model(environment)).proved:
        return {"proved": True}
    states = {}
    for sizes in (SIZES, CHUNK) if "manual" in environment else (SIZES,):
        result = check(environment, sizes, ["exhaustive"])
        if run := result.exhaustive.against.get(LOST):
            return {"steps": len(run), "sizes": str(sizes)}
        states[str(sizes)] = result.exhaustive.states
    return {"states": max(states.values()), "sizes": ", then ".join(states)}


def blame(host: str, rows: list[dict[str, Any]]) -> None:
    """Name the defect behind a loss that no record has: the one that the other rows of the host leave."""
    of_host = {(row["driver"], row["change"]): row for row in rows if row["host"] == host}
    without_hints, linux, repaired = (
        of_host["no-hint", ""],
        of_host["linux-6.1", ""],
        of_host["linux-6.1", "cell-per-round"],
    )
    for row in of_host.values():
        if "steps" in row and "steps" in without_hints:
            row["defect"] = without_hints["defect"]
    if "steps" in linux and "defect" not in linux and "steps" not in repaired:
        linux["defect"] = "shared-start-cell"


def main() -> None:
    """Print the rows, and write them."""
    parser = argparse.ArgumentParser(description="Say of every pair whether a guest write can be lost.")
    parser.add_argument("--json", type=Path, help="file for the figures")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for host in HOSTS:
        for driver, change in DRIVERS:
            environment = "+".join(word for word in (driver, host, change) if word)
            possible = driver != "no-hint" or host.startswith("qemu")
            answer = (recall(environment) or decide(environment)) if possible else {"impossible": True}
            rows.append({"host": host, "driver": driver, "change": change, "environment": environment, **answer})
            print(rows[-1], flush=True)
        blame(host, rows)
    if arguments.json:
        write_summary(arguments.json, {"pairs": rows})


if __name__ == "__main__":
    main()
