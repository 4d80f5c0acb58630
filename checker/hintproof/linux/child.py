"""One driver a process: a child that has given up all it does not need loads and runs the foreign code.

A job is a function that takes one JSON object and returns another. The child finds it by name, so it does no more than
the caller could do itself. Its answer is read as data.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from hintproof.linux.sandbox import enter
from hintproof.system.children import last_line, run_child
from hintproof.system.errors import BadInput, EngineBug
from hintproof.system.files import write_atomically

Job = Callable[[dict[str, Any]], dict[str, Any]]

_QUESTION, _ANSWER = "question.json", "answer.json"

#: The status of a Python program that an exception ended.
_RAISED = 1

#: No job gives a larger answer (bytes).
_LARGEST = 64 << 20


class Lost(Exception):
    """The child ended without an answer: the driver took it along, or it met a limit."""


def run_job(job: Job, arguments: dict[str, Any], seconds: float = 120.0, megabytes: int = 8192) -> dict[str, Any]:
    """Run a job in a child, and return its answer.

    Raises :class:`BadInput` if the job raised it or took longer than ``seconds``, :class:`Lost` if the driver took the
    child along, and :class:`EngineBug` if the job itself failed. ``megabytes`` limits its address space.
    """
    with tempfile.TemporaryDirectory(prefix="hintproof-driver-") as scratch:
        name = f"{job.__module__}:{job.__qualname__}"
        limits = {"seconds": int(seconds) + 1, "megabytes": megabytes}
        question = {"job": name, "arguments": arguments, **limits}
        (Path(scratch) / _QUESTION).write_text(json.dumps(question))
        command = [sys.executable, "-m", __name__, scratch]
        ended = run_child(command, Path(scratch), seconds, {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)})
        answer = _read_answer(Path(scratch) / _ANSWER)
    if answer is None:
        code = ended.status
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code} and no answer"
        if code == _RAISED and "MemoryError" not in last_line(ended.output):
            raise EngineBug(f"{job.__name__} failed, and not for the driver's sake: {last_line(ended.output)}")
        raise Lost(f"the process that ran the driver ended {how}: {last_line(ended.output)}")
    if "bad_input" in answer:
        raise BadInput(str(answer["bad_input"]))
    return answer


def _read_answer(path: Path) -> dict[str, Any] | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def main(scratch: Path) -> None:
    """Run the job that the parent left in the directory."""
    gc.disable()  # an answer later all is gone; with it a search takes a fifth longer
    question = json.loads((scratch / _QUESTION).read_text())
    module, _, function = question["job"].partition(":")
    job: Job = getattr(importlib.import_module(module), function)
    holds = enter(scratch, question["seconds"], question["megabytes"])
    try:
        answer = job(question["arguments"])
    except BadInput as problem:
        answer = {"bad_input": str(problem)}
    write_atomically(scratch / _ANSWER, json.dumps({"sandbox": holds, **answer}))
    sys.stdout.flush()
    os._exit(0)  # without the destructors of the driver's library


if __name__ == "__main__":
    main(Path(sys.argv[1]))
