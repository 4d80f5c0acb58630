"""The rules of a world: what differs between one driver, device, dirty log and another.

A world is fixed for a whole check. The protocol text branches on it with ordinary ``if``; a real
system is a named world (:mod:`hintspec.catalogue.environments`), a defect a world with one rule changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class StartCell(StrEnum):
    """Which memory a START descriptor points at."""

    SHARED = "one cell for all rounds"  # Linux: vb->cmd_id_active
    SHARED_WITH_STOP = "one cell for all rounds, and for STOP, too"  # series v28 and before
    PER_ROUND = "one cell a round"


class ReadsId(StrEnum):
    """Where the driver reads the command id from config."""

    WORKER = "in the worker"  # Linux 5.0 and later
    INTERRUPT = "in the interrupt"  # v36, Linux 4.20


class Release(StrEnum):
    """When the worker gives the hinted blocks back."""

    ON_DONE = "on DONE"
    AFTER_POSTING = "when all are posted"  # v36


class Reclaim(StrEnum):
    """Who else gives hinted blocks back when memory is short."""

    NOBODY = "nobody"
    SHRINKER = "shrinker, one block a scan"  # Linux 5.7 and later
    SHRINKER_ALL = "shrinker, all blocks in one scan"  # v36 with DEFLATE_ON_OOM
    OOM_NOTIFIER = "OOM notifier"  # the generation before the shrinker
    SHRINKER_COUNTS_ZERO = "a shrinker that finds nothing to shrink"  # Linux 4.20 .. 5.3, below 1024 blocks


class Order(StrEnum):
    """Which hinted block the shrinker gives back first."""

    NEWEST_FIRST = "newest first"  # balloon_page_push / _pop at the list head
    ANY = "any"  # an over-approximation with fewer states


class Waits(StrEnum):
    """For which buffers the driver waits until the device used them."""

    NEVER = "never"
    END_OF_ROUND = "all of a round, at its end"  # the pre-merge code of early 2018
    EACH_BUFFER = "each buffer"  # HINT_WAIT_ON_ACK (RFC of 2026)


class Fill(StrEnum):
    """What the guest writes into a block that becomes free, and expects there later."""

    NOTHING = "nothing"
    POISON = "poison"  # page_poisoning=1: 0xaa
    ZERO = "zero"  # init_on_free=1


@dataclass(frozen=True)
class DriverRules:
    """The balloon driver of the guest."""

    start_cell: StartCell = StartCell.SHARED
    reads_id: ReadsId = ReadsId.WORKER
    rereads_id_for_start: bool = True  # send_cmd_id_start() calls received() again
    skips_served_id: bool = True  # W2 begins no second round for the id that was served last
    holds_hinted: bool = True  # a block is allocated while it is hinted (up to v35: left on the free list)
    ends_round_when_full: bool = False  # repair of N4: else the worker tries again at once
    swaps_bytes: bool = False  # ids from config are decoded in the wrong byte order
    goes_on_without_start: bool = True  # a START that doesn't fit on the ring is only logged
    release: Release = Release.ON_DONE
    reclaim: Reclaim = Reclaim.SHRINKER
    order: Order = Order.NEWEST_FIRST
    waits: Waits = Waits.NEVER
    releases_on_remove: bool = True
    tells_poison_on_restore: bool = False
    forgets_id_on_restore: bool = False  # repair of N7: else an id that was read before the reset is still served


class Kind(StrEnum):
    """What the device does with a hint."""

    SKIPS = "leaves the block out of migration"  # QEMU
    DISCARDS = "takes the block's content at once"  # Firecracker; the strongest device of the clauses


class AcceptsStart(StrEnum):
    """When an id that equals the current one opens a batch."""

    REQUESTED = "once for each id"  # QEMU 5.1 and later
    ALWAYS = "each time it comes"  # QEMU 4.0 .. 5.0


class Issue(StrEnum):
    """How a new id and its status become visible."""

    LOCKED = "together"
    ID_FIRST = "the id, then the status"  # as QEMU up to 5.0 has it in its source
    STATUS_FIRST = "the status, then the id"  # as stores without a lock may be seen


class Honours(StrEnum):
    """Which hints of an open batch are honoured (repairs R2 and R3; else all)."""

    ALL = "all"
    ARMED_CHUNK = "those whose chunk was cleared before"
    POSTED_AFTER_CLEAR = "those posted after their chunk was cleared"


class IssueWaits(StrEnum):
    """What must be popped of the last round before another id is issued (repair F2)."""

    NOTHING = "nothing"
    START = "its START"
    STOP = "its STOP"


@dataclass(frozen=True)
class DeviceRules:
    """The balloon device and the parts of the hypervisor that work for it."""

    kind: Kind = Kind.SKIPS
    accepts_start: AcceptsStart = AcceptsStart.REQUESTED
    issue: Issue = Issue.LOCKED
    features_are_fixed: bool = True  # what the driver accepted stays until a reset (a legacy driver may write it again)
    hints_in_postcopy: bool = False  # hints are asked for though the migration may turn to postcopy
    hints_in_snapshot: bool = False  # hints are asked for while a background snapshot is taken
    acts_before_return: bool = True  # a hint is given back to the driver after it was honoured
    return_marks_dirty: bool = False  # giving a hint back marks its block dirty
    syncs_at_any_time: bool = False  # a timer begins syncs, too, in the middle of a send
    rechecks_ring: bool = True  # a kick is not lost while the loop goes to sleep
    done_on_cleanup: bool = True  # a migration that failed or was cancelled ends with DONE
    hint_clears_log: bool = True  # a hint clears the kernel's log of its chunk
    mutex_spans_send: bool = True  # bitmap_mutex is held from clearing the bit to reading the page
    clears_by_chunk: bool = True  # the unit of the lazy clear (repair R5: one block)
    eager_clear: bool = False  # repair R1: clear all chunks before the id is published
    honours: Honours = Honours.ALL
    drains_before_issue: bool = False  # repair F3
    issue_waits: IssueWaits = IssueWaits.NOTHING
    kicks_at_start: bool = True  # the queue is looked at as the VM runs again, with no kick of the guest (ioeventfd)
    ids_wrap_soon: bool = False  # the first id issued is the one before the wrap
    has_poison_val: bool = True  # offers VIRTIO_BALLOON_F_PAGE_POISON
    checks_writes: bool = False  # DISCARDS only: leaves alone what was written since the id was issued (V4)
    acknowledges_stop: bool = True  # DISCARDS only: shows DONE when the driver's STOP arrives


class LogMode(StrEnum):
    """How the hypervisor learns which pages the guest wrote."""

    KVM_AUTO = "kvm-auto"  # KVM_GET_DIRTY_LOG also clears
    KVM_MANUAL_ENABLE = "kvm-manual-enable"  # KVM_CLEAR_DIRTY_LOG, by chunk, later
    KVM_MANUAL = "kvm-manual"  # the same, and every bit is set at first
    KVM_RING = "kvm-ring"
    TCG = "tcg"


@dataclass(frozen=True)
class LogRules:
    """The dirty log."""

    mode: LogMode = LogMode.KVM_AUTO
    rearms_at_sync: bool = True  # TCG before QEMU 9.0 does not
    store_is_atomic: bool = True  # a store and its mark; TCG before QEMU 4.2 marks first
    ring_arms_at_start: bool = True  # dirty ring: pages are write-protected as the log starts
    ring_loses_entries: bool = False  # dirty ring: an entry may be read before it is whole
    clears_seen_only: bool = True  # a chunk's clear covers the bits that the last GET returned, no others
    send_clears: bool = True  # a send clears its chunk first

    @property
    def is_manual(self) -> bool:
        """Whether the kernel's bits are cleared by chunk and later than they are read."""
        return self.mode in (LogMode.KVM_MANUAL, LogMode.KVM_MANUAL_ENABLE)


@dataclass(frozen=True)
class GuestRules:
    """The guest's memory management."""

    fill: Fill = Fill.NOTHING
    init_on_alloc: bool = False  # every allocation zeroes its block


class Job(StrEnum):
    """What the hypervisor does that guest pages are sent for."""

    MIGRATION = "live migration"
    POSTCOPY = "live migration that may turn to postcopy"
    SNAPSHOT = "background snapshot"


@dataclass(frozen=True)
class World:
    """All rules of one world."""

    driver: DriverRules = field(default_factory=DriverRules)
    device: DeviceRules = field(default_factory=DeviceRules)
    log: LogRules = field(default_factory=LogRules)
    guest: GuestRules = field(default_factory=GuestRules)
    hinting: bool = True  # VIRTIO_BALLOON_F_FREE_PAGE_HINT is negotiated
    job: Job = Job.MIGRATION

    @property
    def migrates(self) -> bool:
        """Whether this world has live migration (a discarding device is observed without it)."""
        return self.device.kind == Kind.SKIPS
