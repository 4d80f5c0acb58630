"""The qtest protocol: reads and writes of the guest's physical addresses, from outside.

A write goes through QEMU's address space, as a device's DMA does: it marks the page in QEMU's own dirty log.
Source: QEMU softmmu/qtest.c.
"""

from __future__ import annotations

import socket

from hintproof.qemu.child import QemuChild
from hintproof.qemu.qmp import SECONDS


class Qtest:
    """The qtest server of a child, over a connected socket."""

    def __init__(self, channel: socket.socket, child: QemuChild) -> None:
        self._channel = channel
        self._channel.settimeout(SECONDS)
        self._child = child

    def read32(self, address: int) -> int:
        """A 32-bit read, as by a virtual CPU (device registers, too)."""
        return int(self._ask(f"readl 0x{address:x}"), 16)

    def write32(self, address: int, value: int) -> None:
        """A 32-bit write."""
        self._ask(f"writel 0x{address:x} 0x{value:x}")

    def _ask(self, line: str) -> str:
        try:
            self._channel.sendall(line.encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                more = self._channel.recv(4096)
                if not more:
                    raise self._child.death("its qtest server is closed")
                answer += more
        except OSError:
            raise self._child.death(f"its qtest server is silent for {SECONDS:g} s") from None
        status, _, value = answer.decode().strip().partition(" ")
        if status != "OK":
            raise self._child.death(f"qtest answers {answer[:80]!a} to {line}")
        return value
