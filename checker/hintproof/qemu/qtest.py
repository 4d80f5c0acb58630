"""The qtest protocol: reads and writes of the guest's physical addresses, from outside.

A write goes through QEMU's address space, as a device's DMA does: it marks the page in QEMU's own dirty log.
Source: QEMU softmmu/qtest.c.
"""

from __future__ import annotations

import socket

from hintproof.qemu.channel import LineChannel
from hintproof.qemu.child import QemuChild


class Qtest:
    """The qtest server of a child, over a connected socket."""

    def __init__(self, channel: socket.socket, child: QemuChild) -> None:
        self._channel = LineChannel(channel, child, "qtest server")

    def read32(self, address: int) -> int:
        """Read 32 bits, as a virtual CPU does (also device registers)."""
        return int(self._ask(f"readl 0x{address:x}"), 16)

    def write32(self, address: int, value: int) -> None:
        """Write 32 bits."""
        self._ask(f"writel 0x{address:x} 0x{value:x}")

    def _ask(self, line: str) -> str:
        self._channel.send(line)
        answer = self._channel.receive()
        status, _, value = answer.strip().partition(" ")
        if status != "OK":
            raise self._channel.child.death(f"qtest answers {answer[:80]!a} to {line}")
        return value
