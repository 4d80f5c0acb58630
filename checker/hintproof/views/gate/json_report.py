"""The gate's report as one JSON document with a schema version."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from hintproof import __version__
from hintproof.gate.report import Finding, GateReport, PatchReport
from hintproof.views import sanitize
from hintproof.views.gate.findings import trace_lines

#: Version of the document.
SCHEMA = "hintproof-gate/1"


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report, with the exit code that it has."""
    text = json.dumps(document(report, strict), indent=1)
    return text.replace("##[", "#\\u0023[") + "\n"  # in a string it says the same, and to a workflow's log nothing


def document(report: GateReport, strict: bool = False) -> dict[str, Any]:
    """The document as values."""
    values: dict[str, Any] = {
        "schema": SCHEMA,
        "hintproof": __version__,
        "tree": report.tree,
        "system": report.system,
        "version": report.version,
        "outcome": report.outcome.value,
        "exit": int(report.exit_code(strict)),
        "strict": strict,
        "seconds": round(report.seconds, 3),
        "notes": list(report.notes),
        "patches": [_patch(patch) for patch in report.patches],
    }
    valid: dict[str, Any] = sanitize.map_texts(values, sanitize.valid)
    return valid


def _patch(patch: PatchReport) -> dict[str, Any]:
    plain = asdict(replace(patch, findings=()))
    return {
        **{key: plain[key] for key in ("name", "subject", "author", "commit", "reason", "sizes", "place")},
        **{key: list(plain[key]) for key in ("held", "difference", "notes", "details")},
        "outcome": patch.outcome.value,
        "seconds": round(patch.seconds, 3),
        "findings": [_finding(finding) for finding in patch.findings],
        "touches": [{**touch["touched"], "behind": touch["behind"]} for touch in plain["touches"]],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain = asdict(replace(finding, trace=trace_lines(finding), story=None))
    del plain["story"]
    return {"property": plain.pop("property_name"), **plain, "standing": finding.standing.value}
