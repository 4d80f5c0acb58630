"""One thread of QEMU held by ptrace: it stands still, and runs only from one of its system calls to another.

So a device, or a migration thread, is slow on demand, and QEMU is unchanged. The thread is stopped at a system call
that it makes with no lock held; its next work waits until the thread is let go on.
Source: ptrace(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from hintproof.qemu.child import WALL, QemuChild
from hintproof.qemu.outcome import Unsteerable
from hintproof.qemu.polling import poll

_SEIZE, _INTERRUPT, _SYSCALL, _DETACH = 0x4206, 0x4207, 24, 17
_GET_SYSCALL_INFO = 0x420E
_TRACESYSGOOD, _EXITKILL = 1, 1 << 20
_SYSCALL_STOP = signal.SIGTRAP | 0x80
_EVENT_STOP = 128

#: Seconds in which a thread must have come to rest.
_REST_SECONDS = 10.0

#: Seconds between two looks at a thread that runs: at first, and at most.
_LOOK, _LOOK_MOST = 0.00002, 0.004

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_LIBC.ptrace.restype = ctypes.c_long


@dataclass(frozen=True)
class Call:
    """A system call that a thread is about to make: its number, and its arguments."""

    number: int
    arguments: tuple[int, ...]


class Ended(Exception):
    """The thread has ended."""


class Late(Exception):
    """The thread did not reach the place where it should stop in time."""


def _ptrace(request: int, thread: int, address: int = 0, data: int = 0) -> int:
    result: int = _LIBC.ptrace(request, thread, address, data)
    if result < 0:
        problem = ctypes.get_errno()
        if problem == errno.ESRCH:
            raise Ended
        raise Unsteerable(f"ptrace is refused here ({os.strerror(problem)}): QEMU's threads can't be held")
    return result


def tracing_refusal() -> str:
    """Why threads of a child can't be held here; empty if they can."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        return "threads of QEMU are held by ptrace, which is built for Linux on x86-64 only"
    with subprocess.Popen(["/bin/sleep", "9"], stdin=subprocess.DEVNULL) as process:
        try:
            _ptrace(_SEIZE, process.pid)
        except Unsteerable as problem:
            return f"{problem}: a container needs the capability SYS_PTRACE"
        finally:
            process.kill()
    return ""


class Tracee:
    """A held thread. All calls must come from the thread that made it.

    ``rests_in``: it is held as soon as it waits in one of these system calls, and not at a place where it has a lock.
    """

    def __init__(self, child: QemuChild, name: str, rests_in: Collection[int]) -> None:
        self._child = child
        self._name = name
        self.thread = child.thread(name)
        self._pending = 0
        try:
            self._until_it_rests(rests_in)
            self._hold()
        except (Ended, Late):
            raise child.death(f"thread {name} has ended, or can't be held") from None

    def _hold(self) -> None:
        _ptrace(_SEIZE, self.thread, 0, _TRACESYSGOOD | _EXITKILL)
        self._child.tracees.append(self.thread)
        _ptrace(_INTERRUPT, self.thread)
        self._wait(_REST_SECONDS)

    def _until_it_rests(self, rests_in: Collection[int]) -> None:
        if not poll(lambda: self._waits_in() in rests_in, _REST_SECONDS, 0.0005):
            raise Unsteerable(f"QEMU's thread {self._name} does not come to rest")

    def _waits_in(self) -> int:
        """The system call that the thread waits in; -1 if it runs."""
        try:
            with open(f"/proc/{self._child.pid}/task/{self.thread}/syscall") as file:
                first = file.read().split()[0]
        except OSError:
            raise Ended from None
        return int(first) if first.isdigit() else -1

    @property
    def sleeps(self) -> bool:
        """Whether the thread, let go on, waits for something."""
        with open(f"/proc/{self._child.pid}/task/{self.thread}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "S"

    def run_to(
        self, wanted: Callable[[Call], bool], seconds: float, meanwhile: Callable[[], None] | None = None
    ) -> None:
        """Let the thread run until it is about to make a wanted call, and hold it there.

        ``meanwhile`` is called each time the thread stops on its way. Raises :class:`Ended`, or :class:`Late` if that
        takes longer than ``seconds``.
        """
        ends = time.monotonic() + seconds
        while True:
            _ptrace(_SYSCALL, self.thread, 0, self._pending)
            call = self._wait(ends - time.monotonic())
            if meanwhile:
                meanwhile()
            if call and wanted(call):
                return

    def let_go(self) -> None:
        """Hold the thread no longer, if it has not ended."""
        with contextlib.suppress(Ended):
            _ptrace(_DETACH, self.thread, 0, self._pending)
            self._child.tracees.remove(self.thread)

    def _wait(self, seconds: float) -> Call | None:
        """Wait until the thread stops; the call if it is about to make one."""
        status = poll(self._stop_status, seconds, _LOOK, _LOOK_MOST)
        if not status:
            raise Late(f"thread {self._name} does not come to where it should stop")
        reason = os.WSTOPSIG(status)
        at_event = status >> 16 == _EVENT_STOP
        self._pending = 0 if at_event or reason == _SYSCALL_STOP else reason
        return self._call() if reason == _SYSCALL_STOP else None

    def _stop_status(self) -> int:
        """The status with which the thread stopped; 0 if it runs. Raises :class:`Ended`."""
        try:
            found, status = os.waitpid(self.thread, os.WNOHANG | WALL)
        except ChildProcessError:
            raise Ended from None
        if found and not os.WIFSTOPPED(status):
            if self.thread in self._child.tracees:
                self._child.tracees.remove(self.thread)
            raise Ended
        return status

    def _call(self) -> Call | None:
        """The call, if this is its beginning and not its end."""
        buffer = ctypes.create_string_buffer(88)
        _ptrace(_GET_SYSCALL_INFO, self.thread, len(buffer), ctypes.addressof(buffer))
        operation, number, *arguments = struct.unpack_from("=B23xQ6Q", buffer)
        return Call(number, tuple(arguments)) if operation == 1 else None
