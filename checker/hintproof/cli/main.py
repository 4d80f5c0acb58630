"""The command line: thin over :mod:`hintproof.tasks.check`, :mod:`hintproof.trace.trace` and the views.

The commands of proofs are in :mod:`hintproof.cli.proofs`, those of traces in :mod:`hintproof.cli.traces`.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.table import Table

from hintproof import __version__
from hintproof.cli import catalogue as cli_catalogue
from hintproof.cli import explain as cli_explain
from hintproof.cli import gate as cli_gate
from hintproof.cli import mutation as cli_mutation
from hintproof.cli import proofs as cli_proofs
from hintproof.cli import qemu as cli_qemu
from hintproof.cli import text as cli_text
from hintproof.cli import traces as cli_traces
from hintproof.cli.console import Environments, Number, positive, watched, writable
from hintproof.engines.limits import Limits
from hintproof.engines.options import DEFAULT_DEPTH, BoundedOptions, ExhaustiveOptions, Options, SamplingOptions
from hintproof.engines.report import SampledFound
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.system.errors import BadInput, EngineBug
from hintproof.system.files import write_atomically
from hintproof.system.memory import share
from hintproof.system.workers import cores
from hintproof.tasks.check import ENGINES, Result, Task, pins_of, plan
from hintproof.tasks.simulate import simulate as run_simulation
from hintproof.tasks.verdict import Exit, Verdict
from hintproof.trace.document import save
from hintproof.trace.replay import prepare
from hintproof.views.results import exploration, tables
from hintproof.views.trace import mail
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.catalogue.expected import RECORDS, records_of
from hintspec.language.errors import SpecError
from hintspec.language.sizes import Sizes
from hintspec.text import PROTOCOL

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

app.add_typer(cli_proofs.app)
app.add_typer(cli_catalogue.app)
app.add_typer(cli_mutation.app)
app.add_typer(cli_traces.app)
app.add_typer(cli_explain.app)
app.add_typer(cli_gate.command())
app.add_typer(cli_qemu.app)
app.add_typer(cli_text.app)


def _sizes(**given: Number) -> Sizes | None:
    """Sizes from the options given, on top of the defaults; None if none was given."""
    told = {name: value for name, value in given.items() if value is not None}
    try:
        return Sizes(**told) if told else None
    except SpecError as problem:
        raise BadInput(str(problem)) from None


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """A model checker for virtio-balloon free page hinting."""
    if version:
        print(f"hintproof {__version__}")
        raise typer.Exit


# -- check ------------------------------------------------------------------------------------


@app.command()
def check(
    environment: Environments = None,
    engine: Annotated[list[str] | None, typer.Option(help="exhaustive, bounded or sampled; may be repeated.")] = None,
    blocks: Annotated[Number, typer.Option(help="Blocks of guest memory.")] = None,
    ring: Annotated[Number, typer.Option(help="Entries of the hint queue.")] = None,
    rounds: Annotated[Number, typer.Option(help="Syncs that issue an id.")] = None,
    migrations: Annotated[Number, typer.Option(help="Migrations, one after the other.")] = None,
    chunk: Annotated[Number, typer.Option(help="Blocks in a clear chunk.")] = None,
    dma: Annotated[Number, typer.Option(help="Writes by the hypervisor.")] = None,
    pauses: Annotated[Number, typer.Option(help="Pauses by the user.")] = None,
    resizes: Annotated[Number, typer.Option(help="Changes of the balloon's size.")] = None,
    removes: Annotated[Number, typer.Option(help="Removals of the driver.")] = None,
    freezes: Annotated[Number, typer.Option(help="Suspends of the guest.")] = None,
    depth: Annotated[Number, typer.Option(help="Steps of the bounded engine.")] = None,
    runs: Annotated[Number, typer.Option(help="Sampled: walks, whatever the profile says.")] = None,
    profile: Annotated[
        str, typer.Option(help="Sampled: quick (seconds) or thorough (a minute on all cores).")
    ] = "quick",
    seed: Annotated[
        Number, typer.Option(help="Sampled: begin the random choice here, and replay nothing: repeats a check.")
    ] = None,
    database: Annotated[
        Path, typer.Option(help="Sampled: Hypothesis' examples; what failed is replayed first.")
    ] = Path(".hypothesis/examples"),
    no_database: Annotated[bool, typer.Option("--no-database", help="Sampled: neither replay nor keep.")] = False,
    symmetry: Annotated[bool, typer.Option(help="Exhaustive: count states up to the names of blocks.")] = False,
    limit_states: Annotated[Number, typer.Option(help="States after which the exhaustive engine gives up.")] = None,
    limit_seconds: Annotated[float | None, typer.Option(help="Seconds after which an engine gives up.")] = None,
    limit_megabytes: Annotated[
        Number, typer.Option(help="Memory at which an engine gives up (default: its share of what is there).")
    ] = None,
    jobs: Annotated[Number, typer.Option(help="Processes at a time (default: one a core).")] = None,
    traces: Annotated[Path, typer.Option(help="Directory for trace files.")] = Path("hintproof-traces"),
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for known refutations, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Check environments; without names, all that are shipped, against their records."""
    sizes = _sizes(
        blocks=blocks, ring=ring, rounds=rounds, migrations=migrations, chunk=chunk,
        dma=dma, pauses=pauses, resizes=resizes, removes=removes, freezes=freezes,
    )  # fmt: skip
    positive(limit_states=limit_states, limit_seconds=limit_seconds, limit_megabytes=limit_megabytes)
    positive(depth=depth, runs=runs, jobs=jobs)
    keeps = not no_database and seed is None and "sampled" in (engine or ENGINES)
    tasks = len(environment or RECORDS) * len(engine or ENGINES)
    at_a_time = min(jobs or cores(), tasks)
    limits = Limits(limit_states, limit_seconds, limit_megabytes or share(at_a_time))
    threads = (jobs or cores()) // at_a_time
    options = Options(
        ExhaustiveOptions(symmetry, threads),
        BoundedOptions(depth),
        SamplingOptions(runs, profile, seed or 0, str(database) if keeps else None, threads=threads),
    )
    if environment:
        plans = [plan(name, sizes, engine or (), limits, options) for name in dict.fromkeys(environment)]
    else:
        plans = [
            plan(r.environment, sizes, engine or (), limits, options, r if sizes is None else None) for r in RECORDS
        ]
    writable(traces)
    if keeps:
        writable(database, "--database")
    began = time.monotonic()
    _run(plans, jobs or cores(), quiet=as_json)
    results = [(result, _save_traces(result, traces)) for result, _ in plans]
    code = _combined_exit([result for result, _ in plans], strict)
    if as_json:
        print(json.dumps(tables.results_json(results, int(code)), indent=1))
    else:
        out = tables.console()
        out.print(tables.results_table(results))
        explored = [
            (f"{r.environment} {r.sizes}", found)
            for r, _ in plans
            for found in r.found.values()
            if isinstance(found, SampledFound)
        ]
        if explored:
            out.print(exploration.exploration_table(explored))
        out.print(tables.summary(results, time.monotonic() - began), highlight=False)
        if environment:
            for result, _ in results:
                _print_main_trace(result)
    raise typer.Exit(code)


def _run(plans: list[tuple[Result, list[Task]]], jobs: int, quiet: bool) -> None:
    """Run all tasks, the long ones first, with a live view of those that run."""
    owner = {id(task): result for result, tasks in plans for task in tasks}
    tasks = sorted((t for _, tasks in plans for t in tasks), key=_cost, reverse=True)
    for task, found in watched(tasks, jobs, quiet):
        owner[id(task)].take(task, found)
    for result, planned in plans:  # engines in the order asked for, whoever ended first
        result.found = {task.engine: result.found[task.engine] for task in planned}


def _cost(task: Task) -> float:
    """A guess at which tasks take longest, so that they start first."""
    match task.options:
        case BoundedOptions(depth, depths):
            return float(max(depth or DEFAULT_DEPTH, *depths.values(), 0))
        case SamplingOptions(profile="thorough"):
            return 60.0
    return 10.0 * task.sizes.rounds * task.sizes.blocks if task.engine == "exhaustive" else 1.0


def _save_traces(result: Result, directory: Path) -> dict[str, Path]:
    """Write the shortest run against each refuted property; returns the files."""
    files = {}
    usual = result.pinned and result.record == records_of(result.environment)[0]
    folder = result.environment if usual else f"{result.environment},{str(result.sizes).replace(' ', ',')}"
    for item in result.properties:
        if result.verdict(item.name) == Verdict.REFUTED:
            trace = result.trace(item.name)
            if trace is not None:
                path = directory / folder / f"{item.name}.json"
                save(trace, explain_end(trace), path)
                files[item.name] = path
    return files


def _combined_exit(results: list[Result], strict: bool) -> Exit:
    codes = {result.exit(strict) for result in results}
    for code in (Exit.REFUTED, Exit.UNDECIDED):
        if code in codes:
            return code
    return Exit.AS_EXPECTED


def _print_main_trace(result: Result) -> None:
    """The trace of the first property that is refuted: properties stand in the order of their weight."""
    for item in result.properties:
        if result.verdict(item.name) == Verdict.REFUTED:
            trace = result.trace(item.name)
            if trace is not None:
                print()
                print(mail.render(build_story(trace, result.known_as(item.name))), end="")
                return


# -- looking things up ------------------------------------------------------------------------


@app.command()
def environments() -> None:
    """List the words that environments are made of, and the recorded checks."""
    out = tables.console()
    for title, words in (("drivers", DRIVERS), ("devices", DEVICES), ("dirty logs", LOGS), ("changes", CHANGES)):
        table = Table(box=None, title=title, title_justify="left", show_header=False, title_style="bold")
        for name, word in words.items():
            table.add_row(name, word.says)
        out.print(table)
    for name, meaning in ALIASES.items():
        out.print(f"[bold]alias[/bold]\n {name} = {meaning}", highlight=False)
    table = Table(box=None, title="recorded", title_justify="left", title_style="bold")
    for column in ("environment", "sizes", "known to fall"):
        table.add_column(column, overflow="fold")
    for record in RECORDS:
        table.add_row(record.environment, str(record.sizes), ", ".join(record.known) or "nothing")
    out.print(table)


@app.command()
def properties() -> None:
    """List the properties, with the clause or reason behind each."""
    table = Table(box=None)
    for column in ("property", "kind", "says", "clause"):
        table.add_column(column, overflow="fold")
    for item in PROTOCOL.properties:
        table.add_row(item.name, item.kind, " ".join(item.says.split()), item.clause)
    tables.console().print(table)


# -- runs -------------------------------------------------------------------------------------


@app.command()
def simulate(
    environment: Annotated[str, typer.Argument(help="Name; see 'hintproof environments'.")],
    blocks: Annotated[int, typer.Option(help="Blocks of guest memory.")] = 4,
    ring: Annotated[int, typer.Option(help="Entries of the hint queue.")] = 4,
    rounds: Annotated[int, typer.Option(help="Syncs that issue an id.")] = 3,
    migrations: Annotated[int, typer.Option(help="Migrations, one after the other.")] = 1,
    chunk: Annotated[int, typer.Option(help="Blocks in a clear chunk.")] = 1,
    steps: Annotated[int, typer.Option(help="How many steps.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the random choice.")] = 0,
) -> None:
    """Take random steps of an environment and print them."""
    positive(steps=steps)
    sizes = _sizes(blocks=blocks, ring=ring, rounds=rounds, migrations=migrations, chunk=chunk)
    assert sizes is not None
    concrete = prepare(environment, sizes)
    for line in run_simulation(concrete, steps, random.Random(seed)):
        print(line)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the worlds of many states.")] = False,
    models: Annotated[
        Path | None, typer.Option(help="The directory benchmarks/ of the sources, for TLC and minicheck.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw time against states: an SVG or PNG file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The figures, as JSON.")] = False,
) -> None:
    """Measure the exhaustive searches on fixed worlds, and others' on the same, one after the other."""
    from hintproof.tasks import bench as benchmark  # here, as it takes Numba a while to be imported
    from hintproof.views.results import speed

    if models is not None and not (models / "TwoPhase.tla").is_file():
        raise BadInput(f"{models} holds no TwoPhase.tla: give the directory benchmarks/ of the sources")
    measured = []
    for task in benchmark.tasks(quick, models):  # a process each, so that the memory is its own
        [(_, figures)] = watched([task], 1, quiet=as_json)
        measured.append(figures)
    if plot is not None:
        speed.plot(measured, plot)
    if as_json:
        print(json.dumps(speed.to_json(measured), indent=1))
        return
    out = tables.console()
    out.print(speed.searches_table(measured))
    if found := benchmark.ratios(measured):
        out.print("\nours against SPIN, one core each", highlight=False)
        out.print(speed.ratios_table(found))
    for line in benchmark.missing(models):
        out.print(f"not compared: {line}", highlight=False)


@app.command()
def pin(
    only: Annotated[list[str] | None, typer.Argument(metavar="[ENVIRONMENT]...")] = None,
    file: Annotated[Path, typer.Option(help="The file to write.")] = Path("spec/hintspec/catalogue/pins.json"),
) -> None:
    """For maintainers: search all recorded environments and pin their counts in the spec."""
    records = [r for r in RECORDS if not only or r.environment in only]
    plans = [plan(r.environment, r.sizes, ["exhaustive"], record=r) for r in records]
    _run(plans, cores(), quiet=False)
    try:
        pinned: dict[str, Any] = json.loads(file.read_text()) if only else {}
    except (OSError, ValueError) as problem:
        raise BadInput(f"can't read {file}: {problem}") from None
    for record, (result, _) in zip(records, plans, strict=True):
        pinned[record.key] = pins_of(result.exhaustive)
    write_atomically(file, json.dumps(pinned, indent=1, sort_keys=True) + "\n")
    print(f"{len(records)} records pinned in {file}")


#: What typer makes of Ctrl-C.
_INTERRUPTED = 130


def run() -> NoReturn:
    """The console script: every error that a user can mend is one line and exit code 2."""
    try:
        code = app(standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code or 0)
    except BadInput as problem:
        print(f"hintproof: {' '.join(str(problem).split())}", file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    except EngineBug as problem:
        print(f"hintproof: {problem}", file=sys.stderr)
        sys.exit(Exit.REFUTED)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        print("hintproof: interrupted; nothing was kept", file=sys.stderr)
        sys.exit(Exit.UNDECIDED)
    except Exception as problem:
        if hasattr(problem, "exit_code") and hasattr(problem, "format_message"):  # usage, as click says it
            print(f"hintproof: {problem.format_message()} (see hintproof --help)", file=sys.stderr)
            sys.exit(Exit.BAD_INPUT)
        raise
