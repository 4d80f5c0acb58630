"""Proofs for every size: what stands, where it fails when it should, and that every lemma is needed and true."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
import z3

from hintproof import BadInput, Sizes
from hintproof.engines.induction import Proof, prove
from hintproof.interpret.unbounded import RingOf, Unbounded
from hintproof.proving import ProofTask
from hintproof.trace import prepare
from hintspec.environments import compose
from hintspec.lemmas import LEMMAS
from hintspec.protocol import BUDGETS, PROTOCOL
from hintspec.recording import Model, record
from hintspec.records import PROVED
from hintspec.sorts import BLOCK, BLOCKS, Ring
from tests.checker.test_interpretations import walk

SAFETY = {
    "no_lost_write", "hint_in_window", "hint_spares_new_writes", "id_at_most_once", "hint_in_batch",
    "block_conserved", "free_content_kept", "poison_val_agrees",
}  # fmt: skip


def model_of(environment: str) -> Model:
    return ProofTask(environment).model()


@cache
def proof_of(environment: str) -> Proof:
    return prove(model_of(environment))


@pytest.mark.parametrize("environment", PROVED)
def test_safety_is_proved_for_every_size(environment: str) -> None:
    proof = proof_of(environment)
    assert proof.stands, proof.failed
    here = {p.name for p in model_of(environment).properties}
    assert set(proof.proved) == SAFETY & here


@pytest.mark.parametrize(
    ("environment", "guilty"),
    [
        (
            "linux-6.1+qemu-7.2+kvm-auto+read-id-once+stop-without-start+any-order",
            {("set_active_id", "start_reads_as_posted")},
        ),
        (
            "virtio-1.3-driver+qemu-7.2+kvm-manual+any-order",
            {("hint_clears_chunk", "write_since_issue"), ("send_clears", "write_since_issue")},
        ),
        ("no-hint+qemu-7.2+tcg", {("sync_merge", "hot_is_logged")}),
    ],
)
def test_the_proof_fails_at_the_guilty_step(environment: str, guilty: set[tuple[str, str]]) -> None:
    proof = proof_of(environment)
    assert proof.consistent
    assert {(o.by, o.claim) for o in proof.failed} == guilty
    assert proof.proved == []


@pytest.mark.parametrize("lemma", [item.name for item in LEMMAS])
def test_no_lemma_can_be_left_out(lemma: str) -> None:
    """Without it some environment's proof fails, or proves less."""
    for environment in PROVED:
        model = model_of(environment)
        if lemma in {item.name for item in model.lemmas}:
            without = prove(replace(model, lemmas=tuple(x for x in model.lemmas if x.name != lemma)))
            if not without.stands or set(without.proved) < set(proof_of(environment).proved):
                return
    pytest.fail(f"every proof stands without {lemma}")


@pytest.mark.parametrize(
    ("environment", "sizes"),
    [
        ("virtio-1.3-driver+qemu-7.2+kvm-auto+any-order", Sizes(1, 2, 2)),
        ("virtio-1.3-driver+qemu-7.2+kvm-auto+poison+any-order", Sizes(1, 3, 1, dma=1, removes=1, freezes=1)),
        ("virtio-1.3-driver+qemu-7.2+kvm-manual+eager-clear+any-order", Sizes(1, 3, 1, migrations=1, pauses=1)),
        ("virtio-1.3-driver+qemu-10+tcg+any-order", Sizes(1, 3, 1, dma=1)),
        ("virtio-1.3-driver+virtio-1.3-device+any-order", Sizes(1, 3, 2)),
        ("virtio-1.3-driver+firecracker-1.14+wait-on-ack+any-order", Sizes(2, 3, 2)),
        ("no-hint+qemu-7.2+kvm-manual", Sizes(2, 2, 2, chunk=2)),
    ],
)
def test_lemmas_hold_in_every_reachable_state(environment: str, sizes: Sizes) -> None:
    concrete = prepare(environment, sizes)
    seen, waiting = {concrete.initial}, [concrete.initial]
    while waiting:
        state = waiting.pop()
        assert not concrete.broken_lemmas(state), concrete.show(state)
        for _, after, _ in concrete.successors(state):
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    assert len(seen) > 1000


def constant(meaning: Unbounded, state: tuple[Any, ...]) -> dict[str, Any]:
    """A concrete state in the unbounded interpretation."""

    def leaf(value: Any, sort: Any) -> Any:
        if sort == BLOCK:
            return meaning.blocks[value - 1] if value else meaning.no_block
        if sort == BLOCKS:
            found = z3.K(meaning.block_sort, z3.BoolVal(False))
            for number, block in enumerate(meaning.blocks):
                found = z3.Store(found, block, z3.BoolVal(bool(value >> number & 1)))
            return found
        if isinstance(sort, Ring):
            fields = {}
            for position, (name, inner) in enumerate(sort.fields):
                array = z3.K(z3.IntSort(), leaf(0, inner))
                for slot, entry in enumerate(value[1]):
                    array = z3.Store(array, slot, leaf(entry[position], inner))
                fields[name] = array
            return RingOf(z3.IntVal(value[0]), z3.IntVal(0), z3.IntVal(len(value[1])), fields)
        return meaning.literal(value, sort)

    return {v.name: leaf(x, v.sort) for v, x in zip(meaning.model.vars, state, strict=True)}


def same(meaning: Unbounded, a: Any, b: Any) -> Any:
    """That two values are the same; of a ring, its counts and the entries that are available."""
    if not isinstance(a, RingOf):
        return a == b
    slot = z3.Int("slot")
    waiting = b.tail - b.head
    inside = z3.And(slot >= 0, slot < waiting)
    fields = [z3.Select(a.fields[f], a.head + slot) == z3.Select(b.fields[f], b.head + slot) for f in a.fields]
    return z3.And(a.used == b.used, a.tail - a.head == waiting, z3.Implies(inside, z3.And(fields)))


@pytest.mark.parametrize("environment", [*PROVED, "virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear+any-order"])
def test_the_unbounded_interpretation_agrees_with_the_concrete_one(environment: str) -> None:
    """On states that random runs reach: the same actions may happen, and lead to the same states."""
    budgets = dict.fromkeys(BUDGETS, 500)  # more than any walk here uses up
    sizes = Sizes(blocks=2, ring=3, chunk=1, **budgets)
    concrete = prepare(environment, sizes)
    model = record(PROTOCOL, compose(environment), finite=False)
    meaning = Unbounded(model, sizes.blocks)
    unlimited = {action.name: action for action in model.actions}
    choice = Random(environment)
    left = len(concrete.model.vars) - len(model.vars)
    solver = z3.Solver()
    solver.add(meaning.ring_size == sizes.ring)
    solver.add(z3.Distinct([meaning.chunk_of(block) for block in meaning.blocks]))
    for _ in range(12):
        state = walk(concrete, choice.randint(0, 120), choice)
        symbolic = constant(meaning, state[: len(state) - left])
        for instance in choice.sample(concrete.instances, 12):
            block = meaning.blocks[instance.block - 1] if instance.block else None
            action = unlimited[instance.action.name]
            enabled = not concrete.failed_conjuncts(state, instance.action, instance.block)
            guard = z3.And(meaning.guard(action, symbolic, block))
            solver.push()
            solver.add(guard != z3.BoolVal(enabled))
            assert solver.check() == z3.unsat, f"{instance} in {concrete.show(state)}"
            solver.pop()
            if enabled:
                expected, _ = concrete.apply(state, instance.action, instance.block)
                told = constant(meaning, expected[: len(state) - left])
                after = meaning.after(action, symbolic, block)
                solver.push()
                solver.add(z3.Not(z3.And([same(meaning, after[name], told[name]) for name in told])))
                assert solver.check() == z3.unsat, f"{instance} in {concrete.show(state)}"
                solver.pop()


def test_what_cannot_be_proved_about_is_refused() -> None:
    with pytest.raises(BadInput, match="any-order"):
        ProofTask("linux-6.1+qemu-7.2+kvm-auto").run()
    with pytest.raises(BadInput, match="leave 'ids-wrap' out"):
        ProofTask("virtio-1.3-driver+qemu-7.2+kvm-auto+any-order+ids-wrap").run()
    with pytest.raises(BadInput, match="unknown word"):
        ProofTask("nothing").run()


def test_a_limit_of_time_is_undecided_never_proved() -> None:
    proof = prove(model_of("virtio-1.3-driver+qemu-7.2+kvm-auto+any-order"), seconds=0.001)
    assert not proof.stands
    assert proof.proved == []
    assert {o.verdict for o in proof.failed} <= {"undecided"}
