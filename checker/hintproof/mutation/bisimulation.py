"""Whether a mutant and its original are bisimilar.

Two states are bisimilar if their labels are equal and each step of the one is a step of the other to a bisimilar
state. A step that leads back to where it was taken does not count: it changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from hintproof.engines.exhaustive import PlainSearch
from hintproof.interpret.concrete import State

_Numbers = npt.NDArray[np.int64]


def bisimilar(
    one: PlainSearch, other: PlainSearch, step: Callable[[int], int], labels: Callable[[State], tuple[int, ...]]
) -> bool:
    """Whether the initial states of two searches, both at their end, are bisimilar: by refining a partition.

    ``step`` gives a step of the other its number in the one.
    """
    offset = one.count
    sources = np.concatenate([_sources(one), _sources(other) + offset])
    steps = np.concatenate([np.array(one.vias, np.int64), np.array([step(via) for via in other.vias], np.int64)])
    targets = np.concatenate([np.array(one.targets, np.int64), np.array(other.targets, np.int64) + offset])
    moves = sources != targets
    sources, steps, targets = sources[moves], steps[moves], targets[moves]
    classes = _number([labels(state) for search in (one, other) for state in search.order])
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
    bounds = np.concatenate([[0], np.cumsum(new)])[first]
    distinct = leads[new]
    return _number(
        [(int(c), distinct[a:b].tobytes()) for c, a, b in zip(classes, bounds[:-1], bounds[1:], strict=True)]
    )


def _number(values: Sequence[object]) -> _Numbers:
    """Number the values by the order in which each first appears."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
