"""Proof by induction, for every size: each lemma holds initially, and every step keeps it.

An obligation is a query to Z3 without quantifiers: the lemmas are assumed of the blocks and slots that
can matter (those that the claim, the action and the state name), which is sound, as it assumes less.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import z3

from hintproof.engines.report import Progress
from hintproof.interpret.unbounded import Expr, RingOf, SymbolicState, Unbounded
from hintspec.recording import Model, RecordedProperty
from hintspec.sorts import BLOCK
from hintspec.text import ALWAYS, STEP

#: Seconds after which an obligation is undecided.
SECONDS = 20.0


@dataclass(frozen=True)
class Obligation:
    """One query: that a claim holds initially, is kept by an action, or follows from the lemmas."""

    by: str
    claim: str
    verdict: str  # "proved", "fails" or "undecided"
    seconds: float


@dataclass
class Proof:
    """All obligations of one model. ``proved`` names the properties that hold for every size."""

    obligations: list[Obligation] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    consistent: bool = True
    seconds: float = 0.0

    @property
    def failed(self) -> list[Obligation]:
        """The obligations that are not proved."""
        return [o for o in self.obligations if o.verdict != "proved"]

    @property
    def stands(self) -> bool:
        """Whether every lemma is inductive, and the lemmas don't contradict each other."""
        return not self.failed and self.consistent


class _Prover:
    """One model's claims, its symbolic state before a step, and what may be assumed of it."""

    def __init__(self, model: Model, seconds: float) -> None:
        self.model = model
        self.meaning = Unbounded(model)
        self.seconds = seconds
        self.state = self.meaning.fresh("")
        self.block = z3.Const("some_block", self.meaning.block_sort)
        self.taken = z3.Const("taken_block", self.meaning.block_sort)
        self.slot = z3.Int("some_slot")

    def of(self, item: RecordedProperty, state: SymbolicState) -> Expr:
        """A claim about some block and some slot of a state."""
        assert item.term is not None
        return self.meaning.term(item.term, state, self.block, self.slot)

    def assumed(self, item: RecordedProperty) -> list[Expr]:
        """A claim, assumed of the state before for every block and slot that can matter."""
        assert item.term is not None
        if item.declared.takes_block:
            none = self.meaning.no_block
            return [z3.Or(b == none, self.meaning.term(item.term, self.state, b)) for b in self._blocks()]
        if item.declared.takes_slot:
            return [self.meaning.term(item.term, self.state, None, slot) for slot in self._slots()]
        return [self.meaning.term(item.term, self.state)]

    def _slots(self) -> list[Expr]:
        slots = [self.slot, self.slot - 1]
        for value in self.state.values():
            if isinstance(value, RingOf):
                slots += [value.head, value.head + 1, value.tail - 1]
        return slots

    def _blocks(self) -> list[Expr]:
        blocks = [self.block, self.taken]
        blocks += [self.state[v.name] for v in self.model.vars if v.sort == BLOCK]
        for value in self.state.values():
            if isinstance(value, RingOf):
                blocks += [z3.Select(value.fields["block"], slot) for slot in (self.slot, value.head)]
        return blocks

    def solver(self, assumptions: list[Expr]) -> Any:
        """A solver that knows the assumptions, and the limit of time."""
        solver = z3.Solver()
        solver.set("timeout", int(self.seconds * 1000))
        solver.add(self.block != self.meaning.no_block, *assumptions)
        return solver

    def ask(self, solver: Any, by: str, claim: str, holds: Expr) -> Obligation:
        """One obligation: that ``holds`` follows from what the solver knows."""
        began = time.monotonic()
        solver.push()
        solver.add(z3.Not(holds))
        answer = solver.check()
        solver.pop()
        verdict = "proved" if answer == z3.unsat else "fails" if answer == z3.sat else "undecided"
        return Obligation(by, claim, verdict, time.monotonic() - began)

    def initially(self, claims: list[RecordedProperty]) -> Iterator[Obligation]:
        """Every claim holds in the initial state."""
        initial = {v.name: self.meaning.term(v.init, {}) for v in self.model.vars}
        solver = self.solver([self.meaning.ring_size >= 2])
        for item in claims:
            yield self.ask(solver, "initially", item.name, self.of(item, initial))

    def steps(self, claims: list[RecordedProperty], facts: list[Expr]) -> Iterator[Obligation]:
        """Every action keeps every claim, and its promises."""
        for action in self.model.actions:
            solver = self.solver([*facts, *self.meaning.guard(action, self.state, self.taken)])
            after = self.meaning.after(action, self.state, self.taken)
            formed = z3.And(self.meaning.well_formed(after))
            yield self.ask(solver, action.name, "well-formed state", formed)
            for item in claims:
                yield self.ask(solver, action.name, item.name, self.of(item, after))
            for name, term in action.promises:
                yield self.ask(solver, action.name, name, self.meaning.term(term, self.state, self.taken))


def prove(model: Model, seconds: float = SECONDS, progress: Progress | None = None) -> Proof:
    """Prove the ALWAYS and STEP properties of a model by its lemmas.

    A property that follows from the lemmas is derived; any other is proved along with them, or, if some
    step doesn't keep it, left unproved. A lemma that is not kept makes the whole proof fail.
    """
    began = time.monotonic()
    prover = _Prover(model, seconds)
    formed = prover.meaning.well_formed(prover.state)
    facts = formed + [fact for item in model.lemmas for fact in prover.assumed(item)]
    always = [p for p in model.properties if p.declared.kind == ALWAYS]
    solver = prover.solver(facts)
    proof = Proof(consistent=solver.check() == z3.sat)
    derived = [prover.ask(solver, "the lemmas", p.name, prover.of(p, prover.state)) for p in always]
    follows = {o.claim for o in derived if o.verdict == "proved"}
    own = [p for p in always if p.name not in follows]
    while True:  # ends: each turn that does not end it drops a property
        claims = [*model.lemmas, *own]
        known = facts + [fact for item in own for fact in prover.assumed(item)]
        made: list[Obligation] = []
        for obligation in (*prover.initially(claims), *prover.steps(claims, known)):
            made.append(obligation)
            if progress:
                progress("obligations", len(made))
        broken = {o.claim for o in made if o.verdict != "proved"} & {p.name for p in own}
        if not broken:
            break
        own = [p for p in own if p.name not in broken]
    proof.obligations = [o for o in derived if o.claim in follows] + made
    promised = {p.name for p in model.properties if p.declared.kind == STEP}
    if proof.stands:
        proof.proved = [p.name for p in model.properties if p.name in follows | promised or p in own]
    proof.unproved = [p.name for p in model.properties if p.name not in proof.proved]
    proof.seconds = time.monotonic() - began
    return proof
