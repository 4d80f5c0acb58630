"""The gate from pytest, with a checker that reads marks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.checker.gate.made import changed, diff, mail, write
from tests.places import ROOT

CONFTEST = """\
import pytest
from hintproof.plugin.gate import NAME, GatePlugin
from tests.checker.gate.made import MarkChecker

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(name=NAME)
    config.pluginmanager.register(GatePlugin(config, lambda thorough: MarkChecker()), NAME)
"""
TESTS = """\
def test_nothing_new_falls(hintproof_patch):
    hintproof_patch.must_add_nothing_bad()

def test_series(hintproof_gate):
    hintproof_gate.must_add_nothing_bad()
"""


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    write(tmp_path, {"conftest.py": CONFTEST, "test_it.py": TESTS, "pytest.ini": "[pytest]\n"})
    paths = [str(ROOT), *sys.path]
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", *arguments]
    environment = {"PYTHONPATH": ":".join(paths), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_a_test_a_patch(tmp_path: Path) -> None:
    waits = changed("\tkick(vb);", "\twait(vb);")
    loses = changed("\tgive_back", "\t/* falls: no_lost_write 24 */ give_back", waits)
    write(tmp_path / "tree")
    (tmp_path / "one").write_text(mail(diff(waits), "[PATCH 1/2] wait"))
    (tmp_path / "two").write_text(mail(diff(loses, waits), "[PATCH 2/2] lose"))
    series = ("--hintproof-patch", "one", "--hintproof-patch", "two")
    done = run(tmp_path, "--hintproof-linux", "tree", *series)
    assert "PASSED test_it.py::test_nothing_new_falls[wait]" in done.stdout, done.stdout + done.stderr
    assert "FAILED test_it.py::test_nothing_new_falls[lose]" in done.stdout
    assert ">> [1] new: no_lost_write (late device), 24 steps" in done.stdout
    assert "2 failed, 1 passed" in done.stdout


def test_without_a_tree_there_is_nothing_to_do(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert "needs patches: --hintproof-linux TREE --hintproof-patch FILE" in done.stdout, done.stdout + done.stderr
    assert "2 skipped" in done.stdout
