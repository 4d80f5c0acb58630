"""The gate's report for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, Touch, by_property, summarize, worlds_of
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import claim, lead, message, trace_lines, undecided
from hintproof.views.sanitize import line, lines

_STYLES = {
    Outcome.REFUTED: "bold red",
    Outcome.UNDECIDED: "yellow",
    Outcome.CHANGED: "cyan",
    Outcome.UNCHANGED: "green",
}
_OF_STANDING = {
    Standing.NEW: "bold red",
    Standing.UNDECIDED: "yellow",
    Standing.BEFORE: "magenta",
    Standing.FIXED: "green",
}

#: Characters of a patch's title that are shown.
_TITLE = 200

#: Indents of texts about a patch, a difference and a finding.
_PATCH, _DIFFERENCE, _INDENT = (0, 0, 0, 4), (0, 0, 0, 6), (0, 0, 0, 14)


def render(report: GateReport, strict: bool = False) -> RenderableType:
    """The whole report, with the traces of new violations; with ``strict`` those of all."""
    parts: list[RenderableType] = [Text(line(text)) for text in (report.tree_and_version, *report.notes)]
    for number, patch in enumerate(report.patches, 1):
        parts += ["", *_patch(number, patch, strict)]
    parts += ["", Text(_summary(report), style=_STYLES[report.outcome])]
    return Group(*parts)


def _patch(number: int, patch: PatchReport, strict: bool) -> Iterator[RenderableType]:
    by = f"  {line(patch.author)}" if patch.author else ""
    yield Text.assemble((f"[{number}] {line(patch.title, _TITLE)}", "bold"), (by, "dim"))
    result = Text.assemble((patch.outcome.value, _STYLES[patch.outcome]), f": {line(patch.reason)}")
    yield Padding(result, _PATCH, expand=False)
    for text in (*patch.details[:8], *patch.notes):
        yield Padding(Text(line(text), style="dim"), _PATCH, expand=False)
    yield from map(_touches, patch.touches)
    if patch.difference:
        yield Text("    first difference of behaviour:")
        for text in patch.difference:
            yield from (Padding(Text(part), _DIFFERENCE, expand=False) for part in lines(text))
    for finding, others in lead(patch, strict):
        yield from _finding(finding, others)
    for text in undecided(patch):
        yield _standing(Standing.UNDECIDED, text)
    for standing in (Standing.FIXED,) if strict else (Standing.BEFORE, Standing.FIXED):
        for findings in by_property(patch.findings, standing).values():
            yield _standing(standing, summarize(findings))
    if patch.sizes:
        sizes = Text(f"{len(patch.held)} hold; sizes: {line(patch.sizes)}; {patch.seconds:.1f} s", style="dim")
        yield Padding(sizes, _PATCH, expand=False)


def _touches(touch: Touch) -> RenderableType:
    """A function that a patch touches, the steps of the protocol behind it, and their properties."""
    behind = {"properties behind them": touch.behind.properties, "and by lemmas": touch.behind.by_lemmas}
    parts = [f"{line(touch.touched.function)}: {line(touch.steps)}"]
    parts += [f"{words}: {line(', '.join(names))}" for words, names in behind.items() if names]
    return _beside(Text("touches"), "; ".join(parts))


def _finding(finding: Finding, others: list[Finding]) -> Iterator[RenderableType]:
    yield _standing(finding.standing, message(finding))
    if others:
        yield Padding(Text(line(f"also: {worlds_of(others)}")), _INDENT, expand=False)
    if finding.place:
        where = f"{finding.place.path}:{finding.place.line} {finding.place.function}"
        yield Padding(Text(line(where)), _INDENT, expand=False)
    if finding.clause:
        yield Padding(Text(line(claim(finding)), style="dim"), _INDENT, expand=False)
    traced = (part for item in trace_lines(finding) for part in lines(item.text))
    yield from (Text(f"  {part}", no_wrap=True, overflow="ignore") for part in traced)


def _standing(standing: Standing, text: str) -> RenderableType:
    return _beside(Text(standing.value, style=_OF_STANDING[standing]), line(text))


def _beside(head: Text, text: str) -> RenderableType:
    """A text beside its head, which hangs out. Names are wrapped nowhere."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(width=9)
    row.add_column(overflow="fold")
    row.add_row(head, Text(text))
    return Padding(row, _PATCH, expand=False)


def _summary(report: GateReport) -> str:
    count = {kind: sum(patch.outcome == kind for patch in report.patches) for kind in Outcome}
    outcomes = ", ".join(f"{number} {kind.value}" for kind, number in count.items() if number) or "nothing to check"
    patches = f"{len(report.patches)} {'patch' if len(report.patches) == 1 else 'patches'}"
    return f"{patches}: {outcomes}; {report.seconds:.1f} s"
