"""The command on known defects: thin over :mod:`hintproof.tasks.defects`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hintproof.cli.console import Number, positive, watched, writable
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.workers import cores
from hintproof.tasks.defects import SEEKERS, Derived, DeriveTask, defect_named
from hintproof.tasks.explain import blame
from hintproof.tasks.verdict import Exit
from hintproof.views.results import defects as view
from hintproof.views.results import tables
from hintproof.views.trace import explanation
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS

app = typer.Typer(rich_markup_mode=None)


@app.command()
def defects(
    name: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Defects; without, the list.")] = None,
    derive: Annotated[bool, typer.Option("--derive", help="Derive all that are named anew, or all.")] = False,
    engine: Annotated[
        list[str] | None, typer.Option(help="Time an engine, too: exhaustive, bounded or sampled; may be repeated.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Write each defect's folder below this directory.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Say which rules each needs; takes minutes for all.")] = False,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the known defects; show one; or derive them anew.

    A defect is refuted in its world, and checked and proved where it is mended. Exit 1 if that is not as told.
    """
    positive(jobs=jobs)
    chosen = [defect_named(n) for n in dict.fromkeys(name or DEFECTS)]
    for unknown in set(engine or ()) - set(SEEKERS):
        raise BadInput(f"no engine is called {unknown[:80]!a}: say {', '.join(SEEKERS)}")
    if rules:
        _rules(chosen, jobs or cores(), as_json)
        return
    if not (name or derive or engine or write):
        _list(as_json)
        return
    if write is not None:
        writable(write)
    tasks = [DeriveTask(d.name, tuple(e for e in SEEKERS if e in (engine or ()))) for d in chosen]
    by_task = dict(watched(tasks, jobs or cores(), quiet=as_json))
    found: list[Derived] = [by_task[task] for task in tasks]
    if write is not None:
        from hintproof.views.results.real import seen_lines  # here, as it brings all of the real QEMU along

        for derived in found:
            folder = write / derived.defect.name
            for file, text in view.files(derived, seen_lines(folder)).items():
                write_atomically(folder / file, text)
    problems = [line for derived in found for line in derived.problems]
    if as_json:
        print(json.dumps(view.to_json(found), indent=1))
    elif name and not (derive or engine or write):
        for derived in found:
            told = view.files(derived)
            print(told["README.md"])
            print(told.get("trace.txt", ""), end="")
    else:
        tables.console().print(view.derived_table(found))
    for line in problems:
        tables.console(stderr=True).print(f"not as told: {line}", highlight=False)
    raise typer.Exit(Exit.REFUTED if problems else Exit.AS_EXPECTED)


def _rules(chosen: list[Defect], jobs: int, as_json: bool) -> None:
    """Which rules each defect needs: the worlds that differ in one, in which the property holds."""
    told = []
    for defect in chosen:
        stopped = blame(defect, runner=lambda tasks: watched(tasks, jobs, quiet=as_json))
        told.append({"name": defect.name, "stopped_by": [asdict(s) for s in stopped]})
        if not as_json:
            print("\n".join([f"{defect.known} needs:", *explanation.rule_lines(stopped)]))
    if as_json:
        print(json.dumps({"schema": "hintproof-rules/1", "defects": told}, indent=1))


def _list(as_json: bool) -> None:
    if as_json:
        listed = [
            {"name": d.name, "label": d.label, "title": d.title, "status": d.status.value, "affects": d.affects}
            for d in DEFECTS.values()
        ]
        print(json.dumps({"schema": "hintproof-defects/1", "defects": listed}, indent=1))
        return
    out = tables.console()
    out.print(view.list_table(list(DEFECTS.values())))
    out.print()
    for line in view.rest_lines():
        out.print(line, highlight=False, markup=False)
