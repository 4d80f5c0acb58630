"""A socket to one of QEMU's servers, which answer in lines."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from hintproof.qemu.child import QemuChild

#: Seconds that QEMU may take to answer.
SECONDS = 30.0


class LineChannel:
    """A connected socket to a server of a child. ``server`` names it in the report of the child's death."""

    def __init__(self, channel: socket.socket, child: QemuChild, server: str) -> None:
        channel.settimeout(SECONDS)
        self._channel = channel
        self.child = child
        self._server = server
        self._buffer = b""

    def send(self, line: str, handles: Sequence[int] = ()) -> None:
        """Send a line; ``handles`` are file descriptors to pass along. Raises :class:`HypervisorDied`."""
        text = line.encode() + b"\n"
        try:
            if handles:
                socket.send_fds(self._channel, [text], handles)
            else:
                self._channel.sendall(text)
        except OSError:
            raise self.child.death(f"its {self._server} is closed") from None

    def receive(self) -> str:
        """The next line. Raises :class:`HypervisorDied` if none comes within :data:`SECONDS`."""
        while b"\n" not in self._buffer:
            try:
                more = self._channel.recv(65536)
            except OSError:
                raise self.child.death(f"its {self._server} is silent for {SECONDS:g} s") from None
            if not more:
                raise self.child.death(f"its {self._server} is closed")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()
