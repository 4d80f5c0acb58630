"""What has to be shown for a proof by induction: one query a claim and step, each with what it may use.

A lemma may use itself and the lemmas that it leans on, of the state before the step. They are assumed of
the blocks and slots that can matter: those that the claim, the step and the state name. That assumes less
than it might, so it is sound, and it needs no quantifier. Where a step changes nothing that a claim speaks
of there is nothing to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import z3

from hintproof.interpret.formulas import all_of, any_of
from hintproof.interpret.unbounded import Expr, ListOf, Names, RingOf, SymbolicState, Unbounded
from hintproof.system.clock import milliseconds
from hintspec.language.folds import reads
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sorts import BLOCK

#: What stands in the place of a step for the initial state.
INITIALLY = "initially"

#: What every step keeps beside the lemmas: that a state is one at all.
WELL_FORMED = "well-formed state"

#: A fact, and where it is from: a lemma's name, "guard 0", ...
Known = tuple[str, Expr]


@dataclass(frozen=True)
class Query:
    """An obligation as a question: does ``goal`` follow from what is ``known``?"""

    by: str
    claim: str
    known: tuple[Known, ...]
    goal: Expr

    def answer(self, seconds: float) -> Any:
        """What Z3 answers to the facts and the opposite of the goal: ``z3.unsat`` means proved."""
        solver = _solver_of_answers()
        solver.push()
        try:
            self._add_opposite(solver, seconds)
            for _, fact in self.known:  # formulas: ``solver.add`` would look for a sort, in a third of the time
                z3.Z3_solver_assert(solver.ctx.ref(), solver.solver, fact.as_ast())
            return solver.check()
        finally:
            solver.pop()

    def without(self, name: str) -> Query:
        """This question without the facts of one name."""
        return replace(self, known=tuple((source, fact) for source, fact in self.known if source != name))

    def core(self, seconds: float) -> tuple[str, list[Known]]:
        """What Z3 answers, and the facts that it needs for *unsat*; all of them, if that isn't the answer.

        Each has a solver of its own: what others were asked before must not change which facts it names.
        """
        solver = z3.SimpleSolver()
        self._add_opposite(solver, seconds)
        marks = [z3.Bool(f"fact {number}") for number in range(len(self.known))]
        for mark, (_, fact) in zip(marks, self.known, strict=True):
            solver.add(z3.Implies(mark, fact))
        answer = str(solver.check(marks))
        if answer != "unsat":
            return answer, list(self.known)
        needed = {mark.get_id() for mark in solver.unsat_core()}
        return answer, [known for mark, known in zip(marks, self.known, strict=True) if mark.get_id() in needed]

    def _add_opposite(self, solver: Any, seconds: float) -> None:
        """Tell a solver that the goal is wrong, and how long it may think."""
        solver.set("timeout", milliseconds(seconds))
        solver.add(z3.Not(self.goal))


@cache
def _solver_of_answers() -> Any:
    """The solver of all questions of this process, one after the other: half of a new one's time would go into facts
    that the question before had, too."""
    return z3.SimpleSolver()


@dataclass(frozen=True)
class _Step:
    """A step from the one state before: its guard, the state after, and what is known of the set equalities in both.

    ``witnesses`` are the blocks in which sets differ that are said not to be equal.
    """

    action: RecordedAction
    guard: tuple[Known, ...]
    after: SymbolicState
    promised: tuple[tuple[str, Expr], ...]
    witnesses: tuple[Expr, ...]
    equalities: tuple[Known, ...]


class Obligations:
    """The queries of one model. The state before a step is the same in all of them."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.meaning = Unbounded(model)
        self.state = self.meaning.fresh()
        block = z3.Const("some_block", self.meaning.block_sort)
        self.names = Names(block, z3.Int("some_slot"), z3.Int("other_slot"))
        self.taken = z3.Const("taken_block", self.meaning.block_sort)
        self.claims = {item.name: item for item in model.claims}
        self._assumed = cache(self._assume)
        self._before = cache(lambda name: self._of(self.claims[name], self.state))
        self._reads = cache(self._variables)

    # -- the queries -----------------------------------------------------------------------
    def all(self) -> Iterator[Query | None]:
        """Every obligation, in the order of the text; None for a step that changes nothing that a claim speaks of."""
        for item in self.model.inductive:
            yield self._initially(item)
        for action in self.model.actions:
            yield from self.of_step(action)

    def of_step(self, action: RecordedAction) -> Iterator[Query | None]:
        """That one step keeps what it has to keep, and its promises; None as in :meth:`all`."""
        step = self._step(action)
        formed = all_of(*self.meaning.well_formed(step.after, [self.names.slot]))
        yield Query(action.name, WELL_FORMED, (*self._always, *step.guard), formed)
        for item in self.model.inductive:
            goal = self._of(item, step.after) if self._reads(item.name) & action.updates.keys() else None
            if goal is None or goal.eq(self._before(item.name)):
                yield None
            else:
                yield self._preserved(step, item, goal)
        for name, goal in step.promised:
            yield self._preserved(step, self.claims[name], goal)

    def _initially(self, item: RecordedProperty) -> Query:
        initial = {v.name: self.meaning.term(v.init, {}) for v in self.model.vars}
        sizes = [(WELL_FORMED, fact) for fact in self.meaning.sizes]
        return Query(INITIALLY, item.name, (*sizes, self._some_block), self._of(item, initial))

    def _preserved(self, step: _Step, item: RecordedProperty, goal: Expr) -> Query:
        own = (item.name,) if item.declared.inductive else ()
        names = (name for name in (*item.declared.leans_on, *own) if name in self.claims)  # no world has all lemmas
        known = (*self.facts_of(names, step.witnesses, step.guard), *step.equalities)
        return Query(step.action.name, item.name, known, goal)

    def _step(self, action: RecordedAction) -> _Step:
        with self.meaning.equalities() as equalities:
            conjuncts = self.meaning.guard(action, self.state, self.taken)
            after = self.meaning.after(action, self.state, self.taken)
            names = Names(self.taken)
            goals: dict[str, list[Expr]] = {}  # by claim: a step may promise several things by one
            for claim, term in action.promises:
                goals.setdefault(claim, []).append(self.meaning.term(term, self.state, names))
            promised = tuple((claim, all_of(*parts)) for claim, parts in goals.items())
        guard = [(f"guard {number}", fact) for number, fact in enumerate(conjuncts)]
        if action.action.takes_block:
            guard.append((WELL_FORMED, self.taken != self.meaning.no_block))
        witnesses = tuple(e.witness for e in equalities)
        same = tuple((WELL_FORMED, e.at(block)) for e in equalities for block in (*self.blocks, *witnesses))
        return _Step(action, tuple(guard), after, promised, witnesses, same)

    # -- what is known ---------------------------------------------------------------------
    def _variables(self, name: str) -> frozenset[str]:
        """The variables that a claim speaks of."""
        term = self.claims[name].term
        return frozenset() if term is None else frozenset(reads(term))

    def _of(self, item: RecordedProperty, state: SymbolicState) -> Expr:
        """A claim about some block and some slots of a state."""
        assert item.term is not None
        return self.meaning.term(item.term, state, self.names)

    @cached_property
    def _some_block(self) -> Known:
        return (WELL_FORMED, self.names.block != self.meaning.no_block)

    @cached_property
    def _always(self) -> tuple[Known, ...]:
        """What may be used without a proof: that the state before is well formed, and the assumptions."""
        known = [(WELL_FORMED, fact) for fact in self.meaning.well_formed(self.state, self.slots)]
        for item in self.model.assumptions:
            known += [(item.name, fact) for fact in self._everywhere(item, self.blocks)]
        return (*known, self._some_block)

    def facts_of(
        self, names: Iterable[str], witnesses: tuple[Expr, ...], guard: tuple[Known, ...] = ()
    ) -> tuple[Known, ...]:
        """The facts of a state in which these claims hold, and a guard, for the blocks and slots that can matter."""
        facts = ((name, fact) for name in names for fact in self._assumed(name, witnesses))
        return (*self._always, *guard, *facts)

    def _assume(self, name: str, witnesses: tuple[Expr, ...]) -> list[Expr]:
        """The facts of a claim: those of the blocks that matter in each step, and those of the blocks of this one."""
        item = self.claims[name]
        if not witnesses:
            return list(self._everywhere(item, self.blocks))
        return [*self._assumed(name, ()), *(self._everywhere(item, witnesses) if item.declared.takes_block else ())]

    def _everywhere(self, item: RecordedProperty, blocks: tuple[Expr, ...]) -> Iterator[Expr]:
        """A claim about the state before a step, for these blocks and every slot that can matter."""
        for block, fact in self.meaning.everywhere(item, self.state, blocks, self.slots):
            yield fact if block is None else any_of(block == self.meaning.no_block, fact)

    @cached_property
    def slots(self) -> tuple[Expr, ...]:
        """The slots and places of lists that can matter."""
        slots = [self.names.slot, self.names.slot - 1, self.names.other]
        for value in self.state.values():
            if isinstance(value, RingOf):
                slots += [value.head, value.head + 1, value.tail - 1]
            elif isinstance(value, ListOf):
                slots.append(value.length - 1)
        return tuple(slots)

    @cached_property
    def blocks(self) -> tuple[Expr, ...]:
        """The blocks that can matter, beside those in which two sets differ."""
        blocks = [self.names.block, self.taken]
        blocks += [self.state[v.name] for v in self.model.vars if v.sort == BLOCK]
        for value in self.state.values():
            if isinstance(value, RingOf) and "block" in value.fields:
                blocks += [value.fields["block"](slot) for slot in (self.names.slot, value.head)]
            elif isinstance(value, ListOf):
                blocks += [value.at(value.length - 1), value.at(self.names.slot)]
        return tuple(blocks)
