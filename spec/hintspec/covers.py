"""What must be able to happen, or every property holds in vain.

That a page is left out of a migration is a property of its own (``free_block_skipped``).
"""

from __future__ import annotations

from hintspec.device import config_shows, payload
from hintspec.properties import guest_at_rest
from hintspec.rules import LogMode, ReadsId, World, asks_for_hints, migrating, skipping
from hintspec.sorts import ALL, DONE, EMPTY, Term
from hintspec.state import Phase, Status
from hintspec.text import Cover, StateView, cover

S = StateView[World]


@cover(("pop_start", "pop_command"), asks_for_hints)
def hinting_starts(s: S) -> Term:
    """The device takes a START for the id issued last, and hinting starts."""
    return payload(s) == s.device.cmd_id


@cover(("ignore_hint", "ignore_unasked_hint", "ignore_early_hint"), asks_for_hints)
def stale_hint_ignored(s: S) -> Term:
    """A hint that was posted under an older id is ignored."""
    return ~(s.ring.queue.head("governed_by") == s.device.cmd_id)


@cover(("release_on_done", "config_changed_reading"), asks_for_hints)
def done_releases(s: S) -> Term:
    """DONE gives blocks back."""
    shown = s.driver.cache if s.world.driver.reads_id == ReadsId.WORKER else config_shows(s)
    return (shown == DONE) & ~(s.driver.held == EMPTY)


@cover(("migrate",), migrating)
def data_before_migration(s: S) -> Term:
    """Applications have data already when a migration begins, in all of memory even."""
    return s.ghost.data == ALL


def missing_again(s: S) -> Term:
    """The blocks that need not be sent any more, and have data that the destination lacks."""
    return (s.ghost.data & s.ghost.stale) - s.log.bitmap


@cover(("stop_vm", "next_sync"), migrating)
def sent_blocks_written_again(s: S) -> Term:
    """Blocks that were sent, all of them even, have data that the destination lacks: a sync is to find it."""
    return missing_again(s) == ALL


@cover(("stop_vm", "next_sync"), lambda w: migrating(w) and w.log.mode != LogMode.TCG)
def hypervisor_writes_again(s: S) -> Term:
    """The same, one of them by a write of the hypervisor's own, of which the kernel's log knows nothing."""
    return (missing_again(s) == ALL) & ~(s.log.own - s.log.kernel == EMPTY)


@cover(("publish_id", "count_id"), skipping)
def missing_from_the_start(s: S) -> Term:
    """As hints are asked for, the destination lacks blocks that nobody has written since migration began."""
    return ~(s.ghost.stale - s.ghost.written == EMPTY)


@cover(("loop_ends",), skipping)
def stop_ends_batch(s: S) -> Term:
    """The device has seen the STOP that closes the batch of the id issued last, and waits for the next."""
    stopped = (s.device.status == Status.S_STOP) & (s.migration.at == Phase.ROUND)
    return stopped & ~s.ghost.open & (s.ghost.last_id == s.device.cmd_id)


@cover(("allocate",), skipping)
def driver_comes_to_rest(s: S) -> Term:
    """After DONE the driver has nothing more to do: what is claimed of a driver at rest is claimed of something."""
    return guest_at_rest(s) & (config_shows(s) == DONE)


COVERS: tuple[Cover, ...] = (
    hinting_starts,
    stale_hint_ignored,
    done_releases,
    data_before_migration,
    sent_blocks_written_again,
    hypervisor_writes_again,
    missing_from_the_start,
    stop_ends_batch,
    driver_comes_to_rest,
)
