"""Results as tables for a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hintproof.engines.report import SampledFound
from hintproof.tasks.check import Result
from hintproof.tasks.verdict import Verdict
from hintproof.views.results.exploration import exploration_json

_STYLE = {
    Verdict.REFUTED: "bold red",
    Verdict.UNDECIDED: "yellow",
}

#: The traces written for a result: property -> file.
Files = dict[str, Path]


def results_table(results: list[tuple[Result, Files]]) -> Table:
    """A section an environment, a row a property."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("environment\n  property", overflow="fold", max_width=46)
    table.add_column("\nverdict", no_wrap=True)
    table.add_column("sizes\nengines", overflow="fold")
    table.add_column("\ntime", justify="right", no_wrap=True)
    table.add_column("directory of traces\ntrace file, known as", overflow="fold")
    for result, files in results:
        directory = next((str(path.parent) for path in files.values()), "")
        table.add_row(Text(result.environment, "bold"), "", Text(str(result.sizes), "dim"), "", Text(directory, "dim"))
        for item in result.properties:
            verdict = result.verdict(item.name)
            table.add_row(
                f"  {item.name}",
                Text(verdict.value, _STYLE.get(verdict, "green")),
                _engines(result, item.name),
                f"{sum(j.seconds for j in result.judgements(item.name)):.1f} s",
                _remark(result, item.name, files),
            )
        for line in (*result.disagreements, *result.deviations):
            table.add_row(Text("  NOT AS RECORDED", "bold red"), "", line, "", "")
    return table


def _engines(result: Result, name: str) -> str:
    """The engines that carry the verdict; if it is a refutation, those alone that refute."""
    said = result.judgements(name)
    if result.verdict(name) == Verdict.REFUTED:
        said = [j for j in said if j.verdict == Verdict.REFUTED]
    return ", ".join(f"{j.engine} {j.detail}" for j in said)


def _remark(result: Result, name: str, files: Files) -> str:
    if result.verdict(name) != Verdict.REFUTED:
        return ""
    known = result.known_as(name).split(":")[0]
    return ", ".join(filter(None, [files[name].name if name in files else "", known or "not known"]))


def results_json(results: list[tuple[Result, Files]], code: int) -> dict[str, Any]:
    """All results as one JSON document."""
    return {"schema": "hintproof-results/1", "exit": code, "results": [_result_json(r, f) for r, f in results]}


def _result_json(result: Result, files: Files) -> dict[str, Any]:
    return {
        "environment": result.environment,
        "sizes": asdict(result.sizes),
        "not_as_recorded": [*result.disagreements, *result.deviations],
        "engines": {
            engine: {
                "finished": found.finished,
                "stopped_by": found.stopped_by,
                **found.counts,
                "seconds": round(found.seconds, 3),
                "fired": found.fired,
                **({"exploration": exploration_json(found)} if isinstance(found, SampledFound) else {}),
            }
            for engine, found in result.found.items()
        },
        "properties": [
            {
                "property": item.name,
                "kind": item.kind,
                "clause": item.clause,
                "verdict": result.verdict(item.name).value,
                "known_as": result.known_as(item.name),
                "trace": str(files[item.name]) if item.name in files else None,
                "judgements": [
                    {"engine": j.engine, "verdict": j.verdict.value, "detail": j.detail, "loop": j.loop}
                    for j in result.judgements(item.name)
                ],
            }
            for item in result.properties
        ],
    }


def summary(results: list[tuple[Result, Files]], seconds: float) -> str:
    """The last line: how many checks, how they ended."""
    off = [r for r, _ in results if r.disagreements or r.deviations]
    refuted = sum(r.verdict(p.name) == Verdict.REFUTED for r, _ in results for p in r.properties)
    known = sum(
        r.verdict(p.name) == Verdict.REFUTED and bool(r.known_as(p.name)) for r, _ in results for p in r.properties
    )
    judged = sum(len(r.properties) for r, _ in results)
    recorded = f"; {len(off)} environments NOT as recorded" if off else ""
    return (
        f"{len(results)} checks, {judged} properties: {judged - refuted} not refuted, {refuted} refuted "
        f"({known} of them known){recorded}; {seconds:.0f} s"
    )


def console(stderr: bool = False) -> Console:
    """A console as wide as its terminal; 120 columns where there is none."""
    plain = Console(stderr=stderr)
    return plain if plain.is_terminal else Console(stderr=stderr, width=120)
