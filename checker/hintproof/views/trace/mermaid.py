"""A trace as a Mermaid sequence diagram, which forges and wikis draw from plain text.

It shows only the steps that matter, with the number of those in between: with all steps it is as long as the trace.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.story.model import Moment, Story
from hintproof.system.words import quantity
from hintproof.views.sanitize import cut
from hintproof.views.trace.rows import Gap, mattering, rows
from hintproof.views.trace.sequence import traffic

#: The lane of the ring, which takes no steps.
_RING = "ring"

#: Characters that mean nothing to Mermaid wherever they stand; every other one is written as its code.
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.,()+*/!?=-'")

#: Longest text of a message or a note.
_LONGEST = 200


def render(story: Story) -> str:
    """The diagram's text."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    yield "sequenceDiagram"
    for lane in story.lanes:
        yield f"  participant {lane.letter} as {escaped(lane.name)}"
        if story.ring and lane.letter == "D":
            yield f"  participant Q as {_RING}"
    over_all = f"  Note over {story.lanes[0].letter},{story.lanes[-1].letter}"
    for row in rows(story, mattering(story)):
        if isinstance(row, Gap):
            yield f"{over_all}: {quantity(row.steps, 'step')} that only let others happen"
        elif isinstance(row, Moment):
            yield from _step(story, row)
        elif row.begins:
            yield "  loop for ever"
        else:
            yield f"{over_all}: {row.says}" if story.loop == len(story.moments) else "  end"


def _step(story: Story, moment: Moment) -> Iterator[str]:
    """A message to the ring, from it, or to oneself; and a note of the causes."""
    letter = story.lanes[moment.lane].letter
    text = f"{moment.number} {moment.label}"
    ring = traffic(story, moment)
    if ring is None:
        yield f"  {letter}->>{letter}: {escaped(text)}"
    elif ring.popped and not ring.posted:
        yield f"  Q->>{letter}: {escaped(f'{text} pops {chr(32).join(ring.popped)}')}"
    else:
        posts = f" posts {ring.posted[-1]}" if ring.posted and not ring.popped else ""
        yield f"  {letter}->>Q: {escaped(text + posts)}"
    causes = " ".join(cause.says for cause in story.explanation.chain if cause.step == moment.number)
    if causes:
        yield f"  Note over {letter}: {escaped(causes)}"


def escaped(text: str) -> str:
    """Text as Mermaid takes it for text: no line break, no markup, and as long as fits."""
    return "".join(c if c in _SAFE else f"#{ord(c)};" for c in cut(text, _LONGEST))
