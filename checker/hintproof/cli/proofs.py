"""The commands of proofs for every size: thin over :mod:`hintproof.tasks.prove` and its neighbours."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from hintproof.cli.console import Environments, Number, positive, watched, writable
from hintproof.engines.cover import GOAL
from hintproof.engines.induction import SECONDS
from hintproof.story.causes import explain_end
from hintproof.system.workers import cores
from hintproof.tasks.certify import Certificate, CertifyTask, begin, finish, second_solver
from hintproof.tasks.cover import COVER_STATES, CoverTask
from hintproof.tasks.dependencies import RestingTask, named, parts_of
from hintproof.tasks.prove import Failure, ProofResult, ProofTask, run_of
from hintproof.tasks.verdict import Exit
from hintproof.trace.document import save
from hintproof.views.results import proofs, tables
from hintspec.catalogue.expected import PROVED, WORKED_EXAMPLE

app = typer.Typer(rich_markup_mode=None)


@app.command()
def prove(
    environment: Environments = None,
    limit_seconds: Annotated[float, typer.Option(help="Seconds for one obligation.")] = SECONDS,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
    traces: Annotated[Path, typer.Option(help="Directory for runs that break a lemma.")] = Path("hintproof-traces"),
    as_json: Annotated[bool, typer.Option("--json", help="Every obligation, as JSON.")] = False,
) -> None:
    """Prove environments for every size; without names, all that are recorded as sound.

    What fails and is not known to is shown as a counterexample to induction.
    """
    positive(limit_seconds=limit_seconds, jobs=jobs)
    tasks = [ProofTask(name, limit_seconds) for name in dict.fromkeys(environment or PROVED)]
    for task in tasks:
        task.model()  # find out about environments of no use before the work begins
    began = time.monotonic()
    writable(traces)
    found = dict(watched(tasks, jobs or cores(), quiet=as_json))
    results: list[ProofResult] = [found[task] for task in tasks]
    code = Exit.UNDECIDED if any(result.missing for result in results) else Exit.AS_EXPECTED
    if as_json:
        print(json.dumps(proofs.proofs_json(results, code), indent=1))
        raise typer.Exit(code)
    for result in results:
        for failed in result.failures:
            print(proofs.failure(result.environment, failed, _save_run(result.environment, failed, traces)))
    tables.console().print(proofs.proofs_table(results))
    tables.console().print(proofs.summary(results, time.monotonic() - began), highlight=False)
    raise typer.Exit(code)


def _save_run(environment: str, failed: Failure, directory: Path) -> Path | None:
    """Write the run that breaks a lemma, if there is one; returns its file."""
    trace = run_of(environment, failed)
    if trace is None:
        return None
    path = directory / environment / f"{failed.obligation.claim}-{failed.obligation.by}.json"
    save(trace, explain_end(trace), path)
    return path


@app.command()
def certify(
    environment: Environments = None,
    out: Annotated[Path, typer.Option(help="Directory to write.")] = Path("hintproof-certificates"),
    limit_seconds: Annotated[float, typer.Option(help="Seconds for one obligation and solver.")] = SECONDS,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
) -> None:
    """Write every obligation as SMT-LIB 2 and have a second solver confirm it.

    The directory can be checked without hintproof: python DIRECTORY/check.py
    """
    positive(limit_seconds=limit_seconds, jobs=jobs)
    second_solver()
    names = list(dict.fromkeys(environment or PROVED))
    for name in names:
        ProofTask(name).model()
    partial = begin(out)
    began = time.monotonic()
    try:
        tasks = [CertifyTask(name, partial, limit_seconds) for name in names]
        found = dict(watched(tasks, jobs or cores(), quiet=False))
        results: list[Certificate] = [found[task] for task in tasks]
        finish(partial, out, results)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    tables.console().print(proofs.certificates_table(results))
    seconds = time.monotonic() - began
    tables.console().print(proofs.certificates_summary(results, out, seconds), highlight=False)
    if any(result.disagreements for result in results):
        raise typer.Exit(Exit.REFUTED)
    raise typer.Exit(Exit.UNDECIDED if any(result.missing for result in results) else Exit.AS_EXPECTED)


@app.command("why")
def why_resting(
    name: Annotated[str | None, typer.Argument(help="Lemma, property, step, variable, or function.")] = None,
    environment: Annotated[str, typer.Option(help="Name; see 'hintproof environments'.")] = WORKED_EXAMPLE,
    limit_seconds: Annotated[float, typer.Option(help="Seconds for one obligation.")] = SECONDS,
) -> None:
    """Say which properties lose their proof without a guard, an update or a lemma; without a name, of all of them."""
    positive(limit_seconds=limit_seconds)
    model = ProofTask(environment).model()
    out = tables.console()
    if name in {item.name for item in model.properties}:
        out.print(proofs.claim_tree(model, name), highlight=False)
        return
    parts = parts_of(model) if name is None else named(model, name)
    [(_, rows)] = watched([RestingTask(environment, tuple(parts), limit_seconds)], 1, quiet=False)
    if name in {item.name for item in model.lemmas}:
        out.print(proofs.claim_tree(model, name), highlight=False)
    out.print(proofs.resting_table(model, rows))
    out.print(f"{environment}: what fails when it is left out, asked of Z3; nothing else was changed", highlight=False)


@app.command()
def cover(
    environment: Environments = None,
    limit_states: Annotated[int, typer.Option(help="States after which a search ends.")] = COVER_STATES,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
) -> None:
    """Say what can happen at all, by shortest runs: each step, what must be able to, each lemma's hypothesis."""
    positive(limit_states=limit_states, jobs=jobs)
    tasks = [CoverTask(name, limit_states) for name in dict.fromkeys(environment or PROVED)]
    for task in tasks:
        ProofTask(task.environment).model()
    found = dict(watched(tasks, jobs or cores(), quiet=False))
    results = [found[task] for task in tasks]
    tables.console().print(proofs.covers_table([(task.environment, found[task]) for task in tasks]))
    vain = any(item.kind == GOAL for covered in results for item in covered.missing)
    raise typer.Exit(Exit.UNDECIDED if vain else Exit.AS_EXPECTED)
