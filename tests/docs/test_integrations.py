"""The GitHub Action, the pre-commit hook and the Containerfile: they call the gate as it is, with what it needs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hintproof.cli.commands import load_command
from hintproof.linux.source import WATCHED
from tests.places import ROOT

yaml = pytest.importorskip("yaml")

OPTIONS = {option for param in load_command("gate").params for option in param.opts}

#: Packages of the tests alone: the page in a browser.
FOR_TESTS = {"chromium", "fonts-dejavu-core"}


@pytest.fixture
def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text())


def ran(action: Any, tmp_path: Path, **inputs: str) -> list[str]:
    """The arguments that the action's script gives to hintproof."""
    script = action["runs"]["steps"][-1]
    given = {name: str(item["default"]) for name, item in action["inputs"].items()} | inputs
    variables = {
        name: given[re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", value)[1]]  # type: ignore[index]
        for name, value in script["env"].items()
    }
    program = tmp_path / "hintproof" / "bin" / "hintproof"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script["run"]],
        env=os.environ | variables | {"RUNNER_TEMP": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_the_action_calls_the_gate(action: Any, tmp_path: Path) -> None:
    assert ran(action, tmp_path, range="a..b") == [
        "gate",
        "--linux",
        ".",
        "--format",
        "github",
        "--range",
        "a..b",
        "--",
    ]
    every = ran(
        action, tmp_path, patches="1.patch 2.patch", strict="true", thorough="true", output="a b", linux="$(id)"
    )
    assert every == [
        *("gate", "--linux", "$(id)", "--format", "github", "--output", "a b", "--strict", "--thorough"),
        *("--", "1.patch", "2.patch"),
    ]
    assert {word for word in every if word.startswith("--") and word != "--"} <= OPTIONS


def test_no_input_of_the_action_is_part_of_a_script(action: Any) -> None:
    assert all("${{" not in step.get("run", "") for step in action["runs"]["steps"])


def test_the_hook_calls_the_gate() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    words = shlex.split(hook["entry"])
    assert words[:2] == ["hintproof", "gate"]
    assert {word for word in words if word.startswith("--")} <= OPTIONS
    assert words[-1] == "--range", "args are the range"
    assert all(re.search(hook["files"], path) for path in WATCHED)
    assert not re.search(hook["files"], "drivers/virtio/virtio_ring.c")


def test_the_container_has_the_packages_of_the_tests() -> None:
    wanted = re.search(r'^wanted="(.*)"', (ROOT / ".ci" / "packages").read_text(), re.MULTILINE)
    assert wanted is not None
    installed = set((ROOT / "Containerfile").read_text().split())
    assert set(wanted[1].split()) - FOR_TESTS <= installed
