"""The rest of the catalogue: changes that do no harm, and entries out of the scope of this text, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from hintspec.language.sizes import Sizes

_CAREFUL = "virtio-1.3-driver+qemu-10+kvm-auto"


@dataclass(frozen=True)
class Harmless:
    """Something that was changed or feared: its world keeps every property that ``without`` keeps."""

    label: str
    title: str
    environment: str
    sizes: Sizes
    why: str
    without: str = _CAREFUL


@dataclass(frozen=True)
class OutOfScope:
    """An entry of the history that this text does not model."""

    label: str
    title: str
    reason: str


HARMLESS = (
    Harmless(
        "B8",
        "the shrinker frees another number of blocks than it was asked for (fixed in Linux 5.4)",
        f"{_CAREFUL}+any-order",
        Sizes(2, 3, 1),
        "how many blocks a scan gives back, and which, is free in the text; it costs time alone",
    ),
    Harmless(
        "host 4 (order of the source)",
        "the new id and then its status, without the lock",
        f"{_CAREFUL}+unlocked-issue",
        Sizes(1, 3, 2),
        "in between, the status is STOP, in which the device takes no id for START",
    ),
    Harmless(
        "host 14",
        "bitmap_mutex is held from taking a block's bit to reading the block (since QEMU 6.1) or is not (before)",
        "virtio-1.3-driver+qemu-5.1+kvm-auto",
        Sizes(2, 3, 1),
        "it makes hints wait longer, and prevents no violation",
    ),
    Harmless(
        "host 23",
        "sends do not clear the log of their chunk (QEMU 10.1 in the last stage and in postcopy)",
        "no-hint+qemu-7.2+kvm-manual+send-without-clear",
        Sizes(2, 2, 2),
        "a bit that is not cleared is returned again by the next GET: the block is sent once more, not once less",
        "no-hint+qemu-7.2+kvm-manual",
    ),
    Harmless(
        "host 24",
        "a timer begins syncs in the middle of an iteration (QEMU 9.2)",
        f"{_CAREFUL}+timed-sync",
        Sizes(1, 3, 2),
        "it stops and starts hinting as any sync does, and the merge waits for bitmap_mutex",
    ),
    Harmless(
        "N5, host 34 (config)",
        "config shows 0 while the status is START: any config interrupt ends the round early",
        _CAREFUL,
        Sizes(1, 3, 1, resizes=1),
        "hints are lost, no data: no property asks that a round be complete",
    ),
)

_REPORTING = "concerns free page reporting, which is another queue and another exchange"
_MEMORY = "a fault of C memory or of a reference count: the text has no pointers"
_SETUP = "concerns how queues and config are set up before the exchange begins"
_COUNTERS = "concerns counters and statistics, which the text does not keep"

OUT_OF_SCOPE = (
    OutOfScope("B5", "config is read in the interrupt, which deadlocks on virtio-ccw", "a lock of the ccw transport"),
    OutOfScope("B6", "queues with no name are not allocated (Linux 5.0)", _SETUP),
    OutOfScope("B9", "all queue callbacks are initialised (Linux 5.6)", _SETUP),
    OutOfScope("B11", "leaks on errors in probe (Linux 5.6)", "probe does not fail in the text"),
    OutOfScope("B13", "poison_val is written with and without hinting (Linux 5.7)", _REPORTING),
    OutOfScope("B14", "no reporting where poison_val can't be written (Linux 5.8)", _REPORTING),
    OutOfScope("B16", "a conversion is named rightly (Linux 5.9)", "no change at run time"),
    OutOfScope("B17", "page_address(), MAX_ORDER, kzalloc_obj()", "no change at run time"),
    OutOfScope("B18", "indirect descriptors are off (Linux 6.1.192, 6.12.117)", _REPORTING),
    OutOfScope(
        "B19", "balloon work is stopped before the shutdown (2026)", "after a shutdown there is no guest to lose data"
    ),
    OutOfScope("N6 (latency)", "all blocks are released with interrupts off", "the text has no time"),
    OutOfScope(
        "N6 (torn id)",
        "a legacy device's id is read a byte at a time and may read as DONE",
        "an id is one value in the text; blocks given back early are legal (D7)",
    ),
    OutOfScope("host 7", "hinting without an iothread crashes (QEMU 5.1)", _MEMORY),
    OutOfScope("host 8", "unrealize asks for the guest's feature instead of the host's (QEMU 5.1)", _MEMORY),
    OutOfScope("host 9", "the iothread is not unreferenced (QEMU 5.1)", _MEMORY),
    OutOfScope(
        "host 11", "only the first buffer of an element is honoured (QEMU 6.2)", "Linux posts one buffer an element"
    ),
    OutOfScope(
        "host 13",
        "bits of the bitmap are changed without its mutex (QEMU 4.0)",
        "a lost clear, which sends a block once more, and wrong counters; the text has one bit a block, not words",
    ),
    OutOfScope("host 15", "completion sends pages without the mutex (QEMU 8.0)", _COUNTERS),
    OutOfScope("host 16", "the mutex in COLO's flush (QEMU 7.0, 8.1)", "COLO is not in the text"),
    OutOfScope("host 17", "discarded pages are cleared without the mutex (QEMU 6.2)", _COUNTERS),
    OutOfScope("host 25", "the bulk stage ignores the bitmap (QEMU 6.1)", "blocks are sent in any order in the text"),
    OutOfScope("host 27", "page poison and reporting (QEMU 5.1)", _REPORTING),
    OutOfScope("host 28", "the name of a subsection of the stream (QEMU 6.2)", "the format of the stream"),
    OutOfScope("host 29", "the size of config, and what is in it at first (QEMU 4.0, 4.1)", _SETUP),
    OutOfScope("host 30", "a guard against DMA re-entrancy (QEMU 8.1)", _MEMORY),
    OutOfScope("host 31", "crashes and leaks of the balloon proper (QEMU 4.0 to 10.0)", "not hinting"),
    OutOfScope("host 32", "a hint for a block without a bitmap (x-ignore-shared) kills QEMU; open", _MEMORY),
)
