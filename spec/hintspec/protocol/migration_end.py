"""How a migration ends: complete, cancelled or failed; and what the user does to the VM."""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import EMPTY, NO_BLOCK, one_of
from hintspec.protocol import historic
from hintspec.protocol.device import device_unlocked
from hintspec.protocol.device_loop import start_ioeventfd, start_ioeventfd_if
from hintspec.protocol.migration import between_syncs, forget_log, show_status
from hintspec.protocol.state import HYPERVISOR, Phase, State
from hintspec.protocol.worlds import asks_for_hints, copies_ram, may_doze, migrating, skipping

# -- the end ----------------------------------------------------------------------------------


@action(
    by=HYPERVISOR, step="M8", where="ram.c: ram_save_complete; savevm.c: qemu_savevm_state_cleanup", when=copies_ram
)
def complete(s: State) -> None:
    """All that the bitmap has was sent: migration is complete, the destination has what it has."""
    require(s.migration.at == Phase.LAST, s.migration.sending == NO_BLOCK, s.log.bitmap == EMPTY)
    s.migration.at = Phase.COMPLETE


def migration_over(s: State) -> None:
    """Dirty logging stops; a VM that was stopped for the last stage runs again, here or at the destination.

    One that its user had paused before runs, too: as if it were continued at once.
    """
    forget_log(s, bitmap=EMPTY, kernel=EMPTY)
    s.ghost.stale = EMPTY
    s.migration.at = Phase.IDLE
    s.vm.running = s.vm.running | s.migration.last
    s.migration.last = False


@action(
    by=HYPERVISOR,
    step="M9",
    where="migration.c: process_incoming_migration_bh; virtio.c: virtio_device_start_ioeventfd_impl",
    when=copies_ram,
)
def resume(s: State) -> None:
    """The guest goes on at the destination, with ring, id and status (DONE) as they were; its queues are kicked."""
    require(s.migration.at == Phase.COMPLETE)
    migration_over(s)
    if s.world.hinting:
        s.device.awake = s.world.device.kicks_at_start
        if may_doze(s.world):
            s.device.dozing = False


@action(
    by=HYPERVISOR,
    step="M10 H3",
    where="savevm.c: qemu_savevm_state_cleanup; migration.c: migrate_fd_cancel",
    when=migrating,
)
def abort_migration(s: State) -> None:
    """Cancelled or failed: the clean-up shows DONE (up to 5.0: STOP), and the guest goes on here.

    If it was stopped for the last stage already, it starts, and its queues are kicked.
    """
    require(one_of(s.migration.at, Phase.ROUND, Phase.LAST))
    require(s.migration.sending == NO_BLOCK, device_unlocked(s))
    start_ioeventfd_if(s, s.migration.last)
    migration_over(s)
    if asks_for_hints(s.world):
        show_status(s, historic.cleanup_status(s.world))


# -- what its user does to the VM -------------------------------------------------------------


@action(
    by=HYPERVISOR,
    step="V1",
    where="QMP stop; virtio-balloon.c (QEMU): virtio_balloon_set_status",
    when=migrating,
    budgets=("pauses",),
)
def pause(s: State) -> None:
    """The user stops the VM, not in the middle of a sync; the device's loop waits before its next pop (H11)."""
    require(s.vm.running, device_unlocked(s), between_syncs(s))
    historic.require_no_store(s)
    s.vm.running = False


@action(
    by=HYPERVISOR,
    step="V2",
    where="QMP cont; virtio-balloon.c (QEMU): virtio_balloon_set_status; virtio.c: virtio_device_start_ioeventfd_impl",
    when=migrating,
)
def unpause(s: State) -> None:
    """The user lets the VM run again (H12); its queues are kicked, as at the destination."""
    require(~s.vm.running, ~s.migration.last, between_syncs(s))
    s.vm.running = True
    start_ioeventfd(s)


@action(
    by=HYPERVISOR,
    step="V3",
    where="QMP balloon; virtio-balloon.c (QEMU): virtio_balloon_to_target, virtio_notify_config",
    when=skipping,
    budgets=("resizes",),
)
def resize_balloon(s: State) -> None:
    """The user asks for another balloon size: a config interrupt that has nothing to do with hinting."""
    require(s.device.negotiated)
    s.device.interrupt = True
