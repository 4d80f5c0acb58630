"""What the gate found in KTAP version 1, as kernel tests report: a test a patch, a subtest a property."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.terse import message
from hintproof.views.sanitize import line, lines


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report. What falls without the patch, too, is expected to (XFAIL), unless ``strict``."""
    told = ["KTAP version 1", f"1..{len(report.patches)}"]
    for number, patch in enumerate(report.patches, 1):
        told += _patch(number, patch, strict)
    return "\n".join(told) + "\n"


def _patch(number: int, patch: PatchReport, strict: bool) -> Iterator[str]:
    name = _name(patch.title)
    if patch.findings or patch.held:
        yield f"  # Subtest: {name}"
        yield "  KTAP version 1"
        yield f"  1..{len(patch.findings) + len(patch.held)}"
        for at, finding in enumerate(patch.findings, 1):
            yield from (f"  {text}" for text in _finding(at, finding, strict))
        for at, held in enumerate(patch.held, len(patch.findings) + 1):
            yield f"  ok {at} {_name(held)}"
    for text in (f"{patch.outcome.value}: {patch.reason}", *patch.notes, *patch.details[:20], *patch.difference[:20]):
        yield f"# {line(text)}"
    bad = patch.outcome == Outcome.REFUTED or (strict and any(finding.falls for finding in patch.findings))
    if bad:
        yield f"not ok {number} {name}"
    elif patch.outcome == Outcome.UNDECIDED:
        yield f"not ok {number} {name} # ERROR undecided"
    else:
        yield f"ok {number} {name}"


def _finding(number: int, finding: Finding, strict: bool) -> Iterator[str]:
    name = _name(finding.name)
    yield f"# {line(message(finding))}"
    if finding.standing != Standing.MENDED:
        yield from (f"# {text}".rstrip() for item in finding.trace for text in lines(item.text))
    if finding.standing == Standing.NEW or (strict and finding.falls):
        yield f"not ok {number} {name}"
    elif finding.standing == Standing.UNDECIDED:
        yield f"not ok {number} {name} # ERROR undecided"
    elif finding.standing == Standing.BEFORE:
        yield f"not ok {number} {name} # XFAIL falls without the patch, too"
    else:
        yield f"ok {number} {name}"


def _name(text: str) -> str:
    """A name without the sign that begins a directive."""
    return line(text, 200).replace("#", "_")
