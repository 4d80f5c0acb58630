"""The common part of all forms: how each finding counts, its sentence, and the lines of its run."""

from __future__ import annotations

import re
from enum import Enum

from hintproof.gate.checker import TraceLine, places_of
from hintproof.gate.report import Finding, PatchReport, Standing, by_property
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


def to_report(patch: PatchReport, strict: bool) -> list[Finding]:
    """The findings that a bot reports: of what is violated without the patch, too, only what is new about it."""
    return [finding for finding in patch.findings if case_of(finding, strict) != Case.EXPECTED or finding.remark]


def is_traced(finding: Finding, strict: bool) -> bool:
    """Whether a report for people shows the run of a finding."""
    return finding.standing == Standing.UNDECIDED or finding.fails(strict)


def lead(patch: PatchReport, strict: bool) -> list[tuple[Finding, list[Finding]]]:
    """Of the findings whose run is shown, for each property the one with the shortest run, and the others."""
    shown = [finding for finding in patch.findings if is_traced(finding, strict)]
    found: list[tuple[Finding, list[Finding]]] = []
    for standing in Standing:
        for same in by_property(shown, standing).values():
            first = min(same, key=lambda f: (f.length is None, f.length or 0))
            found.append((first, [finding for finding in same if finding is not first]))
    return found


def message(finding: Finding) -> str:
    """A finding in one sentence."""
    steps = f" ({quantity(finding.length, 'step')})" if finding.length is not None else ""
    return f"{finding.name} {_SENTENCES[finding.standing]}{steps}" + (f": {finding.remark}" if finding.remark else "")


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
