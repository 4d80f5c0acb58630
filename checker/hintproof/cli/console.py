"""Helpers that the commands share: checks of options, printing, and a live view of the tasks that run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from hintproof.system.documents import Document, to_json
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.workers import Runner, Task, Watch, run_in_order
from hintproof.views.results import tables
from hintproof.views.results.figures import duration, separated
from hintproof.views.results.lines import Screen


def require_positive(**options: float | None) -> None:
    """Refuse options that must be more than 0 and are not; raises :class:`BadInput`."""
    for name, value in options.items():
        if value is not None and not value > 0:  # nan is not, either
            raise BadInput(f"--{name.replace('_', '-')} must be more than 0, not {value:g}")


def require_writable(directory: Path, option: str = "--traces") -> None:
    """Find out before the work begins whether its results can be written; raises :class:`BadInput`."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".hintproof-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise BadInput(f"can't write to {directory}: {problem.strerror or problem}; give {option} DIR") from None


def shows_progress() -> bool:
    """Whether progress is shown: on a terminal, and not in CI, whose log keeps each line."""
    return sys.stderr.isatty() and not os.environ.get("CI")


def screen() -> Screen:
    """The screen that standard output is."""
    out = tables.console()
    return Screen(out.width, out.options.ascii_only)


def print_lines(lines: Iterable[Text]) -> None:
    """Print lines as they are: none is wrapped or cut."""
    out = tables.console()
    for line in lines:
        out.print(line, soft_wrap=True)


def print_parts(parts: Iterable[RenderableType]) -> None:
    """Print texts, none of which is wrapped, and tables."""
    out = tables.console()
    for part in parts:
        out.print(part, soft_wrap=isinstance(part, Text))


def print_json(document: Document) -> None:
    """Print a JSON document."""
    print(to_json(document), end="")


def write(text: str, file: Path | None) -> None:
    """Write a text to a file, or without one to standard output. A directory that is missing is made, and named."""
    if file is None:
        print(text, end="")
        return
    made = next((folder for folder in reversed(file.parents) if not folder.exists()), None)
    write_atomically(file, text)
    if made is not None:
        print(f"hintproof: made the directory {file.parent}", file=sys.stderr)


def live_runner(jobs: int | None, quiet: bool = False) -> Runner[Any]:
    """A runner of tasks, ``jobs`` at a time (default: one a core), that shows those that run."""

    def run(tasks: Sequence[Task[Any]]) -> list[Any]:
        with live_view(len(tasks), quiet) as watch:
            return run_in_order(tasks, jobs, watch)

    return run


def _live(screen: Console, draw: Callable[[], RenderableType], quiet: bool) -> AbstractContextManager[Any]:
    """Draw on a terminal twice a second, whether what runs says something or not; nothing is left of it."""
    if quiet or not shows_progress():
        return nullcontext()
    return Live(console=screen, transient=True, get_renderable=draw, refresh_per_second=2)


@contextmanager
def live_view(count: int, quiet: bool = False) -> Iterator[Watch]:
    """Show the tasks that run, of so many, on a terminal. On Ctrl-C say how far each of them is."""
    running: dict[int, tuple[Task[Any], str, float]] = {}
    ended = 0
    screen = tables.console(stderr=True)

    def draw() -> Table:
        table = Table.grid(padding=(0, 2))
        table.add_row(f"{ended} of {count} done", "", "")
        for task, note, began in list(running.values()):
            table.add_row(task.title, task.detail, f"{separated(note)}  {duration(time.monotonic() - began)}")
        return table

    def watch(task: Task[Any], note: str | None) -> None:
        nonlocal ended
        if note is None:
            running.pop(id(task), None)
            ended += 1
        else:
            began = running.get(id(task), (task, "", time.monotonic()))[2]
            running[id(task)] = (task, note, began)

    with _live(screen, draw, quiet):
        try:
            yield watch
        except KeyboardInterrupt:
            for task, note, began in running.values():
                reached = f"after {time.monotonic() - began:.0f} s: {note or 'nothing yet'}"
                screen.print(f"{task} ended by Ctrl-C {reached}", soft_wrap=True)
            raise


@contextmanager
def live_note(text: str, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what runs, and for how long; what is yielded changes the text."""
    began, now = time.monotonic(), text

    def draw() -> Text:
        shown = f"{now}  {duration(time.monotonic() - began)}"
        return Text(shown, no_wrap=True, style="dim", overflow="ellipsis")

    def change(note: str) -> None:
        nonlocal now
        now = note

    with _live(tables.console(stderr=True), draw, quiet):
        yield change
