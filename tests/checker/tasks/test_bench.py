"""The benchmark measures what it says, and nothing pays for Numba that does not use it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from hintproof.peers import spin
from hintproof.peers.worlds import COMPARED
from hintproof.system.errors import BadInput
from hintproof.tasks.bench import (
    COMMON,
    COMPILED,
    PLAIN,
    SPIN,
    SPIN_FASTEST,
    SYMMETRIC,
    TWO_CORES,
    Measured,
    measure,
    measurements,
    missing,
    ratios,
)
from hintproof.views.results import speed
from hintspec.language.sizes import Sizes

SMALL = ("no-hint+qemu-10+tcg", Sizes(2, 2, 2))


@pytest.mark.parametrize("engine", [PLAIN, COMPILED, TWO_CORES, SYMMETRIC])
def test_a_search_is_measured(engine: str) -> None:
    measured = measure(*SMALL, engine)
    assert measured.states == (2157 if engine == SYMMETRIC else 4068)
    assert measured.seconds > 0
    assert measured.megabytes > 10 or measured.bytes_per_state is not None
    assert measured.samples[-1][0] == measured.states
    assert (measured.bytes_per_state is None) == (engine == PLAIN)
    json.dumps(asdict(measured))


@pytest.mark.skipif(bool(spin.missing()), reason=spin.missing())
def test_ours_and_spins_are_put_side_by_side() -> None:
    rows = [measure(*SMALL, engine) for engine in (COMPILED, SYMMETRIC, SPIN, SPIN_FASTEST)]
    told = ratios(rows)
    assert [ratio.spin for ratio in told] == [SPIN, SPIN_FASTEST]
    assert all(ratio.agree for ratio in told)


def test_a_ratio_is_that_of_the_figures() -> None:
    ours = Measured("w", "s", COMPILED, 10, 20, 1.0, 0.0, 1)
    theirs = replace(ours, engine=SPIN, seconds=6.0)
    [ratio] = ratios([ours, theirs, replace(ours, engine=SYMMETRIC, states=5, transitions=9, seconds=0.5)])
    assert ratio.agree
    assert ratio.transitions == pytest.approx(6.0)
    assert ratio.verdict == pytest.approx(12.0)


def test_counts_that_differ_are_told() -> None:
    ours = Measured("w", "s", COMPILED, 10, 20, 1.0, 0.0, 1)
    [ratio] = ratios([ours, replace(ours, engine=SPIN, states=11)])
    assert not ratio.agree
    shown = speed.ratios_table([ratio])
    assert list(shown.columns[2].cells) == ["DIFFER"]


def test_each_world_is_searched_in_each_way(tmp_path: Path) -> None:
    chosen = [(task.title, task.detail) for task in measurements(models=tmp_path)]
    for world in COMPARED:
        ways = [way for title, way in chosen if title == f"{world.environment} {world.sizes}"]
        assert {COMPILED, TWO_CORES} <= set(ways)
        assert (SYMMETRIC in ways) == (world.sizes.blocks > 1)
        assert ({SPIN, SPIN_FASTEST} <= set(ways)) == (not spin.missing())
    assert {COMPILED, SYMMETRIC} <= {way for title, way in chosen if title.startswith(COMMON)}
    assert len(measurements(quick=True)) < len(chosen)
    assert any("--models" in line for line in missing(None))


def test_the_picture_and_the_table_show_each_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_SEEN", 1000)
    rows = [measure(*SMALL, engine) for engine in (PLAIN, COMPILED, SYMMETRIC)]
    assert speed.searches_table(rows).row_count == 3
    speed.plot(rows, tmp_path / "speed.svg")
    picture = (tmp_path / "speed.svg").read_text()
    assert "no-hint+qemu-10+tcg" in picture or "<path" in picture
    with pytest.raises(BadInput, match="can't draw"):
        speed.plot(rows, tmp_path / "speed.words")


def test_a_command_that_searches_nothing_does_not_import_numba() -> None:
    code = "import hintproof.cli.main, sys; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
