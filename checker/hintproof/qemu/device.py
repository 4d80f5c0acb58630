"""The device's loop over the hint queue, one entry at a time.

QEMU's iothread is held just after it gave an entry back: it is about to log the interrupt, has no lock that anybody
waits for, and its next entry waits until it is let go on. Meanwhile the driver may post and kick as it likes: that is
a slow device, no more.
Source: QEMU hw/virtio/virtio-balloon.c, virtio_ballloon_get_free_page_hints(); virtio.c, virtio_notify().
"""

from __future__ import annotations

import os

from hintproof.qemu.machine import Machine
from hintproof.qemu.outcome import Differs, Unsteerable
from hintproof.qemu.tracee import Call, Ended, Late, Tracee

#: Name of the iothread, as QEMU gives it.
_THREAD = "IO hints"

#: Seconds that the device may take for one entry.
_SECONDS = 10.0

_WRITE = 1
#: What an iothread sleeps in: poll, epoll_wait, ppoll, epoll_pwait, io_uring_enter.
_SLEEPS = {7, 232, 271, 281, 426}


class Device:
    """The held loop."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._log_handles: dict[int, bool] = {}
        self.asleep = True
        self._thread = Tracee(machine.child, _THREAD, _SLEEPS)

    def pop(self) -> None:
        """Let it take one entry off the queue, act on it, and give it back. It must have been kicked, or run.

        Raises :class:`Unsteerable` if there is nothing to pop, :class:`Differs` if it sleeps.
        """
        balloon = self._machine.balloon
        if not balloon.waiting:
            raise Unsteerable("there is no entry for the device to pop")
        before = balloon.used
        self._machine.child.steps.append("the device pops")
        while balloon.used == before:
            self._go_on()
        if (balloon.used - before) & 0xFFFF != 1:
            raise Unsteerable("the device popped more than one entry")

    def sleep(self) -> None:
        """Let it find nothing, and go to sleep until the next kick."""
        if self._machine.balloon.waiting:
            raise Unsteerable("the queue has entries: the device does not go to sleep")
        self._machine.child.steps.append("the device goes to sleep")
        while not self.asleep:
            self._go_on()

    def _go_on(self) -> None:
        try:
            self._thread.run_to(self._at_a_stop, _SECONDS)
        except Ended:
            raise self._machine.child.death("its iothread has ended") from None
        except Late as problem:
            if self._thread.sleeps:
                raise Differs("the device sleeps, and nobody wakes it") from None
            raise self._machine.child.death(str(problem)) from None

    def _at_a_stop(self, call: Call) -> bool:
        if call.number == _WRITE and self._is_log(call.arguments[0]):
            self.asleep = False
            return True
        if call.number in _SLEEPS and not self.asleep:
            self.asleep = True
            return True
        return False

    def _is_log(self, handle: int) -> bool:
        if handle not in self._log_handles:
            name = os.readlink(f"/proc/{self._machine.child.pid}/fd/{handle}")
            self._log_handles[handle] = "memfd:hintproof-log" in name
        return self._log_handles[handle]
