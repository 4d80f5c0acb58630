"""Tasks in a few worker processes: their progress is shown, one that dies is noticed, and none is left behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar, cast

from hintproof.system.children import die_with_parent
from hintproof.system.errors import BadInput, EngineBug, Unfinished

T = TypeVar("T")


@dataclass(frozen=True)
class Task(Generic[T]):
    """A unit of parallel work: what a live view shows of it, and the function to call.

    ``run`` travels to another process, so it is a function at the top of a module, or a ``functools.partial`` of one.
    It is called with a :data:`~hintproof.system.progress.Progress` named ``progress``. ``cost`` is a guess at how
    long it takes, in any unit: tasks that cost more start first.
    """

    title: str
    detail: str
    run: Callable[..., T]
    cost: float = 0.0

    def __str__(self) -> str:
        return f"{self.title}: {self.detail}"


#: Called as a task begins and with each of its progress messages, and with None as it ends.
Watch = Callable[[Task[Any], str | None], None]

#: Runs tasks and returns their results in the order of the tasks.
Runner = Callable[[Sequence[Task[T]]], list[T]]

_SMALLER = ": undecided; try smaller sizes, fewer --jobs or a lower --limit-megabytes"

#: Seconds between two progress messages of a task.
_EVERY = 0.3


def _serve(pipe: Connection) -> None:
    """Run the tasks that the parent sends, in a worker process; leave Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    last = 0.0

    def progress(what: str, count: int) -> None:
        nonlocal last
        if time.monotonic() - last > _EVERY:
            last = time.monotonic()
            pipe.send(f"{count} {what}")

    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer: Any = (task.run(progress=progress),)
        except Exception as problem:
            answer = _to_report(problem)
        pipe.send(answer)


def _to_report(problem: Exception) -> BadInput | EngineBug | Unfinished:
    """What the parent raises, in the task's name. The traceback of a fault is its note."""
    match problem:
        case BadInput() | Unfinished():
            return type(problem)(str(problem)) if type(problem) in (BadInput, Unfinished) else BadInput(str(problem))
        case MemoryError():
            return Unfinished(f"had no memory left{_SMALLER}")
    fault = EngineBug(str(problem) if isinstance(problem, EngineBug) else f"{type(problem).__name__}: {problem}")
    fault.add_note(traceback.format_exc())
    return fault


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
        self.busy: dict[Connection, Task[Any]] = {}
        self._processes: dict[Connection, Any] = {}
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs,), daemon=True)
            _start_deaf(process)
            theirs.close()
            self._processes[ours] = process
            self.idle.append(ours)

    def start(self, task: Task[Any]) -> None:
        """Give a task to an idle process. One that died meanwhile is noticed when its answer is awaited."""
        pipe = self.idle.pop()
        self.busy[pipe] = task
        with contextlib.suppress(ConnectionError):
            pipe.send(task)

    def messages(self) -> Iterator[tuple[Task[Any], Any]]:
        """Wait for any busy process, then yield each message with its task: progress, a result, or an error."""
        for pipe in cast(list[Connection], wait(list(self.busy))):
            task = self.busy[pipe]
            try:
                message = pipe.recv()
            except (EOFError, ConnectionError):
                process = self._processes[pipe]
                process.join()
                raise _death_of(task, process.exitcode) from None
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


def run_all(tasks: Iterable[Task[T]], jobs: int, watch: Watch = lambda task, note: None) -> Iterator[tuple[Task[T], T]]:
    """Run the tasks, ``jobs`` at a time, and yield each with its result as it ends.

    Raises :class:`BadInput` if a task does, :class:`Unfinished` if its process is killed or has no memory left, and
    :class:`EngineBug` if the task fails otherwise. When the caller stops, for whatever reason, no process is left.
    """
    waiting = sorted(tasks, key=lambda task: -task.cost)
    workers = _Workers(min(jobs, len(waiting)))
    try:
        while waiting or workers.busy:
            while waiting and workers.idle:
                task = waiting.pop(0)
                workers.start(task)
                watch(task, "")
            for task, message in workers.messages():
                if isinstance(message, str):
                    watch(task, message)
                    continue
                if isinstance(message, BadInput):
                    raise message
                if isinstance(message, Exception):
                    raise type(message)(f"{task}: {message}") from message
                watch(task, None)
                yield task, message[0]
    finally:
        workers.kill()


def run_in_order(tasks: Sequence[Task[T]], jobs: int | None = None, watch: Watch = lambda task, note: None) -> list[T]:
    """Run the tasks, ``jobs`` at a time (default: one a core); their results, in the order of the tasks.

    Raises what :func:`run_all` does.
    """
    results = {id(task): result for task, result in run_all(tasks, jobs or cores(), watch)}
    return [results[id(task)] for task in tasks]


def _death_of(task: Task[Any], code: int | None) -> Exception:
    """The error for a process that ended without an answer: killed, it left its check undecided."""
    if code is None or code >= 0:
        return EngineBug(f"{task}: its process ended with {code}")
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return Unfinished(f"{task} was killed by signal {-code}{hint}{_SMALLER}")


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
