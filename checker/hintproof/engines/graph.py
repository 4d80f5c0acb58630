"""The transitions of a finished search as a graph, and what can be said of it as a whole.

States are numbered in the order in which the search found them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: States from which on a loop over a graph is worth compiling.
_MANY = 20_000

#: Rows that a loop goes over at a time, so that Ctrl-C is heard.
_PART = 1 << 22


@dataclass(frozen=True)
class Graph:
    """Transitions by the state they start in: those of state ``i`` end, in the arrays, at ``ends[i]``.

    ``targets`` are the states that they lead to, ``via`` the numbers of the steps (instances of actions).
    """

    ends: Any
    targets: Any
    via: Any


def loop_over(function: Callable[..., Any], states: int) -> Callable[..., Any]:
    """The function as it is, or, for so many states, compiled; it takes numbers and arrays alone."""
    if states < _MANY:
        return function
    import numpy as np  # here, as these take a while to be imported

    from hintproof.engines import modules

    text = f"from numba import njit\n\n\n@njit(cache=True, nogil=True)\n{inspect.getsource(function)}"
    compiled: Callable[..., Any] = getattr(modules.load(text), function.__name__)
    return lambda *given: compiled(*(np.asarray(x) if hasattr(x, "__len__") else x for x in given))


def out_of_reach(graph: Graph, goal: Any) -> int | None:
    """The first state from which no state of the goal can be reached; ``goal`` (a byte a state) is used up."""
    states = len(goal)
    lead = loop_over(_lead, states)
    changed = True
    while changed:  # few turns: the last states are gone through first, and most steps lead to later ones
        parts = [lead(graph.ends, graph.targets, goal, max(0, high - _PART), high) for high in range(states, 0, -_PART)]
        changed = any(parts)
    found: int = goal.tobytes().find(b"\0")
    return None if found < 0 else found


def _lead(ends, targets, goal, low, high):  # type: ignore[no-untyped-def]  # Numba finds the types
    """Note of states, the last first, that a step leads to a noted one; whether there was any."""
    changed = False
    for state in range(high - 1, low - 1, -1):
        if not goal[state]:
            first = int(ends[state - 1]) if state > 0 else 0
            for k in range(first, int(ends[state])):
                if goal[targets[k]]:
                    goal[state] = 1
                    changed = True
                    break
    return changed
