"""What the gate found as plain text for a mail reply: a summary that fits on a screen, then the traces.

``>>`` stands before what is new against the driver without the patch.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, by_property, told_together
from hintproof.gate.watched import Place
from hintproof.tasks.verdict import Outcome
from hintproof.views.sanitize import line, lines, wrapped

#: Columns of the summary, and its lines; columns of a trace with its mark.
WIDTH, SUMMARY, TRACE = 75, 40, 81

_NEW, _OLD = ">> ", "   "
_REST = _OLD + "    "


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report as text. Traces are those of what is new; with ``strict`` all of what falls."""
    shown = [
        (patch, finding)
        for patch in report.patches
        for finding in patch.findings
        if finding.standing in (Standing.NEW, Standing.UNDECIDED) or (strict and finding.falls)
    ]
    traces = [text for patch, finding in shown for text in _trace(patch, finding)]
    return "\n".join([*_summary(report), *traces]) + "\n"


def _summary(report: GateReport) -> list[str]:
    """Parts as they matter, as long as they fit; then what was left out."""
    parts = list(_parts(report))
    told: list[str] = []
    left = 0
    for part in parts:
        if left or len(told) + len(part) > SUMMARY - 2:
            left += len(part)
        else:
            told += part
    return [*told, f"({left} more lines: --format json has all)"] if left else told


def _parts(report: GateReport) -> Iterator[list[str]]:
    version = f" ({report.system} {report.version})" if report.version else ""
    yield [
        f"hintproof gate: {report.outcome.value}, {report.seconds:.0f} s",
        *wrapped(f"{report.tree}{version}", WIDTH, "tree: ", _REST),
        *(text for note in report.notes for text in wrapped(note, WIDTH, "note: ", _REST)),
        "",
    ]
    numbered = list(enumerate(report.patches, 1))
    refuted = [item for item in numbered if item[1].outcome == Outcome.REFUTED]
    yield from (_patch(*item) for item in refuted)
    yield from _findings(refuted, Standing.NEW)
    yield from (_patch(*item) for item in numbered if item not in refuted)
    yield from _findings(numbered, Standing.UNDECIDED)
    for kind in (Standing.BEFORE, Standing.MENDED):
        yield from _known(numbered, kind)
    yield from (_about(*item) for item in numbered)


def _findings(numbered: list[tuple[int, PatchReport]], kind: Standing) -> Iterator[list[str]]:
    for number, patch in numbered:
        yield from (_finding(number, patch, finding) for finding in patch.standing(kind))


def _known(numbered: list[tuple[int, PatchReport]], kind: Standing) -> Iterator[list[str]]:
    """What need not be told at length: a property at a time, in all worlds together."""
    for number, patch in numbered:
        for findings in by_property(patch.findings, kind).values():
            yield wrapped(f"[{number}] {kind.value}: {told_together(findings)}", WIDTH, _OLD, _REST)


def _patch(number: int, patch: PatchReport) -> list[str]:
    mark = _NEW if patch.outcome == Outcome.REFUTED else _OLD
    told = wrapped(f"[{number}] {line(patch.title, 60)}", WIDTH, mark, _REST)
    told += wrapped(f"{patch.outcome.value}: {patch.reason}", WIDTH, _REST, _REST)
    return told + [text for detail in patch.details[:3] for text in wrapped(detail, WIDTH, _REST, _REST)[:2]]


def _finding(number: int, patch: PatchReport, finding: Finding) -> list[str]:
    new = finding.standing == Standing.NEW
    first, rest = (_NEW, f"{_NEW}    ") if new else (_OLD, _REST)
    steps = f", {finding.length} steps" if finding.length is not None else ""
    told = wrapped(f"[{number}] {finding.standing.value}: {finding.name}{steps}", WIDTH, first, rest)
    if finding.place:
        told += wrapped(_at(finding.place), WIDTH, rest, rest)
    if finding.remark:
        told += wrapped(finding.remark, WIDTH, rest, rest)
    if new:
        told += wrapped(finding.says, WIDTH, rest, rest)[:3]
        told += wrapped(f"clause: {finding.clause}", WIDTH, rest, rest)[:2]
        if patch.commit:  # it is part of a history: this is what a repair will say
            told += wrapped(f'Fixes: {patch.name} ("{line(patch.subject, 200)}")', WIDTH, rest, rest)
    return ["", *told, ""] if new else told


def _at(place: Place) -> str:
    return f"at {place.path}:{place.line}" + (f" in {place.function}" if place.function else "")


def _about(number: int, patch: PatchReport) -> list[str]:
    """What a patch touches, its first difference of behaviour, what else is to be said."""
    told = [""]
    for touch in patch.touches:
        behind = ", ".join(touch.behind.actions) or touch.behind.reason
        told += wrapped(f"[{number}] touches {touch.touched.function}: {behind}", WIDTH, _OLD, _REST)
    if patch.difference:
        told += wrapped(f"[{number}] first difference of behaviour:", WIDTH, _OLD, _REST)
        told += [text for part in patch.difference[:6] for text in _verbatim(part, _REST)[:2]]
    for note in patch.notes:
        told += wrapped(f"[{number}] note: {note}", WIDTH, _OLD, _REST)
    if patch.sizes:
        told += wrapped(f"[{number}] sizes: {patch.sizes}", WIDTH, _OLD, _REST)
    return told if len(told) > 1 else []


def _trace(patch: PatchReport, finding: Finding) -> Iterator[str]:
    if not finding.trace or finding.standing == Standing.MENDED:
        return
    mark = _NEW if finding.standing == Standing.NEW else _OLD
    how = "with and without" if finding.standing == Standing.BEFORE else "with"
    yield ""
    yield from wrapped(f"{finding.name}, {how} the patch: {line(patch.title, 60)}", WIDTH, mark, mark)
    yield ""
    for item in finding.trace:
        yield from _verbatim(item.text, mark)


def _verbatim(text: str, mark: str) -> list[str]:
    """Lines that keep their layout; what does not fit goes on in the next line."""
    room, told = TRACE - len(mark), []
    for part in lines(text):
        told += [f"{mark}{part[at : at + room]}".rstrip() for at in range(0, max(len(part), 1), room)]
    return told
