"""A real QEMU as the destination: what a migration sent is played to it, and the guest goes on there."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

from hintproof.qemu.layout import Layout
from hintproof.qemu.machine import Machine, Setup, machine
from hintproof.qemu.outcome import Unsteerable

#: Seconds that the destination may take.
_SECONDS = 30.0


@contextlib.contextmanager
def receiving_machine(setup: Setup, layout: Layout, stream: bytes) -> Iterator[Machine]:
    """The machine at the destination of a complete migration, of which ``stream`` is all that was sent.

    Raises :class:`Unsteerable` if QEMU does not take it.
    """
    ours, theirs = socket.socketpair()
    incoming = replace(setup, options=(*setup.options, "-incoming", "defer"))
    with ours, theirs, machine(incoming, layout) as running:
        running.qmp("getfd", handles=[theirs.fileno()], fdname="source")
        theirs.close()
        running.qmp("migrate-incoming", uri="fd:source")
        ours.sendall(stream)
        ours.shutdown(socket.SHUT_WR)
        ends = time.monotonic() + _SECONDS
        while (status := running.qmp("query-migrate").get("status")) != "completed":
            if status == "failed" or time.monotonic() > ends:
                raise Unsteerable(
                    f"the destination's migration is {status}: {running.child.said() or 'it says nothing'}"
                )
            time.sleep(0.002)
        yield running
