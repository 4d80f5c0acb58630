"""Who owns what: guest memory, driver, ring, device, dirty log, migration, and the ghosts.

A block is the unit of a hint (the largest buddy order, 4 MiB on x86-64).
"""

from __future__ import annotations

from hintspec.language.declare import Actor
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring
from hintspec.language.terms import ALL, EMPTY, NO_BLOCK, OLDEST_ID, STOP, YOUNGEST_ID, Term, empty_list, empty_ring
from hintspec.language.variables import Part, PartOf, StateView, var
from hintspec.protocol.promises import GUEST_STANDS_STILL
from hintspec.protocol.rules import Fill, LogMode, World
from hintspec.protocol.worlds import (
    discarding,
    has_cell_per_round,
    has_poison_val,
    hinting,
    issue_waits,
    keeps_order,
    manual,
    marks_before_store,
    marks_early_hints,
    may_doze,
    may_lose_feature,
    migrating,
    reads_in_worker,
    returns_first,
    skipping,
    stores_stop_in_cell,
    takes_snapshot,
    turns_to_postcopy,
    unlogged,
)


def vm_runs(s: State) -> Term:
    """The virtual CPUs run: every step of the guest needs it."""
    return s.vm.running


APPLICATION = Actor("guest", "G", "applications and the page allocator", vm_runs, GUEST_STANDS_STILL)
DRIVER = Actor("driver", "D", "the virtio-balloon driver", vm_runs, GUEST_STANDS_STILL)
DEVICE = Actor("device", "V", "the balloon device (QEMU: its iothread)")
HYPERVISOR = Actor("hypervisor", "H", "migration thread and main loop")

#: The worker, ``report_free_page_func``: the label is what it does next. IDLE: it does not run.
Worker = Enum(
    "worker",
    # report_free_page_func: virtio_balloon_cmd_id_received, then what is to be done about the id
    ("IDLE", "TEST_BIT", "READ_ID", "CHECK_ID")
    # send_cmd_id_start, which asks virtio_balloon_cmd_id_received again
    + ("RETEST", "REREAD", "SET_ID", "ADD_ID", "KICK_ID", "WAIT_ID")
    # send_free_pages, which asks it before each block; get_free_page_and_send
    + ("POLL_BIT", "POLL_ID", "COMPARE", "ALLOC", "ADD_PAGE", "KICK_PAGE", "WAIT_PAGE", "PUSH_PAGE")
    # return_free_pages_to_mm (v36); send_cmd_id_stop
    + ("RELEASE", "SEND_STOP", "WAIT_STOP"),
)

#: Whether the driver is bound to its device, and how far remove or freeze has come.
Binding = Enum(
    "binding",
    ("BOUND", "REMOVE", "REMOVE_RELEASE", "REMOVE_RESET", "ABSENT") + ("FREEZE_RELEASE", "FREEZE_RESET", "FROZEN"),
)

#: QEMU's free_page_hint_status.
Status = Enum("status", ("S_STOP", "S_REQUESTED", "S_START", "S_DONE"))

#: What a hint queue entry is: an out buffer with a command id, or an in buffer with a block.
Entry = Enum("entry", ("START", "STOP_SIGN", "HINT"))

#: Where the migration stands. SYNC_STOP: the VM is stopped, its last sync is still to begin.
Phase = Enum(
    "phase",
    ("IDLE", "SYNC_STOP", "SYNC_GET", "SYNC_MERGE", "SYNC_CLEAR", "SYNC_DRAIN")
    + ("SYNC_PUBLISH", "SYNC_STATUS", "ROUND", "LAST", "COMPLETE", "POSTCOPY"),
)

#: How far the send of a page has come: chunk cleared, then bit taken, then content read.
Sending = Enum("sending", ("NOTHING", "CLEARED", "TAKEN"))

#: The config field poison_val.
PoisonVal = Enum("poison_val", ("ZERO", "PATTERN"))


def _entries(w: World) -> Ring:
    """The fields of a hint queue entry in this world."""
    fields = [("kind", Entry), ("block", BLOCK), ("governed_by", ID)]
    if has_cell_per_round(w):
        fields.append(("cell", ID))
    if marks_early_hints(w):
        fields.append(("early", BOOL))
    return Ring("hint queue", tuple(fields), ghosts=("governed_by",))


class Machine(Part):
    """The virtual machine as a whole."""

    running = var(BOOL, True, "the virtual CPUs run")


class Memory(Part):
    """Where the guest's page allocator sees each block."""

    free = var(BLOCKS, ALL, "free blocks", mark="f")
    used = var(BLOCKS, EMPTY, "blocks that applications hold", mark="u")
    storing = var(BLOCK, NO_BLOCK, "block of a store that is marked and has not landed", when=marks_before_store)


class Driver(Part):
    """The hinting part of struct virtio_balloon."""

    binding = var(Binding, Binding.BOUND, "bound to the device or not", when=hinting)
    at = var(Worker, Worker.IDLE, "where the worker stands", when=hinting, role="place")
    queued = var(BOOL, False, "the work item is pending", when=hinting)
    read_bit = var(BOOL, False, "config_read_bitmap: config changed since the id was read", when=reads_in_worker)
    cache = var(ID, STOP, "cmd_id_received_cache: the id as last read", when=hinting)
    active = var(ID, STOP, "cmd_id_active: the cell that START descriptors point at", when=hinting)
    stop_in_cell = var(BOOL, False, "STOP was written over the id in the cell", when=stores_stop_in_cell)
    in_hand = var(BLOCK, NO_BLOCK, "block between allocation and free_page_list", when=hinting, mark="w")
    held = var(BLOCKS, EMPTY, "free_page_list: blocks hinted and not given back", when=hinting, mark="h")
    order = var(LIST, empty_list(), "free_page_list in order, newest on top", when=keeps_order)


class HintQueue(Part):
    """free_page_vq. An entry keeps, as a ghost, the id that governs it: the one it was posted under."""

    queue = var(_entries, lambda w: empty_ring(_entries(w)), "the ring, oldest entry first", when=hinting)


class Device(Part):
    """The hinting part of struct VirtIOBalloon, or of another hypervisor's device."""

    negotiated = var(BOOL, True, "the driver is ready with the feature", when=hinting)
    status = var(Status, Status.S_STOP, "free_page_hint_status", when=skipping)
    cmd_id = var(
        ID,
        lambda w: YOUNGEST_ID if w.device.ids_wrap_soon else OLDEST_ID,
        "free_page_hint_cmd_id: the id issued last",
        when=hinting,
    )
    interrupt = var(BOOL, False, "a config interrupt is on its way", when=hinting)
    awake = var(BOOL, False, "the loop over the hint queue runs or is scheduled", when=hinting)
    dozing = var(BOOL, False, "the loop found nothing and is about to sleep", when=may_doze)
    feature = var(
        BOOL, True, "guest_features has the feature, which the migration notifier asks for", when=may_lose_feature
    )
    acting = var(
        BLOCK, NO_BLOCK, "hinted block that was given back to the driver before it is honoured", when=returns_first
    )
    clearing = var(
        BLOCK,
        NO_BLOCK,
        "hinted block whose chunk was cleared and whose bit is not yet",
        when=lambda w: skipping(w) and manual(w) and w.device.hint_clears_log and w.device.acts_before_return,
    )
    round_open = var(BOOL, False, "the last id's START (or STOP) is still to be popped", when=issue_waits)
    shown = var(ID, STOP, "what config shows", when=discarding)
    guest_cmd = var(ID, STOP, "the id that the driver sent last", when=discarding)
    written = var(
        BLOCKS, EMPTY, "blocks written since the id was issued", when=lambda w: discarding(w) and w.device.checks_writes
    )
    poison_val = var(
        PoisonVal,
        lambda w: PoisonVal.PATTERN if w.guest.fill == Fill.POISON else PoisonVal.ZERO,
        "poison_val as the driver wrote it",
        when=has_poison_val,
    )


class DirtyLog(Part):
    """Four places remember a write: kernel, its copy at the last GET, QEMU's own log, migration bitmap."""

    kernel = var(
        BLOCKS,
        EMPTY,
        "the kernel's dirty bit; not set means armed",
        when=lambda w: w.migrates and w.log.mode != LogMode.TCG,
        mark="k",
        role="dirty",
    )
    seen = var(BLOCKS, EMPTY, "KVMSlot.dirty_bmap: what the last GET returned", when=manual, mark="s")
    own = var(BLOCKS, EMPTY, "DIRTY_MEMORY_MIGRATION: QEMU's own log", when=migrating, mark="q", role="dirty")
    bitmap = var(BLOCKS, EMPTY, "RAMBlock.bmap: the blocks to send", when=migrating, mark="b", role="dirty")
    owed = var(BLOCKS, EMPTY, "clear_bmap: chunks that are still to be cleared", when=manual, mark="o")
    hot = var(
        BLOCKS,
        EMPTY,
        "blocks whose stores go unlogged: by a TLB entry (TCG), or as they were never write-protected (ring)",
        when=unlogged,
        mark="t",
    )


class Migration(Part):
    """The source side of a live migration."""

    at = var(Phase, Phase.IDLE, "where the migration stands", when=migrating, role="place")
    last = var(BOOL, False, "the VM was stopped for the last stage", when=migrating)
    sending = var(BLOCK, NO_BLOCK, "the block being sent", when=migrating, mark=">")
    send_step = var(Sending, Sending.NOTHING, "how far that send has come", when=migrating)
    arrived = var(BLOCKS, EMPTY, "blocks that the destination has, and will not ask for", when=turns_to_postcopy)


class Ghost(Part):
    """State that the real system does not have, and that the properties need."""

    data = var(BLOCKS, EMPTY, "content that an application relies on", ghost=True, mark="D", role="content")
    stale = var(
        BLOCKS,
        EMPTY,
        "the destination holds something older, or zero",
        ghost=True,
        when=migrating,
        mark="!",
        role="stale",
    )
    then = var(
        BLOCKS, EMPTY, "content that an application relied on as the snapshot began", ghost=True, when=takes_snapshot
    )
    wiped = var(BLOCKS, EMPTY, "content taken by the device", ghost=True, when=discarding, mark="!", role="stale")
    written = var(BLOCKS, EMPTY, "written since the newest id was issued", ghost=True, when=skipping)
    last_id = var(ID, STOP, "the id that the device saw last in an out buffer", ghost=True, when=hinting)
    open = var(BOOL, False, "the last out buffer the device saw carried an id", ghost=True, when=hinting)


class State(StateView[World]):
    """The whole state, as actions and properties of this text see it."""

    vm = PartOf(Machine)
    memory = PartOf(Memory)
    driver = PartOf(Driver)
    ring = PartOf(HintQueue)
    device = PartOf(Device)
    log = PartOf(DirtyLog)
    migration = PartOf(Migration)
    ghost = PartOf(Ghost)
