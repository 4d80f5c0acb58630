"""What the gate found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, by_property, told_together
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.terse import message
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
    Standing.MENDED: "green",
}

#: Where what is said of a patch, a difference and a finding begins.
_PATCH, _DIFFERENCE, _INDENT = (0, 0, 0, 4), (0, 0, 0, 6), (0, 0, 0, 14)

#: Standings whose traces are shown; the others are in the JSON document.
_TRACED = (Standing.NEW, Standing.UNDECIDED)


def render(report: GateReport, strict: bool = False) -> RenderableType:
    """The whole report. Traces are those of what is new; with ``strict`` all of what falls."""
    version = f" ({report.system} {report.version})" if report.version else ""
    parts: list[RenderableType] = [Text(line(f"{report.tree}{version}")), *(Text(line(note)) for note in report.notes)]
    for number, patch in enumerate(report.patches, 1):
        parts += ["", *_patch(number, patch, strict)]
    parts += ["", Text(_summary(report), style=_STYLES[report.outcome])]
    return Group(*parts)


def _patch(number: int, patch: PatchReport, strict: bool) -> Iterator[RenderableType]:
    by = f"  {line(patch.author)}" if patch.author else ""
    yield Text.assemble((f"[{number}] {line(patch.title)}", "bold"), (by, "dim"))
    told = Text.assemble((patch.outcome.value, _STYLES[patch.outcome]), f": {line(patch.reason)}")
    yield Padding(told, _PATCH, expand=False)
    for text in (*patch.details[:8], *patch.notes):
        yield Padding(Text(line(text), style="dim"), _PATCH, expand=False)
    if patch.touches:
        yield _touches(patch)
    if patch.difference:
        yield Text("    first difference of behaviour:")
        for text in patch.difference:
            yield from (Padding(Text(part), _DIFFERENCE, expand=False) for part in lines(text))
    for finding in patch.findings:
        if finding.standing in _TRACED or (strict and finding.falls):
            yield from _finding(finding)
    for standing in (Standing.BEFORE, Standing.MENDED):
        for findings in by_property(patch.findings, standing).values():
            if not (strict and standing == Standing.BEFORE):
                yield _together(standing, findings)
    if patch.sizes:
        told = Text(f"{len(patch.held)} hold; sizes: {line(patch.sizes)}; {patch.seconds:.1f} s", style="dim")
        yield Padding(told, _PATCH, expand=False)


def _touches(patch: PatchReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("    touches", "steps of the protocol", "properties behind them", "and, by lemmas"):
        table.add_column(column, overflow="fold")
    for touch in patch.touches:
        behind = touch.behind
        cells = (
            touch.touched.function,
            ", ".join(behind.actions) or behind.reason,
            ", ".join(behind.properties),
            ", ".join(behind.by_lemmas),
        )
        table.add_row(*(Text(f"    {line(cell)}" if at == 0 else line(cell)) for at, cell in enumerate(cells)))
    return table


def _finding(finding: Finding) -> Iterator[RenderableType]:
    yield _standing(finding.standing, message(finding))
    if finding.place:
        where = f"{finding.place.path}:{finding.place.line} {finding.place.function}"
        yield Padding(Text(line(where)), _INDENT, expand=False)
    if finding.clause and finding.standing != Standing.MENDED:
        yield Padding(Text(f"{line(finding.says)} [{line(finding.clause)}]", style="dim"), _INDENT, expand=False)
    yield from (Text(f"      {part}", no_wrap=True) for item in finding.trace for part in lines(item.text))


def _together(standing: Standing, findings: list[Finding]) -> RenderableType:
    """What is known need not be told at length."""
    return _standing(standing, told_together(findings))


def _standing(standing: Standing, told: str) -> RenderableType:
    """A line under its standing, which hangs out."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(width=9)
    row.add_column(overflow="fold")
    row.add_row(Text(standing.value, style=_OF_STANDING[standing]), Text(line(told)))
    return Padding(row, _PATCH, expand=False)


def _summary(report: GateReport) -> str:
    count = {kind: sum(patch.outcome == kind for patch in report.patches) for kind in Outcome}
    told = ", ".join(f"{number} {kind.value}" for kind, number in count.items() if number) or "nothing to check"
    return f"{len(report.patches)} {'patch' if len(report.patches) == 1 else 'patches'}: {told}; {report.seconds:.1f} s"
