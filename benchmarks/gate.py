"""Gate the changes of the tests: the outcome of each, and its seconds.

python benchmarks/gate.py                          all of them, on linux-source-6.1
python benchmarks/gate.py --linux linux-source-6.12 --only start stop --outcome REFUTED
python benchmarks/gate.py --linux linux-source-6.1 linux-source-6.12 TREE --json docs/gate.json    figures of the docs
python benchmarks/gate.py --kernels linux-source-5.10 TREE --json docs/gate-kernels.json    a few changes on each
python benchmarks/gate.py --history TREE:TREE TREE:PATCH --json docs/gate-history.json    what happened

Debian's suites have the packages linux-source-5.10 (bullseye), 6.1 (bookworm), 6.12 (trixie), 7.2 and 7.3 (backports).
The driver without a patch is examined first and its answers are cached, as for anyone who gates a second patch.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from summarize import write_summary
from tests.checker.gate.changes import EVERY, Change

from hintproof.gate.gate import run_gate
from hintproof.gate.linux import LinuxChecker
from hintproof.gate.patches import patches_in, read
from hintproof.gate.report import PatchReport, Standing
from hintproof.linux.source import DRIVER, WATCHED, Source, encode, find_source
from hintproof.tasks.verdict import Outcome


def names_of(patch: PatchReport, standing: Standing) -> list[str]:
    """The properties with a finding of this standing."""
    return sorted({finding.property_name for finding in patch.standing(standing)})


def kernel_of(source: Source, linux: str) -> str:
    """The version of a tree, or the name that it was given by."""
    return source.version or linux.removeprefix("linux-source-")


def gate_change(change: Change, linux: str) -> dict[str, Any]:
    """Gate one change, and print its row: ``right`` says whether the outcome is as the tests expect."""
    source = find_source(linux)
    text = source.files[DRIVER]
    report = run_gate(
        source,
        patches_in(change.patch(text).encode("utf-8", "surrogateescape"), change.name),
        LinuxChecker(),
    )
    [patch] = report.patches
    new, mended = names_of(patch, Standing.NEW), names_of(patch, Standing.FIXED)
    expected = patch.outcome == change.outcome and set(change.falls) <= set(new) and set(change.mends) <= set(mended)
    row = {
        "kernel": kernel_of(source, linux),
        "name": change.name,
        "says": change.says,
        "expected": change.outcome.value,
        "outcome": patch.outcome.value,
        "right": expected,
        "new": new,
        "mended": mended,
        "seconds": round(report.seconds, 1),
    }
    print(row, "" if expected else "NOT AS EXPECTED", flush=True)
    return row


def confusion(rows: list[dict[str, Any]]) -> str:
    """How many changes that should have an outcome have which, as a table; and how many are right in all."""
    names = [outcome.value for outcome in Outcome]
    lines = [f"{'expected':>12} | " + " ".join(f"{name:>10}" for name in names)]
    for expected in names:
        given = [row["outcome"] for row in rows if row["expected"] == expected]
        lines.append(f"{expected:>12} | " + " ".join(f"{given.count(name):>10}" for name in names))
    right = sum(row["right"] for row in rows)
    return "\n".join(
        [*lines, f"{right} of {len(rows)} as they should be, with the properties that must fall or be mended"]
    )


#: A comment, a repair of the shared START cell, and three faults, for drivers from Linux 4.20 on.
A_FEW = (
    Change(
        "a-comment",
        "say why",
        ((r"static int send_cmd_id_start", "/* why */\nstatic int send_cmd_id_start"),),
        Outcome.UNCHANGED,
    ),
    *(
        replace(change, mends=("hint_in_window",) if change.mends else ())  # what the shared cell makes fall everywhere
        for change in EVERY
        if change.name in {"cell-per-round", "list-without-its-lock", "no-entry-kept-for-stop", "stop-not-kicked"}
    ),
)


def gate_changes(changes: list[Change], kernels: list[str], to: Path | None) -> bool:
    """Gate the changes on each kernel; whether all outcomes are as the tests expect.

    Rows that the file holds stay as they are, but for those of these changes on these kernels.
    """
    held: list[dict[str, Any]] = json.loads(to.read_text())["changes"] if to and to.exists() else []
    names, all_right = {change.name for change in changes}, True
    for linux in kernels:
        source = find_source(linux)
        kernel = kernel_of(source, linux)
        began = time.monotonic()
        LinuxChecker().check(source.files)
        print(f"Linux {kernel} without a patch: {time.monotonic() - began:.1f} s", flush=True)
        others = [row for row in held if row["kernel"] != kernel or row["name"] not in names]
        rows: list[dict[str, Any]] = []
        for change in changes:
            rows.append(gate_change(change, linux))
            held = [*others, *rows]
            if to:
                write_summary(to, {"changes": held})
        all_right &= all(row["right"] for row in rows)
        print(confusion(rows), flush=True)
    return all_right


def gate_kernels(kernels: list[str], to: Path | None) -> bool:
    """Gate a few changes on each kernel; whether all outcomes are as the tests expect."""
    rows: list[dict[str, Any]] = []
    for linux in kernels:
        for change in A_FEW:
            rows.append(gate_change(change, linux))
            if to:
                write_summary(to, {"kernels": rows})
    return all(row["right"] for row in rows)


def difference(path: str, was: Source, now: Source) -> Iterator[str]:
    """The lines of a diff of one file of two trees."""
    old, new = (source.files[path].splitlines(keepends=True) for source in (was, now))
    return difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")


def gate_history(steps: list[str], to: Path | None) -> None:
    """Gate what happened to the driver from a tree to another, or by a patch."""
    rows: list[dict[str, Any]] = []
    for step in steps:
        before, _, after = step.partition(":")
        was = find_source(before)
        if Path(after).is_file():
            patches = read(after)
            name = patches[0].subject
        else:
            now = find_source(after)
            name = now.version
            text = "".join(line for path in WATCHED for line in difference(path, was, now))
            patches = patches_in(encode(text), f"to {now.version}")
        [patch] = run_gate(was, patches, LinuxChecker()).patches
        rows.append(
            {
                "from": was.version,
                "to": name,
                "outcome": patch.outcome.value,
                "new": names_of(patch, Standing.NEW),
                "mended": names_of(patch, Standing.FIXED),
                "unreached": [str(part) for part in patch.unreached],
                "seconds": round(patch.seconds, 1),
            }
        )
        print(rows[-1], flush=True)
        if to:
            write_summary(to, {"history": rows})


def main() -> int:
    """Gate them one after the other."""
    parser = argparse.ArgumentParser(description="Gate the changes of the tests.")
    parser.add_argument("--linux", nargs="+", default=["linux-source-6.1"], help="kernel trees or packages")
    parser.add_argument("--only", nargs="+", default=[""], help="changes whose name has one of these in it")
    parser.add_argument("--outcome", default="", help="changes that should have this outcome")
    parser.add_argument(
        "--kernels", nargs="+", metavar="LINUX", help="gate a few changes on each of these trees or packages"
    )
    parser.add_argument("--history", nargs="+", metavar="LINUX:LINUX|PATCH", help="gate what happened to each tree")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()
    if given.kernels:
        return 0 if gate_kernels(given.kernels, given.json) else 1
    if given.history:
        gate_history(given.history, given.json)
        return 0
    changes = [
        change
        for change in EVERY
        if any(part in change.name for part in given.only) and change.outcome.value.startswith(given.outcome)
    ]
    return 0 if gate_changes(changes, given.linux, given.json) else 1


if __name__ == "__main__":
    sys.exit(main())
