"""The interface between the gate and a checker of the driver's code: texts in, a verdict out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from hintproof.linux.source import DRIVER
from hintproof.story.model import Story
from hintproof.system.clock import ENDLESS, Clock


@dataclass(frozen=True)
class Place:
    """A place in a file of the tree: its line (from 1), and the function around it, if any."""

    path: str
    line: int
    function: str = ""


#: How the steps of the code cite their line.
_CITED_LINE = re.compile(r"virtio_balloon\.c:(\d+)")


def places_of(story: Story) -> tuple[Place | None, ...]:
    """For each step of a story its line in the driver, if the code took it."""
    cited = (_CITED_LINE.search(moment.where) for moment in story.moments)
    return tuple(Place(DRIVER, int(found[1])) if found else None for found in cited)


class Question(NamedTuple):
    """A property of the driver in one world: a device and a hypervisor around it. Empty if there is only one."""

    property: str
    world: str = ""

    def __str__(self) -> str:
        return f"{self.property} ({self.world})" if self.world else self.property


@dataclass(frozen=True)
class TraceLine:
    """A line of a trace as the user reads it, and the place in the driver behind it."""

    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Violation:
    """A run that violates a property: its story, if it is a run of the protocol's model, then further lines.

    ``length`` counts its steps; ``place`` is that of the guilty step. ``clause`` and ``says`` are for properties that
    the protocol text does not have (of locks, of memory).
    """

    trace: tuple[TraceLine, ...]
    length: int
    engine: str
    place: Place | None = None
    clause: str = ""
    says: str = ""
    story: Story | None = None


class Trouble(Enum):
    """Why a driver could not be checked."""

    COMPILE = "does not compile"
    API = "uses names that neither it nor the shim has"
    CRASH = "takes its process along"


@dataclass(frozen=True)
class DriverVerdict:
    """The verdict on a driver. A question is in at most one of ``violated``, ``holds`` and ``undecided`` (with why).

    ``behaviour`` is equal for two drivers if no difference was seen between them at these ``sizes``. ``idle`` are the
    lines of the driver (from 1) that have code and that no run reached. ``implied`` are the questions of more features
    of a device, where the driver takes none of them. ``unfinished`` says which checks did not come to their end, and
    why, in words. With ``trouble`` there is nothing else, but for its first lines and its place.
    """

    violated: Mapping[Question, Violation] = field(default_factory=dict)
    holds: frozenset[Question] = frozenset()
    undecided: Mapping[Question, str] = field(default_factory=dict)
    behaviour: str = ""
    sizes: str = ""
    idle: frozenset[int] = frozenset()
    trouble: Trouble | None = None
    lines: tuple[str, ...] = ()
    place: Place | None = None
    implied: frozenset[Question] = frozenset()
    unfinished: str = ""

    @property
    def asked(self) -> frozenset[Question]:
        """All questions, decided or not."""
        return self.holds | self.violated.keys() | self.undecided.keys()


#: Hears what is being done, in words.
Note = Callable[[str], None]


def say_nothing(_: str) -> None:
    """Where nobody listens."""


class DriverChecker(Protocol):
    """Compiles and checks the driver that some texts of watched files make."""

    def check(
        self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
    ) -> DriverVerdict:
        """The verdict on a driver; ``quick``: by those checks alone that are soon done.

        A check that runs when the ``clock`` is over is ended. A driver that can't be checked is ``trouble``, not an
        exception.
        """

    def same_code(self, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Why no run of the two can differ, in words; "" where that is not known."""

    def difference(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """The first difference of behaviour between two drivers, as lines of text; empty if none can be shown."""
