"""mypy knows the variables of the protocol: a misspelt one is an error before anything is recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mypy import api

import hintspec

MISSPELT = """
from hintspec.language.terms import Term
from hintspec.protocol.state import State, Worker


def misspelt(s: State) -> Term:
    # the first line and the last are right
    s.driver.at = Worker.TEST_BIT
    s.driver.att = Worker.TEST_BIT
    s.driver.at = "TEST_BIT"
    s.drivr.at = Worker.TEST_BIT
    s.device.awake = s.driver.queud
    return s.driver.queued
"""


def test_mypy_reports_a_misspelt_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "misspelt.py"
    file.write_text(MISSPELT)
    monkeypatch.setenv("MYPYPATH", str(Path(hintspec.__file__).parents[1]))
    options = [
        "--strict",
        "--no-error-summary",
        f"--cache-dir={tmp_path / 'cache'}",
        f"--python-executable={sys.executable}",
    ]
    errors = [line.split("misspelt.py:")[1] for line in api.run([*options, str(file)])[0].splitlines()]
    assert [(line.split(":")[0], line.split("  ")[-1]) for line in errors] == [
        ("9", "[attr-defined]"),
        ("10", "[assignment]"),
        ("11", "[attr-defined]"),
        ("12", "[attr-defined]"),
    ]
