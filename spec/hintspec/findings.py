"""What is known to be wrong with real systems, and what is known of it. Labels as in the docs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A known defect: its name, where it is, in which releases, and how it could be or was mended."""

    name: str
    label: str
    title: str
    affects: str
    mended_by: str


_ALL = (
    Finding(
        "shared-start-cell",
        "N1",
        "all START descriptors point at one cell, which the next round overwrites",
        "Linux 4.20 and later (vb->cmd_id_active)",
        "one cell a round, waiting for the last START, or a device that drains the ring before a new id",
    ),
    Finding(
        "early-release",
        "host 1",
        "a hinted block is written again before its hint is popped, in a chunk not yet cleared",
        "QEMU 4.1 and later with KVM manual-clear, the default",
        "clearing all chunks before the id is published, or a driver that waits for the device",
    ),
    Finding(
        "id-read-twice",
        "N3",
        "the id is read again for START: a whole batch may go out under STOP or DONE",
        "Linux 4.20 and later",
        "sending the id that was checked; a device must ignore such a batch, and QEMU does",
    ),
    Finding(
        "start-dropped",
        "N2",
        "the ring is full, START is not posted, and the round goes on without one",
        "Linux 4.20 and later",
        "giving the round up",
    ),
    Finding(
        "start-accepted-any-time",
        "host 3",
        "an id is taken as START in every state, so hinting begins in the middle of a sync",
        "QEMU 4.0 .. 5.0",
        "QEMU 20a4da0f23 (5.1)",
    ),
    Finding(
        "no-done-on-failure",
        "host 5",
        "a cancelled or failed migration ends with STOP: the guest never gets its blocks back",
        "QEMU 4.0 .. 5.0",
        "QEMU dd8eeb9671 (5.1)",
    ),
    Finding(
        "remove-keeps-blocks",
        "B10",
        "remove and freeze forget the hinted blocks",
        "Linux 4.20 .. 5.5",
        "Linux 6c22dc61c76b (5.6)",
    ),
    Finding(
        "poison-not-restored",
        "N6",
        "poison_val is not written again on restore, after the device reset forgot it",
        "Linux 4.20 and later; hurts free page reporting, not hinting",
        "writing poison_val in restore",
    ),
    Finding(
        "discard-before-reuse-seen",
        "Firecracker",
        "a hint is popped after the guest took the block back, and the new content is thrown away",
        "Firecracker 1.14 with any Linux that has the shrinker (5.7 and later)",
        "a driver that waits for the device (HINT_WAIT_ON_ACK)",
    ),
    Finding(
        "tcg-hot-tlb",
        "TCG",
        "the sync clears dirty bits without resetting the TLB: later stores are not logged, hints or no hints",
        "QEMU before 9.0 with TCG",
        "QEMU 03bfc2188f (9.0)",
    ),
    Finding(
        "full-ring-spin",
        "N4",
        "the worker allocates a block, finds no room for it, frees it and tries again: until the id changes, or the "
        "device pops; rmmod and suspend wait for it",
        "Linux 4.20 and later, with any device that is slow to pop; worst from 5.7 on, as the shrinker feeds it",
        "ending the round, or sleeping until the device has used a buffer",
    ),
    Finding(
        "asleep-at-destination",
        "ioeventfd",
        "after a migration nobody but the guest's next kick wakes the device: a driver that waits for it, or for room "
        "on the ring, does so for ever",
        "QEMU with ioeventfd=off; HINT_WAIT_ON_ACK or waiting at the end of a round, and rmmod of any driver",
        "ioeventfd, which kicks each queue as the VM starts (virtio_device_start_ioeventfd_impl)",
    ),
    Finding(
        "no-check-before-round",
        "B5'",
        "the worker starts a round for whatever id it finds, DONE and STOP too",
        "Linux 4.20, series v36",
        "the check of Linux 5.0 (report_free_page_func)",
    ),
)

FINDINGS: dict[str, Finding] = {finding.name: finding for finding in _ALL}
