"""The dirty log: when it runs, and the lazy clear that sending a page and honouring a hint share.

Source: QEMU migration/ram.c: migration_clear_memory_region_dirty_bitmap(), accel/kvm/kvm-all.c:
kvm_log_clear_one_slot(). A chunk (by default 1 GiB) is cleared once after each sync, before the first
of its pages is sent. Only bits that the last GET returned are cleared; clearing a bit arms the page.
"""

from __future__ import annotations

from hintspec.language.terms import Term, chunk_of, just
from hintspec.protocol.rules import LogMode
from hintspec.protocol.state import Phase, State


def migration_runs(s: State) -> Term:
    """Between the start of the dirty log and the end of the migration."""
    return ~(s.migration.at == Phase.IDLE)


def owed_chunk(s: State, block: Term) -> Term:
    """The blocks that clearing the chunk of ``block`` covers now: none if that was done since the sync."""
    unit = chunk_of(block) if s.world.device.clears_by_chunk else just(block)
    return unit & s.log.owed


def clear_chunk(s: State, block: Term) -> None:
    """KVM_CLEAR_DIRTY_LOG of the chunk of ``block`` if it is still owed: seen bits go, their blocks are armed."""
    chunk = owed_chunk(s, block)
    covered = chunk & s.log.seen if s.world.log.clears_seen_only else chunk
    s.log.kernel = s.log.kernel - covered
    s.log.seen = s.log.seen - chunk
    s.log.owed = s.log.owed - chunk


def remembered_elsewhere(s: State, block: Term) -> Term:
    """Whether a part of the dirty log that a later sync reads still has a write to ``block``."""
    own: Term = s.log.own.has(block)
    if s.world.log.mode == LogMode.TCG:
        return own
    return own | s.log.kernel.has(block)
