"""The guest's RAM: shared memory without a file, mapped here and in QEMU.

What is written here no dirty log sees: good for rings, cells and the mailbox, and for content before a migration.
"""

from __future__ import annotations

import mmap
import os


def anonymous_file(name: str, content: bytes | int) -> int:
    """A file descriptor of memory that is gone once nobody has it open; of that content, or that many zeros."""
    handle = os.memfd_create(f"hintproof-{name}")
    if isinstance(content, int):
        os.ftruncate(handle, content)
    else:
        os.write(handle, content)
    return handle


class Ram:
    """Guest-physical memory from 0 on."""

    def __init__(self, size: int) -> None:
        self.handle = anonymous_file("ram", size)
        self.size = size
        self._map = mmap.mmap(self.handle, size)

    def read(self, address: int, size: int) -> bytes:
        """So many bytes."""
        return self._map[address : address + size]

    def write(self, address: int, data: bytes) -> None:
        """Write bytes, unseen by any dirty log."""
        self._map[address : address + len(data)] = data

    def get(self, address: int, size: int) -> int:
        """A little-endian number."""
        return int.from_bytes(self.read(address, size), "little")

    def put(self, address: int, size: int, value: int) -> None:
        """Write a little-endian number, unseen by any dirty log."""
        self.write(address, value.to_bytes(size, "little"))

    def close(self) -> None:
        """Unmap it."""
        self._map.close()
        os.close(self.handle)
