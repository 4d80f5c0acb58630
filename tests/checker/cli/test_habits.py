"""Habits of command lines: completion, "did you mean", colours, CI, releases."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hintproof.cli import console
from hintproof.cli.commands import VARIABLES
from hintproof.cli.reference import words_for
from hintproof.engines.limits import Limits
from hintproof.engines.report import length
from hintproof.system.clock import Clock
from hintproof.system.errors import BadInput
from hintproof.system.words import quantity
from tests.checker.command import CONSOLE_SCRIPT, hintproof
from tests.places import COUNTEREXAMPLES, ROOT

TRACE = str(COUNTEREXAMPLES / "early-release" / "trace.json")


def completions(line: str) -> list[str]:
    """The completions of a line in bash, with the cursor at its end."""
    words = line.split(" ")
    script = CONSOLE_SCRIPT.replace("; run()", "; import sys; sys.argv[0] = 'hintproof'; run()")
    variables = {
        "_HINTPROOF_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | variables, timeout=300
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_environments_and_defects_are_completed() -> None:
    assert completions("hintproof ch") == ["check"]
    assert completions("hintproof de") == ["defects"]
    assert "linux-6.1+qemu-7.2+kvm-auto+cell-per-round" in completions("hintproof check linux-6.1+qemu-7.2+kvm-auto+c")
    assert completions("hintproof check linux-6.12+qemu-7.2+kvm-r") == ["linux-6.12+qemu-7.2+kvm-ring"]
    assert "early-release" in completions("hintproof defects early-r")
    assert "--engine" in completions("hintproof check --eng")


@pytest.mark.parametrize(
    ("arguments", "better"),
    [
        (["chekc"], "check"),
        (["check", "--bloks", "2"], "--blocks"),
        (["check", "linux-6.1+qemu-7.2+kvm-atuo"], "kvm-auto"),
        (["check", "virtio-1.3", "--engine", "exhaustiv"], "exhaustive"),
        (["defects", "erly-release"], "early-release"),
        (["defects", "early-release", "--engine", "bound"], "bounded"),
        (["schema", "result"], "results"),
        (["text", "virtio-1.3", "--actor", "drivers"], "driver"),
        (["show", TRACE, "--watch", "driver.aktive"], "driver.active"),
        (["why", "no_lost_writes"], "no_lost_write"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_misspelt_word_has_a_suggestion(tmp_path: Path, arguments: list[str], better: str) -> None:
    done = hintproof(tmp_path, *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Did you mean" in done.stderr or "did you mean" in done.stderr or "Possible options" in done.stderr
    assert better in done.stderr


def test_a_release_is_mapped_to_the_word_that_covers_it(tmp_path: Path) -> None:
    assert words_for("QEMU 8.1") == {"qemu-7.2"}
    assert words_for("linux 5.15") == words_for("Linux v5.15") == words_for("kernel 5.15") == {"linux-5.7"}
    done = hintproof(tmp_path, "environments", "QEMU", "8.1")
    assert done.stderr == "hintproof: qemu-8.1 keeps to the rules of qemu-7.2\n"
    assert "qemu-7.2 " in done.stdout
    assert "qemu-6.1 " not in done.stdout
    assert "linux-6.1+qemu-7.2+kvm-auto" in done.stdout
    outside = hintproof(tmp_path, "environments", "QEMU 3.0")
    assert (outside.returncode, outside.stdout) == (2, "")
    assert "no rules of QEMU 3.0 are known, only of 4.0 .. 10.2" in outside.stderr


def test_environments_are_filtered(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "environments", "--driver", "linux-6.1")
    assert " linux-6.1+qemu-7.2+kvm-auto\n" in done.stdout
    assert "linux-6.12" not in done.stdout
    assert "virtio-1.3-driver" not in done.stdout
    both = hintproof(tmp_path, "environments", "--driver", "linux-6.1", "--device", "firecracker-1.14")
    assert "linux-6.1+firecracker-1.14" in both.stdout
    assert "qemu" not in both.stdout
    assert "kvm-ring" in hintproof(tmp_path, "environments", "ring").stdout
    wrong = hintproof(tmp_path, "environments", "--driver", "qemu-7.2")
    assert wrong.returncode == 2
    assert "is no driver word" in wrong.stderr
    with pytest.raises(BadInput, match="no word of environments has 'steam'"):
        words_for("steam")


def shown(**variables: str) -> str:
    """A table through a pipe, with variables of the environment."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM")}
    done = subprocess.run(
        [sys.executable, "-c", CONSOLE_SCRIPT, "environments"],
        capture_output=True, text=True, env=kept | {"TERM": "xterm"} | variables, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    return done.stdout


def test_colours_are_forced_and_forbidden() -> None:
    assert "\x1b[" not in shown()
    assert "\x1b[" in shown(FORCE_COLOR="1")
    assert "\x1b[3" not in shown(FORCE_COLOR="1", NO_COLOR="1")


def test_ci_has_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    assert console.shows_progress()
    monkeypatch.setenv("CI", "true")
    assert not console.shows_progress()


def test_the_documents_have_the_variables() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text()
    assert all(f"| `{name}` |" in text for names in VARIABLES for name in names.split(", "))


def test_one_is_singular() -> None:
    assert [quantity(number, "step") for number in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
    assert (length(1), length(3, 1)) == ("1 step", "1 step and a loop of 2")
    assert Limits(states=1).reached(Clock(None), 1) == "limit of 1 state"


def test_a_directory_that_is_made_is_named(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "export", TRACE, "-o", "new/er/trace.md")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "hintproof: made the directory new/er\n"
    assert hintproof(tmp_path, "export", TRACE, "-o", "new/er/trace.md").stderr == ""


@pytest.mark.parametrize("command", [["environments", "--driver", "linux-6.1"], ["defects"], ["text", "virtio-1.3"]])
def test_lines_in_a_pipe_end_where_their_text_ends(command: list[str], tmp_path: Path) -> None:
    done = hintproof(tmp_path, *command)
    assert done.stdout
    assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]
