"""Defects of the guest's side: drivers/virtio/virtio_balloon.c, as merged, and as posted before."""

from __future__ import annotations

from hintspec.catalogue.defect import Defect, Status
from hintspec.language.sizes import Sizes

_SHIM = "seen on the unmodified driver under a shim"
_CAREFUL = "virtio-1.3-driver+qemu-10+kvm-auto"
_AUTO = "linux-6.1+qemu-7.2+kvm-auto"
_OLD = "linux-5.0+qemu-5.1+kvm-auto"

GUEST = (
    Defect(
        "shared-start-cell",
        "N1",
        "all START descriptors point at one cell, which the next round overwrites",
        "Linux 4.20 and later (vb->cmd_id_active); open",
        "one cell a round, waiting for the last START, or a device that drains the ring before a new id",
        environment=_AUTO,
        sizes=Sizes(1, 3, 2),
        violates="no_lost_write",
        fixed=f"{_AUTO}+cell-per-round",
        observed=f"{_SHIM} (5.0.1 to 6.19), on a Linux 6.1.176 guest in User Mode Linux with a device in user "
        "space, and on "
        "a stock QEMU 7.2 with a driver in user space",
        status=Status.OPEN,
        story="The device reads a START when it pops it, not when the driver posts it, and every START on the ring "
        "is a reference to the same field, vb->cmd_id_active. If the device is late, so that START(N) is "
        "still on the ring when round N+1 begins, the driver overwrites the field, and the old START reads "
        "N+1. The device takes the hints of round N for hints of round N+1. Whatever the guest wrote into one "
        "of these blocks between the two ids is in the bitmap of this round, and the stale hint takes it out: "
        "the block is never sent. (Of the repairs, issue-after-start is not enough: with a suspend of the "
        "guest in between a stale id is still served, and the block is lost in three rounds.)",
        repairs=(
            f"{_AUTO}+cell-per-round",
            f"{_AUTO}+wait-at-end",
            f"{_AUTO}+wait-on-ack",
            f"{_AUTO}+issue-after-start",
            f"{_AUTO}+issue-after-stop",
            f"{_AUTO}+drain-before-id",
        ),
    ),
    Defect(
        "start-dropped",
        "N2",
        "the ring is full, START is not posted, and the round goes on without one",
        "Linux 4.20 and later",
        "giving the round up",
        environment=f"{_AUTO}+cell-per-round+read-id-once",
        sizes=Sizes(1, 3, 2),
        violates="hint_in_batch",
        fixed=f"{_AUTO}+cell-per-round+read-id-once+stop-without-start",
        observed=_SHIM,
        status=Status.OPEN,
        story="If no entry of the ring is free for START, send_cmd_id_start() fails, which is logged, and "
        "virtio_balloon_report_free_page() goes on to the blocks. As soon as the device has used some "
        "entries, hints are posted that no START opens. A device that keeps to the clauses ignores them; with "
        "the shared cell (N1) it may not be able to tell.",
    ),
    Defect(
        "id-read-twice",
        "N3",
        "the id is read again for START: a whole batch may go out under STOP or DONE",
        "Linux 4.20 and later",
        "sending the id that was checked; a device must ignore such a batch, and QEMU does",
        environment=f"{_AUTO}+cell-per-round",
        sizes=Sizes(1, 3, 1),
        violates="hint_in_batch",
        fixed=_CAREFUL,
        observed=_SHIM,
        status=Status.OPEN,
        story="report_free_page_func() checks the id, and send_cmd_id_start() asks for it once more. Between the "
        "two the host may have shown STOP or DONE, which is then sent as if it were an id, with a round of "
        "hints behind it.",
    ),
    Defect(
        "full-ring-spin",
        "N4",
        "the worker allocates a block, finds no room for it, frees it and tries again: until the id changes, or the "
        "device pops; rmmod and suspend wait for it",
        "Linux 4.20 and later, with any device that is slow to pop; worst from 5.7 on, as the shrinker feeds it",
        "ending the round, or sleeping until the device has used a buffer",
        environment=f"{_AUTO}+cell-per-round",
        sizes=Sizes(1, 3, 1),
        violates="worker_never_spins",
        fixed=f"{_AUTO}+cell-per-round+end-round-when-full",
        observed=f"{_SHIM} (200 steps without progress)",
        status=Status.OPEN,
        story="One entry of the ring is kept for a command id. When only that one is left, get_free_page_and_send() "
        "frees the block again and reports success, and send_free_pages() goes round at once. Nothing in this "
        "loop sleeps or waits for the device. The shrinker takes hinted blocks back and so gives the loop "
        "something to allocate.",
    ),
    Defect(
        "stop-in-start-cell",
        "B1",
        "STOP is written into the cell that STARTs on the ring point at",
        "series up to v28, never merged",
        "series v29: a cell of its own for STOP",
        environment=f"{_CAREFUL}+stop-in-start-cell",
        sizes=Sizes(1, 3, 1),
        violates="hint_in_batch",
        fixed=_CAREFUL,
        status=Status.UNRELEASED,
        story="With one cell for START and STOP, the STOP at the end of a round overwrites the id of the START "
        "before it. A device that is late reads STOP twice, and between the two hints that no id opens.",
    ),
    Defect(
        "same-id-again",
        "B2",
        "the id that was served last is served again",
        "series up to v24, never merged",
        "series v25: no second round for the same id",
        environment=f"{_CAREFUL}+same-id-again",
        sizes=Sizes(1, 3, 1, resizes=1),
        violates="id_at_most_once",
        fixed=_CAREFUL,
        status=Status.UNRELEASED,
        story="Any config interrupt, one for the balloon's size, say, queues the work. Without the comparison with "
        "the id served last the worker begins another round with it. A device that takes an id as START "
        "whenever it comes (QEMU up to 5.0) begins to honour hints again, in the middle of a sync if it so "
        "happens.",
    ),
    Defect(
        "hint-free-list",
        "B3",
        "hinted blocks stay on the free list, where their content may matter",
        "series up to v35, never merged",
        "series v36: a block is allocated while it is hinted",
        environment=f"{_CAREFUL}+hint-free-list+poison",
        sizes=Sizes(1, 3, 1),
        violates="free_content_kept",
        fixed=f"{_CAREFUL}+poison",
        status=Status.UNRELEASED,
        story="A guest that poisons free pages, or zeroes them as they are freed, expects to find that content when "
        "it allocates them. If a block is hinted where it lies, on the free list, it is left out of the "
        "migration, and at the destination the poison is gone: page corruption is reported that never was; "
        "with init_on_free an allocation that should be zero is not.",
    ),
    Defect(
        "release-before-pop",
        "B4",
        "all hinted blocks are released as soon as they are posted, before the device has popped them",
        "series v36, with a device that takes the content of a hinted block at once",
        "v37: they are released on DONE",
        environment="v36+firecracker-1.14",
        sizes=Sizes(1, 3, 1),
        violates="no_lost_write",
        fixed="virtio-1.3-driver+firecracker-1.14+wait-on-ack",
        observed="not run; legal by driver rule D7, and harmless with a device that leaves alone what was written "
        "since the id was issued (V4)",
        status=Status.UNRELEASED,
        story="The guest writes into a block that it was given back. The device then pops the hint and throws the "
        "new content away. QEMU only clears a bit of an older bitmap, which is why v36 was safe there; v37 "
        "deferred the release for another reason, so that migration converges.",
    ),
    Defect(
        "no-check-before-round",
        "B5'",
        "the worker starts a round for whatever id it finds, DONE and STOP too",
        "Linux 4.20, series v36",
        "the check of Linux 5.0 (report_free_page_func)",
        environment=f"{_CAREFUL}+read-id-in-interrupt",
        sizes=Sizes(1, 3, 1),
        violates="hint_in_batch",
        fixed=_CAREFUL,
        status=Status.FIXED,
        story="In 4.20 the interrupt reads the id and the worker uses it, unchecked. If STOP or DONE comes between "
        "the two, a START that carries 0 or 1 opens a full round.",
    ),
    Defect(
        "shrinker-counts-zero",
        "B7",
        "the count of hinted pages is shifted the wrong way: below 1024 blocks the shrinker finds nothing",
        "Linux 4.20 .. 5.3 with DEFLATE_ON_OOM",
        "Linux c9a6820fc0da (5.4)",
        environment=f"{_OLD}+shrinker-counts-zero",
        sizes=Sizes(1, 3, 1),
        violates="memory_can_be_had",
        fixed="linux-5.7+qemu-5.1+kvm-auto+cell-per-round",
        observed=f"{_SHIM} (5.0.1 counts 0 pages, 5.4.18 counts 12, of three blocks)",
        status=Status.FIXED,
        story="The shrinker is asked how much it could free and says nothing, so it is not asked to free anything. "
        "The worker takes whatever is free, and as long as the host does not show DONE the guest is out of "
        "memory.",
    ),
    Defect(
        "remove-keeps-blocks",
        "B10",
        "remove and freeze forget the hinted blocks",
        "Linux 4.20 .. 5.5",
        "Linux 6c22dc61c76b (5.6)",
        environment=_OLD,
        sizes=Sizes(1, 3, 1, removes=1),
        violates="blocks_come_back",
        fixed="linux-5.7+qemu-5.1+kvm-auto+cell-per-round+forget-id-on-restore",
        observed=f"{_SHIM} (5.4.18 loses three blocks, 5.4.59 none)",
        status=Status.FIXED,
        story="rmmod during hinting frees the driver's own state, and with it the list of hinted blocks; the blocks "
        "stay allocated until the guest reboots.",
        repairs=("linux-5.7+qemu-5.1+kvm-auto+cell-per-round",),
    ),
    Defect(
        "nobody-reclaims",
        "B12",
        "nobody reclaims hinted blocks when memory is short",
        "Linux 4.20 .. 5.6 without DEFLATE_ON_OOM",
        "Linux da10329cb057 (5.7): a shrinker of its own for hinted blocks",
        environment=_OLD,
        sizes=Sizes(1, 3, 1),
        violates="memory_can_be_had",
        fixed="linux-5.7+qemu-5.1+kvm-auto+cell-per-round",
        observed=f"{_SHIM} (5.4 registers no shrinker)",
        status=Status.FIXED,
        story="The shrinker is registered only with DEFLATE_ON_OOM. Without it, hinted blocks come back on DONE and "
        "not before, however short of memory the guest is.",
    ),
    Defect(
        "swapped-ids",
        "B15",
        "ids are decoded in the wrong byte order: DONE looks like a new id",
        "Linux 4.20 .. 5.7, big-endian guests of legacy devices",
        "Linux 168c358af2f8 (5.8)",
        environment=f"{_CAREFUL}+swapped-ids",
        sizes=Sizes(1, 3, 1),
        violates="blocks_come_back",
        fixed=_CAREFUL,
        status=Status.FIXED,
        story="DONE, which is 1, reads as 0x01000000, an id. The driver begins a round instead of giving its blocks "
        "back; no id that it sends is ever the device's, so that nothing is gained by it either.",
    ),
    Defect(
        "poison-not-restored",
        "N6",
        "poison_val is not written again on restore, after the device reset forgot it",
        "Linux 4.20 and later; hurts free page reporting, not hinting",
        "writing poison_val in restore",
        environment=f"{_AUTO}+cell-per-round+poison",
        sizes=Sizes(1, 3, 1, freezes=1),
        violates="poison_val_agrees",
        fixed=f"{_AUTO}+cell-per-round+poison+tell-poison-again",
        observed="read in the sources of Linux 6.1 and QEMU 10",
        status=Status.OPEN,
        story="After a suspend the device has been reset, and poison_val is 0. Linux writes it in probe alone. QEMU "
        "then takes the pages that the guest reports for pages without content.",
    ),
    Defect(
        "stale-id-after-suspend",
        "N7",
        "an id that was read before a suspend is served after it, and nothing tells the driver to give its blocks back",
        "Linux 5.6 and later (before, a suspend forgets the blocks themselves: B10)",
        "forgetting the id (cmd_id_received_cache) in restore",
        environment=f"{_AUTO}+cell-per-round",
        sizes=Sizes(1, 2, 2, freezes=1),
        violates="blocks_come_back",
        fixed=f"{_AUTO}+cell-per-round+forget-id-on-restore",
        observed=f"{_SHIM} (6.1 and 6.12, suspended between two of its calls)",
        status=Status.OPEN,
        story="A suspend resets the device, which forgets its id and shows STOP. The driver keeps the id that it "
        "read last, and the work that is pending. If the worker left its loop for a new id, and the guest was "
        "suspended before that id was taken up, the worker takes it up after the resume, though config shows STOP: "
        "it hints all free memory to a device that did not ask. If the migration has ended meanwhile, no DONE "
        "follows. The blocks stay with the driver until the shrinker takes them, one by one, or the next migration "
        "ends. Nothing is lost: the device ignores an id that is not its own. Found by trying to prove that blocks "
        "come back.",
    ),
    Defect(
        "init-on-alloc",
        "N6 (alloc)",
        "with init_on_alloc=1 every hinted block is written as it is allocated, and has to be sent",
        "Linux 5.3 and later with init_on_alloc=1",
        "allocating with __GFP_SKIP_ZERO, which the hint's block could do",
        environment=f"{_CAREFUL}+init-on-alloc",
        sizes=Sizes(1, 3, 1),
        violates="free_block_skipped",
        fixed=_CAREFUL,
        observed="read in the sources (post_alloc_hook)",
        status=Status.OPEN,
        story="The worker allocates the block after the sync, which zeroes it, and so marks it dirty. The hint "
        "takes it out of this round's bitmap, the next sync puts it back. All the work is done and no block "
        "is ever left out.",
    ),
)
