"""The gate's report as JUnit XML: a suite a patch, a case a property; an undecided one is an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as Xml

from hintproof.gate.report import Finding, GateReport, PatchReport
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.findings import Case, case_of, claim, message, trace_lines
from hintproof.views.sanitize import line, lines

#: The element of a case, and the counter of a suite that counts it.
_ELEMENTS = {Case.FAILS: "failure", Case.UNDECIDED: "error", Case.EXPECTED: "skipped", Case.PASSES: "system-out"}
_COUNTERS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: GateReport, strict: bool = False) -> str:
    """The whole report. A violation that the patch does not add is skipped, or a failure if ``strict``."""
    suites = [_suite(patch, strict) for patch in report.patches]
    counts = {name: str(sum(int(suite.attrib[name]) for suite in suites)) for name in ("tests", *_COUNTERS)}
    root = Xml.Element("testsuites", {"name": "hintproof gate", "time": f"{report.seconds:.3f}", **counts})
    root.extend(suites)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False).join(('<?xml version="1.0"?>\n', "\n"))


def _suite(patch: PatchReport, strict: bool) -> Xml.Element:
    title = line(patch.title)
    cases = [_checked(patch, title), *(_case(title, finding, strict) for finding in patch.findings)]
    cases += [Xml.Element("testcase", classname=title, name=line(name)) for name in patch.held]
    counts = {name: str(sum(case.find(tag) is not None for case in cases)) for name, tag in _COUNTERS.items()}
    named = {"name": title, "time": f"{patch.seconds:.3f}", "tests": str(len(cases))}
    suite = Xml.Element("testsuite", named | counts)
    suite.extend(cases)
    Xml.SubElement(suite, "system-out").text = _text(_about(patch))
    return suite


def _checked(patch: PatchReport, title: str) -> Xml.Element:
    """The case that the patched driver can be checked at all."""
    case = Xml.Element("testcase", classname=title, name="the patch can be checked")
    if patch.outcome == Outcome.UNDECIDED and not patch.findings:
        error = Xml.SubElement(case, "error", type="undecided", message=line(patch.reason))
        error.text = _text(patch.details)
    return case


def _case(title: str, finding: Finding, strict: bool) -> Xml.Element:
    test = Xml.Element("testcase", classname=title, name=line(finding.name))
    case, text = case_of(finding, strict), line(message(finding))
    element = Xml.SubElement(test, _ELEMENTS[case])
    if case == Case.PASSES:
        element.text = text
        return test
    if case != Case.EXPECTED:
        element.set("type", finding.standing.value)
    element.set("message", text)
    element.text = _text([claim(finding), *(item.text for item in trace_lines(finding))])
    return test


def _about(patch: PatchReport) -> Iterator[str]:
    yield patch.result
    for touch in patch.touches:
        yield f"touches {touch.touched.function}: {touch.steps}"
    yield from patch.difference
    yield from patch.notes


def _text(texts: Iterable[str]) -> str:
    return "\n".join(part for text in texts for part in lines(text))
