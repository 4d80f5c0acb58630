"""Cover reports of named environments, at several sizes: the Python API."""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.engines.cover import Covered, cover
from hintproof.engines.limits import Limits
from hintproof.system.progress import Progress
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import COVER_SIZES

#: States after which the search at one size ends.
COVER_STATES = 200_000


@dataclass(frozen=True)
class CoverTask:
    """The cover report of one environment: a unit of parallel work. ``states`` limits the search at each size."""

    environment: str
    states: int = COVER_STATES
    engine: str = "cover"

    def __str__(self) -> str:
        return f"cover report of {self.environment}"

    def run(self, progress: Progress | None = None) -> Covered:
        """Search size after size until all was seen. Raises :class:`BadInput` for an environment that is none."""
        report = Covered(finished=True)
        for sizes in COVER_SIZES:
            found = cover(prepare(self.environment, sizes), Limits(states=self.states), progress)
            for item, length in found.lengths.items():
                known = report.lengths.get(item)
                report.lengths[item] = min((x for x in (known, length) if x is not None), default=None)
            report.states += found.states
            report.seconds += found.seconds
            report.finished = report.finished and found.finished
            if not report.missing:
                break
        return report
