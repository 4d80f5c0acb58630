"""Wall-clock time and its limits."""

from __future__ import annotations

import time

from hintproof.system.words import quantity


def milliseconds(seconds: float) -> int:
    """A limit of time for a solver, in milliseconds: at least 1, as solvers take 0 for no limit."""
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
        """The limit in words, for the user."""
        return "the solver gave up" if self._limit is None else f"limit of {quantity(self._limit, 'second')}"


#: A clock without a limit.
ENDLESS = Clock(None)
