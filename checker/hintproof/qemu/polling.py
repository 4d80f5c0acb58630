"""Polling, where QEMU gives no event to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def poll(look: Callable[[], T], seconds: float, pause: float, longest: float = 0.0) -> T:
    """Call ``look`` until it returns something true, or so many ``seconds`` are over; return its last result.

    Between two looks it sleeps for ``pause`` seconds; with ``longest`` each time for longer, up to that many.
    """
    ends = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() <= ends:
        time.sleep(pause)
        pause = max(pause, min(pause * 1.5, longest))
    return found
