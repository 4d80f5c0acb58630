"""The forms in which the gate tells what it found, by name."""

from __future__ import annotations

from collections.abc import Callable

from hintproof.gate.report import GateReport
from hintproof.views import (
    gate_github,
    gate_json,
    gate_junit,
    gate_ktap,
    gate_mail,
    gate_sarif,
    gate_terse,
)

Render = Callable[[GateReport, bool], str]

#: Forms that are text. The second argument is whether all that falls counts.
FORMATS: dict[str, Render] = {
    "mail": gate_mail.render,
    "terse": gate_terse.render,
    "ktap": gate_ktap.render,
    "junit": gate_junit.render,
    "sarif": gate_sarif.render,
    "github": gate_github.render,
    "json": gate_json.render,
}

#: The form for a terminal.
TERMINAL = "terminal"
