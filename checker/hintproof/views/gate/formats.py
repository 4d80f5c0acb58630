"""The forms in which the gate tells what it found, by name."""

from __future__ import annotations

from collections.abc import Callable

from hintproof.gate.report import GateReport
from hintproof.views.gate import github as gate_github
from hintproof.views.gate import json_report as gate_json
from hintproof.views.gate import junit as gate_junit
from hintproof.views.gate import ktap as gate_ktap
from hintproof.views.gate import mail as gate_mail
from hintproof.views.gate import sarif as gate_sarif
from hintproof.views.gate import terse as gate_terse

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
