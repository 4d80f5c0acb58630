"""Whether a mutant and its original can be told apart: a bisimulation of all their states.

Two states are alike if the same is said of them and each step of the one is a step of the other to a state that is
alike. A step that leads back to where it was taken is not counted: it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hintproof.engines.exhaustive import PlainSearch
from hintproof.interpret.concrete import State

_Numbers = npt.NDArray[np.int64]


def alike(
    one: PlainSearch, other: PlainSearch, step: Callable[[int], int], said: Callable[[State], tuple[int, ...]]
) -> bool:
    """Whether the initial states of two searches, both at their end, are alike.

    ``step`` gives a step of the other its number in the one; ``said`` is what is to be the same of states.
    """
    offset = one.count
    sources = np.concatenate([_sources(one), _sources(other) + offset])
    steps = np.concatenate([np.array(one.vias, np.int64), np.array([step(via) for via in other.vias], np.int64)])
    targets = np.concatenate([np.array(one.edges, np.int64), np.array(other.edges, np.int64) + offset])
    moves = sources != targets
    sources, steps, targets = sources[moves], steps[moves], targets[moves]
    classes = _numbered([said(state) for search in (one, other) for state in search.order])
    first = np.searchsorted(sources, np.arange(len(classes) + 1))
    count = 0
    while classes[0] == classes[offset] and (found := int(classes.max()) + 1) > count:
        count = found
        classes = _finer(classes, first, sources, steps * count + classes[targets])
    return bool(classes[0] == classes[offset])


def _sources(search: PlainSearch) -> _Numbers:
    ends = np.array(search.ends, np.int64)
    return np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))


def _finer(classes: _Numbers, first: _Numbers, sources: _Numbers, leads: _Numbers) -> _Numbers:
    """The classes, split by the steps of each state and the classes that these lead to."""
    order = np.lexsort((leads, sources))
    leads, sources = leads[order], sources[order]
    new = np.ones(len(leads), bool)
    new[1:] = (leads[1:] != leads[:-1]) | (sources[1:] != sources[:-1])
    kept = np.concatenate([[0], np.cumsum(new)])[first]
    distinct = leads[new]
    return _numbered([(int(c), distinct[a:b].tobytes()) for c, a, b in zip(classes, kept[:-1], kept[1:], strict=True)])


def _numbered(values: Sequence[object]) -> _Numbers:
    """Each value by the order in which it was first seen."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
