"""The commands on traces: thin over :mod:`hintproof.trace`, :mod:`hintproof.story`, two tasks and the views."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer import Argument, Option

from hintproof.cli.console import live_runner, print_json, require_positive, write
from hintproof.cli.options import AsJson, Jobs, Number, TraceFile, name_environment
from hintproof.cli.qemu import replay_on_qemu
from hintproof.engines.limits import Limits
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end, summarize_end
from hintproof.system.errors import BadInput
from hintproof.system.words import quantity
from hintproof.tasks.attribution import LIMITS
from hintproof.tasks.explain import explain as explain_with_rules
from hintproof.tasks.verdict import Exit
from hintproof.trace.diff import between, in_world
from hintproof.trace.document import load
from hintproof.trace.reduce import can_be_left_out, reduce
from hintproof.trace.replay import Trace
from hintproof.trace.shipped import find_trace
from hintproof.views.results import tables
from hintproof.views.trace import differences, explanation, mail, terminal
from hintproof.views.trace.formats import FORMATS, format_for
from hintproof.views.trace.one_step import step_in_full
from hintproof.views.trace.sheet import Line, Sheet

#: Lines that are handed to the terminal at a time, so that a long trace begins to show at once.
_AT_A_TIME = 200


class Only(StrEnum):
    """Which steps to show."""

    MATTERS = "matters"


def show(
    trace: TraceFile,
    plain: Annotated[bool, Option("--plain", help="Print text for a mail: ASCII, 78 columns, all steps.")] = False,
    interactive: Annotated[bool, Option("--interactive", "-i", help="Step back and forth in a viewer.")] = False,
    step: Annotated[Number, Option(help="Show one step in full; 0: the state where the trace begins.")] = None,
    first: Annotated[Number, Option("--from", help="The first step to show.")] = None,
    last: Annotated[Number, Option("--to", help="The last step to show.")] = None,
    only: Annotated[Only | None, Option(help="matters: leave out steps that only let others happen.")] = None,
    watch: Annotated[list[str] | None, Option(help="A variable that gets a column; may be repeated.")] = None,
    width: Annotated[Number, Option(help="Columns (default: those of the terminal).")] = None,
) -> None:
    """Replay a trace and show it: lanes side by side on a terminal; elsewhere, and with --plain, text for a mail."""
    options = (step, first, last, only, watch, width)
    chosen = any(option is not None and option != [] for option in options)
    if (plain and (interactive or chosen)) or (interactive and chosen):
        raise BadInput(f"--{'plain' if plain else 'interactive'} shows the whole trace: give it without other options")
    out = tables.console()
    columns = _columns(out, width)
    loaded = load(trace)
    if interactive:
        _view(loaded)
    elif plain or not (out.is_terminal or chosen):
        print(mail.render(build_story(loaded)), end="")
    elif step is not None:
        _print(out, step_in_full(build_story(loaded), step, columns))
    else:
        part = terminal.Part(1 if first is None else first, last, only is not None, tuple(watch or ()))
        _print(out, terminal.trace_lines(build_story(loaded), columns, part, out.options.ascii_only))


def _columns(out: Console, width: int | None) -> int:
    """The columns to lay out for. Raises :class:`BadInput` for fewer than a view needs."""
    if width is not None and width < terminal.NARROWEST:
        raise BadInput(f"--width must be {terminal.NARROWEST} or more, not {width}")
    return width or (max(out.width, terminal.NARROWEST) if out.is_terminal else terminal.WIDTH)


def _print(out: Console, lines: Iterable[Line]) -> None:
    """Print lines as they are, some at a time."""
    waiting = iter(lines)
    while some := list(islice(waiting, _AT_A_TIME)):
        out.print(Sheet(some), end="", crop=False)


def _view(trace: Trace) -> None:
    """Open the viewer. Raises :class:`BadInput` where it can't be."""
    from hintproof.viewer import open_viewer  # here, as it is an extra

    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise BadInput("--interactive needs a terminal: leave it out, or give --plain")
    open_viewer(build_story(trace))


def replay(
    trace: TraceFile,
    on: Annotated[
        str | None, Option(metavar="qemu[=BINARY]", help="Replay on a real QEMU: the one installed, or another.")
    ] = None,
    accel: Annotated[
        str | None, Option(help="With --on: kvm or tcg (default: by the dirty log of the trace's environment).")
    ] = None,
    times: Annotated[Number, Option(help="With --on: how many times (default: once).")] = None,
    keep: Annotated[bool, Option("--keep", help="With --on: write the result beside the trace.")] = False,
    terms: Annotated[bool, Option("--terms", help="Print the variables and values behind the reason, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replay a trace step by step, and say whether it still violates its property; or whether a real QEMU loses data.

    With --on, exit 1 if QEMU loses data, 3 if it could not be steered along the trace.
    """
    if on is not None:
        raise typer.Exit(replay_on_qemu(trace, on, accel, 1 if times is None else times, keep, as_json))
    if accel is not None or times is not None or keep or as_json:
        raise BadInput("--accel, --times, --keep and --json go with --on qemu")
    loaded = load(trace)
    print(f"{loaded.environment}: {loaded.length} replayed, {loaded.property_name} is shown at the end")
    print(f"why: {summarize_end(loaded)}")
    if terms:
        print(f"terms: {explain_end(loaded)}")


def explain(
    trace: TraceFile,
    rules: Annotated[bool, Option(help="Find the rules that the trace needs, too.")] = True,
    limit_states: Annotated[
        Number, Option(help="States at which the search of a changed environment gives up.")
    ] = LIMITS.states,
    limit_seconds: Annotated[
        float | None, Option(help="Seconds after which the search of a changed environment gives up.")
    ] = LIMITS.seconds,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Explain why a trace ends as it does: the causal chain, the steps that matter, the rules that it needs."""
    require_positive(limit_states=limit_states, limit_seconds=limit_seconds, jobs=jobs)
    loaded = load(trace)
    limits = Limits(states=limit_states, seconds=limit_seconds)
    runner = live_runner(jobs, quiet=as_json)
    story = explain_with_rules(loaded, limits=limits, runner=runner) if rules else build_story(loaded)
    left_out = can_be_left_out(loaded)
    if as_json:
        print_json(explanation.explanation_document(story, left_out))
        return
    print(explanation.render(story), end="")
    if left_out:
        steps = quantity(len(left_out), "step")
        print(f"\n{steps} can be left out, each by itself: hintproof export --reduce writes it without.")


def export(
    trace: TraceFile,
    format: Annotated[str | None, Option(help=f"{', '.join(FORMATS)} (default: by the suffix of --output).")] = None,
    output: Annotated[Path | None, Option("--output", "-o", help="The file (default: standard output).")] = None,
    reduced: Annotated[bool, Option("--reduce", help="Leave out the steps that can be left out.")] = False,
) -> None:
    """Write a trace in another format: for a mail, a forge, a browser, another viewer."""
    chosen = format_for(format, output)
    loaded = load(trace)
    write(chosen.render(reduce(loaded) if reduced else loaded), output)


def diff(
    trace: TraceFile,
    other: Annotated[
        Path | None,
        Argument(
            metavar="[OTHER]",
            help="Another trace: a file, or the name of a defect.",
            callback=lambda place: place and find_trace(place),
        ),
    ] = None,
    world: Annotated[
        str | None,
        Option(
            "--in",
            metavar="ENVIRONMENT",
            help="Follow the trace's steps in that environment.",
            callback=name_environment,
        ),
    ] = None,
) -> None:
    """Compare two traces, or follow the steps of one in another environment. Exit 1 if they differ."""
    if world is None and other is not None:
        found = between(load(trace), load(other))
    elif world is not None and other is None:
        found = in_world(load(trace), world)
    else:
        raise BadInput("hintproof diff takes a second trace file, or --in ENVIRONMENT: one of the two")
    print(differences.render(found), end="")
    raise typer.Exit(Exit.AS_EXPECTED if found.same else Exit.REFUTED)
