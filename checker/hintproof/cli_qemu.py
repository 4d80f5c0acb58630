"""The commands on a real QEMU: thin over :mod:`hintproof.qemu`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from hintproof.console import Number, positive
from hintproof.errors import BadInput
from hintproof.qemu.binary import Qemu, find_qemu, missing
from hintproof.qemu.conformance import Conformance, conform, shortened
from hintproof.qemu.kept import NAME, Seen, keep
from hintproof.qemu.replay import Course, replays, setup_for
from hintproof.trace import load
from hintproof.verdict import Exit
from hintproof.views import real

app = typer.Typer(rich_markup_mode=None)

_ON = "qemu"


def qemu_named(on: str) -> Qemu:
    """The binary that ``--on qemu[=BINARY]`` means. Raises :class:`BadInput` if it can't be used."""
    kind, _, name = on.partition("=")
    if kind != _ON:
        raise BadInput(f"--on {on[:80]!a} means nothing: say qemu, or qemu=BINARY")
    if problem := missing("tcg", name or None):
        raise BadInput(problem)
    return find_qemu(name or None)


def replay_on_qemu(
    file: Path, on: str, accelerator: str | None, times: int, kept: bool = False, as_json: bool = False
) -> Exit:
    """Replay a trace file so many times on a real QEMU, print what came of it, and keep that beside the trace."""
    positive(times=times)
    qemu = qemu_named(on)
    course = Course.of(load(file))
    setup = setup_for(course.environment, qemu, accelerator)
    played = replays([course] * times, setup)
    if kept:
        writes = "virtual CPU" if setup.vcpu_stores else "qtest"
        seen = Seen(qemu.told, setup.accelerator, str(setup.log_mode), writes, times, real.counts(played))
        keep(seen, file.parent / NAME)
    if as_json:
        print(json.dumps(real.replays_json(course, setup, played), indent=1))
    else:
        print("\n".join(real.replays_lines(course, setup, played)))
    return real.replays_exit(played)


@app.command()
def conformance(
    environment: Annotated[str, typer.Argument(help="A world with QEMU; see 'hintproof environments'.")],
    on: Annotated[str, typer.Option(help="qemu, or qemu=BINARY.")] = _ON,
    accel: Annotated[str | None, typer.Option(help="kvm or tcg (default: as the world's dirty log).")] = None,
    runs: Annotated[int, typer.Option(help="Random runs.")] = 300,
    seed: Annotated[Number, typer.Option(help="The seed of the first run; each further one has the next.")] = 0,
) -> None:
    """Play random runs on a real QEMU, and say where it does otherwise than the model. Exit 1 if it does."""
    positive(runs=runs)
    setup = setup_for(environment, qemu_named(on), accel)
    began, first = time.monotonic(), seed or 0
    told = conform(environment, setup, range(first, first + runs), watch=_watch)
    if told.differences:
        told.differences[0] = shortened(told.differences[0], setup)
    print("\n".join(real.conformance_lines(environment, setup, told, time.monotonic() - began)))
    undecided = Exit.UNDECIDED if told.not_steered else Exit.AS_EXPECTED
    raise typer.Exit(Exit.REFUTED if told.differences else undecided)


def _watch(so_far: Conformance) -> None:
    if sys.stderr.isatty():
        print(f"\r{so_far.runs} runs", end="", file=sys.stderr, flush=True)
