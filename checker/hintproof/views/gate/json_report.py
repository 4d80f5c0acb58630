"""The gate's report as a JSON document."""

from __future__ import annotations

import json

import msgspec

from hintproof import __version__
from hintproof.gate.checker import Place, TraceLine
from hintproof.gate.report import GateReport, PatchReport, Standing
from hintproof.gate.traceability import Behind
from hintproof.system.documents import Document, to_values
from hintproof.views import sanitize
from hintproof.views.gate.findings import trace_lines
from hintproof.views.structs import fill


class GateFinding(msgspec.Struct, kw_only=True):
    """A property that is or was violated, or is undecided; ``name`` is the property with its world.

    ``standing`` compares it with the driver before the patch: new, undecided, before (violated then, too) or mended.
    ``length`` counts the steps of the run; null: there is none.
    """

    property_name: str = msgspec.field(name="property")
    name: str
    clause: str
    says: str
    standing: Standing
    trace: tuple[TraceLine, ...]
    place: Place | None
    length: int | None
    engine: str
    remark: str


class TouchedFunction(msgspec.Struct):
    """A function with changed lines, and the part of the protocol text behind it."""

    path: str
    function: str
    line: int
    before: tuple[int, int] | None
    after: tuple[int, int] | None
    behind: Behind


class UnreachedLines(msgspec.Struct):
    """Changed lines (from 1) with code that no run reached; ``removed``: of the text before the patch."""

    first: int
    last: int
    function: str
    removed: bool


class GatedPatch(msgspec.Struct):
    """The report of one patch: its outcome and findings, the questions that hold, the functions that it touches."""

    name: str
    subject: str
    author: str
    commit: bool
    reason: str
    sizes: str
    place: Place | None
    held: tuple[str, ...]
    difference: tuple[str, ...]
    notes: tuple[str, ...]
    details: tuple[str, ...]
    unreached: list[UnreachedLines]
    outcome: str
    asked: bool
    seconds: float
    findings: list[GateFinding]
    touches: list[TouchedFunction]


class GateDocument(Document, tag="hintproof-gate/1"):
    """The report of ``hintproof gate``, with its exit code."""

    hintproof: str
    tree: str
    system: str
    version: str
    outcome: str
    exit: int
    strict: bool
    seconds: float
    notes: tuple[str, ...]
    patches: list[GatedPatch]


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report, with the exit code that it has."""
    values = sanitize.map_texts(to_values(gate_document(report, strict)), sanitize.valid)
    text = json.dumps(values, indent=1)
    return text.replace("##[", "#\\u0023[") + "\n"  # in a string it says the same, and to a workflow's log nothing


def gate_document(report: GateReport, strict: bool = False) -> GateDocument:
    """The report as a document. Its texts are as the patches have them, Unicode or not."""
    return fill(
        GateDocument,
        report,
        hintproof=__version__,
        outcome=report.outcome.value,
        exit=int(report.exit_code(strict)),
        strict=strict,
        seconds=round(report.seconds, 3),
        patches=[_patch(patch) for patch in report.patches],
    )


def _patch(patch: PatchReport) -> GatedPatch:
    return fill(
        GatedPatch,
        patch,
        outcome=patch.outcome.value,
        seconds=round(patch.seconds, 3),
        findings=[fill(GateFinding, finding, trace=trace_lines(finding)) for finding in patch.findings],
        unreached=[fill(UnreachedLines, part) for part in patch.unreached],
        touches=[fill(TouchedFunction, touch.touched, behind=touch.behind) for touch in patch.touches],
    )
