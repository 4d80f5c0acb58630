"""Exit codes: 1 means refuted, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from hintproof.cli import commands
from hintproof.system.errors import CannotWrite, EngineBug, Unfinished
from hintproof.tasks.verdict import Exit
from tests.checker.command import CONSOLE_SCRIPT, hintproof
from tests.places import ROOT


def test_the_documents_have_the_codes() -> None:
    for file in ("docs/verdicts.md", "docs/stability.md"):
        text = " ".join((ROOT / file).read_text().replace("|", " ").split())
        assert all(f"{int(code)} {code.meaning}" in text for code in Exit), file


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (Unfinished("x: y was killed by signal 9"), 3, "hintproof: x: y was killed by signal 9"),
        (MemoryError(), 3, "hintproof: no memory left: undecided"),
        (KeyboardInterrupt(), 3, "hintproof: interrupted"),
        (EngineBug("does not replay"), 4, "hintproof: EngineBug: does not replay (this is a fault of hintproof"),
        (ValueError("odd"), 4, "hintproof: ValueError: odd (this is a fault of hintproof: report it; HINTPROOF_TRACE"),
        (CannotWrite("can't write x: No space left on device"), 5, "hintproof: can't write x"),
        (OSError(28, "No space left on device"), 5, "hintproof: can't write the output: No space left on device"),
        (BrokenPipeError(), 141, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException, code: int, line: str
) -> None:
    def failing() -> None:
        raise problem

    monkeypatch.setitem(commands.COMMANDS, "fail", commands.Entry("failing", "failing", ""))
    monkeypatch.setitem(sys.modules, "hintproof.cli.failing", SimpleNamespace(failing=failing))
    monkeypatch.delenv("HINTPROOF_TRACEBACK", raising=False)
    done = hintproof(tmp_path, "fail")
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(line)
    assert len(done.stderr.splitlines()) == (1 if line else 0)
    if code == Exit.INTERNAL_ERROR:
        monkeypatch.setenv("HINTPROOF_TRACEBACK", "1")
        assert "in failing\n" in hintproof(tmp_path, "fail").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["environments"], ["schema", "results"]], ids=" ".join)
def test_a_full_disk_is_five(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", CONSOLE_SCRIPT, *arguments], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 5
    assert done.stderr == "hintproof: can't write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["--help"], ["environments"], ["schema", "results"]], ids=" ".join)
def test_a_closed_pipe_is_silent(arguments: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CONSOLE_SCRIPT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == ("", 141)
    process.stderr.close()
