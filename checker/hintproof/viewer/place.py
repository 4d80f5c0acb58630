"""Where the reader of a trace stands, and what is shown: moving, leaving out, searching, jumping to the cause."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

from hintproof.story.model import Moment, Story, Values, Weight, plain

#: A whole state is kept every so many steps; what lies between is made from it.
_KEPT_EVERY = 64


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
    def _kept(self) -> list[Values]:
        return [state for number, state in enumerate(self.story.states()) if number % _KEPT_EVERY == 0]

    def state(self, number: int) -> Values:
        """The state after so many steps."""
        state = dict(self._kept[number // _KEPT_EVERY])
        for moment in self.story.moments[number // _KEPT_EVERY * _KEPT_EVERY : number]:
            state.update((change.variable, change.after) for change in moment.changes)
        return state

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
        self.shown = [0] + [m.number for m in self.story.moments if not self.only_matters or m.weight != Weight.ENABLES]
        self.at = self.shown[max(0, bisect_left(self.shown, self.at + 1) - 1)]

    # -- the cause ----------------------------------------------------------------------------

    def go_to_cause(self) -> str:
        """Go to the last station of the causal chain; from a station to the one before it. Says what it did."""
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
    def _told(self) -> list[str]:
        """For each step all that a search looks at."""
        return ["", *(_told(self.story, moment) for moment in self.story.moments)]

    def seek(self, text: str) -> str:
        """Go to the step of that number, or to the next that has the text. Says what came of it."""
        self.sought = text.strip().lower()
        if self.sought.isdecimal() and len(self.sought) < 10:
            number = min(int(self.sought), len(self.story.moments))
            self.at = self.shown[max(0, bisect_left(self.shown, number + 1) - 1)]
            return f"step {self.at}"
        return self.seek_again(1)

    def seek_again(self, direction: int) -> str:
        """Go to the next step (1) that has the text that was sought, or to the one before (-1)."""
        if not self.sought:
            return "nothing was sought yet: / searches"
        found = [number for number in self.shown if self.sought in self._told[number]]
        if not found:
            hidden = self.only_matters and any(self.sought in told for told in self._told)
            return "found only among the steps that are left out: m shows them" if hidden else "not found"
        ahead = [number for number in found if (number - self.at) * direction > 0]
        wrapped = "" if ahead else ", from the other end"
        self.at = (ahead or found)[0 if direction > 0 else -1]
        return f"{found.index(self.at) + 1} of {len(found)} found{wrapped}"


def _told(story: Story, moment: Moment) -> str:
    changes = (f"{change.variable}={plain(change.after)}" for change in moment.changes)
    lane = story.lanes[moment.lane].name
    return " ".join([moment.label, lane, moment.step, moment.says, moment.where, *changes, *moment.breaks]).lower()
