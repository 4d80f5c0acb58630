"""The commands of proofs for every size: thin over :mod:`hintproof.tasks.prove` and its neighbours."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from hintproof.cli.console import (
    live_runner,
    print_json,
    print_lines,
    print_parts,
    require_positive,
    require_writable,
    screen,
)
from hintproof.cli.options import AsJson, Environments, Jobs, ObligationSeconds, Verbose, name_environment
from hintproof.story.causes import explain_end
from hintproof.system.workers import Task
from hintproof.tasks.certify import certify_all, make_manifest
from hintproof.tasks.cover import COVER_STATES, GOAL, Covered, cover_environment
from hintproof.tasks.dependencies import find_dependencies, parts_named, parts_of
from hintproof.tasks.prove import SECONDS, Failure, ProofResult, run_of, unbounded_model
from hintproof.tasks.prove import prove as prove_environment
from hintproof.tasks.verdict import Exit
from hintproof.trace.document import save
from hintproof.views.results import proofs, summaries, tables
from hintproof.views.results.documents import cover_document, proofs_document
from hintspec.catalogue.expected import PROVED, WORKED_EXAMPLE


def prove(
    environment: Environments = None,
    limit_seconds: ObligationSeconds = SECONDS,
    jobs: Jobs = None,
    traces: Annotated[Path, Option(help="Directory for runs that break a lemma.")] = Path("hintproof-traces"),
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Prove environments for every size; without names, all that are recorded as sound.

    A proof that fails, and is not known to fail, is shown as a counterexample to induction.
    """
    require_positive(limit_seconds=limit_seconds, jobs=jobs)
    names = _known_names(environment)
    began = time.monotonic()
    require_writable(traces)
    tasks = [Task(name, "proof", partial(prove_environment, name, limit_seconds)) for name in names]
    results: list[ProofResult] = live_runner(jobs, quiet=as_json)(tasks)
    code = Exit.UNDECIDED if any(result.missing for result in results) else Exit.AS_EXPECTED
    if as_json:
        print_json(proofs_document(results, int(code)))
        raise typer.Exit(code)
    saved = [
        (r.environment, failed, _save_run(r.environment, failed, traces)) for r in results for failed in r.failures
    ]
    if verbose:
        for name, failed, file in saved:
            print(proofs.failure(name, failed, file))
        print_parts(proofs.proofs_tables(results))
    print_lines(summaries.proof_lines(results, saved, proofs.summary(results, time.monotonic() - began), screen()))
    raise typer.Exit(code)


def _known_names(environments: list[str] | None) -> list[str]:
    """The environments to prove, without repetitions. Raises :class:`BadInput` for an unknown one before any work."""
    names = list(dict.fromkeys(environments or PROVED))
    for name in names:
        unbounded_model(name)
    return names


def _save_run(environment: str, failed: Failure, directory: Path) -> Path | None:
    """Write the run that breaks a lemma, if there is one; returns its file."""
    trace = run_of(environment, failed)
    if trace is None:
        return None
    path = directory / environment / f"{failed.obligation.claim}-{failed.obligation.by}.json"
    save(trace, explain_end(trace), path)
    return path


def certify(
    environment: Environments = None,
    out: Annotated[Path, Option(help="Directory to write.")] = Path("hintproof-certificates"),
    limit_seconds: ObligationSeconds = SECONDS,
    jobs: Jobs = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Write every obligation as SMT-LIB 2 and have a second solver confirm it.

    The directory can be checked without hintproof: python DIRECTORY/check.py
    """
    require_positive(limit_seconds=limit_seconds, jobs=jobs)
    began = time.monotonic()
    names = list(dict.fromkeys(environment or PROVED))
    results = certify_all(names, out, limit_seconds, live_runner(jobs, quiet=as_json))
    if as_json:
        print_json(make_manifest(results))
    else:
        if verbose:
            print_parts(proofs.certificates_tables(results))
        totals = proofs.certificates_summary(results, out, time.monotonic() - began)
        print_lines(summaries.certificate_lines(results, totals, screen()))
    if any(result.disagreements for result in results):
        raise typer.Exit(Exit.INTERNAL_ERROR)
    raise typer.Exit(Exit.UNDECIDED if any(result.missing for result in results) else Exit.AS_EXPECTED)


def why(
    name: Annotated[str | None, Argument(help="A lemma, property, step, variable, or function.")] = None,
    environment: Annotated[
        str, Option(help="Name; see 'hintproof environments'.", callback=name_environment)
    ] = WORKED_EXAMPLE,
    limit_seconds: ObligationSeconds = SECONDS,
) -> None:
    """Show proof dependencies: the properties that lose their proof without a guard, an update or a lemma.

    NAME chooses the parts to leave out; without it each part of the environment is left out in turn.
    """
    require_positive(limit_seconds=limit_seconds)
    model = unbounded_model(environment)
    out = tables.console()
    if name in {item.name for item in model.properties}:
        out.print(proofs.claim_tree(model, name))
        return
    parts = parts_of(model) if name is None else parts_named(model, name)
    task = Task(environment, "proof dependencies", partial(find_dependencies, environment, parts, limit_seconds))
    [dependencies] = live_runner(1)([task])
    if name in {item.name for item in model.lemmas}:
        out.print(proofs.claim_tree(model, name))
    out.print(proofs.dependencies_table(model, dependencies))
    out.print(f"{environment}: what fails when it is left out, asked of Z3; nothing else was changed")


def cover(
    environment: Environments = None,
    limit_states: Annotated[int, Option(help="States after which a search ends.")] = COVER_STATES,
    jobs: Jobs = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Find the shortest run to each step, to each goal, and to a state in which each lemma's hypothesis holds.

    A step that no run takes, or a hypothesis that is never met, would make a verdict vacuous.
    """
    require_positive(limit_states=limit_states, jobs=jobs)
    names = _known_names(environment)
    tasks = [Task(name, "cover report", partial(cover_environment, name, limit_states)) for name in names]
    reports: list[Covered] = live_runner(jobs, quiet=as_json)(tasks)
    named = list(zip(names, reports, strict=True))
    unreached = any(item.kind == GOAL for covered in reports for item in covered.missing)
    code = Exit.UNDECIDED if unreached else Exit.AS_EXPECTED
    if as_json:
        print_json(cover_document(named, int(code)))
        raise typer.Exit(code)
    if verbose:
        print_parts(proofs.covers_tables(named))
    print_lines(summaries.cover_lines(named, screen()))
    raise typer.Exit(code)
