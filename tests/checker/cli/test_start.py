"""Start-up: a command imports what it needs and nothing else. Imports are counted, as times depend on the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hintproof
from hintproof.cli import commands
from hintproof.cli.main import app
from hintproof.story import build
from hintproof.tasks.verdict import Exit
from tests.checker.command import CONSOLE_SCRIPT
from tests.checker.command import hintproof as hintproof_command
from tests.places import COUNTEREXAMPLES

TRACE = str(COUNTEREXAMPLES / "early-release" / "trace.json")

#: Packages that take long to import.
HEAVY = {"z3", "numpy", "numba", "hypothesis", "jinja2", "unidiff", "textual", "matplotlib", "pytest"}

#: Prints the modules that are imported as the interpreter ends.
NOTE = "import atexit, sys; atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"


def imported(code: str, *arguments: str) -> set[str]:
    """The modules that a program has imported as it ends."""
    done = subprocess.run([sys.executable, "-c", NOTE + code, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["-h"], []], ids=" ".join)
def test_the_help_and_the_version_need_no_command(arguments: list[str]) -> None:
    found = imported(CONSOLE_SCRIPT, *arguments)
    assert not HEAVY & found
    assert not {"rich.console", "msgspec", "multiprocessing", "hintspec.text", "hintspec.catalogue"} & found
    assert len(found) < 330, len(found)
    assert {name for name in found if name.startswith("hintproof.cli.")} == {
        "hintproof.cli.main",
        "hintproof.cli.commands",
    }


@pytest.mark.parametrize("arguments", [["show", TRACE], ["replay", TRACE], ["show", TRACE, "--step", "3"]])
def test_a_trace_is_shown_without_solvers_and_arrays(arguments: list[str]) -> None:
    found = imported(CONSOLE_SCRIPT, *arguments)
    assert not HEAVY & found
    assert len(found) < 600, len(found)


def test_a_shipped_trace_is_shown_without_a_search_for_its_cause(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def search(*_: object) -> None:
        raise AssertionError("each world with a fix is recorded anew: a second")

    monkeypatch.setattr(build, "find_likenesses", search)
    assert "known as:    early-release (host 1): " in hintproof_command(tmp_path, "show", TRACE).stdout
    assert "known as:    early-release (host 1): " in hintproof_command(tmp_path, "show", "early-release").stdout


def test_the_package_imports_a_name_at_its_first_use() -> None:
    assert not HEAVY & imported("import hintproof")
    assert {name for name in imported("import hintproof") if name.startswith("hintproof.")} == set()
    assert not HEAVY & imported("from hintproof import check, Result, Sizes, Limits, Exit")


def test_every_name_of_the_package_is_there() -> None:
    assert set(hintproof._HOMES) == set(hintproof.__all__) <= set(dir(hintproof))
    for name in hintproof.__all__:
        assert getattr(hintproof, name).__name__ == name or name == "Options"
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        _ = hintproof.chek


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_every_command_of_the_table_is_there(name: str) -> None:
    command = commands.load_command(name)
    assert command.name == name
    assert len(commands.COMMANDS[name].line) <= 62, "a line of the help, at 80 columns"


def test_the_help_has_groups_exit_codes_and_variables() -> None:
    shown = CliRunner().invoke(app, ["-h"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0
    assert all(f"\n{title}:\n" in shown.stdout for title in (*commands.GROUPS, "Exit codes", "Environment variables"))
    text = " ".join(shown.stdout.split())
    assert all(f" {int(code)} {code.meaning}" in text for code in Exit)
    assert all(variable in text for variable in commands.VARIABLES)
    _, _, users = shown.stdout.partition("Check environments")
    assert users.index("\n  gate ") < users.index("Maintain hintproof:") < users.index("\n  pin ")


def test_without_a_command_the_help_is_printed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CONSOLE_SCRIPT], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: ")
