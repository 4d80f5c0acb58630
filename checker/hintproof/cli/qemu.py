"""The commands on a real QEMU: thin over :mod:`hintproof.qemu`, which is imported when it is asked for."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from hintproof.cli.console import live_note, print_json, require_positive
from hintproof.cli.options import Number, name_environment
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Exit
from hintproof.trace.document import load
from hintproof.trace.shipped import STDIN

if TYPE_CHECKING:
    from hintproof.qemu.binary import Qemu

_ON = "qemu"


def qemu_named(on: str) -> Qemu:
    """The binary that ``--on qemu[=BINARY]`` means. Raises :class:`BadInput` if it can't be used."""
    from hintproof.qemu.binary import usable_qemu

    kind, _, name = on.partition("=")
    if kind != _ON:
        raise BadInput(f"--on {on[:80]!a} means nothing: say qemu, or qemu=BINARY")
    return usable_qemu(name or None)


def replay_on_qemu(
    file: Path, on: str, accelerator: str | None, times: int, write: bool = False, as_json: bool = False
) -> Exit:
    """Replay a trace file so many times on a real QEMU, print the results, and write them beside it if asked to."""
    from hintproof.qemu.observations import NAME, load_observations, save_observation, to_observation
    from hintproof.qemu.replay import Course, replay_all, setup_for
    from hintproof.views.results import real

    require_positive(times=times)
    if write and file == STDIN:
        raise BadInput("--keep writes beside the trace file, and standard input is none: give a file")
    course = Course.of(load(file))
    setup = setup_for(course.environment, qemu_named(on), accelerator)
    beside = file.parent / NAME
    if write:
        load_observations(beside)  # to find out before the work begins whether it can be added to
    with live_note(f"{times} replays of {len(course.run)} steps on {setup.qemu}", quiet=as_json):
        played = replay_all([course] * times, setup)
    if as_json:
        print_json(real.replays_document(course, setup, played))
    else:
        print("\n".join(real.replays_lines(course, setup, played)))
    code = real.replays_exit(played)
    if write and code == Exit.UNDECIDED:
        print("hintproof: not kept: it could not be steered", file=sys.stderr)
    elif write:
        save_observation(to_observation(setup, played), beside)
    return code


def conformance(
    environment: Annotated[
        str | None,
        Argument(help="An environment with QEMU (default: by the version of the QEMU).", callback=name_environment),
    ] = None,
    on: Annotated[str, Option(metavar="qemu[=BINARY]", help="The QEMU: the one installed, or another.")] = _ON,
    accel: Annotated[str | None, Option(help="kvm or tcg (default: by the environment's dirty log, or kvm).")] = None,
    runs: Annotated[int, Option(help="How many random runs.")] = 300,
    seed: Annotated[Number, Option(help="The seed of the first run; the next run has the next seed, and so on.")] = 0,
) -> None:
    """Play random runs on a real QEMU, and report where it differs from the model. Exit 1 if it does."""
    from hintproof.qemu.conformance import conform, world_of
    from hintproof.qemu.replay import setup_for
    from hintproof.qemu.shortening import shorten
    from hintproof.views.results import real

    require_positive(runs=runs)
    qemu = qemu_named(on)
    world = environment or world_of(qemu, accel or ("tcg" if qemu.refusal("kvm") else "kvm"))
    setup = setup_for(world, qemu, accel)
    began, first = time.monotonic(), seed or 0
    with live_note(f"0 of {runs} runs on {qemu}") as note:
        seeds = range(first, first + runs)
        found = conform(world, setup, seeds, watch=lambda so_far: note(f"{so_far.runs} of {runs} runs on {qemu}"))
        if found.differences:
            note("shortening the first run that differs")
            found.differences[0] = shorten(found.differences[0], setup)
    print("\n".join(real.conformance_lines(world, setup, found, time.monotonic() - began)))
    undecided = Exit.UNDECIDED if found.not_steered else Exit.AS_EXPECTED
    raise typer.Exit(Exit.REFUTED if found.differences else undecided)
