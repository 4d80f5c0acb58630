"""Other checkers count what we count, and say in one line what is amiss."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hintproof.engines.exhaustive import PlainSearch
from hintproof.peers import python, run_minicheck, run_spin, run_tlc, spin, tlc
from hintproof.peers.two_phase_commit import STATES, two_phase_commit
from hintproof.peers.worlds import COMPARED
from hintproof.system.errors import BadInput
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes
from tests.places import ROOT

BENCHMARKS = ROOT / "benchmarks"
TWO_PHASE = BENCHMARKS / "TwoPhase.tla"
SCRIPT = BENCHMARKS / "two_phase_minicheck.py"

needs_spin = pytest.mark.skipif(bool(spin.missing()), reason=spin.missing())
needs_tlc = pytest.mark.skipif(bool(tlc.missing()), reason=tlc.missing())
needs_minicheck = pytest.mark.skipif(bool(python.missing()), reason=python.missing())


@needs_tlc
def test_tlc_counts_two_phase_commit() -> None:
    ours = PlainSearch(two_phase_commit(5))
    ours.search()
    run = run_tlc(TWO_PHASE, {"N": 5}, seconds=120, megabytes=1024)
    assert (run.states, run.transitions, run.depth) == (STATES[5], ours.transitions, ours.depth)
    assert run.version
    assert run.megabytes > 10


@needs_minicheck
def test_minicheck_counts_two_phase_commit() -> None:
    run = run_minicheck(SCRIPT, 5, seconds=120)
    assert run.states == STATES[5]
    assert run.seconds > 0
    assert run.ready > 0


@needs_tlc
def test_tlc_says_what_is_amiss(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        run_tlc(tmp_path / "None.tla", {})
    (tmp_path / "Bad.tla").write_text("---- MODULE Bad ----\nInit == x = 1\n====\n")
    (tmp_path / "Bad.cfg").write_text("INIT Init\n")
    with pytest.raises(BadInput, match="TLC did not finish"):
        run_tlc(tmp_path / "Bad.tla", {}, seconds=60, megabytes=512)


@needs_minicheck
def test_a_script_that_fails_is_told(tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("raise SystemExit('no such model')")
    with pytest.raises(BadInput, match="did not finish: no such model"):
        run_minicheck(script, 1)


@needs_spin
def test_spin_keeps_its_limits() -> None:
    large = prepare("virtio-1.3-driver+qemu-10+kvm-auto", Sizes(2, 3, 2))
    with pytest.raises(BadInput, match=r"longer than 0\.2 seconds"):
        run_spin(large, seconds=0.2)
    with pytest.raises(BadInput, match="needs more than 64 MB"):
        run_spin(large, seconds=120, megabytes=64, expected=1000)


@needs_spin
def test_a_search_too_deep_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound of depth that is met leaves states out: such a count is never told."""
    monkeypatch.setattr(spin, "DEPTHS", (5, 1000))
    assert run_spin(two_phase_commit(3)).states == STATES[3]
    monkeypatch.setattr(spin, "DEPTHS", (5,))
    with pytest.raises(BadInput, match="deeper than 5 steps"):
        run_spin(two_phase_commit(3))


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadInput, match=r"no spin and no gcc \(Debian: spin gcc\)"):
        run_spin(two_phase_commit(2))
    with pytest.raises(BadInput, match="needs a Java runtime"):
        run_tlc(TWO_PHASE, {"N": 2})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install 'hintproof\[bench\]'"):
        run_minicheck(SCRIPT, 2)


def test_the_kept_promela_is_up_to_date() -> None:
    command = [sys.executable, str(BENCHMARKS / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_worlds_are_compared_at_growing_sizes() -> None:
    assert len({item.file for item in COMPARED}) == len(COMPARED)
    blocks = [item.sizes.blocks for item in COMPARED[2:]]
    assert blocks == [2, 3, 4]
    for item in COMPARED:
        prepare(item.environment, item.sizes)
    smallest = min(COMPARED, key=lambda item: item.states)
    search = PlainSearch(prepare(smallest.environment, smallest.sizes))
    search.search()
    assert search.count == smallest.states


def test_the_hash_table_fits_the_states_and_the_memory() -> None:
    assert spin.hash_bits(4_554_313, 8192) == 24
    assert spin.hash_bits(150_478_996, 8192) == 28  # 2 GB
