"""The type of progress reports."""

from __future__ import annotations

from collections.abc import Callable

#: Called now and then with (what is counted, how many so far).
Progress = Callable[[str, int], None]
