"""QEMU as a child process: it leaves no file, never outlives its parent, and its death is reported as such."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from hintproof.qemu.outcome import HypervisorDied, Unsteerable
from hintproof.qemu.polling import poll
from hintproof.system.children import dying_with_parent, kill_group

#: Seconds that a process may take to finish dying, and that a thread may take to appear.
_DYING, _APPEARING = 0.5, 5.0

#: Steps that the report of a death names.
LAST_STEPS = 6

#: waitpid's __WALL: waits for traced threads, too.
WALL = 0x40000000


class QemuChild:
    """A running QEMU. ``steps`` lists what was done with it so far, for the report of its death.

    ``tracees`` are its threads that are held by ptrace.
    """

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

    def thread(self, name: str) -> int:
        """The number of the thread of that name, which QEMU gives it with ``debug-threads=on``."""
        number = poll(lambda: self._find_thread(name), _APPEARING, 0.001)
        if number is None:
            raise Unsteerable(f"QEMU has no thread called {name}")
        return number

    def _find_thread(self, name: str) -> int | None:
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{self.pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{self.pid}/task/{number}/comm") as file:
                    if file.read().strip() == name:
                        return int(number)
        if self.ended:
            raise self.death(f"there is no thread {name}")
        return None

    def death(self, seen: str) -> HypervisorDied:
        """The exception that reports its death (it gets a moment to finish dying), or its silence."""
        poll(lambda: self.ended, _DYING, 0.005)
        status = self._status()
        parts = [
            f"the hypervisor does not answer ({seen})" if status is None else f"the hypervisor died: {_end(status)}"
        ]
        if line := self.last_line():
            parts.append(f"it said {line!a}")
        if self.steps:
            parts.append(f"last steps: {', '.join(self.steps[-LAST_STEPS:])}")
        return HypervisorDied("; ".join(parts))

    def _status(self) -> int | None:
        self._reap_tracees(os.WNOHANG)  # a traced thread that ended holds up the report of its process
        return self._process.poll()

    def _reap_tracees(self, options: int = 0) -> None:
        for thread in self.tracees:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(thread, options | WALL)

    def last_line(self) -> str:
        """The last line of its output that is no warning; "" if there is none."""
        lines = os.pread(self._output, 1 << 20, 0).decode(errors="replace").split("\n")
        return next((line.strip()[:200] for line in reversed(lines) if line.strip() and " warning: " not in line), "")

    def kill(self) -> None:
        """Kill it, and wait until it is gone. The thread that started it must call this."""
        kill_group(self.pid)
        self._reap_tracees()
        self._process.wait()
        os.close(self._output)
        _RUNNING.discard(self)


def kill_all() -> None:
    """Kill all hypervisors of this process (any thread may); the threads that use them find them dead."""
    for child in list(_RUNNING):
        kill_group(child.pid)


_RUNNING: set[QemuChild] = set()


def _end(status: int) -> str:
    return f"it ended with status {status}" if status >= 0 else f"signal {-status} ({signal.Signals(-status).name})"
