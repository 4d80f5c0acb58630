"""The effects of calls of the C code on everybody else, as actions of the spec's language, without a driver's logic.

Together with the spec's guest, device, hypervisor and dirty log they are a world whose driver is the code.
"""

from __future__ import annotations

from dataclasses import replace

from hintproof.linux.anyhost import hinting_world
from hintspec.language.declare import PROGRESS, Action, Text, action, require
from hintspec.language.recording import Model, record
from hintspec.language.terms import Term, just
from hintspec.protocol.device_loop import reset_device, rewrite_features, start_ioeventfd
from hintspec.protocol.driver import entry
from hintspec.protocol.memory import become_free, store
from hintspec.protocol.rules import StartCell, World
from hintspec.protocol.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, Entry, PoisonVal, State
from hintspec.protocol.worlds import hinting, tells_poison
from hintspec.text import BUDGETS, PROTOCOL

S = State


@action(by=DRIVER, where="alloc_pages()", when=hinting)
def code_takes(s: S, block: Term) -> None:
    """The code allocates a block."""
    require(s.memory.free.has(block))
    s.memory.free = s.memory.free - just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))


@action(by=DRIVER, where="free_pages()", when=hinting)
def code_frees(s: S, block: Term) -> None:
    """The code frees a block."""
    become_free(s, just(block))


@action(by=DRIVER, where="virtqueue_add_inbuf()", when=hinting)
def code_hints(s: S, block: Term) -> None:
    """The code puts a block on the hint queue."""
    require(s.ring.queue.room > 0)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, block))


@action(by=DRIVER, where="virtqueue_add_outbuf()", when=hinting)
def code_sends(s: S) -> None:
    """The code puts an out buffer on the hint queue; its content is looked up in the code's memory, later."""
    require(s.ring.queue.room > 0)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.START))


@action(by=DRIVER, where="virtqueue_get_buf()", when=hinting)
def code_drains(s: S) -> None:
    """The code takes the used buffers back."""
    s.ring.queue = s.ring.queue.detach()


@action(by=DRIVER, where="virtqueue_kick()", when=hinting)
def code_kicks(s: S) -> None:
    """The code kicks the device."""
    s.device.awake = True


@action(by=DRIVER, where="virtio_driver.config_changed", when=hinting)
def code_is_interrupted(s: S) -> None:
    """The config interrupt comes to the code."""
    require(s.device.interrupt)
    s.device.interrupt = False


@action(by=DRIVER, where="virtio_reset_device()", when=hinting)
def code_resets(s: S) -> None:
    """The code resets the device."""
    reset_device(s)


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
    *(code_takes, code_frees, code_hints, code_sends, code_drains, code_kicks, code_is_interrupted, code_resets),
    *(code_is_ready, code_tells_poison, code_is_removed, code_is_suspended, code_goes_on),
)

#: The actions of everybody but the driver. A legacy driver may turn the feature off, whatever the code does.
_OTHERS = tuple(item for item in PROTOCOL.actions if item.actor != DRIVER or item is rewrite_features)

TEXT = Text(
    state=State,
    actors=(APPLICATION, DRIVER, DEVICE, HYPERVISOR),
    actions=(*EFFECTS, *_OTHERS),
    properties=tuple(p for p in PROTOCOL.properties if p.kind != PROGRESS),
    budgets=BUDGETS,
)


def world_with_code(environment: str) -> World:
    """An environment whose driver is the code: of its driver only the name is left. Raises :class:`BadInput`."""
    world = hinting_world(environment)
    return replace(world, driver=replace(world.driver, start_cell=StartCell.PER_ROUND))


def model_with_code(environment: str) -> Model:
    """The world of :func:`world_with_code`, recorded."""
    return record(TEXT, world_with_code(environment))
