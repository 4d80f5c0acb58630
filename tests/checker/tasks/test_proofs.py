"""Proofs for every size: what stands, where it fails when it should, and that all of it is needed and true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest
import z3

from hintproof import BadInput, Sizes
from hintproof.engines.induction import Proof, ask, prove, rests_on
from hintproof.engines.obligations import INITIALLY, Obligations, Query
from hintproof.interpret.unbounded import ListOf, RingOf, SetOf, Unbounded
from hintproof.tasks.prove import unbounded_model
from hintproof.trace.replay import prepare
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import PROVED, RECORDS
from hintspec.language.declare import ALWAYS, STEP
from hintspec.language.recording import Model, record
from hintspec.language.sorts import BLOCK, BLOCKS, ID, LIST, Ring
from hintspec.proof.lemmas import ASSUMPTIONS, LEMMAS
from hintspec.properties.safety import PROPERTIES
from hintspec.text import BUDGETS, PROTOCOL
from tests.checker.interpret.test_interpretations import walk
from tests.places import COUNTEREXAMPLES


@cache
def model_of(environment: str) -> Model:
    return unbounded_model(environment)


@cache
def proof_of(environment: str) -> Proof:
    return prove(model_of(environment))


@cache
def queries_of(environment: str) -> tuple[Query, ...]:
    return tuple(q for q in Obligations(model_of(environment)).all() if isinstance(q, Query))


@pytest.mark.parametrize("environment", PROVED)
def test_safety_is_proved_for_every_size(environment: str) -> None:
    """All of it, but for what is recorded as falling without a loss."""
    proof = proof_of(environment)
    safety = {p.name for p in model_of(environment).properties if p.declared.kind in (ALWAYS, STEP)}
    assert set(proof.proved) == safety - set(PROVED[environment])
    assert set(proof.unproved) == set(PROVED[environment])
    assert {o.claim for o in proof.failed} == set(PROVED[environment])
    assert "no_lost_write" in proof.proved


def test_every_environment_that_is_recorded_as_sound_is_proved() -> None:
    """Sound: no property of safety falls by itself or could at other sizes (one START cell for all rounds, ...)."""
    harmless = {"id-read-twice", "poison-not-restored", "full-ring-spin", "asleep-at-destination"}
    sound = {r.environment for r in RECORDS if set(r.known.values()) <= harmless}
    assert sound <= set(PROVED)


@pytest.mark.parametrize(
    ("environment", "guilty"),
    [
        ("linux-6.1+qemu-7.2+kvm-auto", {("set_active_id", "start_reads_as_posted")}),
        ("linux-5.0+qemu-5.1+kvm-auto", {("set_active_id", "start_reads_as_posted")}),
        ("linux-6.1+virtio-1.3-device", {("set_active_id", "start_reads_as_posted")}),
        (
            "linux-6.1+firecracker-1.14+cell-per-round",
            {("discard", "no_lost_write")},
        ),
        (
            "linux-6.1+qemu-7.2+kvm-manual+cell-per-round",
            {("hint_clears_chunk", "write_since_issue"), ("send_clears", "write_since_issue")},
        ),
        (
            "linux-5.7+qemu-5.1+kvm-manual+cell-per-round",
            # before 6.1 a hint leaves the chunk uncleared, so the bit may come back with the next sync
            {("send_clears", "write_since_issue"), ("honour_hint", "seen_is_merged")},
        ),
        (
            "virtio-1.3-driver+qemu-7.2+kvm-manual+armed-only",
            {("hint_only_arms", "write_since_issue"), ("send_clears", "write_since_issue")},
        ),
        ("no-hint+qemu-7.2+tcg", {("sync_merge", "hot_is_logged")}),
    ],
)
def test_the_proof_fails_at_the_guilty_step(environment: str, guilty: set[tuple[str, str]]) -> None:
    proof = proof_of(environment)
    others = {"hint_in_batch", "blocks_come_back"}  # N3 and N7, not what is meant here
    assert {(o.by, o.claim) for o in proof.failed if o.claim not in others} == guilty
    assert "no_lost_write" in proof.unproved
    assert "block_conserved" in proof.proved, "what does not rest on it is proved even so"


#: By finding: the steps of which one does not keep its claim. What only progress suffers by is not proved.
GUILTY = {
    "shared-start-cell": {"set_active_id"},
    "early-release": {"hint_clears_chunk", "send_clears"},
    "early-release-by-send": {"send_clears"},
    "id-read-twice": {"ignore_hint", "ignore_unasked_hint"},
    "start-accepted-any-time": {"pop_start"},
    "no-check-before-round": {"work_starts"},
    "discard-before-reuse-seen": {"discard"},
    "poison-not-restored": {"restore"},
    "tcg-hot-tlb": {"sync_merge"},
}
ONLY_PROGRESS = {
    *("no-done-on-failure", "remove-keeps-blocks", "nobody-reclaims"),
    *("full-ring-spin", "asleep-at-destination"),
}


@pytest.mark.parametrize("environment", sorted({r.environment for r in RECORDS if r.known}))
def test_the_proof_of_each_refuted_environment_fails_at_what_its_traces_are_about(environment: str) -> None:
    """The step of the obligation that fails is one that the trace of the finding goes through, too."""
    failing = {o.by for o in proof_of(environment).failed}
    for finding in {f for r in RECORDS if r.environment == environment for f in r.known.values()} - ONLY_PROGRESS:
        assert failing & GUILTY[finding], finding
        trace = json.loads((COUNTEREXAMPLES / finding / "trace.json").read_text())
        assert {step["action"] for step in trace["steps"]} & GUILTY[finding], finding


def test_every_finding_is_looked_for_in_the_proofs() -> None:
    assert set(GUILTY) | ONLY_PROGRESS == {f for r in RECORDS for f in r.known.values()}


@pytest.mark.parametrize("environment", ["v36+qemu-4.0+kvm-auto", "linux-4.20+qemu-4.0+kvm-auto"])
def test_the_proof_fails_where_start_is_accepted_at_any_time(environment: str) -> None:
    failed = {(o.by, o.claim) for o in proof_of(environment).failed}
    assert {("pop_start", "hinting_only_in_round"), ("set_active_id", "start_reads_as_posted")} <= failed


def leans() -> Iterator[tuple[str, str]]:
    for item in (*LEMMAS, *PROTOCOL.properties):
        yield from ((item.name, lean) for lean in item.leans_on)


#: Worlds in which nearly every lemma is needed: asked first, as building the queries of all worlds takes a while.
DEMANDING = (
    "linux-6.1+qemu-7.2+kvm-auto+cell-per-round",
    "virtio-1.3-driver+qemu-7.2+kvm-manual-enable+eager-clear",
    "virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear",
    "linux-6.1+firecracker-1.14+wait-on-ack",
    "virtio-1.3",
    "linux-6.1+qemu-7.2+kvm-auto+wait-on-ack",
    "virtio-1.3-driver+qemu-7.2+kvm-auto+postcopy",
)


@pytest.mark.parametrize(("claim", "lean"), list(leans()))
def test_no_lemma_can_be_left_out(claim: str, lean: str) -> None:
    """What a claim says it leans on it does lean on: without it, some environment's proof fails."""
    assert set(DEMANDING) <= set(PROVED)
    for environment in dict.fromkeys((*DEMANDING, *PROVED)):
        if not {claim, lean} <= {item.name for item in model_of(environment).claims}:
            continue
        for query in queries_of(environment):
            if query.claim == claim and query.by != INITIALLY and lean in {source for source, _ in query.known}:
                shorter = query.without(lean)
                if ask(shorter).verdict == "fails" and ask(query).verdict == "proved":
                    return
    pytest.fail(f"every proof of {claim} stands without {lean}")


def test_every_lemma_serves_some_property() -> None:
    used: set[str] = set()
    for environment in PROVED:
        model = model_of(environment)
        for name in proof_of(environment).proved:
            used |= rests_on(model, name)
    assert {item.name for item in LEMMAS} <= used


def test_lemmas_lean_on_lemmas_that_there_are() -> None:
    known = {item.name for item in (*LEMMAS, *PROPERTIES)}
    for item in (*LEMMAS, *PROTOCOL.properties):
        assert set(item.leans_on) <= known
        assert item.name not in item.leans_on
        assert item.says.endswith("."), item.name


def test_without_the_assumption_ids_that_lap_lose_data() -> None:
    """The window of ids matters: the proof is not about ids that never come round again."""
    model = model_of("virtio-1.3-driver+qemu-10+kvm-auto")
    lapping = prove(replace(model, assumptions=()))
    assert {"no_lost_write", "hint_in_window"} <= set(lapping.unproved)
    assert {a.name for a in ASSUMPTIONS} == {item.name for item in model.assumptions}


@pytest.mark.parametrize(
    ("environment", "sizes"),
    [
        ("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", Sizes(1, 2, 2)),
        ("virtio-1.3-driver+qemu-10+kvm-auto+poison", Sizes(1, 3, 1, dma=1, removes=1, freezes=1)),
        ("linux-6.1+qemu-7.2+kvm-manual+cell-per-round+eager-clear", Sizes(1, 3, 1, pauses=1)),
        ("virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear", Sizes(1, 3, 1)),
        ("virtio-1.3-driver+qemu-10+tcg", Sizes(1, 3, 1, dma=1)),
        ("linux-6.1+qemu-7.2+kvm-auto+wait-at-end", Sizes(1, 3, 2)),
        ("linux-6.1+qemu-7.2+kvm-manual+wait-on-ack", Sizes(1, 2, 2)),
        ("virtio-1.3", Sizes(1, 3, 2)),
        ("linux-6.1+firecracker-1.14+wait-on-ack", Sizes(2, 3, 2)),
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


def constant(meaning: Unbounded, state: tuple[Any, ...], first_id: int, last_id: int) -> dict[str, Any]:
    """A concrete state in the unbounded interpretation, where ids are counted from the first one issued."""

    def table(values: list[Any], otherwise: Any) -> Any:
        def at(slot: Any) -> Any:
            found = otherwise
            for number, value in enumerate(values):
                found = z3.If(slot == number, value, found)
            return found

        return at

    def blocks_of(mask: int) -> SetOf:
        held = [block for number, block in enumerate(meaning.blocks) if mask >> number & 1]
        return SetOf(lambda x: z3.Or([x == block for block in held]))

    def leaf(value: Any, sort: Any) -> Any:
        if sort == BLOCK:
            return meaning.blocks[value - 1] if value else meaning.no_block
        if sort == ID and value > 1:
            return z3.IntVal(2 + (value - first_id) % (last_id - 1))
        if sort == BLOCKS:
            return blocks_of(value)
        if sort == LIST:
            return ListOf(z3.IntVal(len(value)), table([leaf(b, BLOCK) for b in value], meaning.no_block))
        if isinstance(sort, Ring):
            fields = {
                name: table([leaf(entry[position], inner) for entry in value[1]], leaf(0, inner))
                for position, (name, inner) in enumerate(sort.fields)
            }
            return RingOf(z3.IntVal(value[0]), z3.IntVal(0), z3.IntVal(len(value[1])), fields)
        return meaning.literal(value, sort)

    return {v.name: leaf(x, v.sort) for v, x in zip(meaning.model.vars, state, strict=True)}


def same(meaning: Unbounded, a: Any, b: Any) -> Any:
    """That two values are the same; of a ring, its counts and the entries that are available."""
    slot = z3.Int("slot")
    if isinstance(a, SetOf):
        return z3.And([a.has(block) == b.has(block) for block in meaning.blocks])
    if isinstance(a, ListOf):
        inside = z3.And(slot >= 0, slot < b.length)
        return z3.And(a.length == b.length, z3.Implies(inside, a.at(slot) == b.at(slot)))
    if not isinstance(a, RingOf):
        return a == b
    waiting = b.tail - b.head
    inside = z3.And(slot >= 0, slot < waiting)
    fields = [a.fields[f](a.head + slot) == b.fields[f](b.head + slot) for f in a.fields]
    return z3.And(a.used == b.used, a.tail - a.head == waiting, z3.Implies(inside, z3.And(fields)))


@pytest.mark.parametrize("environment", [*PROVED, "linux-6.1+qemu-7.2+kvm-auto+drain-before-id"])
def test_the_unbounded_interpretation_agrees_with_the_concrete_one(environment: str) -> None:
    """On states that random runs reach: the same actions may happen, and lead to the same states."""
    budgets = dict.fromkeys(BUDGETS, 500)  # more than any walk here uses up
    sizes = Sizes(blocks=2, ring=3, chunk=1, **budgets)
    concrete = prepare(environment, sizes)
    model = record(PROTOCOL, compose(environment), finite=False)
    meaning = Unbounded(model, sizes.blocks)
    unlimited = {action.name: action for action in model.actions}
    window = (sizes.last_id if "ids-wrap" in environment else 2, sizes.last_id)
    choice = Random(environment)
    left = len(concrete.model.vars) - len(model.vars)
    solver = z3.Solver()
    solver.add(meaning.ring_size == sizes.ring, meaning.window == 1000)
    solver.add(z3.Distinct([meaning.chunk_of(block) for block in meaning.blocks]))
    for _ in range(24):
        state = walk(concrete, choice.randint(0, 120), choice)
        symbolic = constant(meaning, state[: len(state) - left], *window)
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
                told = constant(meaning, expected[: len(state) - left], *window)
                after = meaning.after(action, symbolic, block)
                solver.push()
                solver.add(z3.Not(z3.And([same(meaning, after[name], told[name]) for name in told])))
                assert solver.check() == z3.unsat, f"{instance} in {concrete.show(state)}"
                solver.pop()


def test_an_environment_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="unknown word"):
        unbounded_model("nothing")


def test_a_limit_of_time_is_undecided_never_proved() -> None:
    proof = prove(model_of("virtio-1.3-driver+qemu-10+kvm-auto"), seconds=0.0001)
    assert {o.verdict for o in proof.failed} == {"undecided"}
    assert "no_lost_write" in proof.unproved
