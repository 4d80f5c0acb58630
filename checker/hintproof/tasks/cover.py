"""Cover reports of named environments, at several sizes: the Python API."""

from __future__ import annotations

from hintproof.engines.cover import ACTION, GOAL, HYPOTHESIS, Covered, Item, cover
from hintproof.engines.limits import Limits
from hintproof.system.progress import Progress, no_progress
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import COVER_SIZES

__all__ = ["ACTION", "COVER_STATES", "GOAL", "HYPOTHESIS", "Covered", "Item", "cover_environment"]

#: States after which the search at one size ends.
COVER_STATES = 200_000


def cover_environment(environment: str, states: int = COVER_STATES, progress: Progress = no_progress) -> Covered:
    """Search one size after the other until every item was seen, ``states`` at most at each.

    Raises :class:`BadInput` for an unknown environment.
    """
    report = Covered(finished=True)
    for sizes in COVER_SIZES:
        found = cover(prepare(environment, sizes), Limits(states=states), progress)
        for item, length in found.lengths.items():
            known = report.lengths.get(item)
            report.lengths[item] = min((x for x in (known, length) if x is not None), default=None)
        report.states += found.states
        report.seconds += found.seconds
        report.finished = report.finished and found.finished
        if not report.missing:
            break
    return report
