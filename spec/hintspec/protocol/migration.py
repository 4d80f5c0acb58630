"""Live migration from the source's side: QEMU migration/ram.c and the notifiers around each sync.

A round is: sync (hinting stopped, log read, log merged into the bitmap), a new id, sending. Sending
clears a page's bit before it reads the page, so that a write in between is sent again.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.sorts import Label
from hintspec.language.terms import ALL, EMPTY, NO_BLOCK, Term, choose, next_id, one_of
from hintspec.protocol import historic, repairs
from hintspec.protocol.device import device_unlocked, is_notified
from hintspec.protocol.dirty_log import migration_runs
from hintspec.protocol.promises import SYNC_OF_MIGRATION
from hintspec.protocol.rules import Job, LogMode
from hintspec.protocol.state import HYPERVISOR, Phase, State, Status
from hintspec.protocol.worlds import (
    asks_for_hints,
    copies_ram,
    issues_ids,
    issues_under_lock,
    manual,
    migrating,
    unlogged,
)


def forget_log(s: State, *, bitmap: Term, kernel: Term, unmarked: Term = EMPTY) -> None:
    """Start or stop dirty logging: every place that remembers a write gets its first value."""
    s.log.bitmap = bitmap
    s.log.own = EMPTY
    if unlogged(s.world):
        s.log.hot = unmarked
    if s.world.log.mode != LogMode.TCG:
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
    when=copies_ram,
    budgets=("migrations", "rounds"),
)
def migrate(s: State) -> None:
    """Migration begins: all bits to send are set, the dirty log starts, the first sync begins. The VM may be paused."""
    require(s.migration.at == Phase.IDLE)
    every_bit_set = s.world.log.mode == LogMode.KVM_MANUAL
    never_armed = unlogged(s.world) and s.world.log.mode == LogMode.KVM_RING
    forget_log(s, bitmap=ALL, kernel=ALL if every_bit_set else EMPTY, unmarked=ALL if never_armed else EMPTY)
    s.ghost.stale = ALL
    if s.world.job == Job.POSTCOPY:
        s.migration.arrived = EMPTY
    sync_begins(s)


# -- a sync: stop, GET, merge, start ----------------------------------------------------------


def sync_begins(s: State) -> None:
    """PRECOPY_NOTIFY_BEFORE_BITMAP_SYNC: virtio_balloon_free_page_stop() (H2)."""
    s.migration.at = Phase.SYNC_GET
    if s.world.hinting:
        show_status(s, Status.S_STOP)


def show_status(s: State, status: Label) -> None:
    """The notifier sets another status, and virtio_notify_config() raises the interrupt."""
    changes = is_notified(s) & ~(s.device.status == status)
    s.device.interrupt = s.device.interrupt | changes
    s.device.status = choose(changes, status, s.device.status)


def between_syncs(s: State) -> Term:
    """No sync is under way: it holds the big QEMU lock from its beginning to its end."""
    return one_of(s.migration.at, Phase.IDLE, Phase.ROUND)


@action(
    by=HYPERVISOR,
    step="M2 H2",
    where="ram.c: ram_state_pending_exact, migration_bitmap_sync_precopy",
    when=copies_ram,
    budgets=("rounds",),
)
def next_sync(s: State) -> None:
    """Little is left to send: the next round begins with a sync, and that with stopping hinting."""
    require(s.migration.at == Phase.ROUND, s.migration.sending == NO_BLOCK, device_unlocked(s))
    promise(SYNC_OF_MIGRATION, migration_runs(s))
    sync_begins(s)


@action(
    by=HYPERVISOR,
    step="M2 (timer)",
    where="cpu-throttle.c: cpu_throttle_dirty_sync_timer_tick",
    when=lambda w: copies_ram(w) and w.device.syncs_at_any_time,
    budgets=("rounds",),
)
def timed_sync(s: State) -> None:
    """From 9.2 on a timer begins a sync, too, whatever the migration thread is sending."""
    require(s.migration.at == Phase.ROUND, device_unlocked(s))
    promise(SYNC_OF_MIGRATION, migration_runs(s))
    sync_begins(s)


@action(by=HYPERVISOR, step="M3", where="migration.c: migration_completion, vm_stop_force_state", when=copies_ram)
def stop_vm(s: State) -> None:
    """Little enough is left: the VM stops for the last stage, and the device's loop with it."""
    require(s.migration.at == Phase.ROUND, s.migration.sending == NO_BLOCK, device_unlocked(s))
    historic.require_no_store(s)
    s.vm.running = False
    s.migration.last = True
    s.migration.at = Phase.SYNC_STOP


@action(by=HYPERVISOR, step="M4 H2", where="ram.c: ram_save_complete, migration_bitmap_sync_precopy", when=copies_ram)
def last_sync(s: State) -> None:
    """The last sync begins, with the VM stopped."""
    require(s.migration.at == Phase.SYNC_STOP)
    sync_begins(s)


@action(by=HYPERVISOR, step="M5", where="ram.c: migration_bitmap_sync, memory_global_dirty_log_sync", when=copies_ram)
def sync_get(s: State) -> None:
    """Read the kernel's log into QEMU's own (GET). Manual-clear leaves the kernel's bits and notes them."""
    require(s.migration.at == Phase.SYNC_GET)
    if s.world.log.mode != LogMode.TCG:
        s.log.own = s.log.own | s.log.kernel
        if manual(s.world):
            s.log.seen = s.log.kernel
        else:
            s.log.kernel = EMPTY
    s.migration.at = Phase.SYNC_MERGE


@action(by=HYPERVISOR, step="M6", where="ram.c: ramblock_sync_dirty_bitmap", when=copies_ram)
def sync_merge(s: State) -> None:
    """Merge QEMU's own log into the migration bitmap; a clear of every chunk is owed again."""
    w = s.world
    require(s.migration.at == Phase.SYNC_MERGE)
    if w.device.syncs_at_any_time:
        require(historic.mutex_is_free(s))
    s.log.bitmap = s.log.bitmap | s.log.own
    if w.log.mode == LogMode.TCG and w.log.rearms_at_sync:
        s.log.hot = s.log.hot - s.log.own
    s.log.own = EMPTY
    if manual(w):
        s.log.owed = ALL
    s.migration.at = repairs.after_merge(w)


# -- after a sync: a new id, or DONE ----------------------------------------------------------


def new_id(s: State) -> None:
    """The id moves on; from here on a write is a write since the newest id was issued."""
    s.device.cmd_id = next_id(s.device.cmd_id)
    s.ghost.written = EMPTY
    repairs.open_round(s)


def may_issue(s: State) -> Term:
    """The VM runs and the driver is there."""
    return repairs.may_issue(s, s.vm.running & is_notified(s))


@action(
    by=HYPERVISOR,
    step="H1",
    where="virtio-balloon.c (QEMU): virtio_balloon_free_page_start",
    when=lambda w: issues_ids(w) and issues_under_lock(w),
)
def publish_id(s: State) -> None:
    """A new id is issued and shown; hinting is REQUESTED; the config interrupt is raised."""
    require(s.migration.at == Phase.SYNC_PUBLISH, may_issue(s))
    new_id(s)
    s.device.status = Status.S_REQUESTED
    s.device.interrupt = True
    s.migration.at = Phase.ROUND


@action(
    by=HYPERVISOR,
    step="H1 (none)",
    where="virtio-balloon.c (QEMU): virtio_balloon_free_page_hint_notify",
    when=migrating,
)
def publish_nothing(s: State) -> None:
    """The sync ends without an id: no driver with the feature is there (or F2 holds the id back)."""
    require(s.migration.at == Phase.SYNC_PUBLISH)
    if asks_for_hints(s.world):
        require(~may_issue(s), s.vm.running | ~is_notified(s))
    s.migration.at = choose(s.migration.last, Phase.LAST, Phase.ROUND)


@action(by=HYPERVISOR, step="H3", where="virtio-balloon.c (QEMU): virtio_balloon_free_page_done", when=issues_ids)
def publish_done(s: State) -> None:
    """The sync ends with the VM stopped: DONE is shown."""
    require(s.migration.at == Phase.SYNC_PUBLISH, ~s.vm.running, is_notified(s))
    s.device.interrupt = s.device.interrupt | ~(s.device.status == Status.S_DONE)
    s.device.status = Status.S_DONE
    s.migration.at = choose(s.migration.last, Phase.LAST, Phase.ROUND)


@action(
    by=HYPERVISOR,
    step="M7",
    where="accel/kvm/kvm-all.c: kvm_dirty_ring_reap",
    when=lambda w: migrating(w) and w.log.mode == LogMode.KVM_RING,
)
def reap_ring(s: State) -> None:
    """Dirty ring: its entries are harvested into QEMU's own log, and their pages armed, at any time."""
    require(migration_runs(s), ~(s.log.kernel == EMPTY))
    s.log.own = s.log.own | s.log.kernel
    s.log.kernel = EMPTY
