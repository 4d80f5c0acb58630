"""A small synchronous QMP client.

The official ``qemu.qmp`` is built on asyncio. Here every command has its place between two steps of threads that are
held by ptrace, which is bound to the calling thread; so each call sends, waits for its answer, and returns.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from hintproof.qemu.channel import LineChannel
from hintproof.qemu.child import QemuChild
from hintproof.qemu.outcome import Unsteerable


class Qmp:
    """The QMP monitor of a child, over a connected socket."""

    def __init__(self, channel: socket.socket, child: QemuChild) -> None:
        self._channel = LineChannel(channel, child, "monitor")
        self._await("QMP")
        self("qmp_capabilities")

    def __call__(self, command: str, /, handles: Sequence[int] = (), **arguments: Any) -> Any:
        """Execute a command and return its result; ``handles`` are file descriptors to pass along.

        Raises :class:`Unsteerable` with QEMU's message if QEMU refuses the command, :class:`HypervisorDied` if no
        answer comes.
        """
        if not command.startswith("query"):
            self._channel.child.steps.append(command)
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        self._channel.send(json.dumps({"execute": command, "arguments": named}), handles)
        answer = self._await("return", "error")
        if "error" in answer:
            raise Unsteerable(f"{command}: {answer['error'].get('desc', answer['error'])}")
        return answer["return"]

    def _await(self, *kinds: str) -> dict[str, Any]:
        """The next message of one of these kinds; events that come before it are dropped."""
        while True:
            message: dict[str, Any] = json.loads(self._channel.receive())
            if any(kind in message for kind in kinds):
                return message
