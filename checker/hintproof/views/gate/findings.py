"""The common part of all forms: how each finding counts, its sentence, and the lines of its run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from hintproof.gate.checker import TraceLine, places_of
from hintproof.gate.patches import abbreviate
from hintproof.gate.report import Finding, PatchReport, Standing, by_property, worlds_of
from hintproof.system.words import quantity
from hintproof.views.trace import mail

#: A line of a trace's table begins with the number of its step.
_NUMBERED = re.compile(r" *(\d+) [GDVH.]{4} ")

_SENTENCES = {
    Standing.NEW: "is violated, and was not without this patch",
    Standing.BEFORE: "is violated, as it is without this patch",
    Standing.FIXED: "was violated before, and is fixed",
    Standing.UNDECIDED: "is not decided",
}


class Case(Enum):
    """How a finding counts, as a test case."""

    FAILS = "makes the gate fail"
    UNDECIDED = "undecided"
    EXPECTED = "violated without the patch, too"
    PASSES = "fixed"


def case_of(finding: Finding, strict: bool) -> Case:
    """How a finding counts; ``strict``: all that is violated fails."""
    if finding.fails(strict):
        return Case.FAILS
    return {Standing.UNDECIDED: Case.UNDECIDED, Standing.BEFORE: Case.EXPECTED}.get(finding.standing, Case.PASSES)


#: A finding, and the others of its property: the same in other worlds.
Group = tuple[Finding, list[Finding]]


def to_report(patch: PatchReport, strict: bool) -> list[Group]:
    """The findings that a bot reports: of what is violated without the patch, too, only what is new about it."""
    return _group(f for f in patch.findings if case_of(f, strict) != Case.EXPECTED or f.remark)


def lead(patch: PatchReport, strict: bool) -> list[Group]:
    """The findings whose run a report for people shows."""
    return _group(f for f in patch.findings if f.standing == Standing.UNDECIDED or f.fails(strict))


def _group(findings: Iterable[Finding]) -> list[Group]:
    """Of findings that have a run, for each property the one with the shortest, and the others; the worst first."""
    shown = [finding for finding in findings if finding.length is not None]
    found: list[Group] = []
    for standing in Standing:
        for same in by_property(shown, standing).values():
            first = min(same, key=lambda f: f.length or 0)
            found.append((first, [finding for finding in same if finding is not first]))
    return found


def undecided(patch: PatchReport) -> list[str]:
    """The properties that are undecided and have no run against them: a text for each reason."""
    reasons: dict[str, list[Finding]] = {}
    for finding in patch.standing(Standing.UNDECIDED):
        if finding.length is None:
            reasons.setdefault(finding.remark, []).append(finding)
    return [f"{_names(same)}: {reason}".rstrip(": ") for reason, same in reasons.items()]


def _names(findings: list[Finding]) -> str:
    """The properties of some findings, and in how many worlds; a single one is named with its world."""
    if len(findings) == 1:
        return findings[0].name
    worlds = {finding.name.removeprefix(finding.property_name) for finding in findings}
    names = abbreviate(sorted({finding.property_name for finding in findings}))
    return f"{names} (in {quantity(len(worlds), 'world')})"


def message(finding: Finding, others: Iterable[Finding] = ()) -> str:
    """A finding in one sentence, and the others of its property."""
    steps = f" ({quantity(finding.length, 'step')})" if finding.length is not None else ""
    remark = f": {finding.remark}" if finding.remark else ""
    also = worlds_of(others)
    return f"{finding.name} {_SENTENCES[finding.standing]}{steps}{remark}" + (f"; also {also}" if also else "")


def claim(finding: Finding) -> str:
    """The property in words, with its clause."""
    return f"{finding.says} [{finding.clause}]"


def trace_lines(finding: Finding) -> tuple[TraceLine, ...]:
    """The run of a finding, line by line, each with the place in the driver that it speaks of."""
    if finding.story is None:
        return finding.trace
    places = places_of(finding.story)
    numbered = ((text, _NUMBERED.match(text)) for text in mail.render(finding.story).splitlines())
    return (*(TraceLine(text, places[int(step[1]) - 1] if step else None) for text, step in numbered), *finding.trace)


def patch_lines(patch: PatchReport, most: int) -> list[str]:
    """The result of a patch, its notes, and at most so many lines of its details and of its difference."""
    return [patch.result, *patch.notes, *patch.details[:most], *patch.difference[:most]]
