"""The place that a finding points at: a changed line, which is what its reader looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hintproof.gate.checker import Place, places_of
from hintproof.gate.ctext import function_at, functions
from hintproof.gate.report import Finding, Standing
from hintproof.gate.touched import changed_lines, touched
from hintproof.linux.source import DRIVER


def point_at_changes(
    findings: tuple[Finding, ...], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[Finding, ...]:
    """New findings, each at the last changed line of its run, or at its last line in a function that the patch touches.

    Where no call of its run is in either, it is at the first line that the patch changes in a function: what it goes
    through may call nothing, or be a step with others, such as the config interrupt.
    """
    old, text = before.get(DRIVER, ""), after.get(DRIVER, "")
    hunks = [range(lines.start + 1, lines.stop + 1) for _, lines in changed_lines(old, text)]
    changed = {line for lines in hunks for line in lines}
    names = {item.function for item in touched(before, after) if item.path == DRIVER}
    every = functions(text)
    begins = (_first_code(text.split("\n"), lines) for lines in hunks)
    first = next((line for line in begins if function_at(every, line)), None)
    inside = {line for item in every if item.name in names for line in range(item.first, item.last + 1)}

    def pointed(finding: Finding) -> Finding:
        if finding.standing != Standing.NEW:
            return finding
        run = [place for place in places_of(finding.story) if place] if finding.story else []
        run += [item.place for item in finding.trace if item.place]
        lines = [place.line for place in run]
        near = next((n for wanted in (changed, inside) for n in reversed(lines) if n in wanted), first)
        place = finding.place if near is None else Place(DRIVER, near)
        if place is not None and place.path == DRIVER and not place.function:
            place = replace(place, function=function_at(every, place.line))
        return replace(finding, place=place)

    return tuple(map(pointed, findings))


def _first_code(text: list[str], lines: range) -> int:
    """The first of some lines that is no comment; of none, as where lines were only deleted, the one that follows."""
    return next((n for n in lines if not text[n - 1].lstrip().startswith(("/*", "*", "//"))), lines.start)
