"""What the gate found as annotations of a GitHub workflow, which show up beside the lines of the patch."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.gate.watched import Place
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate import terse as gate_terse
from hintproof.views.sanitize import line, lines

_LEVELS = {"ERROR": "error", "WARNING": "warning", "CHECK": "notice"}


def render(report: GateReport, strict: bool = False) -> str:
    """A command a finding, and one a patch."""
    return "".join(f"{text}\n" for patch in report.patches for text in _patch(patch, strict))


def _patch(patch: PatchReport, strict: bool) -> Iterator[str]:
    outcomes = {Outcome.REFUTED: "error", Outcome.UNDECIDED: "warning"}
    told = [f"{patch.outcome.value}: {patch.reason}", *patch.notes, *patch.details[:10], *patch.difference[:10]]
    yield _command(outcomes.get(patch.outcome, "notice"), patch.place, f"hintproof: {line(patch.title, 100)}", told)
    for finding in patch.findings:
        yield _command(
            _LEVELS[gate_terse.level(finding, strict)], finding.place, f"hintproof: {finding.name}", _told(finding)
        )


def _told(finding: Finding) -> list[str]:
    told = (
        [gate_terse.message(finding), f"{finding.says} [{finding.clause}]"]
        if finding.says
        else [gate_terse.message(finding)]
    )
    return told if finding.standing == Standing.MENDED else [*told, *(item.text for item in finding.trace[:60])]


def _command(kind: str, place: Place | None, title: str, told: list[str]) -> str:
    where = f"file={_property(place.path)},line={place.line}," if place else ""
    message = "\n".join(part for text in told for part in lines(text))
    return f"::{kind} {where}title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Text as a command's message: what would end the command is escaped as the runner undoes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(line(text)).replace(":", "%3A").replace(",", "%2C")
