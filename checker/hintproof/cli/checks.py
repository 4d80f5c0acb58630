"""The commands that search environments: thin over :mod:`hintproof.tasks.check` and its neighbours."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import Argument, Option

from hintproof.cli import options as shared
from hintproof.cli.console import (
    live_runner,
    print_json,
    print_lines,
    print_parts,
    require_positive,
    require_writable,
    screen,
)
from hintproof.cli.options import Number, sizes_from
from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions, ExhaustiveOptions, Options, SamplingOptions
from hintproof.engines.report import NO_DEADLOCK
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.memory import share
from hintproof.system.workers import cores
from hintproof.tasks.check import ENGINES, Result, SampledFound, check_all, pins_of, plan
from hintproof.tasks.simulate import run_random_steps
from hintproof.tasks.verdict import Exit, Verdict
from hintproof.trace.document import save
from hintproof.trace.replay import prepare
from hintproof.views.results import overview, tables
from hintproof.views.results.documents import results_document
from hintproof.views.trace import mail
from hintspec.catalogue.expected import RECORDS, records_of
from hintspec.language.errors import quote, suggest
from hintspec.text import PROTOCOL


def check(
    environment: shared.Environments = None,
    engine: Annotated[list[str] | None, Option(help="exhaustive, bounded or sampled; may be repeated.")] = None,
    blocks: shared.Blocks = None,
    ring: shared.Ring = None,
    rounds: shared.Rounds = None,
    migrations: shared.Migrations = None,
    chunk: shared.Chunk = None,
    dma: Annotated[Number, Option(help="Writes by the hypervisor.")] = None,
    pauses: Annotated[Number, Option(help="Pauses by the user.")] = None,
    resizes: Annotated[Number, Option(help="Changes of the balloon's size.")] = None,
    removes: Annotated[Number, Option(help="Removals of the driver.")] = None,
    freezes: Annotated[Number, Option(help="Suspends of the guest.")] = None,
    depth: Annotated[Number, Option(help="Bounded: how many steps to look ahead.")] = None,
    runs: Annotated[Number, Option(help="Sampled: how many random runs, in place of the profile's.")] = None,
    profile: Annotated[str, Option(help="Sampled: quick (seconds) or thorough (a minute on all cores).")] = "quick",
    seed: Annotated[
        Number,
        Option(help="Sampled: the seed of the random choice; nothing is replayed, so a check repeats."),
    ] = None,
    database: Annotated[
        Path, Option(help="Sampled: the database of Hypothesis; runs that failed before are replayed first.")
    ] = Path(".hypothesis/examples"),
    no_database: Annotated[bool, Option("--no-database", help="Sampled: neither read nor write it.")] = False,
    symmetry: Annotated[bool, Option(help="Exhaustive: count states up to the names of blocks.")] = False,
    limit_states: Annotated[Number, Option(help="States after which the exhaustive engine gives up.")] = None,
    limit_seconds: Annotated[float | None, Option(help="Seconds after which an engine gives up.")] = None,
    limit_megabytes: Annotated[
        Number, Option(help="Memory at which an engine gives up (default: its share of what is free).")
    ] = None,
    jobs: shared.Jobs = None,
    traces: Annotated[Path, Option(help="Directory for trace files.")] = Path("hintproof-traces"),
    strict: Annotated[bool, Option("--strict", help="Exit 1 for known violations, too.")] = False,
    named: Annotated[
        list[str] | None,
        Option("--property", metavar="NAME", help="Show this property alone; may be repeated. All are checked."),
    ] = None,
    only_violated: Annotated[bool, Option("--only-violated", help="Show only what is violated.")] = False,
    verbose: shared.Verbose = False,
    as_json: shared.AsJson = False,
) -> None:
    """Check environments; without names, check all that are shipped against their records.

    Exit 0 if each property holds or is known to be violated, 1 if one is violated that is not known to be, or if
    something is not as recorded, 3 if something is undecided. With --strict a known violation counts, too.
    """
    _require_known(named or ())
    sizes = sizes_from(
        blocks=blocks, ring=ring, rounds=rounds, migrations=migrations, chunk=chunk,
        dma=dma, pauses=pauses, resizes=resizes, removes=removes, freezes=freezes,
    )  # fmt: skip
    require_positive(limit_states=limit_states, limit_seconds=limit_seconds, limit_megabytes=limit_megabytes)
    require_positive(depth=depth, runs=runs, jobs=jobs)
    replays = not no_database and seed is None and "sampled" in (engine or ENGINES)
    at_a_time = min(jobs or cores(), len(environment or RECORDS) * len(engine or ENGINES))
    limits = Limits(limit_states, limit_seconds, limit_megabytes or share(at_a_time))
    threads = (jobs or cores()) // at_a_time
    options = Options(
        ExhaustiveOptions(symmetry, threads),
        BoundedOptions(depth),
        SamplingOptions(runs, profile, seed or 0, str(database) if replays else None, threads=threads),
    )
    plan_one = partial(plan, sizes=sizes, engines=engine or (), limits=limits, options=options)
    if environment:
        plans = [plan_one(name) for name in dict.fromkeys(environment)]
    else:
        plans = [plan_one(r.environment, record=r if sizes is None else None) for r in RECORDS]
    require_writable(traces)
    if replays:
        require_writable(database, "--database")
    began = time.monotonic()
    results = check_all(plans, live_runner(jobs, quiet=as_json))
    with_files = [(result, _save_traces(result, traces)) for result in results]
    code = _combine_exits(results, strict)
    with_files = overview.chosen(with_files, named or (), only_violated)
    if as_json:
        print_json(results_document(with_files, int(code)))
        raise typer.Exit(code)
    if verbose:
        _print_details(with_files, bool(environment))
    seconds = time.monotonic() - began
    print_lines(overview.overview(with_files, code, seconds, screen(), bool(environment), counted=results))
    raise typer.Exit(code)


def _require_known(properties: Sequence[str]) -> None:
    """Refuse names of no property; raises :class:`BadInput`."""
    known = {item.name for item in PROTOCOL.properties} | {NO_DEADLOCK}
    for name in properties:
        if name not in known:
            raise BadInput(f"no property is called {quote(name)}{suggest(name, known)}")


def _print_details(results: list[tuple[Result, dict[str, Path]]], with_traces: bool) -> None:
    """Print a table of properties for each environment, and what was explored; the trace of each, if asked to."""
    print_parts(tables.results_tables(results))
    out = tables.console()
    sampled = [(r, found) for r, _ in results for found in r.found.values() if isinstance(found, SampledFound)]
    if sampled:
        out.print(tables.exploration_table(sampled))
    for result, _ in results if with_traces else ():
        _print_main_trace(result)
    out.print()


def _refuted(result: Result) -> list[str]:
    return [item.name for item in result.properties if result.verdict(item.name) == Verdict.REFUTED]


def _save_traces(result: Result, directory: Path) -> dict[str, Path]:
    """Write the shortest run against each refuted property; the files by property."""
    files = {}
    usual = result.pinned and result.record == records_of(result.environment)[0]
    folder = result.environment if usual else f"{result.environment},{str(result.sizes).replace(' ', ',')}"
    for name in _refuted(result):
        if trace := result.trace(name):
            files[name] = directory / folder / f"{name}.json"
            save(trace, explain_end(trace), files[name])
    return files


def _combine_exits(results: list[Result], strict: bool) -> Exit:
    codes = {result.exit(strict) for result in results}
    worst_first = (Exit.INTERNAL_ERROR, Exit.REFUTED, Exit.UNDECIDED)
    return next((code for code in worst_first if code in codes), Exit.AS_EXPECTED)


def _print_main_trace(result: Result) -> None:
    """Print the trace of the first property that is refuted: properties stand in the order of their weight."""
    for name in _refuted(result):
        if trace := result.trace(name):
            print()
            print(mail.render(build_story(trace, result.known_as(name))), end="")
            return


def pin(
    only: Annotated[list[str] | None, Argument(metavar="[ENVIRONMENT]...")] = None,
    file: Annotated[Path, Option(help="The file to write.")] = Path("spec/hintspec/catalogue/pins.json"),
) -> None:
    """For maintainers: search all recorded environments and pin their counts in the spec."""
    records = [r for r in RECORDS if not only or r.environment in only]
    results = check_all([plan(r.environment, r.sizes, ["exhaustive"], record=r) for r in records], live_runner(None))
    try:
        pinned: dict[str, Any] = json.loads(file.read_text()) if only else {}
    except (OSError, ValueError) as problem:
        raise BadInput(f"can't read {file}: {problem}") from None
    for record, result in zip(records, results, strict=True):
        pinned[record.key] = pins_of(result.exhaustive)
    write_atomically(file, json.dumps(pinned, indent=1, sort_keys=True) + "\n")
    print(f"{len(records)} records pinned in {file}")


def simulate(
    environment: shared.Environment,
    blocks: shared.Blocks = 4,
    ring: shared.Ring = 4,
    rounds: shared.Rounds = 3,
    migrations: shared.Migrations = 1,
    chunk: shared.Chunk = 1,
    steps: Annotated[int, Option(help="How many steps.")] = 100,
    seed: Annotated[int, Option(help="The seed of the random choice.")] = 0,
) -> None:
    """Take random steps of an environment, at any size, and print them."""
    require_positive(steps=steps)
    sizes = sizes_from(blocks=blocks, ring=ring, rounds=rounds, migrations=migrations, chunk=chunk)
    assert sizes is not None
    for line in run_random_steps(prepare(environment, sizes), steps, random.Random(seed)):
        print(line)
