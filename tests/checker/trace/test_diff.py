"""Differences between traces, and between a trace and another world's run of it."""

from __future__ import annotations

import pytest

from hintproof import BadInput
from hintproof.cli import main
from hintproof.trace.diff import between, in_world
from hintproof.trace.document import load
from hintproof.trace.replay import build, prepare
from hintproof.views.trace import differences
from tests.places import COUNTEREXAMPLES

FOLDER = COUNTEREXAMPLES
SHARED = FOLDER / "shared-start-cell" / "trace.json"


def test_the_repaired_world_refuses_the_stale_start() -> None:
    """With one cell a round the stale START reads the id that it was posted under."""
    found = in_world(load(SHARED), "linux-6.1+qemu-7.2+kvm-auto+cell-per-round")
    assert found.stops == 37
    assert "pop_start is not possible here" in found.because
    assert "the oldest entry's cell is id1, device.cmd_id is id2" in found.because
    assert [row.left for row in found.rows if row.right is None] == list(range(37, 45))
    assert not any(row.differs for row in found.rows)
    assert not found.same


def test_a_world_that_follows_to_the_end() -> None:
    found = in_world(load(SHARED), "linux-6.12+qemu-7.2+kvm-auto")
    assert found.stops is None
    assert found.ends.endswith("falls there, too")
    assert found.same


def test_a_world_that_follows_and_does_not_fall() -> None:
    trace = load(FOLDER / "poison-not-restored" / "trace.json")
    found = in_world(trace, "linux-6.1+qemu-7.2+kvm-auto+cell-per-round+poison+tell-poison-again")
    assert found.stops is None
    assert "does not fall" in found.ends
    [row] = [row for row in found.rows if row.differs]
    assert row.differs == (("device.poison_val", "ZERO", "PATTERN"),)


def test_a_trace_and_itself() -> None:
    trace = load(SHARED)
    found = between(trace, trace)
    assert found.same
    assert len(found.rows) == len(trace.steps)
    assert "step by step and value by value" in differences.render(found)


def test_an_added_step_is_told() -> None:
    trace = load(SHARED)
    concrete = prepare(trace.environment, trace.sizes)
    longer = build(trace.environment, concrete, "hand", trace.property_name, [*trace.run[:22], *trace.run[21:]])
    found = between(trace, longer)
    assert [(row.label, row.right) for row in found.rows if row.left is None] in (
        [("write(1)", 22)],
        [("write(1)", 23)],
    )
    assert not any(row.differs for row in found.rows)


@pytest.mark.parametrize("other", ["early-release", "start-accepted-any-time", "full-ring-spin"])
def test_every_step_of_both_is_told_once(other: str) -> None:
    left, right = load(SHARED), load(FOLDER / other / "trace.json")
    rows = between(left, right).rows
    assert [row.left for row in rows if row.left] == list(range(1, len(left.steps) + 1))
    assert [row.right for row in rows if row.right] == list(range(1, len(right.steps) + 1))
    text = differences.render(between(left, right))
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 78


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(BadInput, match="unknown word 'nonsense'"):
        in_world(load(SHARED), "linux-6.1+qemu-7.2+kvm-auto+nonsense")


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["hintproof", *arguments])
    with pytest.raises(SystemExit) as left:
        main.run()
    return int(left.value.code or 0)


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    repaired = "linux-6.1+qemu-7.2+kvm-auto+cell-per-round"
    assert command(monkeypatch, "diff", str(SHARED), "--in", repaired) == 1
    assert "Step 37 is where the second can't follow" in capsys.readouterr().out
    assert command(monkeypatch, "diff", str(SHARED), str(SHARED)) == 0
    assert command(monkeypatch, "diff", str(SHARED)) == 2
    assert "one of the two" in capsys.readouterr().err
    assert command(monkeypatch, "diff", str(SHARED), str(SHARED), "--in", repaired) == 2


def test_explain(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the searches: the chain and the steps that matter, as text and as JSON."""
    assert command(monkeypatch, "explain", str(SHARED), "--no-rules") == 0
    told = capsys.readouterr().out
    assert "=>   38 V honour_hint" in told
    assert "(25 more steps only let these happen)" in told
    assert max(map(len, told.splitlines())) <= 78
    assert command(monkeypatch, "explain", str(SHARED), "--limit-states", "1000") == 2
    assert "at small sizes only" in capsys.readouterr().err
    assert command(monkeypatch, "explain", str(SHARED), "--no-rules", "--json") == 0
    assert '"can_be_left_out": []' in capsys.readouterr().out
