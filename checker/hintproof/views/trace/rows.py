"""The rows of a trace that steps may be left out of: steps, gaps, and where a loop begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hintproof.story.model import Moment, Story, Weight


@dataclass(frozen=True)
class Gap:
    """So many steps are left out."""

    steps: int


@dataclass(frozen=True)
class Loop:
    """The loop begins or ends here; ``says`` is a remark about that."""

    begins: bool
    says: str


def all_rows(story: Story) -> Iterator[Moment | Loop]:
    """The rows of all steps."""
    return (row for row in rows(story, range(1, len(story.moments) + 1)) if not isinstance(row, Gap))


def rows(story: Story, shown: Iterable[int], first: int = 1, last: int | None = None) -> Iterator[Moment | Gap | Loop]:
    """The rows of the steps ``first`` to ``last`` (None: the end) of which those in ``shown`` (ascending) are shown."""
    end, before = len(story.moments) if last is None else last, first - 1
    for number in shown:
        if story.loop is not None and before <= story.loop < number:
            yield from _gap(story.loop - before)
            yield Loop(True, "from here for ever")
            before = story.loop
        yield from _gap(number - before - 1)
        yield story.moments[number - 1]
        before = number
    yield from _gap(end - before)
    if story.loop is not None and end == len(story.moments):
        stays = story.loop == len(story.moments)
        yield Loop(False, "and so it stays for ever" if stays else f"and again from step {story.loop + 1}")


def _gap(steps: int) -> Iterator[Gap]:
    if steps > 0:
        yield Gap(steps)


def mattering(story: Story, first: int = 1, last: int | None = None) -> list[int]:
    """The numbers of the steps in a part that are causes or feed causes."""
    return [m.number for m in story.moments[first - 1 : last] if m.weight != Weight.ENABLES]
