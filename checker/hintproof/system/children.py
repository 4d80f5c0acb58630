"""Child processes: a program run to its end, with a limit of time; it never outlives the one that started it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hintproof.system.errors import BadInput

#: Seconds between two looks at a child's memory and time.
_LOOK = 0.02


@dataclass(frozen=True)
class Ended:
    """How a child process ended: what it printed, how long it took, the most memory it had."""

    output: str
    status: int
    seconds: float
    megabytes: int


def run_child(
    command: Sequence[str], directory: Path, seconds: float | None = None, environment: dict[str, str] | None = None
) -> Ended:
    """Run a command to its end, with ``environment`` added to ours. Raises :class:`BadInput` if it takes too long.

    It has a process group of its own, which is killed at the limit and on Ctrl-C.
    """
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:  # no pipe: a child never waits for us to read
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watch = _Watch(process.pid, seconds)
        try:
            watch.start()
            status = process.wait()
        finally:
            watch.over.set()
            _kill(process.pid)  # whatever it started, too
            process.wait()
            watch.join()
        took = time.monotonic() - began
        if watch.late:
            raise BadInput(f"{Path(command[0]).name} took longer than {seconds:g} seconds: allow more, or take less")
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Ended(text, status, took, watch.megabytes)


class _Watch(threading.Thread):
    """Looks at a process now and then: how much memory it has had, and whether its time is up.

    What the kernel tells of an ended child will not do: it counts our own memory, which the child had before it was
    another program.
    """

    def __init__(self, process: int, seconds: float | None) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.late = False
        self.megabytes = 0
        self._process = process
        self._ends = time.monotonic() + seconds if seconds is not None else None

    def run(self) -> None:
        """Look until it is over."""
        while not self.over.wait(_LOOK):
            self.megabytes = max(self.megabytes, _peak(self._process))
            if self._ends is not None and time.monotonic() > self._ends:
                self.late = True
                _kill(self._process)
                return


def _peak(process: int) -> int:
    """The most memory that a process has had, in MB; 0 if it has ended or the system does not tell."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) >> 10 if found else 0


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def first_line(text: str) -> str:
    """The first line that says something, for an error message."""
    return _said(text)[0][:200]


def last_line(text: str) -> str:
    """The last line that says something, for an error message."""
    return _said(text)[-1][:200]


def _said(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"]
