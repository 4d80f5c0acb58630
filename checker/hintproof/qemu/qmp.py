"""A small synchronous QMP client.

The official ``qemu.qmp`` is built on asyncio. Here every command has its place between two steps of threads that are
held by ptrace, which is bound to the calling thread; so each call sends, waits for its answer, and returns.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

from hintproof.qemu.child import QemuChild
from hintproof.qemu.outcome import Unsteerable

#: Seconds that QEMU may take to answer.
SECONDS = 30.0


class CommandRefused(Unsteerable):
    """QEMU answered a command with an error. The message is QEMU's."""


class Qmp:
    """The QMP monitor of a child, over a connected socket."""

    def __init__(self, channel: socket.socket, child: QemuChild) -> None:
        self._channel = channel
        self._channel.settimeout(SECONDS)
        self._child = child
        self._buffer = b""
        self.events: list[dict[str, Any]] = []
        self._until(lambda message: "QMP" in message)
        self("qmp_capabilities")

    def __call__(self, command: str, /, handles: list[int] | None = None, **arguments: Any) -> Any:
        """Execute a command and give what it returns; ``handles`` are file descriptors to pass along.

        Raises :class:`CommandRefused`, or :class:`HypervisorDied` if no answer comes.
        """
        if not command.startswith("query"):
            self._child.steps.append(command)
        text = json.dumps({"execute": command, "arguments": {k.replace("_", "-"): v for k, v in arguments.items()}})
        try:
            if handles:
                socket.send_fds(self._channel, [text.encode()], handles)
            else:
                self._channel.sendall(text.encode())
        except OSError:
            raise self._child.death("its monitor is closed") from None
        answer = self._until(lambda message: "return" in message or "error" in message)
        if "error" in answer:
            raise CommandRefused(f"{command}: {answer['error'].get('desc', answer['error'])}")
        return answer["return"]

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            message = self._message()
            if wanted(message):
                return message
            if "event" in message:
                self.events.append(message)

    def _message(self) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            try:
                more = self._channel.recv(65536)
            except OSError:
                raise self._child.death(f"its monitor is silent for {SECONDS:g} s") from None
            if not more:
                raise self._child.death("its monitor is closed")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message
