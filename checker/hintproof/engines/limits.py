"""Where a search gives up, whatever the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hintproof.system.clock import Clock
from hintproof.system.memory import resident_megabytes, share
from hintproof.system.words import quantity


class NoRoom(MemoryError):
    """A phase of a search does not fit the limit of memory: its text names both."""


@dataclass(frozen=True)
class Limits:
    """States, seconds (wall clock) and megabytes at which a search ends early and says *undecided*.

    None: the engine's own default, or no limit. ``megabytes`` are those of the whole process, in every phase: the
    search itself, the runs that it shows, and the questions to all states.
    """

    states: int | None = None
    seconds: float | None = None
    megabytes: int | None = None

    def with_memory(self) -> Limits:
        """These limits; where none of memory is given, it is a share of the memory that is free now."""
        return self if self.megabytes else replace(self, megabytes=resident_megabytes() + share(1))

    def reached(self, clock: Clock, states: int) -> str:
        """The limit that ends a search that has found so many states; "" if none does yet."""
        if self.states is not None and states >= self.states:
            return f"limit of {quantity(self.states, 'state')}"
        if clock.is_over():
            return clock.says()
        if self.megabytes is not None and resident_megabytes() > self.megabytes:
            return self.memory_is_full()
        return ""

    def memory_is_full(self, phase: str = "the search of states") -> str:
        """The limit of memory that ends a phase, in words; where there is none, the system's."""
        return f"limit of {self.megabytes:,} MB, in {phase}" if self.megabytes else f"no memory for {phase}"

    def free_bytes(self) -> int:
        """Bytes that the process may still take."""
        assert self.megabytes is not None, "call with_memory first"
        return max(self.megabytes - resident_megabytes(), 0) << 20

    def require(self, phase: str, needed: int = 0) -> None:
        """Raise :class:`NoRoom` if a phase that takes so many bytes at most does not fit the limit of memory."""
        if needed > self.free_bytes() or not self.free_bytes():
            wants = f": {needed / (1 << 20):,.0f} MB beside {resident_megabytes():,} MB" if needed else ""
            raise NoRoom(self.memory_is_full(phase) + wants)
