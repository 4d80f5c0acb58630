"""The command that measures searches: thin over :mod:`hintproof.tasks.bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option

from hintproof.cli.console import live_view, print_json, print_lines, screen
from hintproof.cli.options import AsJson, Verbose
from hintproof.system.errors import BadInput
from hintproof.system.workers import run_in_order
from hintproof.views.results import tables


def bench(
    quick: Annotated[bool, Option("--quick", help="Leave out the environments of many states.")] = False,
    models: Annotated[
        Path | None, Option(help="The directory benchmarks/ of the sources, for TLC and minicheck.")
    ] = None,
    plot: Annotated[Path | None, Option(help="Draw time against states: an SVG or PNG file.")] = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Measure the exhaustive searches on fixed environments, and those of other model checkers, one after the other."""
    from hintproof.tasks.bench import measurements, missing, ratios  # here, as it takes Numba a while to be imported
    from hintproof.views.results import speed, summaries

    if models is not None and not (models / "TwoPhase.tla").is_file():
        raise BadInput(f"{models} holds no TwoPhase.tla: give the directory benchmarks/ of the sources")
    measured = []
    tasks = list(measurements(quick, models))
    with live_view(len(tasks), quiet=as_json) as watch:
        for task in tasks:  # a process each, so that the memory is its own
            measured += run_in_order([task], 1, watch)
    if plot is not None:
        speed.plot(measured, plot)
    if as_json:
        print_json(speed.bench_document(measured, ratios(measured)))
        return
    out = tables.console()
    if verbose:
        out.print(speed.searches_table(measured))
    else:
        print_lines(summaries.search_lines(measured, screen()))
    if found := ratios(measured):
        out.print("\nours against SPIN, one core each")
        out.print(speed.ratios_table(found))
    for line in missing(models):
        out.print(f"not compared: {line}")
