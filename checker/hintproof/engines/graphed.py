"""The compiled search with its graph: each stored state is expanded once more, and the transitions are kept."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.progress import Graph
from hintproof.interpret.concrete import Instance, State


@numba.njit
def _edges(expand_row, canonical, place_of, states, table, count, scratch, ends, targets, vias):  # type: ignore[no-untyped-def]
    out, via, broken = scratch
    edge = 0
    for row in range(count):
        for k in range(expand_row(states, row, out, via, broken)):
            canonical(out, k)
            targets[edge] = table[place_of(table, states, out, k)]
            vias[edge] = via[k]
            edge += 1
        ends[row] = edge


class GraphedSearch(CompiledSearch):
    """What the graph's questions need of a search."""

    def graph(self) -> Graph:
        """All transitions."""
        ends = np.zeros(self.count, np.int64)
        targets, vias = np.zeros(self.transitions, np.uint32), np.zeros(self.transitions, np.uint16)
        module: Any = self.module
        scratch = (self._out, self._via, self._broken)
        _edges(
            *(module.expand_row, module.canonical, module.place_of),
            *(self.states, self.table, self.count, scratch, ends, targets, vias),
        )
        return Graph(ends, targets, vias)

    def met(self, bit: int) -> npt.NDArray[np.uint8]:
        """Of each state whether the goal of the property of that bit is met."""
        good = np.zeros(self.count, np.uint8)
        self._in_parts(lambda low, high: self.module.meets(self.states, good, bit, low, high))
        return good

    def taken(self, here: State, name: str, row: int) -> tuple[Instance, State]:
        """The instance of an action that leads to a row, or to a state that the row stands for."""
        return self._taken(here, name, row)
