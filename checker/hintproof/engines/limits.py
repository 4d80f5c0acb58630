"""How far a search goes, and where it gives up."""

from __future__ import annotations

from dataclasses import dataclass, field

from hintproof.system.clock import Clock
from hintproof.system.memory import peak_megabytes


@dataclass(frozen=True)
class Limits:
    """How far a search goes, and where it gives up and says *undecided*. None: the engine's own default.

    ``states``, ``seconds`` (wall clock) and ``megabytes`` end a search early. ``depth`` is how many steps
    the bounded engine looks ahead, ``depths`` the same for single properties that are worth more (or
    less); ``runs`` is how many the sampling engine makes. With ``symmetry`` the exhaustive engine takes states
    for the same that differ in the names of the blocks alone; ``threads`` is on how many cores it searches. The
    sampling engine goes by a ``profile``, chooses from a ``seed``, and keeps what fails in the directory
    ``database``, under the ``name`` of what is searched; it ends early when runs against all of ``until`` were found.
    """

    states: int | None = None
    seconds: float | None = None
    depth: int | None = None
    runs: int | None = None
    megabytes: int | None = None
    depths: dict[str, int] = field(default_factory=dict)
    symmetry: bool = False
    threads: int = 1
    profile: str = ""
    seed: int = 0
    database: str | None = None
    name: str = ""
    until: frozenset[str] = frozenset()


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
    if limits.megabytes is not None and peak_megabytes() > limits.megabytes:
        return f"limit of {limits.megabytes} MB"
    return ""
