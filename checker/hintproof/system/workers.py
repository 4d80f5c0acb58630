"""Run tasks in a few processes, with progress; notice one that dies; leave none behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol, TypeVar, cast

from hintproof.system.children import die_with_parent
from hintproof.system.errors import EngineBug
from hintproof.system.progress import Progress


class Work(Protocol):
    """A task: says what it is as a string, and can be run in another process."""

    def run(self, progress: Progress | None = None) -> Any:
        """Do it; the result goes back to the parent."""


W = TypeVar("W", bound=Work)

#: Called with a task and its state: ("runs" | "ends"), a note for the reader.
Watch = Callable[[Any, str, str], None]

#: Seconds between two progress messages of a task.
_EVERY = 0.3


def _work(pipe: Connection) -> None:
    """What a child does: die with its parent, leave Ctrl-C to it, run the tasks that it is sent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    told = 0.0

    def progress(what: str, count: int) -> None:
        nonlocal told
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            pipe.send(f"{count} {what}")

    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(task.run(progress))
        except Exception as problem:  # reported by the parent, in the task's name
            pipe.send(EngineBug(f"{type(problem).__name__}: {problem}"))


def _start_deaf(process: Any) -> None:
    """Start a process that Ctrl-C does not reach, not even while it imports: its parent hears it, and ends it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Workers:
    """The processes, and the task that each of them has."""

    def __init__(self, jobs: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.idle: list[Connection] = []
        self.busy: dict[Connection, Any] = {}
        self._processes: dict[Connection, Any] = {}
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            _start_deaf(process)
            theirs.close()
            self._processes[ours] = process
            self.idle.append(ours)

    def start(self, task: Work) -> None:
        """Give a task to an idle process."""
        pipe = self.idle.pop()
        pipe.send(task)
        self.busy[pipe] = task

    def messages(self) -> Iterator[tuple[Any, Any]]:
        """What the busy processes have to say, after waiting for any of them."""
        for pipe in cast(list[Connection], wait(list(self.busy))):
            task = self.busy[pipe]
            try:
                message = pipe.recv()
            except (EOFError, ConnectionError):
                process = self._processes[pipe]
                process.join()
                raise EngineBug(_died(task, process.exitcode)) from None
            if not isinstance(message, str):
                del self.busy[pipe]
                self.idle.append(pipe)
            yield task, message

    def kill(self) -> None:
        """End all processes, whatever they do."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()


def run_all(tasks: Iterable[W], jobs: int, watch: Watch = lambda task, state, note: None) -> Iterator[tuple[W, Any]]:
    """Run the tasks, ``jobs`` at a time, and give each result as it comes.

    Raises :class:`EngineBug` if a task fails or its process dies. When the caller stops, for
    whatever reason, no process is left.
    """
    waiting = list(tasks)
    workers = _Workers(min(jobs, len(waiting)))
    try:
        while waiting or workers.busy:
            while waiting and workers.idle:
                task = waiting.pop(0)
                workers.start(task)
                watch(task, "runs", "")
            for task, message in workers.messages():
                if isinstance(message, str):
                    watch(task, "runs", message)
                    continue
                if isinstance(message, EngineBug):
                    raise EngineBug(f"{task}: {message}")
                watch(task, "ends", "")
                yield task, message
    finally:
        workers.kill()


def _died(task: Work, code: int | None) -> str:
    cause = f"was killed by signal {-code} (out of memory?)" if code and code < 0 else f"ended with {code}"
    return f"{task} {cause}: try smaller sizes or --limit-megabytes"


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
