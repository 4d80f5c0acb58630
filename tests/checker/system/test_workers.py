"""Tasks side by side: in order, the dearest first, and loud when one fails or its process dies."""

from __future__ import annotations

import os
import signal
from functools import partial

import pytest

from hintproof.system.errors import BadInput, EngineBug, Unfinished
from hintproof.system.progress import Progress
from hintproof.system.workers import Task, run_all, run_in_order


def double(number: int, progress: Progress) -> int:
    progress("numbers", number)
    return 2 * number


def fail(progress: Progress) -> None:
    raise ValueError("no such number")


def refuse(progress: Progress) -> None:
    raise BadInput("no such file")


def need_too_much(progress: Progress) -> None:
    raise MemoryError


def die(progress: Progress) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_are_in_the_order_of_the_tasks() -> None:
    tasks = [Task("numbers", str(n), partial(double, n)) for n in range(5)]
    notes: list[tuple[str, str | None]] = []
    assert run_in_order(tasks, 2, lambda task, note: notes.append((str(task), note))) == [0, 2, 4, 6, 8]
    assert sorted(name for name, note in notes if note is None) == [str(task) for task in tasks]
    assert ("numbers: 0", "0 numbers") in notes
    assert run_in_order([]) == []


def test_a_result_that_is_a_string_is_no_progress_message() -> None:
    assert run_in_order([Task("a", "word", partial(_word, "so be it"))], 1) == ["so be it"]


def _word(word: str, progress: Progress) -> str:
    return word


def test_the_dearest_task_starts_first() -> None:
    tasks = [Task("numbers", str(cost), partial(double, cost), cost) for cost in (1, 3, 2)]
    assert [result for _, result in run_all(tasks, 1)] == [6, 4, 2]


def test_a_task_that_fails_is_named() -> None:
    with pytest.raises(EngineBug, match="this: that: ValueError: no such number") as caught:
        run_in_order([Task("this", "that", fail)], 1)
    assert isinstance(caught.value.__cause__, EngineBug)
    assert "in fail\n" in "".join(caught.value.__cause__.__notes__), "the traceback of the worker"


def test_bad_input_in_a_worker_is_bad_input() -> None:
    with pytest.raises(BadInput, match=r"^no such file$"):
        run_in_order([Task("this", "that", refuse)], 1)


def test_a_task_without_memory_is_undecided_and_named() -> None:
    with pytest.raises(Unfinished, match=r"^this: that: had no memory left: undecided; try smaller sizes"):
        run_in_order([Task("this", "that", need_too_much)], 1)


def test_a_worker_that_dies_is_noticed() -> None:
    with pytest.raises(Unfinished, match=r"this: that was killed by signal 9 \(out of memory\?\): undecided"):
        run_in_order([Task("this", "that", die)], 1)
