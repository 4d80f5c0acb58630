"""The outcomes of mutants as tables: a row a step, and the survivors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hintproof.mutation.judge import EQUAL, PROVED, SURVIVES, UNDECIDED
from hintproof.mutation.task import Row, Summary
from hintproof.views.results import tables
from hintproof.views.results.figures import duration

#: The outcomes that are counted, in the order of the columns, with their titles: of a killed mutant what killed it.
_COLUMNS = {
    "property": "killed by\nproperty",
    "lemma": "\nlemma",
    "goal": "\ngoal",
    PROVED: "equal\nproved",
    EQUAL: "\nas searched",
    SURVIVES: "\nsurvive",
    UNDECIDED: "\nundecided",
}


def steps_table(summary: Summary) -> Table:
    """A row a step: how many mutants, and their outcomes."""
    made = tables.table("step\n ", right=("\nmutants", *_COLUMNS.values()))
    for name, rows in summary.by_step().items():
        made.add_row(name, *_cells(rows))
    made.add_row(Text("all", "bold"), *_cells(summary.rows))
    return made


def _cells(rows: Sequence[Row]) -> list[Text]:
    found = Counter(row.outcome.kill.kind if row.outcome.kill else row.outcome.verdict for row in rows)
    counts = [("", len(rows)), *((column, found[column]) for column in _COLUMNS)]
    return [Text(str(count or "."), "bold red" if count and column == SURVIVES else "") for column, count in counts]


def last_line(summary: Summary) -> str:
    """The score in one line."""
    counted = f"{len(summary.rows):,} mutants, {len(summary.killed):,} killed, {len(summary.equal):,} equivalent, "
    counted += f"{len(summary.survivors)} survive"
    undecided = f", {len(summary.undecided)} undecided" if summary.undecided else ""
    score = f"; {summary.score:.1%} of those not equivalent killed" if summary.score is not None else ""
    return f"{counted}{undecided}{score}; {duration(summary.seconds)} of search"


def survivors_table(summary: Summary) -> Table:
    """The mutants that behave otherwise, and that nothing noticed."""
    made = tables.table("mutant", "changes", title="surviving")
    for row in summary.survivors:
        made.add_row(row.name, row.says)
    return made
