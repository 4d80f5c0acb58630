"""The text of one world: by actor and function, with all branches decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hintproof.cli.main import app
from hintproof.system.errors import BadInput
from hintproof.tasks.text import resolve
from hintproof.views.results.text import WIDTH, render
from hintspec.catalogue.environments import compose
from hintspec.language.recording import record
from hintspec.text import PROTOCOL
from tests.places import ROOT

PLAIN = "no-hint+qemu-7.2+kvm-auto"
LINUX = "linux-6.1+qemu-7.2+kvm-manual"
GOLDEN = Path(__file__).parent / "golden" / "no-hint.text.txt"


def test_a_small_world_looks_as_it_did() -> None:
    """After a change that is meant to be: ``hintproof text no-hint+qemu-7.2+kvm-auto`` writes the file; look at it."""
    assert render(PLAIN, resolve(PLAIN)) == GOLDEN.read_text()


def test_all_steps_of_a_world_are_there_and_no_others() -> None:
    steps = resolve(LINUX)
    model = record(PROTOCOL, compose(LINUX), finite=False)
    assert sorted(step.name for step in steps) == sorted(action.name for action in model.actions)
    assert "honour_late" not in [step.name for step in steps]
    assert all(len(line) <= WIDTH for line in render(LINUX, steps).splitlines())


def test_steps_of_a_function_stand_together() -> None:
    functions = [step.function for step in resolve(LINUX, "driver")]
    assert len(set(functions)) == sum(a != b for a, b in zip(functions, [None, *functions], strict=False))
    assert functions[0] == "virtio_balloon.c: virtballoon_changed"


def test_the_page_links_to_the_functions() -> None:
    shown = (ROOT / "docs" / "text-linux-6.1.md").read_text()
    assert "[virtballoon_changed](https://elixir.bootlin.com/linux/v6.1/A/ident/virtballoon_changed)" in shown
    assert "(https://elixir.bootlin.com/qemu/v7.2.0/A/ident/virtio_balloon_free_page_start)" in shown


def test_the_command_prints_one_actor() -> None:
    done = CliRunner().invoke(app, ["text", LINUX, "--actor", "driver"])
    assert done.exit_code == 0
    assert "config_changed  [I1]" in done.stdout
    assert "DEVICE" not in done.stdout


@pytest.mark.parametrize(
    ("environment", "actor", "complaint"),
    [("linux-6.1", "", "no device named"), (PLAIN, "nobody", "guest, driver, device, hypervisor")],
)
def test_unknown_names_are_refused(environment: str, actor: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        resolve(environment, actor)
