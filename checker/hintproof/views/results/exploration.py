"""What an exploration saw, as a table and as JSON."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from hintproof.engines.report import Coverage, SampledFound

#: Names that are listed before the rest is counted.
_LISTED = 6


def exploration_table(explored: list[tuple[str, SampledFound]]) -> Table:
    """A row an environment: steps, conditions and pairs of actors seen, and what was not."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="explored", title_justify="left")
    table.add_column("environment, sizes", overflow="fold", max_width=46)
    for column in ("walks", "steps\ntaken", "conditions\nboth ways", "pairs of\nactors"):
        table.add_column(column, justify="right")
    table.add_column("never taken", overflow="fold")
    for environment, found in explored:
        seen = found.coverage
        if seen is not None:
            table.add_row(
                *(environment, f"{found.runs:,}", _of(sum(map(bool, seen.steps.values())), len(seen.steps))),
                _of(sum(b.both for b in seen.branches), len(seen.branches)),
                _of(sum(map(bool, seen.pairs.values())), len(seen.pairs)),
                Text(_some(never_taken(seen)), "dim"),
            )
    return table


def never_taken(seen: Coverage) -> list[str]:
    """The steps that were not taken."""
    return [name for name, count in seen.steps.items() if not count]


def _of(some: int, every: int) -> str:
    return f"{some} of {every}"


def _some(names: list[str]) -> str:
    left = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {left} more" if left > 0 else "")


def exploration_json(found: SampledFound) -> dict[str, Any]:
    """All of it: how often each step, which conditions, which pairs; how soon each run was found."""
    seen = found.coverage
    assert seen is not None
    return {
        "found_after": {name: round(seconds, 3) for name, seconds in found.after.items()},
        "replayed": sorted(found.replayed),
        "steps": seen.steps,
        "pairs_of_actors": seen.pairs,
        "conditions": [
            {"step": b.step, "of": b.kind, "condition": b.condition, "true": b.true, "false": b.false}
            for b in seen.branches
        ],
    }
