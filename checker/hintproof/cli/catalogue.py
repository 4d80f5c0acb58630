"""The command on known defects: thin over :mod:`hintproof.tasks.defects`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.text import Text
from typer import Argument, Option

from hintproof.cli.console import live_runner, print_json, print_lines, require_positive, require_writable, screen
from hintproof.cli.options import AsJson, Jobs, Verbose, complete_defect
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.workers import Task
from hintproof.tasks.defects import TIMED_ENGINES, Derived, defect_named, derive
from hintproof.tasks.explain import find_preventing_rules
from hintproof.tasks.verdict import Exit
from hintproof.trace.shipped import shipped_folder
from hintproof.views import markdown
from hintproof.views.results import defects as view
from hintproof.views.results import summaries, tables
from hintproof.views.results.documents import DefectRules, RulesDocument, defect_list_document, defects_document
from hintproof.views.trace import explanation
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS
from hintspec.language.errors import quote, suggest


def defects(
    name: Annotated[
        list[str] | None,
        Argument(metavar="[NAME]...", help="Defects; without, the list.", autocompletion=complete_defect),
    ] = None,
    again: Annotated[bool, Option("--again", help="Derive the named defects anew, and show what comes out.")] = False,
    derive_anew: Annotated[
        bool, Option("--derive", help="Derive the named defects, or all: a row of figures each.")
    ] = False,
    engine: Annotated[
        list[str] | None,
        Option(help="Measure how long an engine takes: exhaustive, bounded or sampled; may be repeated."),
    ] = None,
    write: Annotated[Path | None, Option(help="Write each defect's folder below this directory.")] = None,
    rules: Annotated[bool, Option("--rules", help="Find the rules that each needs; takes minutes for all.")] = False,
    jobs: Jobs = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """List the known defects; show the page and the shortest run of one; or derive them anew.

    To derive a defect is to refute its property in its environment, and to check and prove that property where
    the defect is fixed. Exit 1 if either is not as the catalogue says.
    """
    require_positive(jobs=jobs)
    chosen = [defect_named(n) for n in dict.fromkeys(name or DEFECTS)]
    for unknown in set(engine or ()) - set(TIMED_ENGINES):
        hint = suggest(unknown, TIMED_ENGINES)
        raise BadInput(f"no engine is called {quote(unknown)}{hint}: say {', '.join(TIMED_ENGINES)}")
    if rules:
        _print_rules(chosen, jobs, as_json)
        return
    if not (again or derive_anew or engine or write):
        if as_json:
            print_json(defect_list_document(chosen))
        elif name:
            _show_shipped(chosen)
        else:
            _print_list(verbose)
        return
    if write is not None:
        require_writable(write)
    engines = [e for e in TIMED_ENGINES if e in (engine or ())]
    tasks = [Task(d.environment, f"defect {d.name}", partial(derive, d.name, engines)) for d in chosen]
    found: list[Derived] = live_runner(jobs, quiet=as_json)(tasks)
    if write is not None:
        _write_folders(found, write)
    if as_json:
        print_json(defects_document(found))
    elif again and name:
        for derived in found:
            _print_files(view.files(derived))
    else:
        tables.console().print(view.derived_table(found))
    problems = [line for derived in found for line in derived.problems]
    for line in problems:
        tables.console(stderr=True).print(f"not as the catalogue says: {line}")
    raise typer.Exit(Exit.REFUTED if problems else Exit.AS_EXPECTED)


def _write_folders(found: list[Derived], directory: Path) -> None:
    """Write a folder for each defect: its page and its run, with what was observed of it there."""
    from hintproof.views.results.real import observation_lines  # here, as it brings all of the real QEMU along

    for derived in found:
        folder = directory / derived.defect.name
        for file, text in view.files(derived, observation_lines(folder)).items():
            write_atomically(folder / file, text)


def _print_rules(chosen: list[Defect], jobs: int | None, as_json: bool) -> None:
    """Print the rules that each defect needs: those with another value of which the property holds."""
    document = RulesDocument(defects=[])
    for defect in chosen:
        rules = find_preventing_rules(defect, runner=live_runner(jobs, quiet=as_json))
        document.defects.append(DefectRules(defect.name, list(rules)))
        if not as_json:
            print("\n".join([f"{defect.known} needs:", *explanation.rule_lines(rules)]))
    if as_json:
        print_json(document)


def _show_shipped(chosen: list[Defect]) -> None:
    """Print the page and the run of each defect, as they are shipped: nothing is searched."""
    for defect in chosen:
        folder = shipped_folder() / defect.name
        names = ("README.md", "trace.txt")
        _print_files({name: (folder / name).read_text() for name in names if (folder / name).is_file()})


def _print_files(texts: dict[str, str]) -> None:
    """Print a defect's page and its run; on a terminal the page as a terminal shows Markdown."""
    out = tables.console()
    if out.is_terminal:
        for part, is_code in markdown.blocks(markdown.without_tables(texts["README.md"])):
            if is_code:  # lines of a command are not wrapped: they can be copied
                print_lines(Text(f"  {line}", "cyan") for line in part.splitlines())
            else:
                out.print(Markdown(part))
            out.print()
    else:
        print(texts["README.md"])
    print(texts.get("trace.txt", ""), end="")


def _print_list(verbose: bool) -> None:
    if not verbose:
        print_lines(summaries.defect_lines(list(DEFECTS.values()), screen()))
        return
    out = tables.console()
    out.print(view.list_table(list(DEFECTS.values())))
    out.print()
    for line in view.rest_lines():
        out.print(line, markup=False)
