"""Jobs beside plain live migration in which hinting must be off: postcopy and the background snapshot.

Postcopy: the guest goes on at the destination before all has come, and asks for what it misses. What is asked for
and is not in the bitmap any more never comes. (What the guest does meanwhile is not followed.)
Background snapshot: what is saved is the content of the moment at which it began. A block that is free now may not
have been free then.
"""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import ALL, EMPTY, NO_BLOCK
from hintspec.protocol import historic
from hintspec.protocol.device import device_unlocked
from hintspec.protocol.device_loop import start_ioeventfd
from hintspec.protocol.migration import forget_log
from hintspec.protocol.migration_end import migration_over
from hintspec.protocol.rules import LogMode
from hintspec.protocol.state import HYPERVISOR, Phase, State
from hintspec.protocol.worlds import takes_snapshot, turns_to_postcopy


@action(
    by=HYPERVISOR,
    step="PC1",
    where="migration.c: postcopy_start; ram.c: ram_postcopy_send_discard_bitmap",
    when=turns_to_postcopy,
)
def turn_to_postcopy(s: State) -> None:
    """The VM stops here, the log is read once more, blocks that it has are thrown away there; no notifier is called."""
    require(s.migration.at == Phase.ROUND, s.vm.running, s.migration.sending == NO_BLOCK, device_unlocked(s))
    historic.require_no_store(s)
    dirty = s.log.own if s.world.log.mode == LogMode.TCG else s.log.own | s.log.kernel
    to_send = s.log.bitmap | dirty
    forget_log(s, bitmap=to_send, kernel=EMPTY)
    s.migration.arrived = s.migration.arrived - to_send
    s.vm.running = False
    s.migration.last = True
    s.migration.at = Phase.POSTCOPY


@action(by=HYPERVISOR, step="PC2", where="migration.c: postcopy_end; ram.c: ram_save_complete", when=turns_to_postcopy)
def postcopy_ends(s: State) -> None:
    """All that the bitmap had was sent."""
    require(s.migration.at == Phase.POSTCOPY, s.migration.sending == NO_BLOCK, s.log.bitmap == EMPTY)
    s.migration.at = Phase.COMPLETE


@action(
    by=HYPERVISOR,
    step="BS1",
    where="migration.c: bg_migration_thread; ram.c: ram_write_tracking_start",
    when=takes_snapshot,
    budgets=("migrations", "rounds"),
)
def snapshot_begins(s: State) -> None:
    """The VM is stopped for a moment, and all blocks are write-protected: the content of this moment is to be saved."""
    require(s.migration.at == Phase.IDLE, s.vm.running)
    forget_log(s, bitmap=ALL, kernel=EMPTY)
    s.ghost.stale = ALL
    s.ghost.then = s.ghost.data
    start_ioeventfd(s)
    s.migration.at = Phase.SYNC_PUBLISH


@action(by=HYPERVISOR, step="BS2", where="migration.c: bg_migration_completion", when=takes_snapshot)
def snapshot_is_saved(s: State) -> None:
    """All that the bitmap had was saved."""
    require(s.migration.at == Phase.ROUND, s.migration.sending == NO_BLOCK, s.log.bitmap == EMPTY)
    s.migration.at = Phase.COMPLETE


@action(by=HYPERVISOR, step="BS3", where="migration.c: bg_migration_completion", when=takes_snapshot)
def snapshot_is_over(s: State) -> None:
    """The write protection ends."""
    require(s.migration.at == Phase.COMPLETE)
    migration_over(s)
    s.ghost.then = EMPTY
