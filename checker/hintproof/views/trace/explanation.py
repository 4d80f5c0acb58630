"""An explanation as text for a terminal or a mail, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from hintproof.story.model import Cause, Likeness, Moment, PreventingRule, Story, Weight
from hintproof.system.documents import Document
from hintproof.views.structs import fill
from hintproof.views.trace.mail import wrap
from hintproof.views.trace.rows import mattering

#: Rules that are listed.
LISTED = 6


def render(story: Story) -> str:
    """The explanation as plain text."""
    return "\n".join(_lines(story)) + "\n"


def _lines(story: Story) -> Iterator[str]:
    yield from wrap(f"{story.claim} is violated in {story.environment}, {story.sizes}: {story.length}.")
    if story.known_as:
        yield from wrap(f"Known as {story.known_as}.")
    if story.looks_like:
        yield from wrap(f"Looks like {story.likenesses}")
    yield ""
    yield from wrap(story.explanation.words)
    yield ""
    yield from wrap(story.explanation.paragraph)
    yield ""
    yield "What matters, step by step:"
    matter = mattering(story)
    for number in matter:
        yield from _moment(story, story.moments[number - 1])
    yield f"({len(story.moments) - len(matter)} more steps only let these happen)"
    if story.preventing_rules:
        yield ""
        yield "Stopped by a change of one rule, after which the property holds:"
        yield from rule_lines(story.preventing_rules)


def rule_lines(rules: tuple[PreventingRule, ...]) -> Iterator[str]:
    """The rules whose change prevents a trace."""
    for rule in rules[:LISTED]:
        yield from _rule(rule)
    if len(rules) > LISTED:
        yield f"  and {len(rules) - LISTED} more"


def departure(rule: PreventingRule) -> str:
    """The beginning of a sentence: where the run ends in that world, if there is a run."""
    if rule.departs:
        return f"departs at step {rule.departs}: {rule.because}; "
    return f"{rule.because}; " if rule.because else ""


def _moment(story: Story, moment: Moment) -> list[str]:
    mark = "=>" if moment.weight == Weight.CAUSE else "  "
    lane = story.lanes[moment.lane].letter
    return wrap(f"{moment.label}: {moment.says}", f"{mark}{moment.number:>5} {lane} ", " " * 10)


def _rule(rule: PreventingRule) -> Iterator[str]:
    yield from wrap(f'{rule.rule}: "{rule.instead}" instead of "{rule.value}"', "  - ", "    ")
    if rule.environment:
        yield from wrap(rule.environment, "    ", "      ")
    yield from wrap(f"{departure(rule)}it holds in all {rule.states:,} states", "    ", "    ")
    if rule.others:
        yield from wrap(f"but these are violated there: {', '.join(rule.others)}", "    ", "    ")


class WeighedStep(msgspec.Struct):
    """A step of the trace, and how much it matters to the end."""

    number: int
    label: str
    weight: str


@dataclass(frozen=True, kw_only=True)
class WeighedRule(PreventingRule):
    """A rule that the trace needs. ``mends``: its change violates nothing else."""

    mends: bool


class ExplanationDocument(Document, tag="hintproof-explanation/1"):
    """The explanation of a trace. ``can_be_left_out`` are steps that can be left out, each by itself."""

    environment: str
    sizes: str
    property: str
    known_as: str
    looks_like: tuple[Likeness, ...]
    words: str
    paragraph: str
    chain: tuple[Cause, ...]
    steps: list[WeighedStep]
    can_be_left_out: list[int]
    stopped_by: list[WeighedRule]


def explanation_document(story: Story, left_out: list[int]) -> ExplanationDocument:
    """The explanation as a document."""
    return fill(
        ExplanationDocument,
        story,
        property=story.claim,
        words=story.explanation.words,
        paragraph=story.explanation.paragraph,
        chain=story.explanation.chain,
        steps=[fill(WeighedStep, moment) for moment in story.moments],
        can_be_left_out=left_out,
        stopped_by=[WeighedRule(**vars(rule), mends=rule.fixes) for rule in story.preventing_rules],
    )
