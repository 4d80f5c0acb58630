"""What the gate asks of whoever runs the driver's code, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from hintproof.gate.watched import Place
from hintproof.story.model import Story


class Question(NamedTuple):
    """A property, asked of the driver in one world: a device and a hypervisor around it. Empty if there is only one."""

    property: str
    world: str = ""

    def __str__(self) -> str:
        return f"{self.property} ({self.world})" if self.world else self.property


@dataclass(frozen=True)
class TraceLine:
    """A line of a trace as it is shown, and the place in the driver that it speaks of."""

    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Fall:
    """A run against a property. ``length`` counts its steps; ``place`` is that of the guilty step.

    ``clause`` and ``says`` are for properties that the protocol text does not have (of locks, of memory).
    """

    trace: tuple[TraceLine, ...]
    length: int
    engine: str
    place: Place | None = None
    clause: str = ""
    says: str = ""


class Trouble(Enum):
    """Why a driver could not be checked."""

    COMPILE = "does not compile"
    API = "needs what the shim does not have"
    CRASH = "crashes"
    HANG = "does not come to an end"


@dataclass(frozen=True)
class DriverVerdict:
    """What is known of a driver. A question is in at most one of ``falls``, ``holds`` and ``undecided`` (with why).

    ``behaviour`` is the same for two drivers if no difference was seen between them at these ``sizes``. With
    ``trouble`` there is nothing else, but for its first lines and its place.
    """

    falls: Mapping[Question, Fall] = field(default_factory=dict)
    holds: frozenset[Question] = frozenset()
    undecided: Mapping[Question, str] = field(default_factory=dict)
    behaviour: str = ""
    sizes: str = ""
    trouble: Trouble | None = None
    lines: tuple[str, ...] = ()
    place: Place | None = None

    @property
    def asked(self) -> frozenset[Question]:
        """All that was asked."""
        return self.holds | self.falls.keys() | self.undecided.keys()


#: How a trace is written as text: a view of it.
Render = Callable[[Story], str]


class DriverChecker(Protocol):
    """Compiles and checks the driver that some texts of watched files make."""

    def check(self, files: Mapping[str, str]) -> DriverVerdict:
        """What falls, what holds, how it behaves. A driver that can't be checked is ``trouble``, not an exception."""

    def difference(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """The first difference of behaviour between two drivers, as lines of text; empty if none can be shown."""
