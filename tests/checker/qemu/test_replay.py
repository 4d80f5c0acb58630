"""Counterexamples on a stock QEMU: what the model says is lost is lost, and what mends it mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.errors import BadInput
from hintproof.qemu.replay import Result, replay, setup_for
from hintproof.trace import Trace, load
from tests.checker.qemu.needs import needs_kvm, needs_qemu, setup

COUNTEREXAMPLES = Path(__file__).parents[3] / "counterexamples"

pytestmark = needs_qemu


def known(name: str) -> Trace:
    return load(COUNTEREXAMPLES / name / "trace.json")


@pytest.mark.parametrize("accelerator", ["tcg", pytest.param("kvm", marks=needs_kvm)])
def test_the_shared_start_cell_loses_data(accelerator: str) -> None:
    settings = setup_for(known("shared-start-cell"), setup().qemu, accelerator)
    replayed = replay(known("shared-start-cell"), settings)
    assert replayed.result == Result.LOST
    [lost] = replayed.lost
    assert (lost.block, lost.destination) == (1, 0)


@needs_kvm
def test_early_release_loses_data_under_kvm() -> None:
    replayed = replay(known("early-release"), setup_for(known("early-release"), setup().qemu, "kvm"))
    assert replayed.result == Result.LOST


def test_early_release_loses_nothing_under_tcg() -> None:
    assert replay(known("early-release"), setup("tcg")).result == Result.KEPT


def test_a_step_that_this_qemu_has_not_is_said() -> None:
    replayed = replay(known("status-before-id"), setup("tcg"))
    assert replayed.result == Result.NOT_STEERED
    assert replayed.step == 4
    assert "request_hints" in str(replayed)


def test_a_host_that_is_no_qemu_is_refused() -> None:
    with pytest.raises(BadInput, match="is no QEMU"):
        setup_for(known("discard-before-reuse-seen"), setup().qemu)
