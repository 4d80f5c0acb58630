"""The commands that show and replay traces: thin over :mod:`hintproof.trace`, :mod:`hintproof.story` and the views."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from typer import Option

from hintproof.cli.options import AsJson, Number, TraceFile
from hintproof.cli.qemu import replay_on_qemu
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.system.errors import BadInput
from hintproof.trace.document import load
from hintproof.trace.replay import Trace
from hintproof.views.results import tables
from hintproof.views.trace import mail, terminal
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
        str | None, Option(help="With --on: kvm or tcg (default: by the dirty log of the trace's world).")
    ] = None,
    times: Annotated[Number, Option(help="With --on: how many times (default: once).")] = None,
    keep: Annotated[bool, Option("--keep", help="With --on: write the result beside the trace.")] = False,
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
    print(f"why: {explain_end(loaded)}")
