"""A defect's name is accepted wherever a trace is, and the traces are in the wheel."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from hintproof.cli.gate import _counterexamples
from hintproof.system.errors import BadInput
from hintproof.trace.document import load
from hintproof.trace.shipped import STDIN, find_trace, shipped_folder
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import RECORDS
from tests.checker.command import hintproof
from tests.places import COUNTEREXAMPLES, ROOT

SHORT = "hint-free-list"


@pytest.mark.parametrize("command", [["show"], ["show", "--step", "3"], ["export", "--format", "markdown"], ["replay"],
                                     ["explain", "--no-rules"]], ids=" ".join)  # fmt: skip
def test_a_defects_name_stands_for_its_trace(command: list[str], tmp_path: Path) -> None:
    by_name = hintproof(tmp_path, *command, SHORT)
    by_file = hintproof(tmp_path, *command, str(COUNTEREXAMPLES / SHORT / "trace.json"))
    assert by_name.returncode == 0, by_name.stderr
    assert by_name.stdout == by_file.stdout != ""


def test_diff_takes_names(tmp_path: Path) -> None:
    assert hintproof(tmp_path, "diff", SHORT, SHORT).returncode == 0
    assert hintproof(tmp_path, "diff", SHORT, "ring-unarmed").returncode == 1


def test_a_file_of_that_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / SHORT).write_text("{}")
    assert find_trace(Path(SHORT)) == Path(SHORT)
    (tmp_path / "early-release").mkdir()
    assert find_trace(Path("early-release")) == shipped_folder() / "early-release" / "trace.json"


def test_a_trace_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = (COUNTEREXAMPLES / SHORT / "trace.json").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    assert load(STDIN).run == load(COUNTEREXAMPLES / SHORT / "trace.json").run
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"{")))
    with pytest.raises(BadInput, match="standard input"):
        load(STDIN)


def test_a_name_that_is_almost_right_is_told(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "show", "early-relase")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean 'early-release'?" in done.stderr
    without_run = next(name for name in DEFECTS if not (COUNTEREXAMPLES / name / "trace.json").exists())
    assert "has no run" in hintproof(tmp_path, "show", without_run).stderr


def test_the_gate_for_qemu_takes_a_name_and_knows_the_folder() -> None:
    assert _counterexamples(None) == shipped_folder()
    assert _counterexamples(Path(SHORT)) == shipped_folder() / SHORT / "trace.json"
    assert _counterexamples(COUNTEREXAMPLES) == COUNTEREXAMPLES


def test_the_shipped_folder_is_the_one_of_the_checkout() -> None:
    assert shipped_folder().resolve() == COUNTEREXAMPLES.resolve()


def test_defects_shows_the_shipped_run_and_searches_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hintproof.cli.catalogue.derive", None)
    shown = hintproof(tmp_path, "defects", SHORT)
    assert shown.returncode == 0
    page, run = ((COUNTEREXAMPLES / SHORT / name).read_text() for name in ("README.md", "trace.txt"))
    assert shown.stdout == f"{page}\n{run}"


def test_the_wheel_has_the_traces(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if "/counterexamples/" in name}
    files = {f"hintproof/counterexamples/{file.relative_to(COUNTEREXAMPLES)}" for file in COUNTEREXAMPLES.glob("*/*")}
    assert held == files
    assert sum(name.endswith("trace.json") for name in held) > 30


def test_a_page_on_a_terminal_is_no_markup_and_breaks_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    shown = re.sub(r"\x1b\[[\d;]*m|\x1b\]8;[^\\]*\\", "", hintproof(tmp_path, "defects", "early-release").stdout)
    page = shown.split("environment:")[0]
    assert "| --- |" not in page
    assert "```" not in page
    assert "  hintproof check linux-6.1+qemu-7.2+kvm-manual+cell-per-round --blocks 1 --ring 3 --rounds 1\n" in page


def test_recorded_environments_are_listed_unbroken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    listed = hintproof(tmp_path, "environments").stdout.splitlines()
    assert {f" {record.environment}" for record in RECORDS} <= {line.rstrip() for line in listed}
