"""The place of the reader in a trace, and the steps that are shown: moving, leaving out, searching, the cause."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property, reduce
from itertools import islice

from hintproof.story.model import Moment, Story, Values, advance, plain
from hintproof.views.trace.rows import mattering

#: Steps between two snapshots; the states between them are computed from the one before.
_EVERY = 64


class Place:
    """A step of a story (0: before the first), among those that are shown."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.at = 0
        self.only_matters = False
        self.shown: list[int] = list(range(len(story.moments) + 1))
        self.sought = ""

    # -- states -------------------------------------------------------------------------------

    @cached_property
    def _snapshots(self) -> list[Values]:
        return list(islice(self.story.states(), 0, None, _EVERY))

    def state(self, number: int) -> Values:
        """The state after so many steps."""
        since = self.story.moments[number // _EVERY * _EVERY : number]
        return reduce(advance, since, self._snapshots[number // _EVERY])

    def moment(self, number: int) -> Moment | None:
        """The step of that number; None for 0."""
        return self.story.moments[number - 1] if number else None

    # -- moving -------------------------------------------------------------------------------

    @property
    def row(self) -> int:
        """The row in which the step stands."""
        return bisect_left(self.shown, self.at)

    def go_to_row(self, row: int) -> None:
        """Go to a row; to the first or the last if there is none of that number."""
        self.at = self.shown[min(max(row, 0), len(self.shown) - 1)]

    def toggle_matters(self) -> None:
        """Leave out the steps that only let others happen, or show all; stay where one is, or before it."""
        self.only_matters = not self.only_matters
        numbers = mattering(self.story) if self.only_matters else range(1, len(self.story.moments) + 1)
        self.shown = [0, *numbers]
        self.at = self._shown_before(self.at)

    def _shown_before(self, number: int) -> int:
        """That step, or the last one before it that is shown."""
        return self.shown[max(0, bisect_right(self.shown, number) - 1)]

    # -- the cause ----------------------------------------------------------------------------

    def go_to_cause(self) -> str:
        """Go to the last station of the causal chain; from a station to the one before it. Return a message."""
        stations = sorted({cause.step for cause in self.story.explanation.chain if cause.step})
        if not stations:
            return "no step in particular is the cause"
        if self.at in stations:
            self.at = stations[stations.index(self.at) - 1]
        else:
            self.at = self.story.explanation.last_cause or stations[-1]
        return f"station {stations.index(self.at) + 1} of {len(stations)} of the causal chain; c: the one before"

    # -- searching ----------------------------------------------------------------------------

    @cached_property
    def _texts(self) -> list[str]:
        """The text of each step in which a search looks."""
        return ["", *(_searchable(self.story, moment) for moment in self.story.moments)]

    def seek(self, text: str) -> str:
        """Go to the step of that number, or to the next that has the text. Return a message about it."""
        self.sought = text.strip().lower()
        if self.sought.isdecimal() and len(self.sought) < 10:
            number = min(int(self.sought), len(self.story.moments))
            self.at = self._shown_before(number)
            return f"step {self.at}"
        return self.seek_again(1)

    def seek_again(self, direction: int) -> str:
        """Go to the next step (1) that has the text that was sought, or to the one before (-1)."""
        if not self.sought:
            return "nothing was sought yet: / searches"
        found = [number for number in self.shown if self.sought in self._texts[number]]
        if not found:
            hidden = self.only_matters and any(self.sought in text for text in self._texts)
            return "found only among the steps that are left out: m shows them" if hidden else "not found"
        ahead = [number for number in found if (number - self.at) * direction > 0]
        wrapped = "" if ahead else ", from the other end"
        self.at = (ahead or found)[0 if direction > 0 else -1]
        return f"{found.index(self.at) + 1} of {len(found)} found{wrapped}"


def _searchable(story: Story, moment: Moment) -> str:
    changes = (f"{change.variable}={plain(change.after)}" for change in moment.changes)
    lane = story.lanes[moment.lane].name
    return " ".join([moment.label, lane, moment.step, moment.says, moment.where, *changes, *moment.breaks]).lower()
