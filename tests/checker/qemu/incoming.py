"""A real QEMU as the destination: it gets the stream of a migration, and the guest goes on there."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace

from hintproof.qemu.layout import Layout
from hintproof.qemu.machine import Machine, Setup, machine
from hintproof.qemu.outcome import Unsteerable
from hintproof.qemu.polling import poll

#: Seconds that the destination may take.
_SECONDS = 30.0


@contextlib.contextmanager
def receiving_machine(setup: Setup, layout: Layout, stream: bytes) -> Iterator[Machine]:
    """The machine at the destination of a complete migration whose bytes are ``stream``.

    Raises :class:`Unsteerable` if QEMU does not accept them.
    """
    ours, theirs = socket.socketpair()
    incoming = replace(setup, options=(*setup.options, "-incoming", "defer"))
    with ours, theirs, machine(incoming, layout) as running:
        running.qmp("getfd", handles=[theirs.fileno()], fdname="source")
        theirs.close()
        running.qmp("migrate-incoming", uri="fd:source")
        ours.sendall(stream)
        ours.shutdown(socket.SHUT_WR)
        poll(lambda: _status(running) in ("completed", "failed"), _SECONDS, 0.002)
        if (status := _status(running)) != "completed":
            reason = running.child.last_line() or "it says nothing"
            raise Unsteerable(f"the destination's migration is {status}: {reason}")
        yield running


def _status(running: Machine) -> str:
    return str(running.qmp("query-migrate").get("status"))
