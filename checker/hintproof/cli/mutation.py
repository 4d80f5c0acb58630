"""The command of mutation: thin over :mod:`hintproof.mutation.task`."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from hintproof.cli.console import live_view, print_json, print_lines, require_positive, screen
from hintproof.cli.options import AsJson, Environment, Jobs, Verbose
from hintproof.mutation.task import Results, judge_mutant, mutants_of, summarize
from hintproof.system.errors import BadInput
from hintproof.system.words import quantity
from hintproof.system.workers import Task, cores, run_all
from hintproof.tasks.verdict import Exit
from hintproof.views.results import mutation, summaries, tables
from hintproof.views.results.documents import mutants_document
from hintspec.catalogue.expected import WORKED_EXAMPLE
from hintspec.language.errors import quote, suggest


def mutate(
    environment: Environment = WORKED_EXAMPLE,
    only: Annotated[list[str] | None, Option(help="A step whose mutants are judged; may be repeated.")] = None,
    results: Annotated[
        Path | None,
        Option(help="File of results; judged mutants are not judged again (default: in hintproof-mutation/)."),
    ] = None,
    jobs: Jobs = None,
    limit_seconds: Annotated[float | None, Option(help="Seconds that the searches of one mutant may take.")] = None,
    judged_only: Annotated[bool, Option("--kept", help="Report the results in the file, and search nothing.")] = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Change each rule of an environment in turn, and see whether a property, a lemma or a goal notices.

    Each result is written as it comes; after an interruption, run the same command again to continue. Exit 0 if no
    mutant survives.
    """
    require_positive(jobs=jobs, limit_seconds=limit_seconds)
    wanted = _mutants_named(environment, only)
    file = results or Path("hintproof-mutation") / f"{environment}.jsonl"
    judged = Results(file, environment)
    if judged_only:
        wanted = [name for name in wanted if name in judged.rows]
    judge = partial(judge_mutant, environment, seconds=limit_seconds)
    tasks = [Task(environment, name, partial(judge, name)) for name in wanted if name not in judged.rows]
    try:
        with live_view(len(tasks), quiet=as_json) as watch:
            for _, row in run_all(tasks, jobs or cores(), watch):
                judged.add(row)
    except KeyboardInterrupt:
        results_kept = quantity(len(judged.rows), "result")
        print(f"hintproof: {results_kept} kept in {file}; the same command goes on", file=sys.stderr)
        raise typer.Exit(Exit.UNDECIDED) from None
    summary = summarize(environment, [judged.rows[name] for name in wanted])
    if as_json:
        print_json(mutants_document(summary, int(summary.exit)))
        raise typer.Exit(summary.exit)
    if verbose:
        out = tables.console()
        out.print(mutation.steps_table(summary))
        if summary.survivors:
            out.print(mutation.survivors_table(summary))
    print_lines(summaries.mutation_lines(summary, mutation.last_line(summary), screen()))
    raise typer.Exit(summary.exit)


def _mutants_named(environment: str, steps: list[str] | None) -> list[str]:
    """The names of the mutants of some steps, or of all. Raises :class:`BadInput` for an unknown step."""
    known = mutants_of(environment)
    every = {mutant.step for mutant in known.values()}
    for name in steps or ():
        if name not in every:
            raise BadInput(f"no step {quote(name)} in this environment{suggest(name, every)}")
    return [name for name, mutant in known.items() if not steps or mutant.step in steps]
