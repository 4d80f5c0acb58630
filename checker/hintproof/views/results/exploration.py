"""The coverage of explorations with Hypothesis, as a table."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from hintproof.tasks.check import Coverage, SampledFound
from hintproof.views.results import tables

#: Names that are listed before the rest is counted.
_LISTED = 6


def exploration_table(explored: list[tuple[str, SampledFound]]) -> Table:
    """A row an environment: steps, conditions and pairs of actors seen, and the steps never taken."""
    made = tables.table(title="explored")
    made.add_column("environment, sizes", overflow="fold", max_width=46)
    for column in ("walks", "steps\ntaken", "conditions\nboth ways", "pairs of\nactors"):
        made.add_column(column, justify="right")
    made.add_column("never taken", overflow="fold")
    for environment, found in explored:
        seen = found.coverage
        if seen is not None:
            made.add_row(
                *(environment, f"{found.runs:,}", _count(seen.steps.values())),
                *(_count(b.both for b in seen.branches), _count(seen.pairs.values())),
                Text(_some(never_taken(seen)), "dim"),
            )
    return made


def never_taken(seen: Coverage) -> list[str]:
    """The steps that were never taken."""
    return [name for name, count in seen.steps.items() if not count]


def _count(marks: Iterable[int]) -> str:
    """The number of marks that are not 0, of all."""
    seen = [bool(mark) for mark in marks]
    return f"{sum(seen)} of {len(seen)}"


def _some(names: list[str]) -> str:
    left = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {left} more" if left > 0 else "")
