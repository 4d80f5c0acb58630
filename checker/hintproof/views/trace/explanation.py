"""An explanation as text for a terminal or a mail, and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hintproof.story.model import Moment, PreventingRule, Story, Weight
from hintproof.views.sanitize import ascii_only
from hintproof.views.trace.mail import WIDTH

#: Rules that are told in full.
_TOLD = 6


def render(story: Story) -> str:
    """The explanation as plain text."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    yield from _wrap(f"{story.claim} falls in {story.environment}, {story.sizes}: {story.length}.")
    if story.known_as:
        yield from _wrap(f"Known as {story.known_as}.")
    yield ""
    yield from _wrap(story.explanation.paragraph)
    yield ""
    yield "What matters, step by step:"
    for moment in story.moments:
        if moment.weight != Weight.ENABLES:
            yield from _moment(story, moment)
    only = sum(moment.weight == Weight.ENABLES for moment in story.moments)
    yield f"({only} more steps only let these happen)"
    if story.preventing_rules:
        yield ""
        yield "Stopped by a change of one rule, after which the property holds:"
        yield from stopped_lines(story.preventing_rules)


def stopped_lines(stopped: tuple[PreventingRule, ...]) -> Iterator[str]:
    """The worlds in which a trace is not possible, the likeliest to be what is wanted first."""
    for told in stopped[:_TOLD]:
        yield from _stopped(told)
    if len(stopped) > _TOLD:
        yield f"  and {len(stopped) - _TOLD} more"


def departure(told: PreventingRule) -> str:
    """Where the run ends in that world, if there is a run; ready for what follows."""
    if told.departs:
        return f"departs at step {told.departs}: {told.because}; "
    return f"{told.because}; " if told.because else ""


def _wrap(text: str, first: str = "", rest: str = "") -> list[str]:
    return textwrap.wrap(ascii_only(text), WIDTH, initial_indent=first, subsequent_indent=rest)


def _moment(story: Story, moment: Moment) -> list[str]:
    mark = "=>" if moment.weight == Weight.CAUSE else "  "
    lane = story.lanes[moment.lane].letter
    return _wrap(f"{moment.label}: {moment.says}", f"{mark}{moment.number:>5} {lane} ", " " * 10)


def _stopped(told: PreventingRule) -> Iterator[str]:
    yield from _wrap(f'{told.rule}: "{told.instead}" instead of "{told.value}"', "  - ", "    ")
    if told.environment:
        yield from _wrap(told.environment, "    ", "      ")
    yield from _wrap(f"{departure(told)}it holds in all {told.states:,} states", "    ", "    ")
    if told.others:
        yield from _wrap(f"but these fall there: {', '.join(told.others)}", "    ", "    ")


def to_json(story: Story, left_out: list[int]) -> dict[str, Any]:
    """The explanation as a JSON document. ``left_out`` are the steps that can be left out, each by itself."""
    return {
        "schema": "hintproof-explanation/1",
        "environment": story.environment,
        "sizes": story.sizes,
        "property": story.claim,
        "known_as": story.known_as,
        "paragraph": story.explanation.paragraph,
        "chain": [asdict(cause) for cause in story.explanation.chain],
        "steps": [{"number": m.number, "label": m.label, "weight": m.weight.value} for m in story.moments],
        "can_be_left_out": left_out,
        "stopped_by": [asdict(s) | {"mends": s.fixes} for s in story.preventing_rules],
    }
