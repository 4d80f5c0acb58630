"""The gate's report as SARIF 2.1.0: a result a finding, with its way through the patched driver."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from hintproof import __version__
from hintproof.gate.checker import Place, TraceLine
from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.tasks.verdict import Exit, Outcome
from hintproof.views.gate.findings import Case, case_of, message, trace_lines
from hintproof.views.sanitize import line

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

_BASE = "SRCROOT"
_LEVELS = {Case.FAILS: "error", Case.UNDECIDED: "warning", Case.EXPECTED: "warning", Case.PASSES: "none"}

#: The kind of a result, and its state against the baseline.
_KINDS = {
    Standing.NEW: ("fail", "new"),
    Standing.BEFORE: ("fail", "unchanged"),
    Standing.FIXED: ("pass", "absent"),
    Standing.UNDECIDED: ("open", "updated"),
}


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report as one run."""
    return json.dumps(document(report, strict), indent=1) + "\n"


def document(report: GateReport, strict: bool = False) -> dict[str, Any]:
    """The document as values."""
    findings = [(patch, finding) for patch in report.patches for finding in patch.findings]
    declared = {finding.property_name: finding for _, finding in findings}
    rules = list(declared)
    driver = {"name": "hintproof", "version": __version__, "rules": list(map(_rule, declared.values()))}
    code = report.exit_code(strict)
    invocation = {
        "executionSuccessful": code != Exit.UNDECIDED,
        "exitCode": int(code),
        "toolExecutionNotifications": list(map(_notification, report.patches)),
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "hintproof/gate"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"description": {"text": line(f"the tree of {report.system}: {report.tree}")}}},
        "invocations": [invocation],
        "results": [_result(patch, finding, rules, strict) for patch, finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _notification(patch: PatchReport) -> dict[str, Any]:
    text = "\n".join(map(line, (f"{patch.title}: {patch.result}", *patch.details[:20])))
    kind = {Outcome.UNDECIDED: "error", Outcome.REFUTED: "warning"}.get(patch.outcome, "note")
    where = {"locations": [_location(patch.place)]} if patch.place else {}
    return {"level": kind, "message": {"text": text}, **where}


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": line(finding.property_name)}
    if finding.says:
        rule["shortDescription"] = {"text": line(finding.says, 200)}
        rule["fullDescription"] = {"text": line(finding.says)}
    if finding.clause:
        rule["help"] = {"text": line(finding.clause)}
    return rule


def _result(patch: PatchReport, finding: Finding, rules: list[str], strict: bool) -> dict[str, Any]:
    kind, baseline = _KINDS[finding.standing]
    result: dict[str, Any] = {
        "ruleId": line(finding.property_name),
        "ruleIndex": rules.index(finding.property_name),
        "kind": kind,
        "level": _LEVELS[case_of(finding, strict)] if kind == "fail" else "none",
        "baselineState": baseline,
        "message": {"text": line(message(finding))},
        "partialFingerprints": {"hintproofFinding/v1": fingerprint(finding)},
        "properties": {"patch": line(patch.name), "subject": line(patch.subject), "world": line(finding.name)},
    }
    if finding.place:
        result["locations"] = [_location(finding.place)]
    way = [{"location": _on_the_way(item)} for item in trace_lines(finding) if item.text.strip()]
    if way and finding.standing != Standing.FIXED:
        result["codeFlows"] = [{"message": {"text": "the shortest run found"}, "threadFlows": [{"locations": way}]}]
    return result


def fingerprint(finding: Finding) -> str:
    """A hash of the property and the function: it does not change with the line or the length of the run."""
    place = (finding.place.path, finding.place.function) if finding.place else ("", "")
    return hashlib.sha256("\0".join((finding.name, *place)).encode("utf-8", "backslashreplace")).hexdigest()


def _on_the_way(item: TraceLine) -> dict[str, Any]:
    return {**(_location(item.place) if item.place else {}), "message": {"text": line(item.text)}}


def _location(place: Place) -> dict[str, Any]:
    uri = quote(place.path.encode("utf-8", "surrogateescape"))
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": _BASE},
            "region": {"startLine": max(place.line, 1)},
        }
    }
    if place.function:
        location["logicalLocations"] = [{"name": line(place.function), "kind": "function"}]
    return location
