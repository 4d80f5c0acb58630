"""Live migration from the source's side: QEMU migration/ram.c and the notifiers around each sync.

A round is: sync (hinting stopped, log read, log merged into the bitmap), a new id, sending. Sending
clears a page's bit before it reads the page, so that a write in between is sent again.
"""

from __future__ import annotations

from hintspec.device import hint_in_progress, mark_early
from hintspec.dirtylog import clear_chunk, migration_runs
from hintspec.rules import IssueWaits, LogMode, World, manual, migrating, skipping
from hintspec.sorts import ALL, EMPTY, NO_BLOCK, TRUE, Label, Term, choose, just, next_id, one_of
from hintspec.state import HYPERVISOR, Phase, Sending, Status
from hintspec.text import StateView, action, require

S = StateView[World]


def forget_log(s: S, *, bitmap: Term, kernel: Term) -> None:
    """Start or stop dirty logging: every place that remembers a write gets its first value."""
    s.log.bitmap = bitmap
    s.log.own = EMPTY
    if s.world.log.mode == LogMode.TCG:
        s.log.hot = EMPTY
    else:
        s.log.kernel = kernel
    if manual(s.world):
        s.log.seen = EMPTY
        s.log.owed = EMPTY
    if s.world.hinting:
        s.ghost.written = EMPTY


# -- begin ------------------------------------------------------------------------------------


@action(
    by=HYPERVISOR,
    step="M1",
    where="ram.c: ram_save_setup, ram_list_init_bitmaps, memory_global_dirty_log_start",
    when=migrating,
    budgets=("migrations", "rounds"),
)
def migrate(s: S) -> None:
    """Migration begins: all bits to send are set, the dirty log starts, the first sync begins."""
    require(s.migration.at == Phase.IDLE, s.vm.running)
    every_bit_set = s.world.log.mode == LogMode.KVM_MANUAL
    forget_log(s, bitmap=ALL, kernel=ALL if every_bit_set else EMPTY)
    s.ghost.stale = ALL
    sync_begins(s)


# -- a sync: stop, GET, merge, start ----------------------------------------------------------


def sync_begins(s: S) -> None:
    """PRECOPY_NOTIFY_BEFORE_BITMAP_SYNC: virtio_balloon_free_page_stop() (H2)."""
    s.migration.at = Phase.SYNC_GET
    if s.world.hinting:
        stop = s.device.negotiated & ~(s.device.status == Status.S_STOP)
        s.device.status = choose(stop, Status.S_STOP, s.device.status)
        s.device.interrupt = s.device.interrupt | stop


def between_syncs(s: S) -> Term:
    """No sync is under way: it holds the big QEMU lock from its beginning to its end."""
    return one_of(s.migration.at, Phase.IDLE, Phase.ROUND)


def device_unlocked(s: S) -> Term:
    """free_page_lock can be had: no hint is half done."""
    return ~hint_in_progress(s) if s.world.hinting else TRUE


@action(
    by=HYPERVISOR,
    step="M2 H2",
    where="ram.c: ram_state_pending_exact, migration_bitmap_sync_precopy",
    when=migrating,
    budgets=("rounds",),
)
def next_sync(s: S) -> None:
    """Little is left to send: the next round begins with a sync, and that with stopping hinting."""
    require(s.migration.at == Phase.ROUND, s.migration.sending == NO_BLOCK, device_unlocked(s))
    sync_begins(s)


@action(by=HYPERVISOR, step="M3", where="migration.c: migration_completion, vm_stop_force_state", when=migrating)
def stop_vm(s: S) -> None:
    """Little enough is left: the VM stops for the last stage, and the device's loop with it."""
    require(s.migration.at == Phase.ROUND, s.migration.sending == NO_BLOCK, device_unlocked(s))
    s.vm.running = False
    s.migration.last = True
    s.migration.at = Phase.SYNC_STOP


@action(by=HYPERVISOR, step="M4 H2", where="ram.c: ram_save_complete, migration_bitmap_sync_precopy", when=migrating)
def last_sync(s: S) -> None:
    """The last sync begins, with the VM stopped."""
    require(s.migration.at == Phase.SYNC_STOP)
    sync_begins(s)


@action(by=HYPERVISOR, step="M5", where="ram.c: migration_bitmap_sync, memory_global_dirty_log_sync", when=migrating)
def sync_get(s: S) -> None:
    """Read the kernel's log into QEMU's own (GET). Manual-clear leaves the kernel's bits and notes them."""
    require(s.migration.at == Phase.SYNC_GET)
    if s.world.log.mode != LogMode.TCG:
        s.log.own = s.log.own | s.log.kernel
        if manual(s.world):
            s.log.seen = s.log.kernel
        else:
            s.log.kernel = EMPTY
    s.migration.at = Phase.SYNC_MERGE


@action(by=HYPERVISOR, step="M6", where="ram.c: ramblock_sync_dirty_bitmap", when=migrating)
def sync_merge(s: S) -> None:
    """Merge QEMU's own log into the migration bitmap; a clear of every chunk is owed again."""
    w = s.world
    require(s.migration.at == Phase.SYNC_MERGE)
    s.log.bitmap = s.log.bitmap | s.log.own
    if w.log.mode == LogMode.TCG and w.log.rearms_at_sync:
        s.log.hot = s.log.hot - s.log.own
    s.log.own = EMPTY
    if manual(w):
        s.log.owed = ALL
    if manual(w) and w.device.eager_clear:
        s.migration.at = Phase.SYNC_CLEAR
    else:
        s.migration.at = before_issue(w)


def before_issue(w: World) -> Label:
    """What comes before a new id: nothing, or the drain of repair F3."""
    return Phase.SYNC_DRAIN if w.hinting and w.device.drains_before_issue else Phase.SYNC_PUBLISH


@action(
    by=HYPERVISOR,
    step="M6 (R1)",
    where="repair R1 of the docs",
    when=lambda w: manual(w) and w.device.eager_clear,
)
def sync_clear(s: S) -> None:
    """Repaired: clear, and so arm, all chunks inside the sync, before the id is published."""
    require(s.migration.at == Phase.SYNC_CLEAR)
    s.log.kernel = s.log.kernel - s.log.seen
    s.log.seen = EMPTY
    s.log.owed = EMPTY
    s.migration.at = before_issue(s.world)


@action(
    by=HYPERVISOR,
    step="M6 (F3)",
    where="repair F3 of the docs",
    when=lambda w: skipping(w) and w.device.drains_before_issue,
)
def drain_ring(s: S) -> None:
    """Repaired: whatever is still on the hint queue is given back unread, before the id is published."""
    require(s.migration.at == Phase.SYNC_DRAIN)
    s.ring.queue = s.ring.queue.flush()
    s.migration.at = Phase.SYNC_PUBLISH


# -- after a sync: a new id, or DONE ----------------------------------------------------------


def new_id(s: S) -> None:
    """The id moves on; from here on a write is a write since the newest id was issued."""
    s.device.cmd_id = next_id(s.device.cmd_id)
    s.ghost.written = EMPTY
    if s.world.device.issue_waits != IssueWaits.NOTHING:
        s.device.round_open = True


def may_issue(s: S) -> Term:
    """The VM runs and the driver is there; repair F2: and the last round's entries were popped."""
    ready: Term = s.vm.running & s.device.negotiated
    if s.world.device.issue_waits != IssueWaits.NOTHING:
        ready = ready & ~s.device.round_open
    return ready


@action(
    by=HYPERVISOR,
    step="H1",
    where="virtio-balloon.c (QEMU): virtio_balloon_free_page_start",
    when=lambda w: skipping(w) and w.device.issues_under_lock,
)
def publish_id(s: S) -> None:
    """A new id is issued and shown; hinting is REQUESTED; the config interrupt is raised."""
    require(s.migration.at == Phase.SYNC_PUBLISH, may_issue(s))
    new_id(s)
    s.device.status = Status.S_REQUESTED
    s.device.interrupt = True
    s.migration.at = Phase.ROUND


@action(
    by=HYPERVISOR,
    step="H1 (id)",
    where="virtio-balloon.c (QEMU up to 5.0): virtio_balloon_free_page_start",
    when=lambda w: skipping(w) and not w.device.issues_under_lock,
)
def count_id(s: S) -> None:
    """Up to 5.0, without the lock: first the id changes ..."""
    require(s.migration.at == Phase.SYNC_PUBLISH, may_issue(s))
    new_id(s)
    s.migration.at = Phase.SYNC_STATUS


@action(
    by=HYPERVISOR,
    step="H1 (status)",
    where="virtio-balloon.c (QEMU up to 5.0): virtio_balloon_free_page_start",
    when=lambda w: skipping(w) and not w.device.issues_under_lock,
)
def request_hints(s: S) -> None:
    """... then the status, and the config interrupt is raised."""
    require(s.migration.at == Phase.SYNC_STATUS)
    s.device.status = Status.S_REQUESTED
    s.device.interrupt = True
    s.migration.at = Phase.ROUND


@action(
    by=HYPERVISOR,
    step="H1 (none)",
    where="virtio-balloon.c (QEMU): virtio_balloon_free_page_hint_notify",
    when=migrating,
)
def publish_nothing(s: S) -> None:
    """The sync ends without an id: no driver with the feature is there (or F2 holds the id back)."""
    require(s.migration.at == Phase.SYNC_PUBLISH)
    if s.world.hinting:
        require(~may_issue(s), s.vm.running | ~s.device.negotiated)
    s.migration.at = choose(s.migration.last, Phase.LAST, Phase.ROUND)


@action(by=HYPERVISOR, step="H3", where="virtio-balloon.c (QEMU): virtio_balloon_free_page_done", when=skipping)
def publish_done(s: S) -> None:
    """The sync ends with the VM stopped: DONE is shown."""
    require(s.migration.at == Phase.SYNC_PUBLISH, ~s.vm.running, s.device.negotiated)
    s.device.interrupt = s.device.interrupt | ~(s.device.status == Status.S_DONE)
    s.device.status = Status.S_DONE
    s.migration.at = choose(s.migration.last, Phase.LAST, Phase.ROUND)


@action(
    by=HYPERVISOR,
    step="M7",
    where="accel/kvm/kvm-all.c: kvm_dirty_ring_reap",
    when=lambda w: migrating(w) and w.log.mode == LogMode.KVM_RING,
)
def reap_ring(s: S) -> None:
    """Dirty ring: its entries are harvested into QEMU's own log, and their pages armed, at any time."""
    require(migration_runs(s), ~(s.log.kernel == EMPTY))
    s.log.own = s.log.own | s.log.kernel
    s.log.kernel = EMPTY


# -- sending ----------------------------------------------------------------------------------


def may_send(s: S, block: Term) -> Term:
    """The migration thread is at leisure and the bitmap has the block."""
    sends = one_of(s.migration.at, Phase.ROUND, Phase.LAST)
    return sends & (s.migration.sending == NO_BLOCK) & s.log.bitmap.has(block) & device_unlocked(s)


@action(by=HYPERVISOR, step="SEND (clear)", where="ram.c: migration_bitmap_clear_dirty", when=manual)
def send_clears(s: S, block: Term) -> None:
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
    when=lambda w: migrating(w) and not manual(w),
)
def send_takes(s: S, block: Term) -> None:
    """Take the block's bit from the bitmap (there is nothing to clear in this dirty log)."""
    require(may_send(s, block))
    s.log.bitmap = s.log.bitmap - just(block)
    s.migration.sending = block
    s.migration.send_step = Sending.TAKEN


@action(by=HYPERVISOR, step="SEND (take)", where="ram.c: migration_bitmap_clear_dirty", when=manual)
def send_takes_cleared(s: S) -> None:
    """Then take the block's bit from the bitmap."""
    require(s.migration.send_step == Sending.CLEARED)
    s.log.bitmap = s.log.bitmap - just(s.migration.sending)
    s.migration.send_step = Sending.TAKEN


@action(by=HYPERVISOR, step="SEND (read)", where="ram.c: ram_save_target_page", when=migrating)
def send_reads(s: S) -> None:
    """Only now read the content and send it: the destination has what the source has."""
    require(s.migration.send_step == Sending.TAKEN)
    s.ghost.stale = s.ghost.stale - just(s.migration.sending)
    s.migration.sending = NO_BLOCK
    s.migration.send_step = Sending.NOTHING


# -- the end ----------------------------------------------------------------------------------


@action(by=HYPERVISOR, step="M8", where="ram.c: ram_save_complete; savevm.c: qemu_savevm_state_cleanup", when=migrating)
def complete(s: S) -> None:
    """All that the bitmap has was sent: migration is complete, the destination has what it has."""
    require(s.migration.at == Phase.LAST, s.migration.sending == NO_BLOCK, s.log.bitmap == EMPTY)
    s.migration.at = Phase.COMPLETE


def migration_over(s: S) -> None:
    """Dirty logging stops; a VM that was stopped for the last stage runs again, here or at the destination."""
    forget_log(s, bitmap=EMPTY, kernel=EMPTY)
    s.ghost.stale = EMPTY
    s.migration.at = Phase.IDLE
    s.vm.running = s.vm.running | s.migration.last
    s.migration.last = False


@action(
    by=HYPERVISOR,
    step="M9",
    where="migration.c: process_incoming_migration_bh; virtio.c: virtio_device_start_ioeventfd_impl",
    when=migrating,
)
def resume(s: S) -> None:
    """The guest goes on at the destination, with ring, id and status (DONE) as they were; its queues are kicked."""
    require(s.migration.at == Phase.COMPLETE)
    migration_over(s)
    if s.world.hinting:
        s.device.awake = s.world.device.kicks_at_start


@action(
    by=HYPERVISOR,
    step="M10 H3",
    where="savevm.c: qemu_savevm_state_cleanup; migration.c: migrate_fd_cancel",
    when=migrating,
)
def abort_migration(s: S) -> None:
    """Cancelled or failed: the clean-up tells DONE (up to 5.0: STOP), and the guest goes on here."""
    require(one_of(s.migration.at, Phase.ROUND, Phase.LAST))
    require(s.migration.sending == NO_BLOCK, device_unlocked(s))
    migration_over(s)
    if s.world.hinting:
        ends_as = Status.S_DONE if s.world.device.done_on_cleanup else Status.S_STOP
        tell = s.device.negotiated & ~(s.device.status == ends_as)
        s.device.interrupt = s.device.interrupt | tell
        s.device.status = choose(tell, ends_as, s.device.status)


# -- what its user does to the VM -------------------------------------------------------------


@action(
    by=HYPERVISOR,
    step="V1",
    where="QMP stop; virtio-balloon.c (QEMU): virtio_balloon_set_status",
    when=migrating,
    budgets=("pauses",),
)
def pause(s: S) -> None:
    """The user stops the VM, not in the middle of a sync; the device's loop waits before its next pop (H11)."""
    require(s.vm.running, device_unlocked(s), between_syncs(s))
    s.vm.running = False


@action(by=HYPERVISOR, step="V2", where="QMP cont; virtio-balloon.c (QEMU): virtio_balloon_set_status", when=migrating)
def unpause(s: S) -> None:
    """The user lets the VM run again (H12)."""
    require(~s.vm.running, ~s.migration.last, between_syncs(s))
    s.vm.running = True


@action(
    by=HYPERVISOR,
    step="V3",
    where="QMP balloon; virtio-balloon.c (QEMU): virtio_balloon_to_target, virtio_notify_config",
    when=skipping,
    budgets=("resizes",),
)
def resize_balloon(s: S) -> None:
    """The user asks for another balloon size: a config interrupt that has nothing to do with hinting."""
    require(s.device.negotiated)
    s.device.interrupt = True
