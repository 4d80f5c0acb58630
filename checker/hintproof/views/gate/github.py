"""The gate's report as annotations of a GitHub workflow, which show up beside the lines of the patch."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.checker import Place
from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import Case, case_of, claim, message, patch_lines, to_report, trace_lines, undecided
from hintproof.views.sanitize import line, lines

_OUTCOMES = {Outcome.REFUTED: "error", Outcome.UNDECIDED: "warning"}
_LEVELS = {Case.FAILS: "error", Case.UNDECIDED: "warning", Case.EXPECTED: "warning", Case.PASSES: "notice"}


def render(report: GateReport, strict: bool = False) -> str:
    """A command a patch, and one for each property with a finding that is not there without it."""
    return "".join(f"{text}\n" for patch in report.patches for text in _patch(patch, strict))


def _patch(patch: PatchReport, strict: bool) -> Iterator[str]:
    kind = _OUTCOMES.get(patch.outcome, "notice")
    yield _command(kind, patch.place, line(patch.title, 100), patch_lines(patch, 10))
    for finding, others in to_report(patch, strict):
        level = _LEVELS[case_of(finding, strict)]
        yield _command(level, finding.place, finding.property_name, _finding(finding, others))
    if texts := undecided(patch):
        yield _command("warning", None, "undecided", texts)


def _finding(finding: Finding, others: list[Finding]) -> list[str]:
    trace = () if finding.standing == Standing.FIXED else trace_lines(finding)[:60]
    return [message(finding, others), *([claim(finding)] if finding.says else []), *(item.text for item in trace)]


def _command(kind: str, place: Place | None, title: str, texts: list[str]) -> str:
    where = f"file={_property(place.path)},line={place.line}," if place else ""
    data = "\n".join(part for text in texts for part in lines(text))
    return f"::{kind} {where}title={_property(f'hintproof: {title}')}::{_data(data)}"


def _data(text: str) -> str:
    """Text as a command's message: characters that would end the command are escaped as the runner expects."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(line(text)).replace(":", "%3A").replace(",", "%2C")
