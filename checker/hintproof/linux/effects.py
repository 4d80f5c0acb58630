"""The effects of calls of the C code on everybody else, as actions of the spec's language, without a driver's logic.

Together with the spec's guest, device, hypervisor and dirty log they are a world whose driver is the code. They promise
the duties of a driver (:mod:`hintproof.linux.duties`), and note what that takes.
"""

from __future__ import annotations

from dataclasses import replace

from hintproof.linux import duties
from hintproof.linux.anyhost import hinting_world
from hintproof.linux.duties import Batch
from hintspec.language.declare import PROGRESS, Action, Text, action, promise, require
from hintspec.language.recording import Model, record
from hintspec.language.terms import DONE, EMPTY, FALSE, STOP, Term, choose, just
from hintspec.protocol.device import config_shows
from hintspec.protocol.device_loop import reset_device, rewrite_features, start_ioeventfd
from hintspec.protocol.driver import entry
from hintspec.protocol.memory import become_free, store
from hintspec.protocol.promises import KEPT_TILL_DONE
from hintspec.protocol.rules import StartCell, World
from hintspec.protocol.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, Entry, PoisonVal
from hintspec.protocol.worlds import hinting, tells_poison
from hintspec.text import BUDGETS, PROTOCOL

S = duties.CodeState


def _asks_for_a_block(s: S) -> None:
    """A block is wanted for a hint. The code may not have looked yet when it was told of another id; then it has to."""
    gone = ~(s.seen.told == s.driver.active)
    promise(duties.HINTING_CEASES, ~(gone & s.seen.late))
    s.seen.late = gone


@action(by=DRIVER, where="alloc_pages()", when=hinting)
def code_takes(s: S, block: Term) -> None:
    """The code allocates a block."""
    require(s.memory.free.has(block))
    _asks_for_a_block(s)
    s.memory.free = s.memory.free - just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))


@action(by=DRIVER, where="alloc_pages()", when=hinting)
def code_gets_none(s: S) -> None:
    """The code asks for a block and gets none."""
    _asks_for_a_block(s)


@action(by=DRIVER, where="free_pages(), in the worker", when=hinting)
def code_gives_back(s: S, block: Term) -> None:
    """The code frees a block, and nothing but the protocol asked for it."""
    promise(KEPT_TILL_DONE, ~s.seen.posted.has(block) | (s.seen.id == DONE))
    _free(s, block)


@action(by=DRIVER, where="free_pages(), in reclaim, remove and freeze", when=hinting)
def code_frees(s: S, block: Term) -> None:
    """The code frees a block because memory is short or because it leaves."""
    _free(s, block)


def _free(s: S, block: Term) -> None:
    s.seen.posted = s.seen.posted - just(block)
    become_free(s, just(block))


@action(by=DRIVER, where="virtqueue_add_inbuf()", when=hinting)
def code_hints(s: S, block: Term) -> None:
    """The code puts a block on the hint queue."""
    require(s.ring.queue.room > 0)
    promise(duties.HINTS_ITS_OWN, ~s.memory.free.has(block) & ~s.memory.used.has(block))
    promise(duties.ROOM_FOR_STOP, s.ring.queue.room > 1)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, block))
    s.seen.posted = s.seen.posted | just(block)
    s.seen.unkicked = True


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_sends(s: S) -> None:
    """The code puts an id on the hint queue. What the device will read is looked up in the code's memory, later."""
    _send(s)
    s.seen.batch = Batch.OPEN
    s.seen.late = False


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_finds_no_room(s: S) -> None:
    """The code would put an id on the hint queue, which is full."""
    s.seen.batch = choose(s.seen.batch == Batch.OPEN, s.seen.batch, Batch.TRIED)
    s.seen.late = False


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_sends_stop(s: S) -> None:
    """The code puts a STOP on the hint queue."""
    _send(s)
    _stop(s)
    s.seen.batch = Batch.CLOSED


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_finds_no_room_for_stop(s: S) -> None:
    """The code would put a STOP on the hint queue, which is full."""
    _stop(s)


def _stop(s: S) -> None:
    """Where there is no batch to be closed this STOP is the id of a new one: the field showed it in the meantime."""
    s.driver.active = choose(s.seen.batch == Batch.CLOSED, STOP, s.driver.active)
    s.seen.late = False


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_sends_otherwise(s: S) -> None:
    """The code puts an out buffer on the hint queue that is too short or too long for an id."""
    promise(duties.OUT_BUFFER_IS_AN_ID, FALSE)
    _send(s)


def _send(s: S) -> None:
    require(s.ring.queue.room > 0)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.START))
    s.seen.unkicked = True


@action(by=DRIVER, where="virtio_cread(free_page_hint_cmd_id)", when=hinting)
def code_reads_id(s: S) -> None:
    """The code reads the command id."""
    s.seen.id = config_shows(s)
    s.seen.told = config_shows(s)


@action(by=DRIVER, where="shrinker.count_objects", when=hinting)
def code_miscounts(s: S) -> None:
    """At rest, the code counts other pages for reclaim than it has."""
    promise(duties.RECLAIM_IS_COUNTED, FALSE)


@action(by=DRIVER, where="shrinker.scan_objects", when=hinting)
def code_frees_none(s: S) -> None:
    """At rest, the code frees nothing for reclaim though it has blocks."""
    promise(duties.RECLAIM_FREES, FALSE)


@action(by=DRIVER, where="virtqueue_get_buf()", when=hinting)
def code_drains(s: S) -> None:
    """The code takes the used buffers back."""
    s.ring.queue = s.ring.queue.detach()


@action(by=DRIVER, where="virtqueue_kick()", when=hinting)
def code_kicks(s: S) -> None:
    """The code kicks the device."""
    s.device.awake = True
    s.seen.unkicked = False


@action(by=DRIVER, where="virtio_driver.config_changed", when=hinting)
def code_is_interrupted(s: S) -> None:
    """The config interrupt comes to the code."""
    require(s.device.interrupt)
    s.device.interrupt = False
    s.seen.telling = config_shows(s)


@action(by=DRIVER, where="virtio_driver.config_changed", when=hinting)
def code_is_told(s: S) -> None:
    """The code has handled a config interrupt."""
    s.seen.told = s.seen.telling
    s.seen.telling = STOP


@action(by=DRIVER, where="virtio_reset_device()", when=hinting)
def code_resets(s: S) -> None:
    """The code resets the device."""
    reset_device(s)
    s.seen.batch = Batch.CLOSED
    s.seen.unkicked = False
    s.seen.id = STOP
    s.seen.told = STOP
    s.seen.posted = EMPTY


@action(by=DRIVER, where="virtio_driver.probe, virtio_driver.restore", when=hinting)
def code_is_ready(s: S) -> None:
    """The code is bound to the device (again)."""
    s.device.negotiated = True
    start_ioeventfd(s)


@action(by=DRIVER, where="virtio_cwrite(poison_val)", when=lambda w: hinting(w) and tells_poison(w))
def code_tells_poison(s: S) -> None:
    """The code tells the pattern that free pages are filled with."""
    s.device.poison_val = PoisonVal.PATTERN


@action(by=DRIVER, where="virtio_driver.remove", when=hinting, budgets=("removes",))
def code_is_removed(s: S) -> None:
    """rmmod."""


@action(by=DRIVER, where="virtio_driver.freeze", when=hinting, budgets=("freezes",))
def code_is_suspended(s: S) -> None:
    """Suspend."""


@action(by=DRIVER, where="any other call", when=hinting)
def code_goes_on(s: S) -> None:
    """A step of the code that nobody else sees."""


EFFECTS: tuple[Action, ...] = (
    *(code_takes, code_gets_none, code_gives_back, code_frees, code_hints, code_reads_id),
    *(code_sends, code_finds_no_room, code_sends_stop, code_finds_no_room_for_stop, code_sends_otherwise),
    *(code_drains, code_kicks, code_miscounts, code_frees_none),
    *(
        code_is_interrupted,
        code_is_told,
        code_resets,
        code_is_ready,
        code_tells_poison,
        code_is_removed,
        code_is_suspended,
    ),
    code_goes_on,
)

#: The actions of everybody but the driver. A legacy driver may turn the feature off, whatever the code does.
_OTHERS = tuple(item for item in PROTOCOL.actions if item.actor != DRIVER or item is rewrite_features)

TEXT = Text(
    state=duties.CodeState,
    actors=(APPLICATION, DRIVER, DEVICE, HYPERVISOR),
    actions=(*EFFECTS, *_OTHERS),
    properties=(*(p for p in PROTOCOL.properties if p.kind != PROGRESS), *duties.DUTIES),
    budgets=BUDGETS,
)


def world_with_code(environment: str) -> World:
    """An environment whose driver is the code: of its driver only the name is left. Raises :class:`BadInput`."""
    world = hinting_world(environment)
    return replace(world, driver=replace(world.driver, start_cell=StartCell.PER_ROUND))


def model_with_code(environment: str) -> Model:
    """The world of :func:`world_with_code`, recorded."""
    return record(TEXT, world_with_code(environment))
