"""Counterexamples to induction: small, replayed, and honest about whether the protocol gets there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from hintproof import Sizes
from hintproof.engines.cti import check_counterexample, find_counterexample, reach, with_budgets
from hintproof.story.build import build_story
from hintproof.system.errors import EngineBug
from hintproof.tasks.prove import Failure, ProofResult, prove, run_of, step_of, unbounded_model
from hintproof.trace.replay import build, prepare
from hintproof.views.results import proofs
from hintproof.views.trace import mail
from hintspec.language.declare import LEMMA, Property
from hintspec.language.recording import RecordedProperty
from hintspec.language.sorts import BLOCK, BLOCKS
from hintspec.language.terms import TRUE, Term


@cache
def failures_of(environment: str) -> tuple[ProofResult, dict[tuple[str, str], Failure]]:
    result = prove(environment)
    return result, {(f.obligation.by, f.obligation.claim): f for f in result.failures}


@pytest.mark.parametrize(
    ("environment", "by", "claim"),
    [
        ("linux-6.1+qemu-7.2+kvm-auto", "set_active_id", "start_reads_as_posted"),
        ("linux-6.1+qemu-7.2+kvm-manual+cell-per-round", "hint_clears_chunk", "write_since_issue"),
        ("linux-6.1+qemu-7.2+kvm-manual+cell-per-round", "send_clears", "write_since_issue"),
        ("linux-6.1+firecracker-1.14", "set_active_id", "start_reads_as_posted"),
        ("no-hint+qemu-7.2+tcg", "sync_merge", "hot_is_logged"),
        ("linux-4.20+qemu-4.0+kvm-auto", "pop_start", "hinting_only_in_round"),
        ("linux-5.0+qemu-5.1+kvm-auto", "set_active_id", "start_reads_as_posted"),
    ],
)
def test_the_protocol_gets_to_where_the_proof_of_a_refuted_world_fails(environment: str, by: str, claim: str) -> None:
    """So the lemma is false there, and the step is the one that the traces of the finding go through."""
    result, failures = failures_of(environment)
    failure = failures[by, claim]
    trace, run = step_of(environment, failure), run_of(environment, failure)
    assert trace is not None
    assert run is not None
    assert trace.steps[0].action.name == run.steps[-1].action.name == by
    assert trace.raw[0] == run.raw[-2]
    broken_lemmas = prepare(environment, trace.sizes).broken_lemmas
    assert not broken_lemmas(trace.raw[0])
    assert claim in broken_lemmas(trace.raw[1])
    told = proofs.failure(result.environment, failure, None)
    assert "The protocol gets there" in told
    assert all(len(line) <= mail.WIDTH for line in told.splitlines())
    assert all(name in told for name in (by, claim, "line 0:"))


def test_the_smallest_state_is_small() -> None:
    model = unbounded_model("linux-6.1+qemu-7.2+kvm-auto")
    found = find_counterexample(model, "set_active_id", "start_reads_as_posted")
    assert found is not None
    assert (found.sizes.blocks, found.sizes.ring) == (1, 2)
    concrete = prepare("linux-6.1+qemu-7.2+kvm-auto", found.sizes)
    shown = concrete.show(with_budgets(concrete, found.state))
    assert len(shown["ring.queue"]["entries"]) == 1


def too_weak() -> RecordedProperty:
    declared = Property("nothing_is_used", LEMMA, "a test", "No block is used.", None, ("block",), None, (), True)
    used = Term("has", (Term("var", ("memory.used",), BLOCKS), Term("block", (), BLOCK)), TRUE.sort)
    return RecordedProperty(declared, ~used)


def test_a_lemma_that_is_false_is_shown_to_be() -> None:
    environment = "no-hint+qemu-10+tcg"
    model = replace(unbounded_model(environment), lemmas=(too_weak(),))
    found = find_counterexample(model, "allocate", "nothing_is_used")
    assert found is not None
    concrete = prepare(environment, found.sizes)
    concrete = type(concrete)(replace(concrete.model, lemmas=(too_weak(),)), found.sizes)
    check_counterexample(concrete, found, "nothing_is_used")
    [reached] = reach(concrete, [(found, "nothing_is_used")])
    assert reached.run == [("allocate", 1)]
    assert reached.seen, "it begins in the initial state"


def test_a_lemma_that_is_true_but_too_weak_is_not_called_false() -> None:
    """Without what it leans on, a lemma fails from a state that the protocol never gets to."""
    environment = "no-hint+qemu-7.2+kvm-auto"
    model = unbounded_model(environment)
    kept = tuple(item for item in model.lemmas if item.name == "nothing_left_behind")
    found = find_counterexample(replace(model, lemmas=kept, properties=()), "write", "nothing_left_behind")
    assert found is not None
    concrete = prepare(environment, found.sizes)
    [reached] = reach(concrete, [(found, "nothing_left_behind")])
    assert reached.finished
    assert not reached.seen
    assert reached.run is None


def test_a_counterexample_that_does_not_replay_is_a_bug() -> None:
    model = unbounded_model("no-hint+qemu-7.2+tcg")
    found = find_counterexample(model, "sync_merge", "hot_is_logged")
    assert found is not None
    concrete = prepare("no-hint+qemu-7.2+tcg", found.sizes)
    with pytest.raises(EngineBug, match="does not replay"):
        check_counterexample(concrete, replace(found, state=concrete.initial[: len(found.state)]), "hot_is_logged")


def test_none_is_so_small() -> None:
    """No state that keeps all lemmas breaks this one by this step, whatever a shorter list of lemmas allows."""
    model = unbounded_model("virtio-1.3-driver+qemu-10+kvm-auto")
    assert find_counterexample(model, "publish_id", "ring_is_older") is None


def test_a_run_that_breaks_a_lemma_is_shown_as_any_trace() -> None:
    environment = "no-hint+qemu-7.2+tcg"
    run = [("allocate", 1), ("migrate", None), ("write", 1), ("sync_get", None), ("sync_merge", None)]
    trace = build(environment, prepare(environment, Sizes(1, 2, 2)), "exhaustive", "hot_is_logged", run)
    text = mail.render(build_story(trace))
    assert "lemma:       hot_is_logged" in text
    assert "log.hot is {1}, log.own is {}" in text
