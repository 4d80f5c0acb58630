"""Progress reports."""

from __future__ import annotations

from collections.abc import Callable

#: Called now and then with (what is counted, how many so far).
Progress = Callable[[str, int], None]


def no_progress(what: str, count: int) -> None:
    """Report to nobody."""
