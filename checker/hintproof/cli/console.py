"""What the commands share: checks of options, and running tasks with a live view."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from hintproof.system.errors import BadInput
from hintproof.system.workers import run_all
from hintproof.views.results import tables

Environments = Annotated[
    list[str] | None, typer.Argument(metavar="[ENVIRONMENT]...", help="Names; see 'hintproof environments'.")
]
Number = int | None


def positive(**options: float | None) -> None:
    """Refuse options that must be more than 0 and are not; raises :class:`BadInput`."""
    for name, value in options.items():
        if value is not None and value <= 0:
            raise BadInput(f"--{name.replace('_', '-')} must be more than 0, not {value:g}")


def writable(directory: Path, option: str = "--traces") -> None:
    """Find out before the work begins whether its results can be kept."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".hintproof-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise BadInput(f"can't write to {directory}: {problem.strerror or problem}; give {option} DIR") from None


def watched(tasks: list[Any], jobs: int, quiet: bool) -> Iterator[tuple[Any, Any]]:
    """Run tasks with a live view of those that run."""
    running: dict[int, tuple[Any, str, float]] = {}
    ended = 0
    screen = tables.console(stderr=True)

    def picture() -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(f"{ended} of {len(tasks)} done", "", "")
        for task, note, began in running.values():
            table.add_row(task.environment, task.engine, f"{note}  {time.monotonic() - began:.0f} s")
        return table

    with Live(console=screen, transient=True, auto_refresh=False) as live:

        def watch(task: Any, state: str, note: str) -> None:
            nonlocal ended
            if state == "ends":
                running.pop(id(task), None)
                ended += 1
            else:
                began = running.get(id(task), (task, "", time.monotonic()))[2]
                running[id(task)] = (task, note, began)
            if screen.is_terminal and not quiet:
                live.update(picture(), refresh=True)

        try:
            yield from run_all(tasks, jobs, watch)
        except KeyboardInterrupt:
            for task, note, began in running.values():
                reached = f"after {time.monotonic() - began:.0f} s: {note or 'nothing yet'}"
                screen.print(f"{task} ended by Ctrl-C {reached}", highlight=False, soft_wrap=True)
            raise
