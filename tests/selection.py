"""Which slow tests run: all of them, none, or a share that changes from commit to commit."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable


def turns_of(nodeids: Iterable[str], share: int) -> dict[str, int]:
    """The turn, 0 to ``share`` - 1, in which each test runs.

    A test keeps its turn when others come or go: the turn is a hash of its module and function. The cases of a
    parametrised function have turns in a row, so that they spread evenly.
    """
    cases: Counter[str] = Counter()
    turns = {}
    for nodeid in nodeids:
        function = nodeid.partition("[")[0]
        turns[nodeid] = (zlib.crc32(function.encode()) + cases[function]) % share
        cases[function] += 1
    return turns


def chosen(nodeids: Iterable[str], share: int, number: int) -> set[str]:
    """The tests that run at a commit, by its number: any ``share`` numbers in a row choose each test once."""
    return {nodeid for nodeid, turn in turns_of(nodeids, share).items() if (number - turn) % share == 0}
