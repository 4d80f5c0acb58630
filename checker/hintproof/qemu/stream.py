"""The migration's destination: it reads QEMU's stream, rebuilds RAM, and keeps a log of the pages that came.

Source of the format: QEMU docs/devel/migration.rst, migration/savevm.c and ram.c. The state of devices, which
follows RAM, is not looked at.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Generator
from dataclasses import dataclass, field

from hintproof.qemu.layout import PAGE
from hintproof.qemu.outcome import Unsteerable

_MAGIC = b"QEVM"
_VERSION = 3

#: Kinds of sections.
_START, _PART, _END, _SUBSECTION, _CONFIGURATION, _COMMAND, _FOOTER = 1, 2, 3, 5, 7, 8, 0x7E

#: Flags in the low bits of a page's address.
_ZERO, _SIZES, _PAGE, _EOS, _CONTINUE = 0x02, 0x04, 0x08, 0x10, 0x20

Reader = Generator[int, bytes, None]


class NotUnderstood(Unsteerable):
    """The stream has something that this reader does not know."""


@dataclass
class Destination:
    """RAM as it arrived. ``pages`` are the pages of the block ``ram`` in the order in which they came, ``stream`` is
    all that came.

    ``tells_addresses``: the stream has an address of each RAM block, as with the capability x-ignore-shared.
    """

    name: str = "ram"
    tells_addresses: bool = False
    memory: bytearray = field(default_factory=bytearray)
    pages: list[int] = field(default_factory=list)
    stream: bytearray = field(default_factory=bytearray)
    ram_is_complete: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        self._buffer = bytearray()
        self._block = ""  # the last that was named, which records of a later section may continue
        self._reader = _stream(self)
        self._needs = next(self._reader)

    @property
    def received(self) -> int:
        """Bytes that came."""
        return len(self.stream)

    def feed(self, data: bytes) -> None:
        """Take more of the stream. Raises :class:`NotUnderstood`."""
        self.stream += data
        if self.ram_is_complete:
            return
        self._buffer += data
        place = 0
        with contextlib.suppress(StopIteration):
            while len(self._buffer) - place >= self._needs:
                taken = bytes(self._buffer[place : place + self._needs])
                place += self._needs
                self._needs = self._reader.send(taken)
        del self._buffer[:place]

    def drain(self, channel: socket.socket) -> None:
        """Take all that has come in on a socket that does not block."""
        while not self.closed:
            try:
                data = channel.recv(1 << 20)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
            self.feed(data)


def _number(size: int) -> Generator[int, bytes, int]:
    return int.from_bytes((yield size), "big")


def _text(size: int = 1) -> Generator[int, bytes, str]:
    length = yield from _number(size)
    return (yield length).decode(errors="replace")


def _stream(destination: Destination) -> Reader:
    if (yield 4) != _MAGIC or (yield from _number(4)) != _VERSION:
        raise NotUnderstood("this is no migration stream of version 3")
    while not destination.ram_is_complete:
        kind = yield from _number(1)
        if kind == _CONFIGURATION:
            yield from _text(4)
        elif kind == _COMMAND:
            yield 2
            yield (yield from _number(2))
        elif kind == _SUBSECTION:
            yield from _capabilities()
        elif kind in (_START, _PART, _END):
            yield from _section(destination, kind)
        else:
            raise NotUnderstood(f"a section of kind {kind} where RAM is not complete")


def _capabilities() -> Reader:
    """The capabilities that the configuration names: all that follows it here."""
    name = yield from _text()
    if name != "configuration/capabilities":
        raise NotUnderstood(f"a part of the configuration called {name[:40]!a}")
    yield 4  # version
    for _ in range((yield from _number(4))):
        yield from _text()


def _section(destination: Destination, kind: int) -> Reader:
    yield 4  # the section's number
    if kind == _START:
        name = yield from _text()
        if name != "ram":
            raise NotUnderstood(f"a part of the migration called {name[:40]!a}")
        yield 8  # instance and version
    yield from _records(destination)
    if kind == _END:
        destination.ram_is_complete = True
    elif (yield from _number(1)) != _FOOTER or len((yield 4)) != 4:
        raise NotUnderstood("a section without an end")


def _records(destination: Destination) -> Reader:
    """The records of one section of RAM, up to its end."""
    while True:
        head = yield from _number(8)
        address, flags = head & ~(PAGE - 1), head & (PAGE - 1)
        if flags & _EOS:
            return
        if flags & _SIZES:
            yield from _sizes(destination, address)
            continue
        if not flags & _CONTINUE:
            destination._block = yield from _text()
        if flags & _ZERO:
            content = (yield 1) * PAGE
        elif flags & _PAGE:
            content = yield PAGE
        else:
            raise NotUnderstood(f"a record of RAM with flags {flags:#x}")
        if destination._block == destination.name:
            destination.memory[address : address + PAGE] = content
            destination.pages.append(address // PAGE)


def _sizes(destination: Destination, total: int) -> Reader:
    """Names and sizes of all RAM blocks."""
    while total > 0:
        name = yield from _text()
        size = yield from _number(8)
        total -= size
        if destination.tells_addresses:
            yield 8
        if name == destination.name:
            destination.memory = bytearray(size)
