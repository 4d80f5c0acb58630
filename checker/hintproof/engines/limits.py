"""Where a search gives up, whatever the engine."""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.system.clock import Clock
from hintproof.system.memory import peak_megabytes


@dataclass(frozen=True)
class Limits:
    """States, seconds (wall clock) and megabytes at which a search ends early and says *undecided*.

    None: the engine's own default, or no limit.
    """

    states: int | None = None
    seconds: float | None = None
    megabytes: int | None = None

    def reached(self, clock: Clock, states: int) -> str:
        """The limit that ends a search that has found so many states; "" if none does yet."""
        if self.states is not None and states >= self.states:
            return f"limit of {self.states} states"
        if clock.is_over():
            return clock.says()
        if self.megabytes is not None and peak_megabytes() > self.megabytes:
            return f"limit of {self.megabytes} MB"
        return ""
