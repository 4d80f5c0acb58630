"""The calls at which a thread of the driver stops, the ways in which the kernel calls it, and how a thread fails.

The names stand in the order of the enums in shim/runtime.h; a test compares them.
"""

from __future__ import annotations

from enum import IntEnum

#: A call of the kernel's interface.
Op = IntEnum(
    "Op",
    "NONE RETURN TEST_SET TEST_CLEAR BIT CONFIG_READ CONFIG_WRITE TO_VIRTIO ADD KICK GET_BUF ALLOC FREE LOCK UNLOCK "
    "QUEUE_WORK CANCEL FLUSH DESTROY WAIT WAKE SLEEP RESET FIND_VQS DEL_VQS READY KZALLOC KFREE REGISTER UNREGISTER "
    "SMALL_ALLOC SMALL_FREE SAY WARN ACCESS POP USE SPAWN POWER FROM_VIRTIO ATOMIC EXCHANGE YIELD CLOCK UNQUEUE "
    "COMPLETION",
    start=0,
)

#: A way in which the kernel calls the driver. WORK takes a work item's number, CALLBACK a queue's, SCAN pages.
Entry = IntEnum(
    "Entry",
    "NONE PROBE REMOVE FREEZE RESTORE CHANGED WORK SCAN SHRINK_COUNT OOM CALLBACK REPORT SHUTDOWN",
    start=0,
)

#: How a thread of the driver fails: it breaks a rule of the kernel, gets a signal, or makes no call for long.
FaultKind = IntEnum("FaultKind", "NONE BUG SIGNAL HANG", start=0)


def mask_of(*operations: Op) -> int:
    """The bit mask of some operations."""
    return sum(1 << op for op in set(operations))


#: Every call is a point.
EVERY_CALL = (1 << len(Op)) - 1

#: Calls whose effect nobody else sees by itself. An atomic access is one if its old value decides nothing.
UNSEEN = mask_of(
    *(Op.LOCK, Op.UNLOCK, Op.BIT, Op.SAY, Op.WARN, Op.WAKE, Op.KZALLOC, Op.CONFIG_WRITE, Op.DESTROY, Op.FROM_VIRTIO),
    *(Op.ATOMIC, Op.YIELD, Op.CLOCK),
)

#: Masks to run a thread to: the next call that others see; past a row of frees; past a drain of used buffers.
SEEN = EVERY_CALL & ~UNSEEN
PAST_FREES = SEEN & ~mask_of(Op.FREE)
PAST_DRAIN = EVERY_CALL & ~mask_of(Op.GET_BUF)
