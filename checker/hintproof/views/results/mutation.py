"""What became of mutants: a table a step, the survivors, and the JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from hintproof.mutation.judge import EQUAL, KILLED, PROVED, SURVIVES, UNDECIDED, Outcome
from hintproof.mutation.task import Row, Summary, mutants_of

#: The columns of the table, and which rows each counts.
COLUMNS = ("property", "lemma", "goal", "equal, proved", "equal", "surviving", "undecided")


def counts(rows: Sequence[Row]) -> list[int]:
    """How many of the rows of each column there are."""
    found = Counter(_column(row.outcome) for row in rows)
    return [found[column] for column in COLUMNS]


def _column(outcome: Outcome) -> str:
    if outcome.verdict == KILLED:
        assert outcome.kill is not None
        return outcome.kill.kind
    return {PROVED: "equal, proved", EQUAL: "equal", SURVIVES: "surviving", UNDECIDED: "undecided"}[outcome.verdict]


def steps_table(summary: Summary) -> Table:
    """A row a step: how many mutants, and what became of them."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step\n ", overflow="fold")
    for head in ("\nmutants", "killed by\nproperty", "\nlemma", "\ngoal", "equal\nproved", "\nas searched"):
        table.add_column(head, justify="right")
    table.add_column("\nsurvive", justify="right")
    table.add_column("\nundecided", justify="right")
    for name, rows in summary.by_step().items():
        table.add_row(name, *_cells(rows))
    table.add_row(Text("all", "bold"), *_cells(summary.rows))
    return table


def _cells(rows: Sequence[Row]) -> list[str | Text]:
    *killed_and_equal, surviving, undecided = counts(rows)
    plain = [str(n or ".") for n in (len(rows), *killed_and_equal)]
    return [*plain, Text(str(surviving), "bold red") if surviving else ".", str(undecided or ".")]


def last_line(summary: Summary) -> str:
    """The score in one line."""
    told = f"{len(summary.rows)} mutants, {len(summary.killed)} killed, {len(summary.equal)} equivalent, "
    told += f"{len(summary.survivors)} survive"
    undecided = f", {len(summary.undecided)} undecided" if summary.undecided else ""
    score = f"; {summary.score:.1%} of those not equivalent killed" if summary.score is not None else ""
    return f"{told}{undecided}{score}; {summary.seconds:.0f} s of search"


def survivors_table(summary: Summary) -> Table:
    """What does something else, and nothing noticed."""
    table = Table(box=None, pad_edge=False, header_style="bold", title="surviving")
    table.add_column("mutant", overflow="fold")
    table.add_column("changes", overflow="fold")
    for row in summary.survivors:
        table.add_row(row.name, row.says)
    return table


def to_json(summary: Summary, code: int) -> dict[str, Any]:
    """All mutants as one JSON document."""
    return {
        "schema": "hintproof-mutants/2",
        "exit": code,
        "environment": summary.environment,
        "digest": summary.digest,
        "stages": list(summary.stages),
        "score": summary.score,
        "seconds": round(summary.seconds, 1),
        "made": len(mutants_of(summary.environment)),
        "judged": len(summary.rows),
        "killed": len(summary.killed),
        "equivalent": len(summary.equal),
        "survivors": len(summary.survivors),
        "undecided": len(summary.undecided),
        "mutants": [_flat(row) for row in summary.rows],
    }


def _flat(row: Row) -> dict[str, Any]:
    told = {"name": row.name, "says": row.says, "verdict": row.outcome.verdict}
    if row.outcome.kill:
        told |= asdict(row.outcome.kill)
    return told
