"""How hard a mutant of the text is looked at: in which worlds, at which sizes."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hintspec.records import WORKED_EXAMPLE
from hintspec.sizes import Sizes

#: Small sizes: every kind of interference by itself, on a ring that fills up.
_SMALL: tuple[Sizes, ...] = (
    Sizes(1, 2, 1),
    Sizes(1, 2, 1, removes=1),
    Sizes(1, 2, 1, dma=1, pauses=1),
    Sizes(1, 2, 1, freezes=1),
    Sizes(1, 2, 1, resizes=1),
)

#: Other worlds that have the same words in their steps. The text is one for all of them, so what is noticed
#: there is noticed: where a loss is known, above all, that the mutant hides it.
_ELSEWHERE: tuple[tuple[str, Sizes], ...] = (
    ("no-hint+qemu-7.2+kvm-auto", Sizes(2, 2, 2, migrations=2)),
    ("no-hint+qemu-7.2+kvm-auto", Sizes(2, 2, 2, dma=1, pauses=1)),
    ("linux-6.1+qemu-7.2+kvm-manual+cell-per-round", Sizes(1, 2, 1, dma=1)),
    (f"{WORKED_EXAMPLE}+poison", Sizes(1, 2, 1, freezes=1)),
    ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 1, removes=1, resizes=1)),
    ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 2)),
)

#: Two rounds in two migrations; in a world whose driver waits there are fewer states.
_MIGRATED_TWICE = ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 2, migrations=2))

#: A ring on which a driver that is removed may wait for room; a second round, and two blocks.
_LARGE: tuple[Sizes, ...] = (Sizes(1, 3, 1, removes=1), Sizes(1, 2, 2), Sizes(2, 2, 1))


def stages_for(environment: str) -> tuple[tuple[str, Sizes], ...]:
    """The worlds and sizes at which mutants of an environment are searched, the cheapest first."""
    return (
        *((environment, sizes) for sizes in _SMALL),
        *(stage for stage in (*_ELSEWHERE, _MIGRATED_TWICE) if stage[0] != environment),
        *((environment, sizes) for sizes in _LARGE),
    )


#: Why a mutant may survive, by the names of the mutants (``*`` stands for anything).
REASONS: dict[str, tuple[str, ...]] = {
    "The worker reads the id from config though its bit says that nothing changed: it reads the same id, or a "
    "newer one that it would have read next. The bit saves a slow read, and decides nothing.": (
        "test_read_bit: driver.at other constant@2.1",
    ),
    "A kick more than needed: the device looks at the ring, which it may do whenever it likes.": (
        "start_does_not_fit: driver.at other constant",
        "keep_hinted: driver.at other constant",
    ),
    "An interrupt more than needed: virtio lets a device send config interrupts at any time (as resize_balloon "
    "does), and the driver looks at the id again.": (
        "config_changed: guard 1 dropped",
        "abort_migration: device.interrupt *",
    ),
    "Work that is pending as removal begins may be cancelled before it starts: cancel_work_sync decides that race.": (
        "work_starts: guard 3 one side",
        "work_starts: guard 3 other constant@1.1",
        "work_starts: guard 3 other constant1@1.1",
    ),
    "A driver may end a round whenever it likes: it has no duty to hint every free block (virtio 1.3, D4 is a "
    "SHOULD).": ("leave_loop: guard 2 dropped",),
    "A START into a full ring is lost (virtqueue_add fails) and the worker goes on, as start_does_not_fit has it, "
    "too.": ("post_start: guard 2 dropped",),
    "Used entries are taken back a step later: every pass of the loop, and STOP, do that again. Until then the "
    "ring only seems fuller.": (
        "round_begins: ring.queue dropped",
        "post_stop: ring.queue left undone@0",
    ),
    "Memory of a new driver: what it would keep of its predecessor is read again before it is used, as ids only "
    "grow.": (
        "probe: driver.cache other constant",
        "probe: driver.active dropped",
        "probe: driver.active other constant",
    ),
    "bitmap_mutex keeps two threads from changing one word of the bitmap at a time (QEMU 386a907b37), which steps "
    "of the model can't do anyway; with this dirty log a hint between the take and the read of a page loses "
    "nothing.": ("honour_hint: guard 7 dropped",),
    "A ghost that says more: it takes every used block for one with data. What is claimed of blocks with data "
    "holds of those, too; the text claims it of written ones, as content that nobody wrote need not be kept.": (
        "write: ghost.data other variable@0",
        "free: ghost.data other variable@0",
        "dma_write: ghost.data other variable@0",
    ),
    "A ghost that notes less of another block as this one is written. A ghost defines what the properties speak "
    "of, and a definition that says less can't be refuted where all of them hold; that it notes the block itself "
    "is seen (goals, and the loss that is known with a manual-clear log).": (
        "write: ghost.stale other variable2@0",
        "write: ghost.stale other variable3@0",
        "write: ghost.written other variable3@0",
        "dma_write: ghost.data one side1",
        "dma_write: ghost.stale one side1",
    ),
    "A ghost that does not note data that the hypervisor wrote. Where it matters a virtual CPU may have written "
    "the block as well, and that is noted; no step depends on who wrote.": (
        "dma_write: ghost.data dropped",
        "dma_write: ghost.data other junction",
    ),
    "One entry of the ring is kept for STOP. Without that STOP may not fit; it may not in the original either, "
    "where START took the last entry, so that a batch is always closed (virtio 1.3, D6) is not claimed of this "
    "driver.": (
        "post_hint: guard 2 dropped",
        "post_hint: guard 2 off by one",
    ),
    "A field of an entry that nobody reads: a hint has no command id.": ("post_hint: ring.queue other constant@4",),
    "A STOP into a full ring is lost (virtqueue_add fails) and the worker ends, as stop_does_not_fit has it, too.": (
        "post_stop: guard 2 dropped",
    ),
    "The worker waits for one more entry that the device has used. That it spins where the device pops nothing is "
    "known of the original (full-ring-spin).": (
        "post_stop: guard 2 off by one",
        "stop_does_not_fit: driver.at dropped",
    ),
    "The worker begins again with nothing to do: it looks at the id, finds nothing new and ends.": (
        "post_stop: driver.at other constant",
        "stop_does_not_fit: driver.at other constant",
    ),
    "A scan of the shrinker that finds no block changes nothing.": ("shrink_newest: guard 2 dropped",),
    "The device may look at the ring before it is kicked: nothing in virtio forbids it, and QEMU's loop does as "
    "long as it runs.": (
        "pop_start: guard 0 dropped",
        "ignore_out_buffer: guard 0 dropped",
        "ignore_hint: guard 0 dropped",
    ),
    "A STOP that ended the batch and stays on the ring is popped by the next step, which ignores it: STOP opens "
    "nothing and there is nothing more to end.": ("pop_stop: ring.queue dropped",),
    "A ghost of what the device saw: of out buffers that it ignores it notes less, or something older. Then "
    "id_at_most_once and hint_in_batch are claimed against fewer buffers: a definition that says less can't be "
    "refuted where they hold, and where they fall, they fall by buffers that were accepted.": (
        "ignore_out_buffer: ghost.last_id *",
        "ignore_out_buffer: ghost.open *",
    ),
    "A device may ignore any hint: the block is sent, which costs time and loses nothing.": (
        "ignore_hint: guard 5 dropped",
        "ignore_hint: guard 5 other constant1@0.0.1",
        "ignore_hint: guard 5 negated@0.1",
    ),
    "A loop that ends again, having ended, changes nothing.": ("loop_ends: guard 0 dropped",),
    "The device may sleep while hinting is on, as the driver kicks it after each buffer, or never sleep: QEMU "
    "polls then, which costs a CPU. What it pops, and when it stops, does not depend on it.": (
        "loop_ends: guard 2 *",
        "loop_ends: device.awake *",
    ),
    "QEMU can migrate a VM that its user has paused; then no id is issued, and nothing of hinting happens. The "
    "text leaves such migrations out.": ("migrate: guard 1 dropped",),
    "More is noted as dirty than was written: that costs the time to send it, and is what a log with every bit "
    "set at first does.": (
        "migrate: log.own other constant",
        "migrate: log.kernel other constant",
    ),
    "At a first sync hinting is not on: config shows STOP, or DONE of the last migration, and hints are ignored "
    "in either. The next id replaces both, and is told.": (
        "migrate: device.status *",
        "migrate: device.interrupt *",
    ),
    "What a sync in the middle of a migration does not read or merge, the last one does, with the VM stopped; "
    "until then the block is only sent later.": ("next_sync: migration.at *",),
    "That hinting was stopped is told late, or told needlessly. Until the driver reads the next id its hints come "
    "in under the old one, and are ignored (V3); an interrupt too many is answered by looking again.": (
        "next_sync: device.interrupt *",
    ),
    "As the last sync begins no virtual CPU runs that could be told; DONE, at its end, is told, and a driver that "
    "is told twice looks twice.": ("last_sync: device.interrupt *",),
    "A sync may end without a new id: then no hints are asked for in that round, which costs time and loses "
    "nothing (V1).": ("publish_nothing: guard 1 *",),
    "DONE while the VM still runs gives blocks back early, and the next sync may ask for hints again.": (
        "publish_done: guard 1 dropped",
    ),
    "A VM that stays stopped after a migration is continued by its user (unpause), as after QMP stop.": (
        "resume: vm.running *",
        "abort_migration: vm.running *",
    ),
    "The device's loop is as it was when the VM stopped: awake, unless it found the ring empty and nobody kicked it "
    "since. So nothing waits on the ring that it does not go on to pop. (That it is asleep instead is known: "
    "asleep-at-destination.)": (
        "resume: device.awake dropped",
        "unpause: device.awake dropped",
    ),
    "A migration may be cancelled or fail at any time or, as far as safety goes, only at some: the destination is "
    "thrown away.": ("abort_migration: guard 0 *",),
    "When a user's stop or continue takes effect is the big QEMU lock's doing: inside a sync it only waits for "
    "the sync's end. Sooner, later or never, what the stopped VM owes is owed then, too.": (
        "pause: guard 1 *",
        "unpause: guard 2 *",
    ),
    "The bits that are all set at first are set in another part of the log: the first sync brings them into the "
    "bitmap before anything is sent or hinted.": (
        "migrate: log.bitmap, log.own swapped",
        "migrate: log.bitmap, log.kernel swapped",
    ),
    "To let a VM run that runs changes nothing.": ("unpause: guard 0 dropped",),
    "A config interrupt for a driver that is not there is held back until there is one (virtio.c), which then "
    "looks once.": ("resize_balloon: guard 0 dropped",),
    "Two steps made one only take runs away, so nothing that holds can fall. The text has them apart because the "
    "code can be interrupted there, and its steps are those of the fact sheets.": (
        "work_starts: merged",
        "next_sync: merged",
        "sync_merge: merged",
        "migrate: merged",
    ),
}


def why_it_survives(name: str) -> str:
    """The reason for the survival of a mutant of that name; "" if there is none."""
    return next((why for why, names in REASONS.items() if any(fnmatchcase(name, n) for n in names)), "")


def stale_reasons(surviving: Iterable[str]) -> tuple[str, ...]:
    """What is written for mutants none of which survives: a reason, and the names that are out of date."""
    names = list(surviving)
    return tuple(
        f"{pattern}: {why}"
        for why, patterns in REASONS.items()
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in names)
    )
