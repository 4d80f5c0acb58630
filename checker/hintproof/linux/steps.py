"""The steps of the C code in a world of the spec, as records: what may happen next, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hintproof.interpret.concrete import State
from hintproof.linux.calls import Observation
from hintproof.linux.operations import Entry
from hintproof.linux.symbols import NOWHERE, Place


class Call(NamedTuple):
    """A call of the kernel: in words, the step of :class:`Code` that makes it, and its effect on everybody else."""

    says: str
    step: str
    effect: str = ""


CALLS = {
    Entry.CHANGED: Call("config interrupt", "config_changed", "code_is_interrupted"),
    Entry.WORK: Call("work starts", "work_starts"),
    Entry.SCAN: Call("shrinker scans", "scan"),
    Entry.REMOVE: Call("rmmod", "remove_begins", "code_is_removed"),
    Entry.FREEZE: Call("suspend", "freeze_begins", "code_is_suspended"),
    Entry.RESTORE: Call("resume", "restore", "code_is_ready"),
    Entry.PROBE: Call("modprobe", "probe", "code_is_ready"),
    Entry.CALLBACK: Call("used buffer interrupt", "used_interrupt"),
}

#: An effect: the name of an action of :mod:`hintproof.linux.effects`, and its block.
Effect = tuple[str, int | None]

#: Takes a step from a state: the state after it, where it is possible, and the mask of promises that it breaks.
Step = Callable[[State], tuple[State, int] | None]


@dataclass(frozen=True, eq=False)
class Move:
    """A step of the code from one of its states: a thread goes on (``thread``), or the kernel calls it (``entry``).

    ``block`` is the one that an allocation gets, 0 for none. ``reads``: it depends on the id that config shows. Where
    the others must allow a call, ``gate`` is their step. ``outcomes`` are those known, by the id that config shows.
    """

    says: str
    thread: int = -1
    entry: Entry = Entry.NONE
    block: int | None = None
    reads: bool = False
    call: str = ""
    place: Place = NOWHERE
    gate: Step | None = None
    outcomes: dict[int, Outcome | Exception] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Change:
    """What others see of a step of the code: its effects, and the code after it. Equal ones are one object."""

    effects: tuple[Effect, ...]
    observed: Observation
    begun: int | None
    binding: int
    at: int


class Outcome(NamedTuple):
    """The result of a step of the code: its next state, and what others see of it."""

    code: int
    change: Change
