"""The commands on a real QEMU: what they print, what they keep, how they end."""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hintproof.cli.main import app
from hintproof.cli.qemu import qemu_named, replay_on_qemu
from hintproof.qemu import binary, memory
from hintproof.qemu.observations import Observation, load_observations, save_observation
from hintproof.qemu.replay import setup_for
from hintproof.system.errors import BadInput, CannotWrite
from hintproof.tasks.verdict import Exit
from hintproof.trace.document import load
from tests.checker.qemu.needs import needs_qemu
from tests.places import COUNTEREXAMPLES


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return Path(shutil.copy(COUNTEREXAMPLES / "shared-start-cell" / "trace.json", tmp_path))


@needs_qemu
def test_a_loss_is_told_and_kept(trace: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(trace), "--on", "qemu", "--accel", "tcg", "--times", "3", "--keep"])
    assert done.exit_code == Exit.REFUTED
    output = done.output
    assert "linux-6.1+qemu-7.2+kvm-auto, 44 steps" in output
    assert "with tcg, dirty log tcg, writes over qtest" in output
    assert "3 of 3: lost on the real system: block 1 at 0x" in output
    [seen] = load_observations(trace.parent / "seen.json")
    assert (seen.accelerator, seen.times, seen.results) == ("tcg", 3, {"lost on the real system": 3})


@needs_qemu
def test_a_replay_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    path = COUNTEREXAMPLES / "early-release" / "trace.json"
    assert replay_on_qemu(path, "qemu", "tcg", 1, as_json=True) == Exit.AS_EXPECTED
    document = json.loads(capsys.readouterr().out)
    assert document["results"] == {"not lost": 1}
    assert document["replays"][0] == {"result": "not lost", "step": None, "reason": "", "otherwise": "", "lost": []}


@needs_qemu
def test_what_can_not_be_steered_is_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    path = COUNTEREXAMPLES / "tcg-hot-tlb" / "trace.json"
    assert replay_on_qemu(path, "qemu", None, 1, write=True) == Exit.UNDECIDED
    printed = capsys.readouterr()
    assert "could not be steered at step 3: write comes in the middle" in printed.out
    assert "not kept: it could not be steered" in printed.err
    assert not (path.parent / "seen.json").exists()


@needs_qemu
def test_conformance_is_told() -> None:
    done = CliRunner().invoke(app, ["conformance", "--accel", "tcg", "--runs", "1"])
    assert done.exit_code == Exit.AS_EXPECTED
    assert "+tcg on QEMU" in done.output
    assert "1 of them as the model says" in done.output


@needs_qemu
def test_a_world_without_hints_has_no_runs_to_play() -> None:
    done = CliRunner().invoke(app, ["conformance", "no-hint+qemu-7.2+tcg", "--accel", "tcg", "--runs", "1"])
    assert isinstance(done.exception, BadInput)
    assert "has no hints" in str(done.exception)


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="say qemu, or qemu=BINARY"):
        qemu_named("xen")
    with pytest.raises(BadInput, match="no program"):
        qemu_named(f"qemu={tmp_path / 'none'}")
    with pytest.raises(BadInput, match="--times must be more than 0"):
        replay_on_qemu(tmp_path / "trace.json", "qemu", None, 0)
    done = CliRunner().invoke(app, ["replay", "trace.json", "--times", "2"])
    assert "go with --on qemu" in str(done.exception)


def test_kvm_that_can_not_be_used_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "KVM", tmp_path)
    qemu = binary.Qemu("/qemu", (7, 2), "7.2", ("kvm", "tcg"))
    environment = load(COUNTEREXAMPLES / "early-release" / "trace.json").environment
    with pytest.raises(BadInput, match=r"can't be opened \(Is a directory\): be a member of its group"):
        setup_for(environment, qemu, "kvm")
    assert setup_for(environment, qemu).accelerator == "tcg"


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system on which nothing more has room; only root can make one."""
    folder = tmp_path / "full"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_leaves_nothing(full_disk: Path) -> None:
    seen = Observation("7.2", "kvm", "kvm-manual", "virtual CPU", 10, {"not lost": 10})
    with pytest.raises(CannotWrite, match=r"can't write .*seen\.json: No space left on device"):
        save_observation(seen, full_disk / "seen.json")
    assert [path.name for path in full_disk.iterdir()] == ["filler"]


@needs_qemu
def test_what_came_of_it_is_told_though_it_can_not_be_kept(
    trace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", no_room)
    with pytest.raises(CannotWrite, match="No space left on device"):
        replay_on_qemu(trace, "qemu", "tcg", 1, write=True)
    assert "1 of 1: lost on the real system" in capsys.readouterr().out


@needs_qemu
def test_no_memory_for_a_machine_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> int:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(memory, "anonymous_file", no_room)
    with pytest.raises(BadInput, match="no machine can be started: Cannot allocate memory; run fewer at a time"):
        replay_on_qemu(COUNTEREXAMPLES / "early-release" / "trace.json", "qemu", "tcg", 1)


def test_the_command_line_does_not_load_what_it_may_not_need() -> None:
    code = "import hintproof.cli.main, sys; print([name for name in sys.modules if name.startswith('hintproof.qemu')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_what_was_seen_takes_the_place_of_what_was_seen_there_before(tmp_path: Path) -> None:
    first = Observation("7.2", "kvm", "kvm-manual", "virtual CPU", 10, {"lost on the real system": 9, "not lost": 1})
    again = Observation("7.2", "kvm", "kvm-manual", "virtual CPU", 5, {"lost on the real system": 5})
    other = Observation("9.0", "kvm", "kvm-manual", "virtual CPU", 5, {"not lost": 5})
    for seen in (first, other, again):
        save_observation(seen, tmp_path / "seen.json")
    assert load_observations(tmp_path / "seen.json") == [other, again]
    (tmp_path / "seen.json").write_text('{"schema": "hintproof-seen/2", "seen": []}')
    with pytest.raises(BadInput, match="schema 'hintproof-seen/2' is not"):
        load_observations(tmp_path / "seen.json")
    (tmp_path / "seen.json").write_text("[")
    with pytest.raises(BadInput, match="no file of observations"):
        save_observation(first, tmp_path / "seen.json")
