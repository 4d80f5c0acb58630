"""The gate's report in KTAP version 1, as kernel tests report: a test a patch, a subtest a property."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import Case, case_of, message, patch_lines, trace_lines
from hintproof.views.sanitize import line, lines

#: The result of a case, and the directive after its name.
_RESULTS = {
    Case.FAILS: ("not ok", ""),
    Case.UNDECIDED: ("not ok", " # ERROR undecided"),
    Case.EXPECTED: ("not ok", " # XFAIL falls without the patch, too"),
    Case.PASSES: ("ok", ""),
}


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report. A violation that the patch does not add is expected (XFAIL), unless ``strict``."""
    texts = ["KTAP version 1", f"1..{len(report.patches)}"]
    for number, patch in enumerate(report.patches, 1):
        texts += _patch(number, patch, strict)
    return "\n".join(texts) + "\n"


def _patch(number: int, patch: PatchReport, strict: bool) -> Iterator[str]:
    if patch.findings or patch.held:
        yield f"  # Subtest: {_name(patch.title)}"
        yield "  KTAP version 1"
        yield f"  1..{len(patch.findings) + len(patch.held)}"
        for at, finding in enumerate(patch.findings, 1):
            yield from (f"  {text}" for text in _finding(at, finding, strict))
        for at, held in enumerate(patch.held, len(patch.findings) + 1):
            yield f"  {_result(at, held, Case.PASSES)}"
    yield from (f"# {line(text)}" for text in patch_lines(patch, 20))
    case = Case.UNDECIDED if patch.outcome == Outcome.UNDECIDED else Case.PASSES
    if patch.outcome == Outcome.REFUTED or any(finding.fails(strict) for finding in patch.findings):
        case = Case.FAILS
    yield _result(number, patch.title, case)


def _finding(number: int, finding: Finding, strict: bool) -> Iterator[str]:
    yield f"# {line(message(finding))}"
    if finding.standing != Standing.FIXED:
        yield from (f"# {text}".rstrip() for item in trace_lines(finding) for text in lines(item.text))
    yield _result(number, finding.name, case_of(finding, strict))


def _result(number: int, name: str, case: Case) -> str:
    result, directive = _RESULTS[case]
    return f"{result} {number} {_name(name)}{directive}"


def _name(text: str) -> str:
    """A name without the sign that begins a directive."""
    return line(text, 200).replace("#", "_")
