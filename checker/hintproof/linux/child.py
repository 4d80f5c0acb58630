"""One driver a process: foreign code is loaded and run in a child that has given up what it does not need.

A job is a function of one JSON object that gives another one. The child finds it by name, and so does no more than
the caller could have done itself; what comes back is read as data.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hintproof.linux.sandbox import enter
from hintproof.system.children import last_line, run_child
from hintproof.system.errors import BadInput

Job = Callable[[dict[str, Any]], dict[str, Any]]

_QUESTION, _ANSWER = "question.json", "answer.json"

#: A larger answer (bytes) is no answer of ours.
_LARGEST = 64 << 20


class Lost(Exception):
    """The child did not come back with an answer: the driver took it along, or it met a limit."""


def run_job(job: Job, arguments: dict[str, Any], seconds: float = 120.0, megabytes: int = 8192) -> dict[str, Any]:
    """Run a job in a child; its answer.

    Raises :class:`BadInput` for what the job raised as that, and when it takes longer than ``seconds``; :class:`Lost`
    when the child ended without an answer.
    """
    with tempfile.TemporaryDirectory(prefix="hintproof-driver-") as scratch:
        name = f"{job.__module__}:{job.__qualname__}"
        limits = {"seconds": int(seconds) + 1, "megabytes": megabytes}
        question = {"job": name, "arguments": arguments, **limits}
        (Path(scratch) / _QUESTION).write_text(json.dumps(question))
        command = [sys.executable, "-m", __name__, scratch]
        ended = run_child(command, Path(scratch), seconds, {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)})
        answer = _read(Path(scratch) / _ANSWER)
    if answer is None:
        raise Lost(f"the process that ran the driver ended {_how(ended.status)}: {last_line(ended.output)}")
    if "bad_input" in answer:
        raise BadInput(str(answer["bad_input"]))
    return answer


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST:
            return None
        answer = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


def _how(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status} and no answer"


def main(scratch: Path) -> None:
    """What the child does."""
    question = json.loads((scratch / _QUESTION).read_text())
    module, _, function = question["job"].partition(":")
    job: Job = getattr(importlib.import_module(module), function)
    holds = enter(scratch, question["seconds"], question["megabytes"])
    try:
        answer = job(question["arguments"])
    except BadInput as problem:
        answer = {"bad_input": str(problem)}
    whole = scratch / f"{_ANSWER}.new"
    whole.write_text(json.dumps({"sandbox": holds, **answer}))
    os.replace(whole, scratch / _ANSWER)
    sys.stdout.flush()
    os._exit(0)  # the driver's library is not asked to say goodbye


if __name__ == "__main__":
    main(Path(sys.argv[1]))
