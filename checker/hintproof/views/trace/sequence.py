"""The parts that sequence diagrams share: columns, the traffic of the ring, the changes beside a step."""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.story.model import Moment, Story, entry, plain, popped_and_posted

#: The column between the guest's side and the host's.
RING = "ring"

#: With more blocks than this, a diagram shows only the marks of the one that the trace is about.
SHOWN_BLOCKS = 2


@dataclass(frozen=True)
class Traffic:
    """The entries that a step posts to the ring and pops, in short, and the number of used ones that it takes back."""

    posted: tuple[str, ...]
    popped: tuple[str, ...]
    taken: int


def columns(story: Story) -> tuple[str, ...]:
    """The columns of the diagram: the lanes, with the ring between the guest's and the host's."""
    names = [lane.name for lane in story.lanes]
    middle = len(names) // 2
    return tuple([*names[:middle], RING, *names[middle:]] if story.ring else names)


def column(story: Story, lane: int) -> int:
    """The column of a lane."""
    return lane + bool(story.ring and lane >= len(story.lanes) // 2)


def traffic(story: Story, moment: Moment) -> Traffic | None:
    """The traffic of a step; None if it leaves the ring as it is."""
    change = next((c for c in moment.changes if c.variable == story.ring), None)
    if change is None:
        return None
    popped, posted = popped_and_posted(change.before["entries"], change.after["entries"])
    taken_back = change.before["used"] + len(popped) - change.after["used"]
    return Traffic(tuple(map(entry, posted)), tuple(map(entry, popped)), max(0, taken_back))


def describe_changes(story: Story, moment: Moment) -> str:
    """The changes of a step in a few words: short names and new values."""
    return " ".join(f"{v.short}={plain(after)}" for v, after in story.changed(moment) if v.brief)
