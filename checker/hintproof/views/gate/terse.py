"""What the gate found as lines ``file:line: LEVEL: message``, as checkpatch prints them with ``--terse``.

A patch that changes nothing has no line, so that a per-patch check of b4 stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.gate.watched import DRIVER, Place
from hintproof.tasks.verdict import Outcome
from hintproof.views.sanitize import line


def render(report: GateReport, strict: bool = False) -> str:
    """A line a finding, or a patch that has none."""
    return "".join(f"{text}\n" for patch in report.patches for text in _patch(patch, strict))


def _patch(patch: PatchReport, strict: bool) -> Iterator[str]:
    if patch.outcome == Outcome.UNDECIDED and not patch.findings:
        details = f": {patch.details[0]}" if patch.details else ""
        yield _line(_touched(patch), "WARNING", f"undecided: {patch.reason}{details}")
    if patch.outcome == Outcome.CHANGED:
        yield _line(_touched(patch), "CHECK", patch.reason)
    for finding in patch.findings:
        yield _line(finding.place or _touched(patch), level(finding, strict), message(finding))


def level(finding: Finding, strict: bool) -> str:
    """How bad a finding is: ERROR for what makes the gate fail."""
    if finding.standing == Standing.NEW or (strict and finding.falls):
        return "ERROR"
    return "CHECK" if finding.standing == Standing.MENDED else "WARNING"


def message(finding: Finding) -> str:
    """A finding in one line."""
    told = {
        Standing.NEW: "falls, and did not without this patch",
        Standing.BEFORE: "falls, as it does without this patch",
        Standing.MENDED: "fell before, and no longer does",
        Standing.UNDECIDED: "is not decided",
    }[finding.standing]
    steps = f" ({finding.length} steps)" if finding.length is not None else ""
    return f"{finding.name} {told}{steps}" + (f": {finding.remark}" if finding.remark else "")


def _touched(patch: PatchReport) -> Place:
    """Where a patch begins, for what has no place of its own."""
    if patch.place:
        return patch.place
    if patch.touches:
        return Place(patch.touches[0].touched.path, patch.touches[0].touched.line)
    return Place(DRIVER, 1)


def _line(place: Place, level: str, message: str) -> str:
    return f"{line(place.path)}:{place.line}: {level}: {line(message, 400)}"
