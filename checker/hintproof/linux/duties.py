"""The duties of a driver that can be seen from outside, as properties of any code.

The text's driver keeps most of them by the way its steps are written. C code has no such steps: what it reads, posts,
sends and frees is watched, and remembered here. Rules D1 .. D10 are those of virtio 1.3, "Driver Requirements: Free
Page Hinting", in their order.
"""

from __future__ import annotations

from hintspec.language.declare import ALWAYS, state_property, step_property
from hintspec.language.sorts import BLOCKS, BOOL, ID, Enum
from hintspec.language.terms import EMPTY, STOP, Term, implies
from hintspec.language.variables import Part, PartOf, var
from hintspec.protocol.state import Binding, State, Worker
from hintspec.protocol.worlds import hinting

#: A batch of hints; TRIED: the id that would have opened it did not fit on the ring.
Batch = Enum("batch", ("CLOSED", "OPEN", "TRIED"))


class Seen(Part):
    """What was seen of the code."""

    id = var(ID, STOP, "the command id that the code read last", when=hinting)
    posted = var(BLOCKS, EMPTY, "blocks that the code hinted and still has", when=hinting)
    batch = var(Batch, Batch.CLOSED, "whether STOP closed the last batch of hints", when=hinting)
    unkicked = var(BOOL, False, "a buffer was added and the device was not kicked", when=hinting)
    told = var(
        ID, STOP, "the command id as the code read it, or as an interrupt told, whichever was later", when=hinting
    )
    telling = var(ID, STOP, "the command id as an interrupt came that is being handled", when=hinting)
    late = var(BOOL, False, "the code asked for a block though it was told of another id", when=hinting)


class CodeState(State):
    """The state of a world whose driver is C code."""

    seen = PartOf(Seen)


@state_property(
    ALWAYS,
    "virtio 1.3 driver rule D6: when no more pages can be supplied, an output buffer with STOP closes the batch",
    hinting,
)
def stop_is_sent(s: CodeState) -> Term:
    """A worker at rest has closed its batch of hints with STOP, unless the ring has no room for that."""
    return implies(_at_rest(s) & (s.seen.batch == Batch.OPEN), s.ring.queue.room == 0)


@state_property(
    ALWAYS,
    "virtio 1.3, virtqueues: the driver notifies the device of available buffers",
    hinting,
)
def added_is_kicked(s: CodeState) -> Term:
    """A worker at rest has kicked the device after the last buffer that it added."""
    return implies(_at_rest(s), ~s.seen.unkicked)


def _at_rest(s: CodeState) -> Term:
    return (s.driver.at == Worker.IDLE) & (s.driver.binding == Binding.BOUND)


HINTING_CEASES = step_property(
    "hinting_ceases",
    "virtio 1.3 driver rule D5: cease hinting when the field no longer holds the id",
    "Once an interrupt has told that the id is no more shown, the code takes one more block for it at most.",
    hinting,
)
HINTS_ITS_OWN = step_property(
    "hints_its_own",
    "virtio 1.3, Free Page Hinting: the pages that the driver supplies are not in use by the guest",
    "The code hints a block only while it has it: one that was given back may be written at any time.",
    hinting,
)
ROOM_FOR_STOP = step_property(
    "room_for_stop",
    "virtio 1.3 driver rule D6; virtio_balloon.c get_free_page_and_send: one entry is kept for the command id",
    "A hint leaves an entry of the ring free for the STOP that has to close the batch.",
    hinting,
)
OUT_BUFFER_IS_AN_ID = step_property(
    "out_buffer_is_an_id",
    "virtio 1.3 driver rule D1: each output buffer on the hint queue is 4 bytes long",
    "Each out buffer that the code puts on the hint queue holds one command id.",
    hinting,
)
RECLAIM_IS_COUNTED = step_property(
    "reclaim_is_counted",
    "mm/vmscan.c do_shrink_slab: what count_objects does not count is not asked for, and 0 ends the scan",
    "While the code is at rest its shrinker counts the pages of the hinted blocks that it has.",
    hinting,
)
RECLAIM_FREES = step_property(
    "reclaim_frees",
    "mm/vmscan.c do_shrink_slab: scan_objects is asked for pages when memory is short",
    "While the code is at rest a scan frees at least one of the hinted blocks that it has.",
    hinting,
)

DUTIES = (
    added_is_kicked,
    RECLAIM_FREES,
    stop_is_sent,
    ROOM_FOR_STOP,
    HINTING_CEASES,
    HINTS_ITS_OWN,
    OUT_BUFFER_IS_AN_ID,
    RECLAIM_IS_COUNTED,
)
