"""Exit codes: 1 means refuted, and nothing else does."""

from __future__ import annotations

import os
import signal
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


def test_closed_standard_output_is_five(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import os, sys; os.close(1); sys.stdout = None\n{CONSOLE_SCRIPT}", "environments"],
        cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (5, "hintproof: can't write the output: standard output is closed\n")


def test_commands_of_a_terminal_in_an_argument_are_shown_as_numbers(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "gate", "--linux", "nowhere", "\x1b[31mp")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b[31m" in done.stderr


#: A command that keeps a directory for its children while it works.
WORKING = """
import signal, sys, tempfile, time, types
from hintproof.cli import commands
signal.signal(signal.{}, signal.SIG_DFL)
def working() -> None:
    with tempfile.TemporaryDirectory(prefix="hintproof-"):
        print("working", flush=True)
        time.sleep(60)
commands.COMMANDS["work"] = commands.Entry("working", "working", "")
sys.modules["hintproof.cli.working"] = types.SimpleNamespace(working=working)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    """As ``timeout`` and CI end a command."""
    command = [sys.executable, "-c", WORKING.format(number.name) + CONSOLE_SCRIPT, "work"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        assert list(tmp_path.iterdir()) != []
        process.send_signal(number)
        assert process.wait(20) == 128 + number
    assert list(tmp_path.iterdir()) == []
