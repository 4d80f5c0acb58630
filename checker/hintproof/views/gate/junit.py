"""What the gate found as JUnit XML: a suite a patch, a case a property; what is undecided is an error."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from hintproof.gate.report import Finding, GateReport, PatchReport, Standing
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.terse import message
from hintproof.views.sanitize import line, lines


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report. What falls without the patch, too, counts as skipped, or as a failure if ``strict``."""
    suites = [_suite(patch, strict) for patch in report.patches]
    attributes = {"name": "hintproof gate", "time": f"{report.seconds:.3f}", **_counts(suites)}
    root = Xml.Element("testsuites", attributes)
    root.extend(suites)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False).join(('<?xml version="1.0"?>\n', "\n"))


def _suite(patch: PatchReport, strict: bool) -> Xml.Element:
    title = line(patch.title)
    cases = [_whole(patch, title), *(_case(title, finding, strict) for finding in patch.findings)]
    cases += [Xml.Element("testcase", classname=title, name=line(name)) for name in patch.held]
    counts = {
        "tests": str(len(cases)),
        **{name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in _KINDS.items()},
    }
    suite = Xml.Element("testsuite", {"name": title, "time": f"{patch.seconds:.3f}", **counts})
    suite.extend(cases)
    Xml.SubElement(suite, "system-out").text = _text(_about(patch))
    return suite


_KINDS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def _counts(suites: list[Xml.Element]) -> dict[str, str]:
    return {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in ("tests", *_KINDS)}


def _whole(patch: PatchReport, title: str) -> Xml.Element:
    """The case that the patched driver could be checked at all."""
    case = Xml.Element("testcase", classname=title, name="the patch can be checked")
    if patch.outcome == Outcome.UNDECIDED and not patch.findings:
        error = Xml.SubElement(case, "error", type="undecided", message=line(patch.reason))
        error.text = _text(patch.details)
    return case


def _case(title: str, finding: Finding, strict: bool) -> Xml.Element:
    case = Xml.Element("testcase", classname=title, name=line(finding.name))
    if finding.standing == Standing.NEW or (strict and finding.falls):
        told = Xml.SubElement(case, "failure", type=finding.standing.value, message=line(message(finding)))
    elif finding.standing == Standing.UNDECIDED:
        told = Xml.SubElement(case, "error", type="undecided", message=line(message(finding)))
    elif finding.standing == Standing.BEFORE:
        told = Xml.SubElement(case, "skipped", message=line(message(finding)))
    else:
        told = Xml.SubElement(case, "system-out")
        told.text = line(message(finding))
        return case
    told.text = _text([f"{finding.says} [{finding.clause}]", *(item.text for item in finding.trace)])
    return case


def _about(patch: PatchReport) -> Iterator[str]:
    yield f"{patch.outcome.value}: {patch.reason}"
    for touch in patch.touches:
        yield f"touches {touch.touched.function}: {', '.join(touch.behind.actions) or touch.behind.reason}"
    yield from patch.difference
    yield from patch.notes


def _text(told: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return "\n".join(part for text in told for part in lines(text))
