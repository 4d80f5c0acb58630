"""Child processes: programs that run to their end, within a limit of time, and never outlive who started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hintproof.system.errors import BadInput

# -- dying with the parent --------------------------------------------------------------------

_PR_SET_PDEATHSIG = 1

#: Begins a program only if its parent is still the one that asked. The kernel kills a child of a parent that dies
#: after the request; a child whose parent died before it would stay.
_IF_PARENT_LIVES = 'test "$PPID" = "$0" && exec "$@"'


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends (Linux; elsewhere nothing is done)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def dying_with_parent(command: Sequence[str]) -> list[str]:
    """A command that starts another one, which dies with the thread that started it.

    Without util-linux's setpriv it is the command itself. :func:`die_with_parent` between fork and exec is no choice
    in a process of several threads.
    """
    setpriv = _setpriv()
    if not setpriv:
        return list(command)
    return [setpriv, "--pdeathsig", "KILL", "--", "sh", "-c", _IF_PARENT_LIVES, str(os.getpid()), *command]


@cache
def _setpriv() -> str:
    return shutil.which("setpriv") or ""


def kill_group(group: int) -> None:
    """Kill all processes of a process group, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


#: The process groups of the programs that :func:`run_child` runs, in any thread.
_running: set[int] = set()


def kill_running() -> None:
    """Kill the programs that other threads run to their end: a thread does not hear Ctrl-C."""
    for group in tuple(_running):
        kill_group(group)


# -- running a program to its end -------------------------------------------------------------

#: Seconds between two looks at a child's memory and time.
_LOOK = 0.02


@dataclass(frozen=True)
class Ended:
    """The end of a child process: its output and exit status, the seconds it took, the most memory it had (MB)."""

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
            dying_with_parent(command),
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watch = _Watch(process.pid, seconds)
        _running.add(process.pid)
        try:
            watch.start()
            status = process.wait()
        finally:
            watch.over.set()
            _running.discard(process.pid)
            kill_group(process.pid)  # whatever it started, too
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

    The kernel's own account of an ended child (``ru_maxrss``) counts our memory, too, which the child had before it
    was another program.
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
            self.megabytes = max(self.megabytes, _read_peak(self._process))
            if self._ends is not None and time.monotonic() > self._ends:
                self.late = True
                kill_group(self._process)
                return


def _read_peak(process: int) -> int:
    """The most memory that a process has had, in MB; 0 if it has ended or the system does not say."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) >> 10 if found else 0


def first_line(text: str) -> str:
    """The first line of a program's output that is not empty, for an error message."""
    return _lines(text)[0][:200]


def last_line(text: str) -> str:
    """The last line of a program's output that is not empty, for an error message."""
    return _lines(text)[-1][:200]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"]
