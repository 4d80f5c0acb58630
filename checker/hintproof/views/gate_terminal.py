"""What the gate found, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.verdict import Outcome
from hintproof.views.foreign import line, lines
from hintproof.views.gate_terse import message

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

#: Where the text of a finding begins.
_INDENT = (0, 0, 0, 14)

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
    yield Text.assemble("    ", (patch.outcome.value, _STYLES[patch.outcome]), f": {line(patch.reason)}")
    for text in (*patch.details[:8], *patch.notes):
        yield Text(f"    {line(text)}", style="dim")
    if patch.touches:
        yield _touches(patch)
    if patch.difference:
        yield Text("    first difference of behaviour:")
        yield from (Text(f"      {part}") for text in patch.difference for part in lines(text))
    for finding in patch.findings:
        yield from _finding(finding, finding.standing in _TRACED or (strict and finding.falls))
    if patch.sizes:
        yield Text(f"    {len(patch.held)} hold; sizes: {line(patch.sizes)}; {patch.seconds:.1f} s", style="dim")


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


def _finding(finding: Finding, traced: bool) -> Iterator[RenderableType]:
    style = _OF_STANDING[finding.standing]
    yield Text.assemble("    ", (f"{finding.standing.value:<9}", style), " ", line(message(finding)))
    if finding.place:
        where = f"{finding.place.path}:{finding.place.line} {finding.place.function}"
        yield Padding(Text(line(where)), _INDENT)
    if finding.clause and finding.standing != Standing.MENDED:
        yield Padding(Text(f"{line(finding.says)} [{line(finding.clause)}]", style="dim"), _INDENT)
    if traced:
        yield from (Text(f"      {part}", no_wrap=True) for item in finding.trace for part in lines(item.text))


def _summary(report: GateReport) -> str:
    count = {kind: sum(patch.outcome == kind for patch in report.patches) for kind in Outcome}
    told = ", ".join(f"{number} {kind.value}" for kind, number in count.items() if number) or "nothing to check"
    return f"{len(report.patches)} {'patch' if len(report.patches) == 1 else 'patches'}: {told}; {report.seconds:.1f} s"
