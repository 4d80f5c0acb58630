"""Transition invariants: conditions over the state before a step (``s``) and the state after it (``t``).

All steps that write one of the variables an invariant is about promise it, so that none of them has to name it.
Mutation of the text found them: for each rule of the real systems whose loss nothing noticed, there is one here or in
:mod:`hintspec.properties.protocol_rules`.
"""

from __future__ import annotations

from hintspec.language.declare import step_property, transition_invariant
from hintspec.language.terms import ALL, EMPTY, STOP, Term, choose, implies, is_issued, just, one_of
from hintspec.protocol.device import hint_counts, is_notified, payload
from hintspec.protocol.device_loop import nothing_to_do
from hintspec.protocol.dirty_log import migration_runs
from hintspec.protocol.historic import mutex_is_free
from hintspec.protocol.rules import Honours, LogMode, World
from hintspec.protocol.state import (
    APPLICATION,
    DEVICE,
    DRIVER,
    HYPERVISOR,
    Binding,
    Entry,
    Phase,
    State,
    Status,
    Worker,
)
from hintspec.protocol.worlds import (
    clears_in_two_steps,
    copies_ram,
    hinting,
    issue_waits,
    issues_ids,
    issues_under_lock,
    migrating,
    reads_in_worker,
    returns_first,
    skipping,
)


def differs(a: Term, b: Term) -> Term:
    """The variable gets another value."""
    return ~(a == b)


# -- config and its interrupt -----------------------------------------------------------------

CONFIG_CHANGE_RAISES_INTERRUPT = step_property(
    "config_change_raises_interrupt",
    "QEMU virtio_notify_config in free_page_start, _stop and _done; virtio 1.3, configuration change notification",
    "A config interrupt is raised when what config shows has changed, and acted upon when it was raised: neither "
    "without the other.",
    skipping,
)


@transition_invariant(
    CONFIG_CHANGE_RAISES_INTERRUPT,
    of=("device.interrupt", "device.status", "device.cmd_id"),
    by=(HYPERVISOR,),
    but=("resize_balloon",),
    when=issues_under_lock,
)
def interrupt_tells_change(s: State, t: State) -> Term:
    """The hypervisor raises the interrupt with a new status or id, and with nothing else but a new balloon size."""
    changed = differs(s.device.status, t.device.status) | differs(s.device.cmd_id, t.device.cmd_id)
    return t.device.interrupt == (s.device.interrupt | changed)


@transition_invariant(CONFIG_CHANGE_RAISES_INTERRUPT, of=("device.interrupt",), by=(DEVICE, HYPERVISOR))
def interrupt_needs_driver(s: State, t: State) -> Term:
    """A device whose driver is not there (no DRIVER_OK) raises no interrupt: virtio_notify_config."""
    return implies(t.device.interrupt & ~s.device.interrupt, t.device.negotiated)


@transition_invariant(CONFIG_CHANGE_RAISES_INTERRUPT, of=("driver.read_bit",), by=(DRIVER,), when=reads_in_worker)
def bit_needs_interrupt(s: State, t: State) -> Term:
    """The driver notes that config changed when it was interrupted: virtballoon_changed."""
    return implies(t.driver.read_bit & ~s.driver.read_bit, s.device.interrupt)


@transition_invariant(CONFIG_CHANGE_RAISES_INTERRUPT, of=("driver.at",), by=(DRIVER,), when=reads_in_worker)
def read_needs_bit(s: State, t: State) -> Term:
    """The worker reads the id from config only after it noted a change: virtio_balloon_cmd_id_received."""
    will_read = one_of(t.driver.at, Worker.READ_ID, Worker.REREAD, Worker.POLL_ID)
    return implies(will_read, s.driver.read_bit)


# -- the worker -------------------------------------------------------------------------------

ROUND_IN_ORDER = step_property(
    "round_in_order",
    "virtio_balloon.c: send_cmd_id_start, get_free_page_and_send, send_cmd_id_stop, report_free_page_func",
    "The worker takes used entries back before it posts START or STOP, kicks what it posted, leaves one entry for "
    "STOP, hints until the id changes or no block is left, and ends after one round.",
    hinting,
    follows_from="worker_rests_while_away",
)


@transition_invariant(ROUND_IN_ORDER, of=("driver.at",), by=(DRIVER,))
def kicks_what_it_posted(s: State, t: State) -> Term:
    """Before a kick stands a buffer that was put on the ring: virtqueue_add, then virtqueue_kick."""
    will_kick = one_of(t.driver.at, Worker.KICK_ID, Worker.KICK_PAGE) & differs(s.driver.at, t.driver.at)
    return implies(will_kick, differs(s.ring.queue.waiting, t.ring.queue.waiting))


@transition_invariant(ROUND_IN_ORDER, of=("device.awake",), by=(DRIVER,), but=("probe", "restore"))
def kicks_a_stop_that_fits(s: State, t: State) -> Term:
    """STOP is posted and kicked in one step of the text; one that does not fit is not kicked: send_cmd_id_stop."""
    return implies(s.driver.at == Worker.SEND_STOP, differs(s.ring.queue.waiting, t.ring.queue.waiting))


@transition_invariant(ROUND_IN_ORDER, of=("driver.at",), by=(DRIVER,))
def leaves_room_for_stop(s: State, t: State) -> Term:
    """After a hint there is an entry left, for a command id: get_free_page_and_send, num_free > 1."""
    hints = t.driver.at == Worker.KICK_PAGE
    return implies(hints & differs(s.driver.at, t.driver.at), t.ring.queue.room > 0)


@transition_invariant(ROUND_IN_ORDER, of=("driver.at",), by=(DRIVER,))
def hints_until_id_changes(s: State, t: State) -> Term:
    """The loop is left, other than for want of blocks, because the id is no longer the one it serves (D4, D5)."""
    leaves = (s.driver.at == Worker.COMPARE) & ~(t.driver.at == Worker.ALLOC)
    return implies(leaves, differs(s.driver.cache, s.driver.active))


@transition_invariant(ROUND_IN_ORDER, of=("driver.at",), by=(DRIVER,))
def takes_used_back(s: State, t: State) -> Term:
    """As a round begins and as it ends no used entry is left on the ring: detach until get_buf finds none."""
    begins = (s.driver.at == Worker.CHECK_ID) & one_of(t.driver.at, Worker.RETEST, Worker.SET_ID)
    none_left = t.ring.queue.room == t.ring.queue.detach().room
    return implies(begins | (s.driver.at == Worker.SEND_STOP), none_left)


@transition_invariant(ROUND_IN_ORDER, of=("ring.queue", "driver.at"), by=(DRIVER,))
def ends_after_one_round(s: State, t: State) -> Term:
    """After STOP the worker's function returns, or waits for the device and then returns (Waits)."""
    return implies(s.driver.at == Worker.SEND_STOP, one_of(t.driver.at, Worker.IDLE, Worker.WAIT_STOP))


PROBED_AFRESH = step_property(
    "probed_afresh",
    "virtio_balloon.c: virtballoon_probe (kzalloc; cmd_id_active is STOP)",
    "A driver that is probed has read no id and served none.",
    hinting,
)


@transition_invariant(PROBED_AFRESH, of=("driver.binding",), by=(DRIVER,))
def knows_no_id(s: State, t: State) -> Term:
    """The id that the last driver read or served is gone."""
    probed = (s.driver.binding == Binding.ABSENT) & (t.driver.binding == Binding.BOUND)
    return implies(probed, (t.driver.cache == STOP) & (t.driver.active == STOP))


# -- the device's loop ------------------------------------------------------------------------

LOOP_IS_KICKED = step_property(
    "loop_is_kicked",
    "QEMU virtio_balloon_handle_free_page_vq, virtio_ballloon_get_free_page_hints, virtio_device_start_ioeventfd_impl",
    "The device looks at the ring from a kick on, by the driver or as the VM starts, until hinting is off and "
    "nothing is left to pop.",
    skipping,
    follows_from="half_a_hint last_stage_is_stopped snapshot_has_no_last_stage",
)


@transition_invariant(LOOP_IS_KICKED, of=("ring.queue", "device.awake"), by=(DEVICE,))
def pops_once_kicked(s: State, t: State) -> Term:
    """Only a loop that runs pops an entry, or goes to sleep."""
    return s.device.awake


@transition_invariant(LOOP_IS_KICKED, of=("device.awake",), by=(DEVICE,), when=lambda w: w.device.rechecks_ring)
def sleeps_when_done(s: State, t: State) -> Term:
    """The loop goes to sleep when nothing is left to do. (With EVENT_IDX it may be wrong: see dozes.)"""
    return implies(s.device.awake & ~t.device.awake, nothing_to_do(s))


@transition_invariant(
    LOOP_IS_KICKED,
    of=("device.awake", "vm.running"),
    by=(HYPERVISOR,),
    but=("snapshot_begins",),
    when=lambda w: w.device.kicks_at_start,
)
def kicked_as_vm_starts(s: State, t: State) -> Term:
    """QEMU kicks the queues whenever the VM starts to run, if only after a moment (snapshot), and at no other time."""
    starts = t.vm.running & ~s.vm.running
    return implies(starts, t.device.awake) & implies(t.device.awake & ~s.device.awake, starts)


@transition_invariant(LOOP_IS_KICKED, of=("driver.binding",), by=(DRIVER,), when=lambda w: w.device.kicks_at_start)
def kicked_as_driver_comes(s: State, t: State) -> Term:
    """QEMU kicks the queues as the driver sets DRIVER_OK: in probe, and in restore."""
    comes = (t.driver.binding == Binding.BOUND) & ~(s.driver.binding == Binding.BOUND)
    return implies(comes, t.device.awake)


# -- what the device pops ---------------------------------------------------------------------

POPPED_ONCE = step_property(
    "popped_once",
    "QEMU get_free_page_hints: virtqueue_pop, the element's effect, virtqueue_push; bitmap_mutex (386a907b37)",
    "Each entry has its effect once, as it is popped: an out buffer on the status, a hint under the open id on the "
    "bitmap, which the migration thread is not at that moment working on.",
    skipping,
    follows_from="half_a_hint",
)


@transition_invariant(POPPED_ONCE, of=("device.status",), by=(DEVICE,))
def status_follows_pops(s: State, t: State) -> Term:
    """The device's own steps change the status by an out buffer that they pop."""
    popped = differs(s.ring.queue.waiting, t.ring.queue.waiting)
    return implies(differs(s.device.status, t.device.status), popped & ~(s.ring.queue.head("kind") == Entry.HINT))


@transition_invariant(POPPED_ONCE, of=("log.bitmap",), by=(DEVICE,))
def bitmap_has_one_user(s: State, t: State) -> Term:
    """The bitmap is touched under bitmap_mutex."""
    return mutex_is_free(s)


def honours_each(w: World) -> bool:
    """Worlds in which each hint that counts is honoured, in one step."""
    return w.migrates and w.device.honours == Honours.ALL and not clears_in_two_steps(w) and not returns_first(w)


@transition_invariant(POPPED_ONCE, of=("ring.queue",), by=(DEVICE,), when=honours_each)
def counting_hint_is_honoured(s: State, t: State) -> Term:
    """A hint that counts is not wasted: its block need not be sent any more."""
    counts = (s.ring.queue.head("kind") == Entry.HINT) & hint_counts(s)
    return implies(counts, ~t.log.bitmap.has(s.ring.queue.head("block")))


# -- a sync, and the VM meanwhile -------------------------------------------------------------

SYNC_IN_ORDER = step_property(
    "sync_in_order",
    "QEMU ram.c: migration_bitmap_sync_precopy, ram_init_bitmaps; virtio_balloon_free_page_hint_notify",
    "Migration begins with all blocks to send and nothing logged; each sync begins with STOP, and ends with a new "
    "id, or with DONE for a VM that was stopped.",
    migrating,
)


@transition_invariant(SYNC_IN_ORDER, of=("migration.at",), by=(HYPERVISOR,), when=copies_ram)
def begins_with_all_to_send(s: State, t: State) -> Term:
    """ram_list_init_bitmaps sets every bit; the log is empty, unless KVM sets its bits, too (initially set)."""
    begins = (s.migration.at == Phase.IDLE) & ~(t.migration.at == Phase.IDLE)
    fresh = (t.log.bitmap == ALL) & (t.log.own == EMPTY)
    if s.world.log.mode != LogMode.TCG:
        fresh = fresh & (t.log.kernel == (ALL if s.world.log.mode == LogMode.KVM_MANUAL else EMPTY))
    return implies(begins, fresh)


@transition_invariant(
    SYNC_IN_ORDER, of=("migration.at", "device.status"), by=(HYPERVISOR,), when=lambda w: skipping(w) and copies_ram(w)
)
def stop_before_sync(s: State, t: State) -> Term:
    """PRECOPY_NOTIFY_BEFORE_BITMAP_SYNC: STOP is shown as a sync begins (up to 5.0 also as migration fails)."""
    begins = (t.migration.at == Phase.SYNC_GET) & differs(s.migration.at, t.migration.at)
    stops = (t.device.status == Status.S_STOP) & differs(s.device.status, t.device.status)
    shown = implies(begins & is_notified(s), t.device.status == Status.S_STOP)
    return shown & implies(stops, begins | (t.migration.at == Phase.IDLE))


def asks_after_each_sync(w: World) -> bool:
    """Worlds in which nothing holds a new id back."""
    return issues_ids(w) and issues_under_lock(w) and not issue_waits(w)


@transition_invariant(SYNC_IN_ORDER, of=("migration.at",), by=(HYPERVISOR,), when=asks_after_each_sync)
def id_or_done_after_sync(s: State, t: State) -> Term:
    """PRECOPY_NOTIFY_AFTER_BITMAP_SYNC: a VM that runs is asked for hints, one that is stopped is shown DONE."""
    ends = (s.migration.at == Phase.SYNC_PUBLISH) & is_notified(s)
    return implies(ends, t.device.status == choose(s.vm.running, Status.S_REQUESTED, Status.S_DONE))


VM_AS_FOUND = step_property(
    "vm_as_found",
    "QEMU migration.c: migration_iteration_finish, vm_start; the big QEMU lock, which a sync holds throughout",
    "The VM starts and stops between syncs, not inside one, and the end of a migration leaves it as it was found: "
    "running if it was stopped for the last stage only.",
    migrating,
)


@transition_invariant(VM_AS_FOUND, of=("vm.running", "migration.at"), by=(HYPERVISOR,))
def no_start_or_stop_in_sync(s: State, t: State) -> Term:
    """A step that starts or stops the VM, or ends a migration, waits for the end of the sync."""
    moves = differs(s.vm.running, t.vm.running) | ((t.migration.at == Phase.IDLE) & migration_runs(s))
    between = one_of(s.migration.at, Phase.IDLE, Phase.ROUND, Phase.LAST, Phase.COMPLETE)
    return implies(moves, between)


@transition_invariant(VM_AS_FOUND, of=("vm.running", "migration.at"), by=(HYPERVISOR,))
def left_as_found(s: State, t: State) -> Term:
    """A VM that was stopped for the last stage runs again (see migration_over); any other is left as it is."""
    ends = (t.migration.at == Phase.IDLE) & migration_runs(s)
    return implies(ends, t.vm.running == (s.vm.running | s.migration.last))


# -- what the ghosts mean ---------------------------------------------------------------------

GHOSTS_SAY_THIS = step_property(
    "ghosts_say_this",
    "what the words of the properties mean: what was seen of ids, whose content changed, and that it matters",
    "The ghosts follow what happens: the last out buffer that was popped, and the content of the one block of a step.",
    follows_from="half_a_hint",
)


@transition_invariant(GHOSTS_SAY_THIS, of=("ring.queue", "ghost.open", "ghost.last_id"), by=(DEVICE,), when=hinting)
def ids_are_noted(s: State, t: State) -> Term:
    """Each out buffer that is popped is noted, ignored or not; a hint is not."""
    sent = payload(s)
    carries_id = is_issued(sent)
    seen = ~(s.ring.queue.head("kind") == Entry.HINT)
    unchanged = (t.ghost.open == s.ghost.open) & (t.ghost.last_id == s.ghost.last_id)
    noted = (t.ghost.open == carries_id) & (t.ghost.last_id == choose(carries_id, sent, s.ghost.last_id))
    return implies(seen, noted) & implies(~seen, unchanged)


def only(block: Term, old: Term, new: Term) -> Term:
    """Two sets differ in this block at most."""
    return new - just(block) == old - just(block)


@transition_invariant(GHOSTS_SAY_THIS, of=("ghost.data",), by=(APPLICATION, HYPERVISOR))
def data_of_one_block(s: State, t: State, block: Term) -> Term:
    """A step with a block changes the data of this block alone."""
    return only(block, s.ghost.data, t.ghost.data)


@transition_invariant(
    GHOSTS_SAY_THIS, of=("ghost.stale", "ghost.written"), by=(APPLICATION, HYPERVISOR), when=migrating
)
def content_of_one_block(s: State, t: State, block: Term) -> Term:
    """A step with a block makes this block alone stale, or written."""
    same = only(block, s.ghost.stale, t.ghost.stale)
    return same & only(block, s.ghost.written, t.ghost.written) if s.world.hinting else same


@transition_invariant(GHOSTS_SAY_THIS, of=("ghost.stale",), by=(APPLICATION, HYPERVISOR), when=copies_ram)
def new_content_matters(s: State, t: State) -> Term:
    """During a migration only content that somebody relies on, or that fills a free block, becomes stale."""
    under_way = migration_runs(s) & ~(t.migration.at == Phase.IDLE)
    new = t.ghost.stale - s.ghost.stale
    return implies(under_way, new - t.ghost.data - t.memory.free == EMPTY)
