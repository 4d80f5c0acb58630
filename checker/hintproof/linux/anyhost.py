"""The spec's driver with any host at all: whenever the driver looks, config shows any id, STOP or DONE; an interrupt
and a pop may come at any time.

This host may do all that any device of the spec may do to a driver, so a driver that is the same as the
spec's here is the same in all of its worlds. No application allocates: to the driver that is an allocation that fails,
which may happen at any time anyway.
"""

from __future__ import annotations

from dataclasses import replace

from hintproof.system.errors import BadInput
from hintspec.catalogue.environments import compose
from hintspec.language.declare import STEP, Action, Text, action, require
from hintspec.language.errors import SpecError
from hintspec.language.recording import Model, record
from hintspec.language.terms import DONE, OLDEST_ID, STOP, Term, choose, is_issued, next_id, one_of
from hintspec.protocol.rules import DeviceRules, Kind, LogRules, World
from hintspec.protocol.state import DEVICE, DRIVER, State, Worker
from hintspec.protocol.worlds import discarding
from hintspec.text import BUDGETS, PROTOCOL

S = State


def served(s: S) -> Term:
    """The id that was served last, or the first one."""
    return choose(is_issued(s.driver.active), s.driver.active, OLDEST_ID)


def show(s: S, command_id: Term) -> None:
    """Config shows this, as the worker is about to read it: the field matters at no other time."""
    require(one_of(s.driver.at, Worker.READ_ID, Worker.REREAD, Worker.POLL_ID))
    s.device.shown = command_id


@action(by=DEVICE, where="any device", when=discarding)
def show_stop(s: S) -> None:
    """STOP is shown."""
    show(s, STOP)


@action(by=DEVICE, where="any device", when=discarding)
def show_done(s: S) -> None:
    """DONE is shown."""
    show(s, DONE)


@action(by=DEVICE, where="any device", when=discarding)
def show_served_id(s: S) -> None:
    """The id that was served last is shown (again)."""
    show(s, served(s))


@action(by=DEVICE, where="any device", when=discarding)
def show_next_id(s: S) -> None:
    """The next id is shown."""
    show(s, next_id(served(s)))


@action(by=DEVICE, where="any device", when=discarding)
def show_later_id(s: S) -> None:
    """The id after the next is shown."""
    show(s, next_id(next_id(served(s))))


@action(by=DEVICE, where="any device", when=discarding)
def pop(s: S) -> None:
    """The device uses the oldest buffer."""
    require(s.device.negotiated, ~(s.ring.queue.waiting == 0))
    s.ring.queue = s.ring.queue.pop()


HOST: tuple[Action, ...] = (show_stop, show_done, show_served_id, show_next_id, show_later_id, pop)

#: Host steps that change the config field alone.
SHOWS = frozenset(step.name for step in HOST if step.name.startswith("show_"))

TEXT = Text(
    state=State,
    actors=(DRIVER, DEVICE),
    actions=(*(item for item in PROTOCOL.actions if item.actor == DRIVER), *HOST),
    properties=tuple(p for p in PROTOCOL.properties if p.kind == STEP),
    budgets=BUDGETS,
)


def hinting_world(environment: str) -> World:
    """The world of an environment. Raises :class:`BadInput` where it has no driver that hints."""
    try:
        world = compose(environment)
    except SpecError as problem:
        raise BadInput(str(problem)) from None
    if not world.hinting:
        raise BadInput(f"environment {environment}: it has no driver that hints")
    return world


def world_of(environment: str) -> World:
    """An environment's driver in a world with any host. Raises :class:`BadInput` where there is no such driver."""
    return replace(
        hinting_world(environment), device=DeviceRules(kind=Kind.DISCARDS, has_poison_val=False), log=LogRules()
    )


def any_host(environment: str) -> Model:
    """The world of :func:`world_of`, recorded."""
    return record(TEXT, world_of(environment))
