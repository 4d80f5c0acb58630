"""The gate's report as plain text for a mail reply: a summary that fits on a screen, then the traces.

``>>`` marks all that is new against the driver without the patch.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, by_property, summarize, worlds_of
from hintproof.system.words import quantity
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import lead, trace_lines, undecided
from hintproof.views.sanitize import line, lines, wrapped

#: Columns of the summary, and its lines; columns of a trace with its mark.
WIDTH, SUMMARY, TRACE = 75, 40, 81

_NEW, _OLD = ">> ", "   "
_REST = _OLD + "    "


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report as text, with a trace of each new violation; with ``strict`` of all."""
    shown = ((patch, f) for patch in report.patches for f, _ in lead(patch, strict))
    traces = [text for patch, finding in shown for text in _trace(patch, finding)]
    return "\n".join([*_summary(report), *traces]) + "\n"


def _summary(report: GateReport) -> list[str]:
    """The parts in the order of their weight, as long as they fit; then how much is left out."""
    summary: list[str] = []
    left = 0
    for part in _parts(report):
        if left or len(summary) + len(part) > SUMMARY - 2:
            left += len(part)
        else:
            summary += part
    return [*summary, f"({left} more lines: --format json has all)"] if left else summary


def _parts(report: GateReport) -> Iterator[list[str]]:
    yield [
        f"hintproof gate: {report.outcome.value}, {report.seconds:.0f} s",
        *wrapped(report.tree_and_version, WIDTH, "tree: ", _REST),
        *(text for note in report.notes for text in wrapped(note, WIDTH, "note: ", _REST)),
        "",
    ]
    numbered = list(enumerate(report.patches, 1))
    refuted = [item for item in numbered if item[1].outcome == Outcome.REFUTED]
    others = [item for item in numbered if item not in refuted]
    yield from (_patch(*item) + _changes(*item) for item in refuted)
    yield from _findings(refuted, Standing.NEW)
    yield from (_patch(*item) for item in others)
    yield from _findings(numbered, Standing.UNDECIDED)
    yield from (_item(number, f"undecided: {text}") for number, patch in numbered for text in undecided(patch))
    for kind in (Standing.BEFORE, Standing.FIXED):
        yield from _known(numbered, kind)
    yield from (_changes(*item) for item in others)
    yield from (_limits(*item) for item in numbered)


def _findings(numbered: list[tuple[int, PatchReport]], kind: Standing) -> Iterator[list[str]]:
    for number, patch in numbered:
        for finding, others in lead(patch, False):
            if finding.standing == kind:
                yield _finding(number, patch, finding, others)


def _known(numbered: list[tuple[int, PatchReport]], kind: Standing) -> Iterator[list[str]]:
    """A line a property, for all worlds together. What falls just as before is named in the patch's result alone."""
    for number, patch in numbered:
        findings = [f for f in patch.findings if kind != Standing.BEFORE or f.remark]
        for same in by_property(findings, kind).values():
            yield wrapped(f"[{number}] {kind.value}: {summarize(same)}", WIDTH, _OLD, _REST)


def _patch(number: int, patch: PatchReport) -> list[str]:
    mark = _NEW if patch.outcome == Outcome.REFUTED else _OLD
    part = wrapped(f"[{number}] {line(patch.title, 60)}", WIDTH, mark, _REST)
    part += wrapped(patch.result, WIDTH, _REST, _REST)
    return part + [text for detail in patch.details[:3] for text in wrapped(detail, WIDTH, _REST, _REST)[:2]]


def _finding(number: int, patch: PatchReport, finding: Finding, others: list[Finding]) -> list[str]:
    new = finding.standing == Standing.NEW
    first, rest = (_NEW, f"{_NEW}    ") if new else (_OLD, _REST)
    steps = f", {quantity(finding.length, 'step')}" if finding.length is not None else ""
    part = wrapped(f"[{number}] {finding.standing.value}: {finding.name}{steps}", WIDTH, first, rest)
    if finding.place:
        function = f" in {finding.place.function}" if finding.place.function else ""
        part += wrapped(f"at {finding.place.path}:{finding.place.line}{function}", WIDTH, rest, rest)
    if finding.remark:
        part += wrapped(finding.remark, WIDTH, rest, rest)
    if others:
        part += wrapped(f"also: {worlds_of(others)}", WIDTH, rest, rest)
    if new:
        part += wrapped(_begin(finding.says), WIDTH, rest, rest)
        part += wrapped(f"clause: {finding.clause}", WIDTH, rest, rest)[:2]
        if patch.commit:  # it is part of a history: a repair will quote this
            part += wrapped(f'Fixes: {patch.name} ("{line(patch.subject, 200)}")', WIDTH, rest, rest)
    return ["", *part, ""] if new else part


def _begin(text: str) -> str:
    """The first sentence of a text, and those after it that fit with it into three lines."""
    shown, *more = text.replace("\n\n", " ").split(". ")
    for sentence in more:
        if len(shown) + len(sentence) > 2.5 * (WIDTH - len(_REST)):
            return f"{shown}."
        shown = f"{shown}. {sentence}"
    return shown


def _item(number: int, text: str) -> list[str]:
    return wrapped(f"[{number}] {text}", WIDTH, _OLD, _REST)


def _changes(number: int, patch: PatchReport) -> list[str]:
    """The functions that a patch touches, and its first difference of behaviour."""
    touches = [_item(number, f"touches {touch.touched.function}: {touch.steps}") for touch in patch.touches]
    part = [text for touch in touches[:4] for text in touch]
    if len(touches) > 4:
        part += _item(number, f"touches {quantity(len(touches) - 4, 'more function')}")
    if patch.difference:
        part += _item(number, "first difference of behaviour:")
        part += [text for line_ in patch.difference[:6] for text in _two_lines(line_)]
    return ["", *part] if part else []


def _two_lines(text: str) -> list[str]:
    """A line with its indent, in two lines at most."""
    indent = _REST + " " * (len(text) - len(text.lstrip()))
    first, *more = wrapped(text.strip(), WIDTH - 4, indent, indent)
    return [first, *(f"{rest} ..." if len(more) > 1 else rest for rest in more[:1])]


def _limits(number: int, patch: PatchReport) -> list[str]:
    """The notes on a patch, and its sizes."""
    part = [text for note in patch.notes for text in _item(number, f"note: {note}")]
    part += _item(number, f"sizes: {patch.sizes}") if patch.sizes else []
    return ["", *part] if part else []


def _trace(patch: PatchReport, finding: Finding) -> Iterator[str]:
    trace = trace_lines(finding)
    if not trace:
        return
    mark = _NEW if finding.standing == Standing.NEW else _OLD
    how = "with and without" if finding.standing == Standing.BEFORE else "with"
    yield ""
    yield from wrapped(f"{finding.name}, {how} the patch: {line(patch.title, 60)}", WIDTH, mark, mark)
    yield ""
    for item in trace:
        yield from _verbatim(item.text, mark)


def _verbatim(text: str, mark: str) -> list[str]:
    """Lines that keep their layout; one that is too long goes on in the next line."""
    room = TRACE - len(mark)
    cut = (part[at : at + room] for part in lines(text) for at in range(0, max(len(part), 1), room))
    return [f"{mark}{part}".rstrip() for part in cut]
