"""QEMU as a child process: it leaves no file, never outlives the one that asked, and its death is told as such."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from hintproof.qemu.outcome import HypervisorDied, Unsteerable
from hintproof.system.children import dying_with_parent, kill_group

#: Seconds that a process may take to finish dying.
_DYING = 0.5

#: Steps told of a hypervisor that died.
LAST_STEPS = 6


class QemuChild:
    """A running QEMU. ``steps`` is what it was asked for so far, for the report of its death."""

    def __init__(self, command: Sequence[str], handles: Sequence[int], environment: Mapping[str, str]) -> None:
        self.steps: list[str] = []
        self._output = os.memfd_create("hintproof-output")
        self._process = subprocess.Popen(
            dying_with_parent(command),  # until we hold one of its threads (EXITKILL)
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            pass_fds=handles,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        self.tracees: list[int] = []
        _RUNNING.add(self)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it is no longer there."""
        return self._status() is not None

    def thread(self, name: str, seconds: float = 5.0) -> int:
        """The number of the thread of that name, as QEMU names it with ``debug-threads=on``."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for number in self._threads():
                with contextlib.suppress(OSError), open(f"/proc/{self.pid}/task/{number}/comm") as file:
                    if file.read().strip() == name:
                        return int(number)
            if self._process.poll() is not None:
                raise self.death(f"there is no thread {name}")
            time.sleep(0.001)
        raise Unsteerable(f"QEMU has no thread called {name}")

    def _threads(self) -> list[str]:
        try:
            return os.listdir(f"/proc/{self.pid}/task")
        except OSError:
            return []

    def death(self, seen: str) -> HypervisorDied:
        """The exception that tells of its death (it has a moment to finish dying), or of its silence."""
        ends = time.monotonic() + _DYING
        while self._status() is None and time.monotonic() < ends:
            time.sleep(0.005)
        status = self._status()
        how = f"does not answer ({seen})" if status is None else f"died: {_ended(status)}"
        said = self.said()
        told = [f"the hypervisor {how}", *([f"it said {said!a}"] if said else [])]
        if self.steps:
            told.append(f"last steps: {', '.join(self.steps[-LAST_STEPS:])}")
        return HypervisorDied("; ".join(told))

    def _status(self) -> int | None:
        for thread in self.tracees:  # a traced thread that ended holds up the report of its process
            with contextlib.suppress(ChildProcessError):
                os.waitpid(thread, os.WNOHANG | _WALL)
        return self._process.poll()

    def said(self) -> str:
        """The last line that it printed, of those that are no warnings."""
        lines = os.pread(self._output, 1 << 20, 0).decode(errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip() and " warning: " not in line), "")

    def kill(self) -> None:
        """End it, whatever it does, and wait until it is gone. To be called by the thread that started it."""
        self.signal_kill()
        for thread in self.tracees:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(thread, _WALL)
        self._process.wait()
        os.close(self._output)
        _RUNNING.discard(self)

    def signal_kill(self) -> None:
        """Have it end soon; any thread may ask for that."""
        kill_group(self.pid)


def kill_all() -> None:
    """Have all hypervisors of this process end; the threads that use them find them dead."""
    for child in list(_RUNNING):
        child.signal_kill()


_RUNNING: set[QemuChild] = set()


_WALL = 0x40000000


def _ended(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    return f"signal {-status} ({signal.Signals(-status).name})"
