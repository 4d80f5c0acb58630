"""The command of mutation: thin over :mod:`hintproof.mutation.task`."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hintproof.cli.console import Number, positive, watched
from hintproof.mutation.task import MutationTask, Results, Row, mutants_of, summarize
from hintproof.system.errors import BadInput
from hintproof.system.workers import cores
from hintproof.tasks.verdict import Exit
from hintproof.views.results import mutation, tables
from hintspec.catalogue.expected import WORKED_EXAMPLE
from hintspec.language.errors import quote

app = typer.Typer(rich_markup_mode=None)


@app.command()
def mutate(
    environment: Annotated[str, typer.Argument(help="Name; see 'hintproof environments'.")] = WORKED_EXAMPLE,
    only: Annotated[list[str] | None, typer.Option(help="A step whose mutants are wanted; may be repeated.")] = None,
    results: Annotated[
        Path | None, typer.Option(help="File of results, continued where it ends (default: in hintproof-mutation/).")
    ] = None,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
    limit_seconds: Annotated[float | None, typer.Option(help="Seconds of search for one mutant.")] = None,
    kept_only: Annotated[
        bool, typer.Option("--kept", help="Tell of the results in the file, and search nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Every mutant, as JSON.")] = False,
) -> None:
    """Change each rule of an environment in turn, and see whether anything notices.

    Results are kept as they come; the same command goes on after an interruption. 0: none survives.
    """
    positive(jobs=jobs, limit_seconds=limit_seconds)
    wanted = _wanted(environment, only)
    file = results or Path("hintproof-mutation") / f"{environment}.jsonl"
    kept = Results(file, environment)
    if kept_only:
        wanted = [name for name in wanted if name in kept.rows]
    tasks = [MutationTask(environment, name, limit_seconds) for name in wanted if name not in kept.rows]
    try:
        for _, row in watched(tasks, jobs or cores(), quiet=as_json):
            kept.add(row)
    except KeyboardInterrupt:
        print(f"hintproof: {len(kept.rows)} results are kept in {file}; the same command goes on", file=sys.stderr)
        raise typer.Exit(Exit.UNDECIDED) from None
    _tell(environment, [kept.rows[name] for name in wanted], as_json)


def _wanted(environment: str, only: list[str] | None) -> list[str]:
    """The names of the mutants that are asked for. Raises :class:`BadInput` for a step that there is not."""
    known = mutants_of(environment)
    steps = {mutant.step for mutant in known.values()}
    for name in only or ():
        if name not in steps:
            near = difflib.get_close_matches(name, steps, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise BadInput(f"no step {quote(name)} in this environment{hint}")
    return [name for name, mutant in known.items() if not only or mutant.step in only]


def _tell(environment: str, rows: list[Row], as_json: bool) -> None:
    summary = summarize(environment, rows)
    if as_json:
        print(json.dumps(mutation.to_json(summary, int(summary.exit)), indent=1))
        raise typer.Exit(summary.exit)
    out = tables.console()
    out.print(mutation.steps_table(summary))
    if summary.survivors:
        out.print(mutation.survivors_table(summary))
    out.print(mutation.last_line(summary), highlight=False)
    raise typer.Exit(summary.exit)
