"""Defects of the host's side: QEMU, KVM and TCG as QEMU uses them, and Firecracker."""

from __future__ import annotations

from hintspec.catalogue.defect import Defect, Status
from hintspec.language.sizes import Sizes

_CAREFUL = "virtio-1.3-driver+qemu-10+kvm-auto"
_MANUAL = "linux-6.1+qemu-7.2+kvm-manual+cell-per-round"
_PLAIN = "no-hint+qemu-7.2+kvm"

HOST = (
    Defect(
        "early-release",
        "host 1",
        "a hinted block is written again before its hint is popped, in a chunk not yet cleared",
        "QEMU 4.1 and later with KVM manual-clear, the default; worst from 6.1 on; open",
        "clearing all chunks before the id is published, or a driver that waits for the device",
        environment=_MANUAL,
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed=f"{_MANUAL}+eager-clear",
        observed="seen on a stock QEMU 7.2.22 with KVM and a driver in user space; with all defaults and a full-speed "
        "migration, too",
        status=Status.OPEN,
        story="With manual-clear, reading the dirty log does not write-protect pages again; that is left to a clear "
        "of each chunk, just before the first page of it is sent. Until then a store into a page whose bit is "
        "set leaves no new mark. Since 6.1 honouring a hint clears its chunk, too. So: the guest is given a "
        "hinted block back and writes into it while its bit is still set from the last sync; then the hint is "
        "popped, the chunk is cleared and the block's bit goes. No place remembers the write.",
        repairs=(
            f"{_MANUAL}+eager-clear",
            f"{_MANUAL}+armed-only",
            f"{_MANUAL}+posted-after-clear",
            f"{_MANUAL}+clear-by-block",
            f"{_MANUAL}+hint-without-clear",
            "linux-6.1+qemu-7.2+kvm-manual+wait-on-ack",
            "linux-6.1+qemu-7.2+kvm-auto+cell-per-round",
        ),
    ),
    Defect(
        "early-release-by-send",
        "host 2",
        "sending any block of a chunk clears it, and with it the mark of a hinted block that was written again",
        "QEMU 4.1 .. 6.0 with KVM manual-clear",
        "no release; clearing all chunks before the id is published would",
        environment="linux-5.7+qemu-5.1+kvm-manual+cell-per-round",
        sizes=Sizes(2, 2, 1, chunk=2),
        violates="no_lost_write",
        fixed="linux-5.7+qemu-5.1+kvm-manual+cell-per-round+eager-clear",
        observed="decided by model alone",
        status=Status.OPEN,
        story="Before 6.1 a hint does not clear the log. But the send of another block of the same chunk does, and "
        "takes the mark of the hinted block with it. So 6.1 did not bring early-release, and to revert it is "
        "no repair.",
    ),
    Defect(
        "start-accepted-any-time",
        "host 3",
        "an id is taken as START in every state, so hinting begins in the middle of a sync",
        "QEMU 4.0 .. 5.0",
        "QEMU 20a4da0f23 (5.1)",
        environment=f"{_CAREFUL}+start-any-time",
        sizes=Sizes(1, 2, 2),
        violates="no_lost_write",
        fixed=_CAREFUL,
        status=Status.FIXED,
        story="The migration stops hinting before it reads the dirty log. A START that was on the ring, or is "
        "posted now, starts it again: its id is still the current one. A hint then takes a block out of the "
        "bitmap whose write this very sync has just merged.",
    ),
    Defect(
        "status-before-id",
        "host 4",
        "the new id and its status are stored without the lock: the device may see the status first",
        "QEMU 4.0 .. 5.0, if the compiler or the processor reorders the two stores",
        "QEMU 1a83e0b9c4 (5.1)",
        environment=f"{_CAREFUL}+status-before-id",
        sizes=Sizes(1, 3, 2),
        violates="no_lost_write",
        fixed=_CAREFUL,
        observed="reported by Coverity (CID 1430269); not run",
        status=Status.FIXED,
        story="Between the two stores the device sees REQUESTED with the old id, and takes a late START of the last "
        "round. In the order of the source, id first, no property is violated (environment word unlocked-issue).",
    ),
    Defect(
        "no-done-on-failure",
        "host 5",
        "a cancelled or failed migration ends with STOP: the guest never gets its blocks back",
        "QEMU 4.0 .. 5.0",
        "QEMU dd8eeb9671 (5.1)",
        environment="linux-5.7+qemu-5.1+kvm-auto+cell-per-round+stop-on-cleanup",
        sizes=Sizes(1, 3, 1),
        violates="blocks_come_back",
        fixed="linux-5.7+qemu-5.1+kvm-auto+cell-per-round+forget-id-on-restore",
        status=Status.FIXED,
        story="The clean-up of a migration that did not complete shows STOP. STOP means that more hints may be "
        "asked for soon, so that the driver keeps its blocks; nothing more comes.",
        repairs=("linux-5.7+qemu-5.1+kvm-auto+cell-per-round",),
    ),
    Defect(
        "hints-in-postcopy",
        "host 6",
        "a page that was left out is asked for by the destination and never sent",
        "QEMU 4.0 .. 6.1 with the capability postcopy-ram",
        "QEMU fd51e54fa1 (6.2)",
        environment="virtio-1.3-driver+qemu-6.1+kvm-auto+postcopy",
        sizes=Sizes(1, 3, 1),
        violates="page_can_come",
        fixed="virtio-1.3-driver+qemu-7.2+kvm-auto+postcopy",
        observed="with the guard in place the command id stays 0 (QEMU 7.2); the stall was not run",
        status=Status.FIXED,
        story="After the turn to postcopy the guest runs at the destination and asks for each page that is not "
        "there. A block that a hint took out of the bitmap counts as sent. Whoever touches it, its next owner "
        "or the driver, waits for ever. DONE is not shown either.",
    ),
    Defect(
        "return-before-act",
        "host 10",
        "a hint is given back to the driver before it is honoured",
        "before QEMU 4.0; with a driver that waits for the device to have used a hint",
        "QEMU ae440bd14c (4.0)",
        environment="linux-6.1+qemu-7.2+kvm-manual+wait-on-ack+return-before-act",
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed="linux-6.1+qemu-7.2+kvm-manual+wait-on-ack",
        observed="a use after free in QEMU's own memory; the loss was not run",
        status=Status.FIXED,
        story="HINT_WAIT_ON_ACK is a repair of early-release because a used buffer means that the hint was dealt "
        "with. If the buffer is used first, the guest may write into the block again before its chunk is "
        "cleared.",
    ),
    Defect(
        "return-marks-dirty",
        "host 12",
        "giving a hint back marks the block dirty, so that it is sent after all",
        "QEMU 4.0 .. 6.1 (the first 4 KiB of each hint)",
        "QEMU d3f1f940eb (6.2)",
        environment=f"{_CAREFUL}+return-marks-dirty",
        sizes=Sizes(1, 3, 1),
        violates="free_block_skipped",
        fixed=_CAREFUL,
        status=Status.FIXED,
        story="A used length of 1 tells the unmap that the device wrote into the buffer. The block is marked, and "
        "the next sync puts it back into the bitmap. In the model, where a block is one unit, nothing at all "
        "is gained; in QEMU it is one page of 1024.",
    ),
    Defect(
        "ring-unarmed",
        "host 18",
        "the dirty ring with initially set bits: pages begin without write protection and never get it",
        "QEMU 6.1 in development; hints or no hints",
        "QEMU a81a592698 (6.1): no manual-clear with the ring",
        environment=f"{_PLAIN}-ring+ring-unarmed",
        sizes=Sizes(1, 2, 1),
        violates="no_lost_write",
        fixed=f"{_PLAIN}-ring",
        status=Status.UNRELEASED,
        story="Initially set bits mean: all is dirty, nothing is protected, a clear will protect it. With the ring "
        "there is no clear, so that no store is ever logged.",
    ),
    Defect(
        "clear-unseen",
        "host 19",
        "a chunk's clear covers bits that no GET returned",
        "QEMU 4.1 in development; hints or no hints",
        "QEMU 9f4bf4baa8 (4.1): the bits of the last GET are kept",
        environment=f"{_PLAIN}-manual+clear-unseen",
        sizes=Sizes(2, 2, 2, chunk=2),
        violates="no_lost_write",
        fixed=f"{_PLAIN}-manual",
        status=Status.UNRELEASED,
        story="A block is written after the GET, so that its bit waits for the next one. Before that another block "
        "of the chunk is sent, the whole chunk is cleared, and the bit is gone unseen.",
    ),
    Defect(
        "torn-entries",
        "host 20",
        "an entry of KVM's dirty ring is read before it is whole",
        "QEMU 6.1 .. 7.1 on hosts with weak memory order; hints or no hints",
        "QEMU 4802bf910e (7.2): the barrier",
        environment=f"{_PLAIN}-ring+torn-entries",
        sizes=Sizes(1, 2, 1),
        violates="no_lost_write",
        fixed=f"{_PLAIN}-ring",
        status=Status.FIXED,
        story="The flag of the entry says that it is there, its slot and offset are still the old ones. A page that "
        "nobody wrote is marked, the one that was written is not, and is protected again.",
    ),
    Defect(
        "tcg-hot-tlb",
        "host 21",
        "the sync clears dirty bits without resetting the TLB: later stores are not logged, hints or no hints",
        "QEMU before 9.0 with TCG",
        "QEMU 03bfc2188f (9.0)",
        environment="no-hint+qemu-7.2+tcg",
        sizes=Sizes(1, 2, 2),
        violates="no_lost_write",
        fixed="no-hint+qemu-10+tcg",
        observed="seen on a stock QEMU 7.2.22 with TCG",
        status=Status.FIXED,
        story="TCG's fast path writes through a TLB entry without marking anything. The sync takes the mark and "
        "leaves the entry, so that the next store through it goes unlogged.",
    ),
    Defect(
        "mark-before-store",
        "host 22",
        "TCG marks a page and stores into it later; a sync and a send may come in between",
        "QEMU before 4.2 with TCG; hints or no hints",
        "QEMU 9458a9a1df (4.2)",
        environment="no-hint+qemu-10+tcg+mark-before-store",
        sizes=Sizes(1, 2, 2),
        violates="no_lost_write",
        fixed="no-hint+qemu-10+tcg",
        status=Status.FIXED,
        story="The slow path marks the page dirty, and then the store is made. If the page is synced and sent "
        "between the two, the destination has the old content and no mark is left.",
    ),
    Defect(
        "hints-in-snapshot",
        "host 26",
        "a background snapshot with hints: content of the moment at which it began is left out",
        "no release: QEMU does not ask for hints then; it is why it must not",
        "leaving it so (the notifier is not called; discards are inhibited since QEMU 1a8e44a89f, 6.0)",
        environment=f"{_CAREFUL}+snapshot+hints-in-snapshot",
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed=f"{_CAREFUL}+snapshot",
        observed="a world that does not exist",
        status=Status.UNRELEASED,
        story="A snapshot is of the moment at which it began. A block that is free now, and hinted, may have held "
        "data then. Its first new store would have saved it; the hint takes it off the list before.",
    ),
    Defect(
        "legacy-features",
        "host 33",
        "a legacy driver turns the feature off with no reset: no stop, done or pause reaches the device any more",
        "QEMU 4.0 and later with a legacy driver, buggy or malicious; open",
        "asking what was negotiated at DRIVER_OK instead of the present features",
        environment=f"{_CAREFUL}+legacy-features",
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed=_CAREFUL,
        observed="seen on a stock QEMU 7.2.22: the status stays at START across a cancel and into the next migration, "
        "and hints are taken with the VM stopped",
        status=Status.OPEN,
        story="Each guard of the migration notifier asks whether the guest has accepted the feature. A legacy "
        "driver may write its features at any time. Once the bit is gone, the sync does not stop hinting: a "
        "hint takes a block out of the bitmap whose write this very sync has merged.",
    ),
    Defect(
        "lost-kick",
        "host 34",
        "an element that is added while the loop goes to sleep is not kicked for, and not looked for",
        "QEMU 4.0 and later with EVENT_IDX; matters to a driver that waits (HINT_WAIT_ON_ACK)",
        "looking at the ring once more after notifications are on",
        environment=f"{_CAREFUL}+wait-on-ack+lost-kick",
        sizes=Sizes(1, 3, 1),
        violates="worker_gets_on",
        fixed=f"{_CAREFUL}+wait-on-ack",
        observed="read in the sources of QEMU 10",
        status=Status.OPEN,
        story="The loop finds the ring empty and switches notifications on. An element that came between the two is "
        "not kicked for. A driver that goes on kicks with the next one; a driver that waits for this one "
        "waits for ever.",
    ),
    Defect(
        "asleep-at-destination",
        "ioeventfd",
        "after a migration nobody but the guest's next kick wakes the device: a driver that waits for it, or for room "
        "on the ring, does so for ever",
        "QEMU with virtio-balloon-pci, which has no ioeventfd, with ioeventfd=off, or with TCG before 8.2; "
        "HINT_WAIT_ON_ACK or waiting at the end of a round, and rmmod of any driver",
        "ioeventfd (virtio-mmio, virtio-ccw), which kicks each queue as the VM starts: "
        "virtio_device_start_ioeventfd_impl",
        environment="linux-6.1+qemu-7.2+kvm-auto+wait-on-ack+no-ioeventfd",
        sizes=Sizes(1, 3, 1),
        violates="worker_gets_on",
        fixed="linux-6.1+qemu-7.2+kvm-auto+wait-on-ack",
        observed="read in the sources of QEMU 10; under TCG a stock QEMU 7.2.22 does not look at the ring "
        "(virtio-mmio), and its virtio-balloon-pci has no property ioeventfd",
        status=Status.OPEN,
        story="What was on the ring comes along to the destination, the device's loop that was about to pop it does "
        "not.",
    ),
    Defect(
        "discard-before-reuse-seen",
        "Firecracker, B20",
        "a hint is popped after the guest took the block back, and the new content is thrown away",
        "Firecracker 1.14 with any Linux that has the shrinker (5.7 and later)",
        "a driver that waits for the device (HINT_WAIT_ON_ACK)",
        environment="linux-6.1+firecracker-1.14",
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed="linux-6.1+firecracker-1.14+wait-on-ack",
        observed="described in Firecracker's own documentation and by its users",
        status=Status.OPEN,
        story="Firecracker gives a hinted block's memory back to the host when it pops the hint. The shrinker may "
        "have given the block to someone who has written into it since: the page reads as zero from then on.",
    ),
)
