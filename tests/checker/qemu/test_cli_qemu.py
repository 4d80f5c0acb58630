"""The commands on a real QEMU: what they print, what they keep, how they end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hintproof.cli_qemu import app, qemu_named, replay_on_qemu
from hintproof.errors import BadInput
from hintproof.qemu.kept import Seen, keep, load_seen
from hintproof.verdict import Exit
from tests.checker.qemu.needs import needs_qemu

COUNTEREXAMPLES = Path(__file__).parents[3] / "counterexamples"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return Path(shutil.copy(COUNTEREXAMPLES / "shared-start-cell" / "trace.json", tmp_path))


@needs_qemu
def test_a_loss_is_told_and_kept(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replay_on_qemu(trace, "qemu", "tcg", 3, kept=True) == Exit.REFUTED
    told = capsys.readouterr().out
    assert "linux-6.1+qemu-7.2+kvm-auto, 44 steps" in told
    assert "with tcg, dirty log tcg, writes over qtest" in told
    assert "3 of 3: lost on the real system: block 1 at 0x" in told
    [seen] = load_seen(trace.parent / "seen.json")
    assert (seen.accelerator, seen.times, seen.results) == ("tcg", 3, {"lost on the real system": 3})


@needs_qemu
def test_a_replay_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    path = COUNTEREXAMPLES / "early-release" / "trace.json"
    assert replay_on_qemu(path, "qemu", "tcg", 2, as_json=True) == Exit.AS_EXPECTED
    told = json.loads(capsys.readouterr().out)
    assert told["results"] == {"not lost": 2}
    assert told["replays"][0] == {"result": "not lost", "step": None, "reason": "", "lost": []}


@needs_qemu
def test_what_can_not_be_steered_is_undecided(capsys: pytest.CaptureFixture[str]) -> None:
    path = COUNTEREXAMPLES / "tcg-hot-tlb" / "trace.json"
    assert replay_on_qemu(path, "qemu", None, 1) == Exit.UNDECIDED
    assert "could not be steered at step 3: write comes in the middle" in capsys.readouterr().out


@needs_qemu
def test_conformance_is_told() -> None:
    done = CliRunner().invoke(app, ["linux-6.1+qemu-10+tcg+no-ioeventfd", "--runs", "4"])
    assert done.exit_code == Exit.AS_EXPECTED
    assert "4 of them as the model says" in done.output


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="say qemu, or qemu=BINARY"):
        qemu_named("xen")
    with pytest.raises(BadInput, match="no program"):
        qemu_named(f"qemu={tmp_path / 'none'}")
    with pytest.raises(BadInput, match="--times must be more than 0"):
        replay_on_qemu(tmp_path / "trace.json", "qemu", None, 0)


def test_what_was_seen_takes_the_place_of_what_was_seen_there_before(tmp_path: Path) -> None:
    first = Seen("7.2", "kvm", "kvm-manual", "virtual CPU", 10, {"lost on the real system": 9, "not lost": 1})
    again = Seen("7.2", "kvm", "kvm-manual", "virtual CPU", 5, {"lost on the real system": 5})
    other = Seen("9.0", "kvm", "kvm-manual", "virtual CPU", 5, {"not lost": 5})
    for seen in (first, other, again):
        keep(seen, tmp_path / "seen.json")
    assert load_seen(tmp_path / "seen.json") == [other, again]
    (tmp_path / "seen.json").write_text('{"schema": "hintproof-seen/2", "seen": []}')
    with pytest.raises(BadInput, match="schema 'hintproof-seen/2' is not"):
        load_seen(tmp_path / "seen.json")
    (tmp_path / "seen.json").write_text("[")
    with pytest.raises(BadInput, match="no file of what was seen"):
        keep(first, tmp_path / "seen.json")
