"""A virtual machine of a stock QEMU: it is started, talked to, and ended; we are the driver of its balloon."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from hintproof.qemu import payload
from hintproof.qemu.balloon import Balloon
from hintproof.qemu.binary import Qemu
from hintproof.qemu.child import QemuChild
from hintproof.qemu.layout import PAGE, Layout
from hintproof.qemu.memory import Ram, anonymous_file
from hintproof.qemu.mmio import MmioDevice
from hintproof.qemu.polling import poll
from hintproof.qemu.qmp import Qmp
from hintproof.qemu.qtest import Qtest
from hintproof.system.errors import BadInput
from hintspec.protocol.rules import LogMode

_MACHINE = (
    "microvm,x-option-roms=off,pit=off,pic=off,rtc=off,isa-serial=off,auto-kernel-cmdline=off,acpi=off,"
    "memory-backend=ram"
)

#: The event that the device's loop logs after each entry: a system call that it makes with no lock held.
LOG_EVENT = "virtio_notify"

#: Seconds that the virtual CPU may take for one store.
_STORE_SECONDS = 20.0


@dataclass(frozen=True)
class Setup:
    """How a machine is started: a QEMU, an accelerator (kvm or tcg), and all that differs from the default.

    ``vcpu_stores``: the guest's writes are stores of its virtual CPU; else they are made over qtest, as by a device.
    ``ring``: entries of KVM's dirty ring, 0 for the dirty bitmap. ``options`` are added to the command line,
    ``preload`` is a library that QEMU is to load first.
    """

    qemu: Qemu
    accelerator: str
    vcpu_stores: bool = False
    ring: int = 0
    options: tuple[str, ...] = ()
    preload: str = ""

    @property
    def log_mode(self) -> LogMode:
        """The dirty log in use, if no library is loaded that hides what the kernel has."""
        return LogMode.KVM_RING if self.ring else self.qemu.log_mode(self.accelerator)

    @property
    def lazy(self) -> bool:
        """Whether the dirty log may be cleared by chunk, as pages are sent."""
        return self.accelerator == "kvm" and not self.ring

    def command(self, layout: Layout, ram: int, firmware: int, log: int, qmp: int, qtest: int) -> list[str]:
        """The command line; the numbers are the descriptors that QEMU gets."""
        ring = f",dirty-ring-size={self.ring}" if self.ring else ""
        size = layout.pages * PAGE
        return [
            self.qemu.path, "-nodefaults", "-no-user-config", "-display", "none", "-name", "hintproof,debug-threads=on",
            "-chardev", f"socket,id=qmp,fd={qmp}", "-mon", "chardev=qmp,mode=control",
            "-chardev", f"socket,id=qtest,fd={qtest}", "-qtest", "chardev:qtest", "-qtest-log", "/dev/null",
            "-machine", _MACHINE, "-accel", f"{self.accelerator}{ring}", "-m", f"{size >> 10}K",
            "-object", f"memory-backend-file,id=ram,size={size},mem-path=/dev/fd/{ram},share=on",
            "-bios", f"/dev/fd/{firmware}",
            "-object", "iothread,id=hints", "-global", "virtio-mmio.force-legacy=false",
            "-device", "virtio-balloon-device,free-page-hint=on,iothread=hints,id=balloon",
            "-global", "migration.x-clear-bitmap-shift=6",
            "-trace", f"enable={LOG_EVENT}", "-D", f"/dev/fd/{log}",
            *self.options,
        ]  # fmt: skip


class Machine:
    """A running virtual machine. Use :func:`machine` to have it ended."""

    def __init__(self, setup: Setup, layout: Layout) -> None:
        self.setup = setup
        self.layout = layout
        self.ram = Ram(layout.pages * PAGE)
        self.ram.write(payload.NMI_VECTOR, payload.nmi_entry())
        self._orders = 0
        self._files = [anonymous_file("firmware", payload.firmware()), anonymous_file("log", 0)]
        ours, theirs = zip(*(socket.socketpair() for _ in range(2)), strict=True)
        self._channels = list(ours)
        handles = [self.ram.handle, *self._files, *(s.fileno() for s in theirs)]
        environment = {"LD_PRELOAD": setup.preload} if setup.preload else {}
        self.child = QemuChild(setup.command(layout, *handles), handles, environment)
        for channel in theirs:
            channel.close()
        try:
            self.qmp = Qmp(self._channels[0], self.child)
            self.qtest = Qtest(self._channels[1], self.child)
            self.balloon = Balloon(MmioDevice(self.qtest), self.ram)
        except BaseException:
            self.end()
            raise

    def store(self, address: int, value: int) -> None:
        """A store of 32 bits by the virtual CPU."""
        self._orders = self._orders % 0xFFFF + 1
        ram = self.ram
        ram.put(payload.SEGMENT, 2, address >> 4)
        ram.put(payload.OFFSET, 2, address & 15)
        ram.put(payload.VALUE, 4, value)
        ram.put(payload.ORDER, 2, self._orders)
        self.qtest.write32(payload.MESSAGE_ADDRESS, payload.NMI_MESSAGE)
        if not poll(lambda: ram.get(payload.DONE, 2) == self._orders, _STORE_SECONDS, 0.0001):
            raise self.child.death(f"the virtual CPU does not store within {_STORE_SECONDS:g} s")

    def end(self) -> None:
        """Kill it, and free all its resources."""
        self.child.kill()
        for channel in self._channels:
            channel.close()
        for handle in self._files:
            os.close(handle)
        self.ram.close()


@contextlib.contextmanager
def machine(setup: Setup, layout: Layout) -> Iterator[Machine]:
    """A machine that is ended with the block, however that ends. Raises :class:`BadInput` if there is no room."""
    try:
        running = Machine(setup, layout)
    except OSError as problem:
        raise BadInput(f"no machine can be started: {problem.strerror or problem}; run fewer at a time") from None
    try:
        yield running
    finally:
        running.end()
