"""Results as a check of all records gives them, made of what is pinned: no search."""

from __future__ import annotations

from pathlib import Path

from hintproof.engines.report import ExhaustiveFound, Run
from hintproof.tasks.check import Result, plan
from hintspec.catalogue.expected import RECORDS, Record, pins

Files = dict[str, Path]


def stored_result(record: Record) -> Result:
    """The result of the exhaustive engine on a record, with runs of the pinned lengths; seconds by the states."""
    result, _ = plan(record.environment, record.sizes, ["exhaustive"], record=record)
    pinned = pins()[record.key]
    runs: dict[str, Run] = {name: [("step", None)] * steps for name, steps in pinned["lengths"].items()}
    result.add(
        ExhaustiveFound(
            against={name: run for name, run in runs.items() if name in record.known},
            witnesses={name: run for name, run in runs.items() if name not in record.known},
            loops=pinned["loops"],
            decides=frozenset(item.name for item in result.properties),
            fired=dict.fromkeys(pinned["never"], 0),
            states=pinned["states"],
            transitions=pinned["transitions"],
            depth=pinned["depth"],
            seconds=pinned["states"] / 20_000,
        )
    )
    return result


def stored_results(*environments: str) -> list[tuple[Result, Files]]:
    """The results of all records, or of those of some environments."""
    return [(stored_result(r), {}) for r in RECORDS if not environments or r.environment in environments]
