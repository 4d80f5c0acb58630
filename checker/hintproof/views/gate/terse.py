"""The gate's report as lines ``file:line: LEVEL: message``, as checkpatch prints them with ``--terse``.

A patch that changes nothing has no line, and no more has what is violated without it, so that a per-patch check of b4
stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.checker import Place
from hintproof.gate.report import GateReport, PatchReport
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import Case, case_of, message, to_report, undecided
from hintproof.views.sanitize import line

#: ERROR for all that makes the gate fail.
_LEVELS = {Case.FAILS: "ERROR", Case.UNDECIDED: "WARNING", Case.EXPECTED: "WARNING", Case.PASSES: "CHECK"}


def render(report: GateReport, strict: bool = False) -> str:
    """A line a property with a finding, or a patch that has none."""
    return "".join(f"{text}\n" for patch in report.patches for text in _patch(patch, strict))


def _patch(patch: PatchReport, strict: bool) -> Iterator[str]:
    if patch.outcome == Outcome.UNDECIDED and not patch.findings:
        details = f": {patch.details[0]}" if patch.details else ""
        yield _line(patch.start, "WARNING", f"undecided: {patch.reason}{details}")
    if patch.outcome == Outcome.CHANGED:
        yield _line(patch.start, "CHECK", patch.reason)
    for finding, others in to_report(patch, strict):
        yield _line(finding.place or patch.start, _LEVELS[case_of(finding, strict)], message(finding, others))
    for text in undecided(patch):
        yield _line(patch.start, "WARNING", f"undecided: {text}")


def _line(place: Place, level: str, text: str) -> str:
    return f"{line(place.path)}:{place.line}: {level}: {line(text, 400)}"
