"""Reduce measured results to the summaries that the pages in ``docs/`` are made of.

hintproof mutate --json | python benchmarks/summarize.py mutation
hintproof bench --models benchmarks --plot docs/speed.svg --json | python benchmarks/summarize.py speed
hintproof defects --engine exhaustive --engine bounded --engine sampled --json | python benchmarks/summarize.py defects
hintproof defects --rules --json | python benchmarks/summarize.py rules

Each reads the command's JSON from standard input and writes ``docs/NAME.json``. The other summaries are written by
``benchmarks/explore.py``, ``benchmarks/gate.py`` and ``benchmarks/traces.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hintproof.system.files import write_atomically

DOCS = Path(__file__).resolve().parents[1] / "docs"


def write_summary(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON document with one line for each row of its lists of objects, so that a diff shows the rows."""
    parts = [f" {json.dumps(name)}: {_format_value(value)}" for name, value in document.items()]
    write_atomically(path, "{\n" + ",\n".join(parts) + "\n}\n")


def _format_value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value) + "\n ]"
    return json.dumps(value)


def summarize_mutation(raw: dict[str, Any]) -> dict[str, Any]:
    """Counts of mutants: those of each step, and those that each claim kills with the lengths of the runs."""
    steps: dict[str, Counter[str]] = {}
    claims: dict[tuple[str, str], list[int | None]] = {}
    for mutant in raw["mutants"]:
        outcome = mutant.get("kind") or mutant["verdict"]
        steps.setdefault(mutant["name"].split(":")[0], Counter())[outcome] += 1
        if "by" in mutant:
            claims.setdefault((mutant["kind"], mutant["by"]), []).append(mutant.get("length"))
    figures = ("stages", "score", "seconds", "made", "judged", "killed", "equivalent", "survivors", "undecided")
    return {
        "environment": raw["environment"],
        **{name: raw[name] for name in figures},
        "steps": [{"step": step, **counts} for step, counts in steps.items()],
        "claims": [
            {"claim": claim, "kind": kind, "mutants": len(runs), "lengths": _range([n for n in runs if n])}
            for (kind, claim), runs in sorted(claims.items(), key=lambda item: -len(item[1]))
        ],
    }


def _range(lengths: list[int]) -> list[int]:
    return [min(lengths), max(lengths)] if lengths else []


def summarize_speed(raw: dict[str, Any]) -> dict[str, Any]:
    """The searches without the samples on their way, which only the picture shows."""
    searches = [{name: value for name, value in row.items() if name != "samples"} for row in raw["searches"]]
    return {"searches": searches, "against_spin": raw["against_spin"]}


def summarize_defects(raw: dict[str, Any]) -> dict[str, Any]:
    """The figures of each defect: each engine's seconds and steps, and what becomes of it in the first fixed world."""
    rows = []
    for row in raw["defects"]:
        [first, *_] = row["mended"]
        fixed = {"states": first["states"], "proof": first["proof"]}
        rows.append({**{name: row[name] for name in ("name", "falls", "steps", "engines")}, "fixed": fixed})
    return {"defects": rows}


def summarize_rules(raw: dict[str, Any]) -> dict[str, Any]:
    """A row for each rule that a defect needs."""
    return {"rules": [{"defect": row["name"], **rule} for row in raw["defects"] for rule in row["stopped_by"]]}


SUMMARIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "mutation": summarize_mutation,
    "speed": summarize_speed,
    "defects": summarize_defects,
    "rules": summarize_rules,
}


def main() -> None:
    """Read a command's JSON, and write its summary."""
    parser = argparse.ArgumentParser(description="Reduce the JSON of a command to the summary that a page needs.")
    parser.add_argument("name", choices=SUMMARIES)
    parser.add_argument("--output", type=Path, help="file to write (default: docs/NAME.json)")
    given = parser.parse_args()
    write_summary(given.output or DOCS / f"{given.name}.json", SUMMARIES[given.name](json.load(sys.stdin)))


if __name__ == "__main__":
    main()
