"""A trace as a Mermaid sequence diagram, which forges and wikis draw from plain text.

Only what matters is drawn, with the number of the steps in between: a diagram of all steps is as long as the trace.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.story.model import Moment, Story, Weight, entry

#: The lane of the ring, which takes no steps.
_RING = "ring"

#: Characters that mean nothing to Mermaid wherever they stand; every other one is written as its code.
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.,()+*/!?=-'")

#: Longest text of a message or a note.
_LONGEST = 200


def render(story: Story, whole: bool = False) -> str:
    """The diagram's text; ``whole`` draws every step."""
    return "\n".join(_lines(story, whole)) + "\n"


def _lines(story: Story, whole: bool) -> Iterator[str]:
    yield "sequenceDiagram"
    for lane in story.lanes:
        yield f"  participant {lane.letter} as {escaped(lane.name)}"
        if story.ring and lane.letter == "D":
            yield f"  participant Q as {_RING}"
    passed_over = 0
    chain: dict[int, str] = {}
    for cause in story.explanation.chain:
        chain[cause.step] = f"{chain.get(cause.step, '')} {cause.says}".strip()
    for moment in story.moments:
        if story.loop == moment.number - 1:
            yield from _gap(story, passed_over)
            passed_over = 0
            yield "  loop for ever"
        if not whole and moment.weight == Weight.ENABLES:
            passed_over += 1
            continue
        yield from _gap(story, passed_over)
        passed_over = 0
        yield from _step(story, moment)
        if moment.number in chain:
            letter = story.lanes[moment.lane].letter
            yield f"  Note over {letter}: {escaped(chain[moment.number])}"
    yield from _gap(story, passed_over)
    if story.loop is not None and story.loop < len(story.moments):
        yield "  end"
    if story.loop == len(story.moments):
        yield f"  {_over_all(story)}: and so it stays for ever"


def _gap(story: Story, count: int) -> Iterator[str]:
    if count:
        yield f"  {_over_all(story)}: {count} step{'s' if count > 1 else ''} that only let others happen"


def _over_all(story: Story) -> str:
    return f"Note over {story.lanes[0].letter},{story.lanes[-1].letter}"


def _step(story: Story, moment: Moment) -> Iterator[str]:
    """A message to the ring, from it, or to oneself."""
    letter = story.lanes[moment.lane].letter
    text = f"{moment.number} {moment.label}"
    ring = next((c for c in moment.changes if c.variable == story.ring), None)
    if ring is None:
        yield f"  {letter}->>{letter}: {escaped(text)}"
        return
    before, after = ring.before["entries"], ring.after["entries"]
    if len(after) > len(before):
        yield f"  {letter}->>Q: {escaped(f'{text} posts {entry(after[-1])}')}"
    elif len(after) < len(before):
        gone = " ".join(entry(e) for e in before[: len(before) - len(after)])
        yield f"  Q->>{letter}: {escaped(f'{text} pops {gone}')}"
    else:
        yield f"  {letter}->>Q: {escaped(text)}"


def escaped(text: str) -> str:
    """Text as Mermaid takes it for text: no line break, no markup, and as long as fits."""
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return "".join(c if c in _SAFE else f"#{ord(c)};" for c in cut)
