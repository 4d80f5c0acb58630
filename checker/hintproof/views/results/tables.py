"""Results of checks as tables, and the make of all tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hintproof.tasks.check import Coverage, Result, SampledFound
from hintproof.tasks.verdict import Verdict

_STYLE = {Verdict.REFUTED: "bold red", Verdict.UNDECIDED: "yellow"}

#: Steps never taken that are listed before the rest is counted.
_LISTED = 6

#: The traces written for a result: property -> file.
Files = dict[str, Path]


def results_table(results: list[tuple[Result, Files]]) -> Table:
    """A section an environment, a row a property."""
    made = table()
    made.add_column("environment\n  property", overflow="fold", max_width=46)
    made.add_column("\nverdict", no_wrap=True)
    made.add_column("sizes\nengines", overflow="fold")
    made.add_column("\ntime", justify="right", no_wrap=True)
    made.add_column("directory of traces\ntrace file, known as", overflow="fold")
    for result, files in results:
        directory = next((str(path.parent) for path in files.values()), "")
        made.add_row(Text(result.environment, "bold"), "", Text(str(result.sizes), "dim"), "", Text(directory, "dim"))
        for item in result.properties:
            verdict = result.verdict(item.name)
            shown = Text(verdict.value, _STYLE.get(verdict, "green"))
            seconds = f"{sum(j.seconds for j in result.judgements(item.name)):.1f} s"
            engines, remark = _engines(result, item.name), _remark(result, item.name, files)
            made.add_row(f"  {item.name}", shown, engines, seconds, remark)
        for line in (*result.disagreements, *result.deviations):
            made.add_row(Text("  NOT AS RECORDED", "bold red"), "", line, "", "")
    return made


def _engines(result: Result, name: str) -> str:
    """The engines that decide a property, with what they searched; if it is refuted, only those that refute it."""
    judgements = result.judgements(name)
    if result.verdict(name) == Verdict.REFUTED:
        judgements = [j for j in judgements if j.verdict == Verdict.REFUTED]
    return ", ".join(f"{j.engine} {j.detail}" for j in judgements)


def _remark(result: Result, name: str, files: Files) -> str:
    if result.verdict(name) != Verdict.REFUTED:
        return ""
    known = result.known_as(name).split(":")[0]
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


def summary(results: list[Result], seconds: float) -> str:
    """The last line: how many checks, how they ended."""
    off = sum(bool(r.disagreements or r.deviations) for r in results)
    judged = [(r, item.name) for r in results for item in r.properties]
    refuted = [(r, name) for r, name in judged if r.verdict(name) == Verdict.REFUTED]
    known = sum(bool(r.known_as(name)) for r, name in refuted)
    recorded = f"; {off} environments NOT as recorded" if off else ""
    return (
        f"{len(results)} checks, {len(judged)} properties: {len(judged) - len(refuted)} not refuted, "
        f"{len(refuted)} refuted ({known} of them known){recorded}; {seconds:.0f} s"
    )


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
    """A console as wide as its terminal; 120 columns where there is none."""
    plain = _Console(stderr=stderr, highlight=False)
    return plain if plain.is_terminal else _Console(stderr=stderr, highlight=False, width=120)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command line, which has an exit code for it; rich would exit with 1."""
        raise  # the BrokenPipeError that rich is handling
