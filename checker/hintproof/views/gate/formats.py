"""The forms of the gate's report, by name."""

from __future__ import annotations

from collections.abc import Callable

from hintproof.gate.report import GateReport
from hintproof.views.gate import github, json_report, junit, ktap, mail, sarif, terse

#: Forms that are text. The second argument is whether the report is strict: all that is violated counts.
FORMATS: dict[str, Callable[[GateReport, bool], str]] = {
    "mail": mail.render,
    "terse": terse.render,
    "ktap": ktap.render,
    "junit": junit.render,
    "sarif": sarif.render,
    "github": github.render,
    "json": json_report.render,
}

#: The form for a terminal.
TERMINAL = "terminal"
