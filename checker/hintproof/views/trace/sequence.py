"""What the sequence diagrams share, in the page and as a drawing: columns, ring traffic, what a step tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hintproof.story.model import Change, Moment, Shape, Story, Variable, entry, plain

#: The column between the guest's side and the host's.
RING = "ring"

#: With more blocks than this, only the marks of the one that the trace is about are shown.
_SHOWN_BLOCKS = 2


@dataclass(frozen=True)
class Traffic:
    """What a step does to the ring: entries posted and popped, in short, and how many used ones are taken back."""

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
    """What the step does to the ring; None if nothing."""
    change = next((c for c in moment.changes if c.variable == story.ring), None)
    return None if change is None else _traffic(change)


def _traffic(change: Change) -> Traffic:
    before, after = change.before["entries"], change.after["entries"]
    old, new = [_identity(e) for e in before], [_identity(e) for e in after]
    popped = next(n for n in range(len(old) + 1) if old[n:] == new[: len(old) - n])
    posted = after[len(old) - popped :]
    taken = change.before["used"] + popped - change.after["used"]
    return Traffic(tuple(map(entry, posted)), tuple(map(entry, before[:popped])), max(0, taken))


def _identity(told: dict[str, Any]) -> tuple[Any, ...]:
    """What of an entry stays as it is while it is on the ring: all but its flags."""
    return tuple((name, value) for name, value in told.items() if not isinstance(value, bool))


def blocks_shown(story: Story) -> list[int]:
    """The blocks whose marks stand beside each step."""
    if story.blocks <= _SHOWN_BLOCKS:
        return list(range(1, story.blocks + 1))
    return [story.block or 1]


def beside(variable: Variable) -> bool:
    """Whether a change of it is told beside the step: the marks and the ring show themselves."""
    shows_itself = variable.mark or variable.shape in (Shape.RING, Shape.LIST, Shape.BLOCKS)
    return not (variable.ghost or variable.budget or shows_itself)


def told_beside(story: Story, moment: Moment) -> str:
    """What the step changed, in a few words: short names and new values."""
    known = {v.name: v for v in story.variables}
    told = [(known[c.variable].short, plain(c.after)) for c in moment.changes if beside(known[c.variable])]
    return " ".join(f"{name}={value}" for name, value in told)
