"""A migration of the machine, one tick at a time: we decide when a page is sent, and when a sync comes.

QEMU sends in each 100 ms as much as the bandwidth allows, then waits. Its migration thread is held in that wait,
where it has no lock. A sync comes once less is left to send than the threshold: bandwidth of the last tick times the
allowed downtime. Source: QEMU 7.2 migration/migration.c, migration_iteration_run(), migration_update_counters(),
migration_rate_limit(); ram.c, ram_save_pending(), ram_save_iterate().
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from hintproof.qemu.layout import PAGE
from hintproof.qemu.machine import Machine
from hintproof.qemu.outcome import TooBusy, Unsteerable
from hintproof.qemu.polling import poll
from hintproof.qemu.stream import Destination
from hintproof.qemu.tracee import Call, Ended, Late, Tracee

_THREAD = "live_migration"

#: Seconds that a tick may take, and that the whole rest of a migration may take.
_TICK_SECONDS, _END_SECONDS = 20.0, 60.0

_SENDMSG, _FUTEX = 46, 202

#: Ticks a second, and the bytes a tick that stand for "send nothing": the head of a section uses them up.
_TICKS, _NOTHING = 10, 1

#: Milliseconds of a tick: the least that QEMU waits.
_TICK = 100

#: The longest downtime that QEMU takes, in milliseconds.
_LONGEST = 2_000_000

#: Ticks tried until a sync comes.
_TRIES = 20


class Migration:
    """A migration that was begun, and is held. ``capabilities`` are switched on for it."""

    def __init__(self, machine: Machine, capabilities: tuple[str, ...] = ()) -> None:
        self._machine = machine
        self.destination = Destination(tells_addresses="x-ignore-shared" in capabilities)
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._thread: Tracee | None = None
        qmp = machine.qmp
        with theirs:
            if capabilities:
                states = [{"capability": name, "state": True} for name in capabilities]
                qmp("migrate-set-capabilities", capabilities=states)
            self._allow(_NOTHING, 1)
            qmp("getfd", handles=[theirs.fileno()], fdname="destination")
            qmp("migrate", uri="fd:destination")
        self._await(lambda info: info["status"] == "active" and info.get("ram", {}).get("dirty-sync-count", 0) >= 1)
        self._thread = Tracee(machine.child, _THREAD, {_FUTEX})
        self.tick()

    def query(self) -> dict[str, Any]:
        """The answer to query-migrate."""
        return dict(self._machine.qmp("query-migrate"))

    @property
    def status(self) -> str:
        """QEMU's word for where the migration stands."""
        return str(self.query()["status"])

    @property
    def syncs(self) -> int:
        """Syncs so far."""
        return int(self.query()["ram"]["dirty-sync-count"])

    @property
    def remaining(self) -> int:
        """Pages that are to be sent in this round, of all RAM blocks."""
        return int(self.query()["ram"]["remaining"]) // PAGE

    def tick(self, quota: int = _NOTHING) -> int:
        """Let QEMU send until it has sent more than ``quota`` bytes, once; the bytes that came.

        The quota is raised only after the head of a section used up the old one: QEMU looks at it again before it
        waits. Raised while it waits, the quota would be used twice, before and after the new tick is counted; and it
        is taken back before QEMU looks at it again.
        A page with content has 4104 bytes, a zero page 9, the head of a section 5.
        """
        before = self.destination.received
        if quota > _NOTHING:
            self._run(_sends)
            self._allow(quota)
            self._run(_sends)
            self._allow(_NOTHING)
        self._run(_waits_for_time)
        return self.destination.received - before

    def sync(self, fresh: int) -> None:
        """Make QEMU begin the next round, with nothing sent.

        ``fresh`` pages at least were made dirty since the last sync and are not to be sent in this round: with
        them, too much is left after the sync to complete. Raises :class:`Unsteerable` if that can't be arranged.
        """
        count = self.syncs
        sent = self.tick()
        if sent > PAGE:
            sent = self.tick()
        for _ in range(_TRIES):
            before = self.remaining
            downtime = min((before + fresh - 1) * PAGE * _TICK // max(sent, 1), _LONGEST)
            if downtime * sent < (before + 1) * PAGE * _TICK:
                raise Unsteerable(f"with {before} pages left and {fresh} fresh ones no sync can be forced")
            self._allow(_NOTHING, downtime)
            self._run(_waits_for_time)
            self._allow(_NOTHING, 1)
            info = self.query()
            if info["status"] != "active":
                raise Unsteerable("the migration went on to its end when a sync was wanted")
            if came := info["ram"]["dirty-sync-count"] - count:
                if came > 1:
                    raise Unsteerable("two syncs came when one was wanted")
                return
        raise TooBusy(f"no sync came in {_TRIES} ticks: the machine is too busy")

    def finish(self) -> None:
        """Let QEMU send all that is left, stop the machine, sync for the last time, and complete."""
        self._machine.child.steps.append("the migration goes on to its end")
        self._allow(0, 0)
        self._let_go()
        if not poll(self._drain_to_end, _END_SECONDS, 0):
            raise self._machine.child.death(f"the migration does not end within {_END_SECONDS:g} s")
        self._await(lambda info: info["status"] in ("completed", "failed", "cancelled"))
        if self.status != "completed" or not self.destination.ram_is_complete:
            raise Unsteerable(f"the migration ended as {self.status}")
        self._ours.close()

    def _drain_to_end(self) -> bool:
        """Wait for bytes, for half a second at most, and read them; whether QEMU has closed its end."""
        select.select([self._ours], [], [], 0.5)
        self.destination.drain(self._ours)
        if self._machine.child.ended:
            raise self._machine.child.death("while it migrated")
        return self.destination.closed

    def cancel(self) -> None:
        """Cancel the migration."""
        self._let_go()
        self._machine.qmp("migrate_cancel")
        self._await(lambda info: info["status"] == "cancelled")
        self._ours.close()

    def _allow(self, quota: int, downtime: int | None = None) -> None:
        """How much may be sent in a tick (0: everything), and the downtime in milliseconds."""
        limits: dict[str, Any] = {} if downtime is None else {"downtime_limit": downtime}
        self._machine.qmp("migrate-set-parameters", max_bandwidth=quota * _TICKS, **limits)

    def _run(self, wanted: Callable[[Call], bool]) -> None:
        assert self._thread
        self._machine.child.steps.append("the migration runs a tick")
        try:
            self._thread.run_to(wanted, _TICK_SECONDS, lambda: self.destination.drain(self._ours))
        except Ended:
            self._thread = None
            raise Unsteerable("the migration thread has ended") from None
        except Late as problem:
            raise self._machine.child.death(str(problem)) from None
        self.destination.drain(self._ours)

    def _let_go(self) -> None:
        if self._thread:
            self._thread.let_go()
            self._thread = None

    def _await(self, reached: Callable[[dict[str, Any]], bool]) -> None:
        def look() -> bool:
            self.destination.drain(self._ours)
            return reached(self.query())

        if not poll(look, _END_SECONDS, 0.002):
            raise Unsteerable(f"the migration stays {self.status}")


def _sends(call: Call) -> bool:
    """The buffered pages are sent; locks are given back."""
    return call.number == _SENDMSG


def _waits_for_time(call: Call) -> bool:
    """A wait with a time limit: between two ticks, and nowhere else."""
    return call.number == _FUTEX and call.arguments[3] != 0
