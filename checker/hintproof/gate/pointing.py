"""The place that a finding points at: a changed line that its run goes through, which is what its reader looks for."""

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
    """New findings, each at the last changed line of its run; or at its last line in a function that the patch touches.

    Where its run goes through neither it keeps its place.
    """
    old, text = before.get(DRIVER, ""), after.get(DRIVER, "")
    changed = {line + 1 for _, lines in changed_lines(old, text) for line in lines}
    names = {item.function for item in touched(before, after) if item.path == DRIVER}
    every = functions(text)
    inside = {line for item in every if item.name in names for line in range(item.first, item.last + 1)}

    def pointed(finding: Finding) -> Finding:
        if finding.standing != Standing.NEW:
            return finding
        run = [place for place in places_of(finding.story) if place] if finding.story else []
        run += [item.place for item in finding.trace if item.place]
        lines = [place.line for place in run]
        near = next((n for wanted in (changed, inside) for n in reversed(lines) if n in wanted), None)
        place = finding.place if near is None else Place(DRIVER, near)
        if place is not None and place.path == DRIVER and not place.function:
            place = replace(place, function=function_at(every, place.line))
        return replace(finding, place=place)

    return tuple(map(pointed, findings))
