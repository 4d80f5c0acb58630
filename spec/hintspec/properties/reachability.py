"""Reachability: what must be able to happen, or every property holds in vain.

That a page is left out of a migration is a property of its own (``free_block_skipped``).
"""

from __future__ import annotations

from hintspec.language.declare import reachable
from hintspec.language.terms import ALL, DONE, EMPTY, OLDEST_ID, YOUNGEST_ID, Term, is_issued
from hintspec.properties.safety import guest_at_rest
from hintspec.protocol.device import config_shows, payload
from hintspec.protocol.rules import LogMode, Waits
from hintspec.protocol.state import Binding, Phase, State, Status, Worker
from hintspec.protocol.worlds import (
    asks_for_hints,
    copies_ram,
    hinting,
    issues_ids,
    migrating,
    reads_in_worker,
    skipping,
)


@reachable(("pop_start", "pop_command"), asks_for_hints)
def hinting_starts(s: State) -> Term:
    """The device takes a START for the id issued last, and hinting starts."""
    return payload(s) == s.device.cmd_id


@reachable(("ignore_hint", "ignore_unasked_hint", "ignore_early_hint"), asks_for_hints)
def stale_hint_ignored(s: State) -> Term:
    """A hint that was posted under an older id is ignored."""
    return ~(s.ring.queue.head("governed_by") == s.device.cmd_id)


@reachable(("release_on_done", "config_changed_reading"), asks_for_hints)
def done_releases(s: State) -> Term:
    """DONE gives blocks back."""
    shown = s.driver.cache if reads_in_worker(s.world) else config_shows(s)
    return (shown == DONE) & ~(s.driver.held == EMPTY)


@reachable(("migrate",), migrating)
def data_before_migration(s: State) -> Term:
    """Applications have data already when a migration begins, in all of memory even."""
    return s.ghost.data == ALL


def missing_again(s: State) -> Term:
    """The blocks that need not be sent any more, and have data that the destination lacks."""
    return (s.ghost.data & s.ghost.stale) - s.log.bitmap


@reachable(("stop_vm", "next_sync"), migrating)
def sent_blocks_written_again(s: State) -> Term:
    """Blocks that were sent, all of them even, have data that the destination lacks: a sync is to find it."""
    return missing_again(s) == ALL


@reachable(("stop_vm", "next_sync"), lambda w: migrating(w) and w.log.mode != LogMode.TCG)
def hypervisor_writes_again(s: State) -> Term:
    """As above, and the hypervisor itself wrote one of them, which the kernel's log does not have."""
    return (missing_again(s) == ALL) & ~(s.log.own - s.log.kernel == EMPTY)


@reachable(("publish_id", "count_id"), skipping)
def missing_from_the_start(s: State) -> Term:
    """As hints are asked for, the destination lacks blocks that nobody has written since migration began."""
    return ~(s.ghost.stale - s.ghost.written == EMPTY)


def first_sync(s: State) -> Term:
    """No id was issued yet."""
    return s.device.cmd_id == (YOUNGEST_ID if s.world.device.ids_wrap_soon else OLDEST_ID)


@reachable(("write",), lambda w: skipping(w) and copies_ram(w))
def write_at_the_start(s: State) -> Term:
    """The guest runs, and writes, between the start of the dirty log and its first reading."""
    return (s.migration.at == Phase.SYNC_GET) & first_sync(s)


@reachable(("write",), issues_ids)
def write_as_sync_begins(s: State) -> Term:
    """The guest writes between the STOP of a later sync and that sync's reading of the log."""
    return (s.migration.at == Phase.SYNC_GET) & ~first_sync(s)


@reachable(("write",), copies_ram)
def write_before_new_id(s: State) -> Term:
    """The guest writes between the merge of the log and the new id."""
    return s.migration.at == Phase.SYNC_PUBLISH


@reachable(("publish_nothing",), issues_ids)
def sync_without_driver(s: State) -> Term:
    """A VM runs whose driver was removed or is suspended: a sync asks for nothing."""
    return s.vm.running & ~s.device.negotiated


@reachable(("abort_migration",), migrating)
def ended_in_round(s: State) -> Term:
    """A migration is cancelled or fails in a round."""
    return s.migration.at == Phase.ROUND


@reachable(("abort_migration",), copies_ram)
def ended_in_last_stage(s: State) -> Term:
    """A migration is cancelled or fails in its last stage, with the VM stopped."""
    return s.migration.at == Phase.LAST


@reachable(("pause",), migrating)
def paused_before_migration(s: State) -> Term:
    """The user stops the VM while no migration is under way."""
    return s.migration.at == Phase.IDLE


@reachable(("pause",), migrating)
def paused_in_round(s: State) -> Term:
    """The user stops the VM in a round."""
    return s.migration.at == Phase.ROUND


@reachable(("unpause",), migrating)
def continued_in_round(s: State) -> Term:
    """The user lets the VM run again in a round."""
    return s.migration.at == Phase.ROUND


@reachable(("migrate",), copies_ram)
def migrated_while_paused(s: State) -> Term:
    """A VM that its user has stopped is migrated."""
    return ~s.vm.running


@reachable(("config_changed",), lambda w: reads_in_worker(w) and asks_for_hints(w))
def interrupt_as_work_starts(s: State) -> Term:
    """The config interrupt comes between the start of the worker's function and its look at the bit."""
    return s.driver.at == Worker.TEST_BIT


@reachable(("work_starts",), hinting)
def work_starts_while_removed(s: State) -> Term:
    """Work that is pending as removal begins starts before removal cancels it."""
    return s.driver.binding == Binding.REMOVE


@reachable(("post_stop",), lambda w: asks_for_hints(w) and w.driver.waits == Waits.NEVER)
def stop_takes_last_entry(s: State) -> Term:
    """STOP fits, and after it nothing else would: the entry that was kept free for it."""
    room = s.ring.queue.detach().room
    return (room > 0) & ~(room > 1)


@reachable(("next_sync", "stop_vm"), lambda w: skipping(w) and asks_for_hints(w))
def loop_sleeps_again(s: State) -> Term:
    """The device's loop, having taken an id, found nothing more to do and sleeps."""
    return ~s.device.awake & is_issued(s.ghost.last_id)


@reachable(("loop_ends",), skipping)
def stop_ends_batch(s: State) -> Term:
    """The device has seen the STOP that closes the batch of the id issued last, and waits for the next."""
    stopped = (s.device.status == Status.S_STOP) & (s.migration.at == Phase.ROUND)
    return stopped & ~s.ghost.open & (s.ghost.last_id == s.device.cmd_id)


@reachable(("allocate",), skipping)
def driver_comes_to_rest(s: State) -> Term:
    """After DONE the driver has nothing more to do: what is claimed of a driver at rest is claimed of something."""
    return guest_at_rest(s) & (config_shows(s) == DONE)
