"""Against vacuity: steps happen, what must be able to happen does, hypotheses of lemmas are met."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from hintproof.engines.cover import ACTION, GOAL, HYPOTHESIS, Covered, Item, cover, hypotheses
from hintproof.engines.limits import Limits
from hintproof.tasks.cover import cover_environment
from hintproof.tasks.prove import unbounded_model
from hintproof.trace.replay import prepare
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import PROVED
from hintspec.language.sizes import Sizes
from hintspec.proof.lemmas import LEMMAS
from hintspec.text import PROTOCOL
from tests.checker.command import hintproof

#: Environments whose reports together meet every lemma's hypotheses.
TOGETHER = (
    "linux-6.1+qemu-7.2+kvm-auto+cell-per-round",
    "virtio-1.3-driver+qemu-7.2+kvm-manual-enable+eager-clear",
    "virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear",
    "linux-6.1+firecracker-1.14+wait-on-ack",
    "virtio-1.3-driver+qemu-10+tcg",
    "linux-6.1+qemu-7.2+kvm-auto+wait-at-end",
    "virtio-1.3",
)

#: What waiting for the device makes impossible: a ring that is full. Without waiting it takes long runs.
FULL_RING = {"start_does_not_fit", "stop_does_not_fit", "hint_does_not_fit"}


@cache
def report_of(environment: str) -> Covered:
    return cover_environment(environment)


@pytest.mark.parametrize("environment", TOGETHER)
def test_everything_happens(environment: str) -> None:
    report = report_of(environment)
    assert not [item for item in report.missing if item.kind == GOAL]
    never = {item.name for item in report.missing if item.kind == ACTION}
    assert never <= (FULL_RING if "wait" in environment else {"stop_does_not_fit"})
    lengths = {item.name: length for item, length in report.lengths.items() if item.kind == GOAL}
    world = compose(environment)
    assert set(lengths) == {c.name for c in PROTOCOL.reachable if c.when is None or c.when(world)} | {
        "free_block_skipped"
    }
    assert lengths["hinting_starts"] is not None
    assert lengths["done_releases"] is not None
    assert lengths["hinting_starts"] < lengths["done_releases"]


def test_every_goal_is_one_somewhere() -> None:
    worlds = [compose(environment) for environment in TOGETHER]
    assert [c.name for c in PROTOCOL.reachable if c.when is not None and not any(c.when(w) for w in worlds)] == []


def test_every_hypothesis_of_every_lemma_is_met_somewhere() -> None:
    """A lemma whose "if" never holds would say nothing."""
    met = {item for name in TOGETHER for item, length in report_of(name).lengths.items() if length is not None}
    asked = {
        Item(HYPOTHESIS, lemma.name, number)
        for environment in TOGETHER
        for lemma in unbounded_model(environment).lemmas
        for number in range(len(hypotheses(lemma)))
    }
    assert asked - met == set()
    lemmas = {lemma.name for environment in PROVED for lemma in unbounded_model(environment).lemmas}
    assert lemmas == {item.name for item in LEMMAS}


def test_a_limit_leaves_the_report_unfinished() -> None:
    concrete = prepare("virtio-1.3", Sizes(1, 3, 2))
    report = cover(concrete, Limits(states=100))
    assert not report.finished
    assert report.missing


def test_what_can_never_happen_is_missing() -> None:
    """With no round at all hinting never starts, and the search of all states says so."""
    report = cover(prepare("linux-6.1+firecracker-1.14+wait-on-ack", Sizes(1, 2, 1)))
    assert report.finished
    assert Item(ACTION, "start_does_not_fit") in report.missing


def test_the_report_in_a_terminal(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "cover", "no-hint+qemu-10+tcg", "linux-6.1+firecracker-1.14+wait-on-ack", "--verbose")
    assert done.returncode == 0, done.stderr
    assert "hinting_starts" in done.stdout
    assert "never:" in done.stdout
