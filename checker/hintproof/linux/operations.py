"""The calls at which a thread of the driver stops, and the ways in which the kernel calls it; as in shim/runtime.h."""

from __future__ import annotations

from enum import IntEnum


class Op(IntEnum):
    """A call of the kernel's interface."""

    NONE = 0
    RETURN = 1
    TEST_SET = 2
    TEST_CLEAR = 3
    BIT = 4
    CONFIG_READ = 5
    CONFIG_WRITE = 6
    TO_VIRTIO = 7
    ADD = 8
    KICK = 9
    GET_BUF = 10
    ALLOC = 11
    FREE = 12
    LOCK = 13
    UNLOCK = 14
    QUEUE_WORK = 15
    CANCEL = 16
    FLUSH = 17
    DESTROY = 18
    WAIT = 19
    WAKE = 20
    SLEEP = 21
    RESET = 22
    FIND_VQS = 23
    DEL_VQS = 24
    READY = 25
    KZALLOC = 26
    KFREE = 27
    REGISTER = 28
    UNREGISTER = 29
    SMALL_ALLOC = 30
    SMALL_FREE = 31
    SAY = 32
    WARN = 33
    ACCESS = 34
    POP = 35
    USE = 36
    SPAWN = 37
    POWER = 38
    FROM_VIRTIO = 39


class Entry(IntEnum):
    """A way in which the kernel calls the driver. WORK takes a work item's number, CALLBACK a queue's, SCAN pages."""

    NONE = 0
    PROBE = 1
    REMOVE = 2
    FREEZE = 3
    RESTORE = 4
    CHANGED = 5
    WORK = 6
    SCAN = 7
    SHRINK_COUNT = 8
    OOM = 9
    CALLBACK = 10
    REPORT = 11
    SHUTDOWN = 12


class FaultKind(IntEnum):
    """How a thread of the driver came to grief."""

    NONE = 0
    BUG = 1
    SIGNAL = 2
    HANG = 3


def mask_of(*operations: Op) -> int:
    """The bit mask of some operations."""
    return sum(1 << op for op in set(operations))


#: Every call is a point.
EVERY_CALL = (1 << len(Op)) - 1
