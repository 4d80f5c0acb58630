"""What an engine found: plain values, the same for every engine."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: A run as the engine saw it: names of actions with the block they took, from the initial state on.
Run = list[tuple[str, int | None]]

#: Called now and then with (what is counted, how many so far).
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Limits:
    """How far a search goes, and where it gives up and says *undecided*. None: the engine's own default.

    ``states``, ``seconds`` (wall clock) and ``megabytes`` end a search early. ``depth`` is how many steps
    the bounded engine looks ahead, ``depths`` the same for single properties that are worth more (or
    less); ``runs`` is how many the sampling engine makes. With ``symmetry`` the exhaustive engine takes states
    for the same that differ in the names of the blocks alone; ``threads`` is on how many cores it searches.
    """

    states: int | None = None
    seconds: float | None = None
    depth: int | None = None
    runs: int | None = None
    megabytes: int | None = None
    depths: dict[str, int] = field(default_factory=dict)
    symmetry: bool = False
    threads: int = 1


@dataclass
class Found:
    """The result of one engine on one model.

    ``against`` maps a property to the run that speaks against it; for a property that holds of some
    state only, ``witnesses`` maps it to a run that shows it. ``finished`` says that the engine did all
    that it set out to do; if not, ``stopped_by`` says which limit ended it. ``depths`` says how many steps
    the bounded engine looked ahead for each property. ``symmetric`` says that states were counted up to the names of
    the blocks. A run against a property of progress goes round for ever: ``loops`` says how many of its steps come
    before that. ``undecided`` says of single properties which limit was met.
    """

    engine: str
    against: dict[str, Run] = field(default_factory=dict)
    witnesses: dict[str, Run] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    decides: frozenset[str] = frozenset()
    finished: bool = False
    stopped_by: str = ""
    states: int = 0
    transitions: int = 0
    depth: int = 0
    depths: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    symmetric: bool = False
    fired: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def length(steps: int, loop: int | None = None) -> str:
    """The length of a run in words; ``loop`` says after how many steps its loop begins, if it has one."""
    if loop is None:
        return f"{steps} steps"
    return f"{loop} steps and " + (f"a loop of {steps - loop}" if loop < steps else "then none for ever")


def megabytes() -> int:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def milliseconds(seconds: float) -> int:
    """A limit of time as solvers take it: at least 1, as they take 0 for no limit."""
    return max(1, int(seconds * 1000))


class Clock:
    """Wall-clock time since a search began, and its limit."""

    def __init__(self, limit: float | None) -> None:
        self._began = time.monotonic()
        self._limit = limit

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def is_over(self) -> bool:
        """Whether the limit has passed."""
        return self._limit is not None and self.seconds > self._limit

    def remaining(self) -> float | None:
        """Seconds until the limit, at least a little; None if there is no limit."""
        return None if self._limit is None else max(0.001, self._limit - self.seconds)

    def says(self) -> str:
        """How the limit is named to the user."""
        return "the solver gave up" if self._limit is None else f"limit of {self._limit:g} seconds"


def on_the_way(clock: Clock, states: int, expanded: int, depth: int) -> str:
    """What a search tells of its states while it goes on: how deep it is, how many wait, how fast it is."""
    rate = states / max(clock.seconds, 1e-3)
    return f"states, depth {depth}, {states - expanded:,} waiting, {rate:,.0f} a second"


def limit_met(limits: Limits, clock: Clock, states: int) -> str:
    """Which limit ends a search that has found so many states; "" if none does yet."""
    if limits.states is not None and states >= limits.states:
        return f"limit of {limits.states} states"
    if clock.is_over():
        return clock.says()
    if limits.megabytes is not None and megabytes() > limits.megabytes:
        return f"limit of {limits.megabytes} MB"
    return ""
