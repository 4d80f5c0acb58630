"""Sending a block: its chunk of the dirty log is cleared, its bit is taken, and only then is it read.

Source: QEMU migration/ram.c. A write after the read leaves a bit behind, and is sent again.
"""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import NO_BLOCK, Term, just, one_of
from hintspec.protocol.device import device_unlocked
from hintspec.protocol.dirty_log import clear_chunk
from hintspec.protocol.repairs import mark_early
from hintspec.protocol.rules import Job
from hintspec.protocol.state import HYPERVISOR, Phase, Sending, State
from hintspec.protocol.worlds import clears_to_send, migrating


def may_send(s: State, block: Term) -> Term:
    """The migration thread is at leisure and the bitmap has the block."""
    sends = one_of(s.migration.at, Phase.ROUND, Phase.LAST)
    if s.world.job == Job.POSTCOPY:
        sends = sends | (s.migration.at == Phase.POSTCOPY)
    if s.world.device.syncs_at_any_time:  # the timer's sync does not stop the migration thread
        sends = sends | one_of(s.migration.at, Phase.SYNC_GET, Phase.SYNC_MERGE, Phase.SYNC_PUBLISH) & ~s.migration.last
    return sends & (s.migration.sending == NO_BLOCK) & s.log.bitmap.has(block) & device_unlocked(s)


@action(by=HYPERVISOR, step="SEND (clear)", where="ram.c: migration_bitmap_clear_dirty", when=clears_to_send)
def send_clears(s: State, block: Term) -> None:
    """Before the first page of a chunk is sent, the chunk's kernel log is cleared."""
    require(may_send(s, block))
    if s.world.hinting:
        s.ring.queue = mark_early(s, block)
    clear_chunk(s, block)
    s.migration.sending = block
    s.migration.send_step = Sending.CLEARED


@action(
    by=HYPERVISOR,
    step="SEND (take)",
    where="ram.c: migration_bitmap_clear_dirty",
    when=lambda w: migrating(w) and not clears_to_send(w),
)
def send_takes(s: State, block: Term) -> None:
    """Take the block's bit from the bitmap (there is nothing to clear in this dirty log)."""
    require(may_send(s, block))
    s.log.bitmap = s.log.bitmap - just(block)
    s.migration.sending = block
    s.migration.send_step = Sending.TAKEN


@action(by=HYPERVISOR, step="SEND (take)", where="ram.c: migration_bitmap_clear_dirty", when=clears_to_send)
def send_takes_cleared(s: State) -> None:
    """Then take the block's bit from the bitmap."""
    require(s.migration.send_step == Sending.CLEARED)
    s.log.bitmap = s.log.bitmap - just(s.migration.sending)
    s.migration.send_step = Sending.TAKEN


@action(by=HYPERVISOR, step="SEND (read)", where="ram.c: ram_save_target_page", when=migrating)
def send_reads(s: State) -> None:
    """Only now read the content and send it: the destination has what the source has."""
    require(s.migration.send_step == Sending.TAKEN)
    s.ghost.stale = s.ghost.stale - just(s.migration.sending)
    if s.world.job == Job.POSTCOPY:
        s.migration.arrived = s.migration.arrived | just(s.migration.sending)
    s.migration.sending = NO_BLOCK
    s.migration.send_step = Sending.NOTHING
