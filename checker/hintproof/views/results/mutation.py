"""The outcomes of mutants as tables: a row a step, and the survivors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from hintproof.mutation.judge import EQUAL, KILLED, PROVED, SURVIVES, UNDECIDED, Outcome
from hintproof.mutation.task import Row, Summary
from hintproof.views.results import tables

#: The outcomes that are counted, in the order of the columns.
COLUMNS = ("property", "lemma", "goal", "equal, proved", "equal", "surviving", "undecided")


def counts(rows: Sequence[Row]) -> list[int]:
    """How many of the rows have each outcome, in the order of ``COLUMNS``."""
    found = Counter(_column(row.outcome) for row in rows)
    return [found[column] for column in COLUMNS]


def _column(outcome: Outcome) -> str:
    if outcome.verdict == KILLED:
        assert outcome.kill is not None
        return outcome.kill.kind
    return {PROVED: "equal, proved", EQUAL: "equal", SURVIVES: "surviving", UNDECIDED: "undecided"}[outcome.verdict]


def steps_table(summary: Summary) -> Table:
    """A row a step: how many mutants, and their outcomes."""
    verdicts = (
        "killed by\nproperty",
        "\nlemma",
        "\ngoal",
        "equal\nproved",
        "\nas searched",
        "\nsurvive",
        "\nundecided",
    )
    made = tables.table("step\n ", right=("\nmutants", *verdicts))
    for name, rows in summary.by_step().items():
        made.add_row(name, *_cells(rows))
    made.add_row(Text("all", "bold"), *_cells(summary.rows))
    return made


def _cells(rows: Sequence[Row]) -> list[str | Text]:
    *killed_and_equal, surviving, undecided = counts(rows)
    plain = [str(n or ".") for n in (len(rows), *killed_and_equal)]
    return [*plain, Text(str(surviving), "bold red") if surviving else ".", str(undecided or ".")]


def last_line(summary: Summary) -> str:
    """The score in one line."""
    counted = f"{len(summary.rows)} mutants, {len(summary.killed)} killed, {len(summary.equal)} equivalent, "
    counted += f"{len(summary.survivors)} survive"
    undecided = f", {len(summary.undecided)} undecided" if summary.undecided else ""
    score = f"; {summary.score:.1%} of those not equivalent killed" if summary.score is not None else ""
    return f"{counted}{undecided}{score}; {summary.seconds:.0f} s of search"


def survivors_table(summary: Summary) -> Table:
    """The mutants that behave otherwise, and that nothing noticed."""
    made = tables.table("mutant", "changes", title="surviving")
    for row in summary.survivors:
        made.add_row(row.name, row.says)
    return made
