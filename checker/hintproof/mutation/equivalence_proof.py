"""Proof that a changed step is equivalent to the original, for every size: in each state in which all lemmas hold.

The proof uses only lemmas that are proved of the original. So by induction the mutant reaches the same states as the
original, in the same ways.
"""

from __future__ import annotations

from typing import Any

import z3

from hintproof.engines.induction import ask, prove, rests_on
from hintproof.engines.obligations import WELL_FORMED, Known, Obligations, Query
from hintproof.interpret.unbounded import Expr, ListOf, RingOf, SetOf
from hintspec.language.recording import Model, RecordedAction


class EquivalenceProof:
    """Proves changed steps of one model equivalent; the model is recorded without the budgets of a finite search."""

    def __init__(self, model: Model, seconds: float) -> None:
        self.model = model
        self.seconds = seconds
        failed = {o.claim for o in prove(model, seconds).failed}
        self.lemmas = [
            item.name
            for item in model.lemmas
            if WELL_FORMED not in failed and failed.isdisjoint(rests_on(model, item.name))
        ]
        self._obligations = Obligations(model)

    def proves(self, changed: RecordedAction) -> bool:
        """Whether the step with this change is possible in the same states, and leads to the same ones."""
        asked, meaning = self._obligations, self._obligations.meaning
        original = self.model.action_named(changed.name)
        with meaning.equalities() as equalities:
            guards = [z3.And(meaning.guard(a, asked.state, asked.taken)) for a in (original, changed)]
            after = [meaning.after(a, asked.state, asked.taken) for a in (original, changed)]
        witnesses = tuple(e.witness for e in equalities)
        known: list[Known] = list(asked.facts_of(self.lemmas, witnesses))
        known += [(WELL_FORMED, e.at(b)) for e in equalities for b in (*asked.blocks, *witnesses)]
        if original.action.takes_block:
            known.append((WELL_FORMED, asked.taken != meaning.no_block))
        touched = original.updates.keys() | changed.updates.keys()
        goals = [guards[0] == guards[1]]
        goals += [z3.Implies(guards[0], self._equal(after[0][name], after[1][name])) for name in touched]
        return all(self._holds(tuple(known), goal) for goal in goals)

    def _holds(self, known: tuple[Known, ...], goal: Expr) -> bool:
        return ask(Query("", "", known, goal), self.seconds).verdict == "proved"

    def _equal(self, a: Any, b: Any) -> Expr:
        """That two values are equal: of a set in any one block, of a ring or list in any one slot."""
        names = self._obligations.names
        if isinstance(a, SetOf):
            return a.has(names.block) == b.has(names.block)
        if isinstance(a, RingOf):
            inside = z3.And(a.head <= names.slot, names.slot < a.tail)
            fields = z3.And([a.fields[f](names.slot) == b.fields[f](names.slot) for f in a.fields])
            return z3.And(a.used == b.used, a.head == b.head, a.tail == b.tail, z3.Implies(inside, fields))
        if isinstance(a, ListOf):
            inside = z3.And(names.slot >= 0, names.slot < a.length)
            return z3.And(a.length == b.length, z3.Implies(inside, a.at(names.slot) == b.at(names.slot)))
        return a == b
