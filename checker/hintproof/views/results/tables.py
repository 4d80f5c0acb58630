"""Results of checks as tables, and the make of all tables."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from hintproof.story.model import describe_likenesses
from hintproof.tasks.check import Coverage, Result, SampledFound
from hintproof.tasks.verdict import Verdict
from hintproof.views.results.figures import duration, separated

_STYLE = {Verdict.REFUTED: "bold red", Verdict.UNDECIDED: "yellow"}

#: Steps never taken that are listed before the rest is counted.
_LISTED = 6

#: The traces written for a result: property -> file.
Files = dict[str, Path]


def results_tables(results: list[tuple[Result, Files]]) -> Iterator[RenderableType]:
    """Of each environment its name, then a table with a row a property."""
    for result, files in results:
        directory = next((f"  traces: {path.parent}" for path in files.values()), "")
        yield Text(result.environment, "bold")
        yield Text(f"  {result.sizes}{directory}", "dim")
        made = table()
        for column in ("  property", "verdict"):
            made.add_column(column, no_wrap=True)
        made.add_column("engines", overflow="fold")
        made.add_column("time", justify="right", no_wrap=True)
        made.add_column("trace, known as", overflow="fold")
        for item in result.properties:
            verdict = result.verdict(item.name)
            shown = Text(verdict.value, _STYLE.get(verdict, "green"))
            seconds = duration(sum(j.seconds for j in result.judgements(item.name)))
            engines, remark = _engines(result, item.name), _remark(result, item.name, files)
            made.add_row(f"  {item.name}", shown, engines, seconds, remark)
        yield made
        for line in (*result.disagreements, *result.deviations):
            yield Text(f"  NOT AS RECORDED: {line}", "bold red")
        yield Text("")


def _engines(result: Result, name: str) -> str:
    """The engines that decide a property, with what they searched; if it is refuted, only those that refute it."""
    judgements = result.judgements(name)
    if result.verdict(name) == Verdict.REFUTED:
        judgements = [j for j in judgements if j.verdict == Verdict.REFUTED]
    return ", ".join(f"{j.engine} {separated(j.detail)}" for j in judgements)


def _remark(result: Result, name: str, files: Files) -> str:
    if result.verdict(name) != Verdict.REFUTED:
        return ""
    known = result.known_as(name).split(":")[0] or describe_likenesses(result.looks_like(name))
    return ", ".join(filter(None, [files[name].name if name in files else "", known or "not known"]))


def exploration_table(explored: list[tuple[Result, SampledFound]]) -> Table:
    """A row an environment: steps, conditions and pairs of actors seen, and the steps never taken."""
    made = table(title="explored")
    made.add_column("environment, sizes", overflow="fold", max_width=46)
    for column in ("walks", "steps\ntaken", "conditions\nboth ways", "pairs of\nactors"):
        made.add_column(column, justify="right")
    made.add_column("never taken", overflow="fold")
    for result, found in explored:
        seen = found.coverage
        if seen is not None:
            made.add_row(
                *(f"{result.environment} {result.sizes}", f"{found.runs:,}", _count(seen.steps.values())),
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


def table(*columns: str, right: Sequence[str] = (), title: str | None = None, pad_edge: bool = False) -> Table:
    """An empty table without lines: columns of text that wraps, then columns of figures."""
    made = Table(
        box=None, pad_edge=pad_edge, header_style="bold", title=title, title_justify="left", title_style="bold"
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    for column in right:
        made.add_column(column, justify="right")
    return made


def console(stderr: bool = False) -> Console:
    """A console as wide as its terminal; where there is none, as COLUMNS says, or of 120 columns."""
    plain = _Console(stderr=stderr, highlight=False)
    if plain.is_terminal:
        return plain
    unpadded = cast(TextIO, _Unpadded(sys.stderr if stderr else sys.stdout))
    width = None if os.environ.get("COLUMNS", "").isdigit() else 120
    return _Console(file=unpadded, stderr=stderr, highlight=False, width=width)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line, which has an exit code for it; rich would exit with 1."""
        raise  # the BrokenPipeError that rich is handling


class _Unpadded:
    """A text stream that leaves out the blanks with which rich fills lines up."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines, as rich does."""
        return self._stream.write(re.sub(r" +$", "", text, flags=re.MULTILINE))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
