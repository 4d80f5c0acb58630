"""Counterexamples to induction: a small state that keeps all lemmas, and the step from it that breaks one.

Such a state need not be reachable. Whether it is, or any other from which the step breaks the claim, the
exhaustive search is asked at small sizes: if so the protocol is wrong, if not perhaps only the lemmas are
too weak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import z3

from hintproof.engines.limits import Limits
from hintproof.engines.report import Run
from hintproof.engines.search import BreadthFirst, Visitor
from hintproof.interpret.concrete import Concrete, State
from hintproof.interpret.unbounded import FIRST_ID, Expr, ListOf, Names, RingOf, SetOf, SymbolicState, Unbounded
from hintproof.system.errors import EngineBug
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BOOL, ID, Enum, Ring, Sort

#: The largest sizes of a counterexample: blocks, entries on the ring.
_BLOCKS, _ENTRIES = 3, 3

#: Entries of the largest ring, and a window of ids that no state so small runs through.
_RING, _WINDOW = 5, 1000

#: How far the search for a reachable one goes by default, and the states between two looks at that.
REACH = Limits(states=250_000, seconds=60)
_LOOK = 1_000


@dataclass(frozen=True)
class Counterexample:
    """A state that keeps all lemmas, and a step that breaks a claim there: sizes, concrete state, step."""

    sizes: Sizes
    state: State
    action: str
    block: int | None


@dataclass(frozen=True)
class Reached:
    """What a search of small sizes found.

    ``run`` is the shortest from the initial state to the same step breaking the claim in a state that keeps
    all lemmas; ``seen`` says whether the state of the counterexample itself was reached, ``finished`` that every
    state of these sizes was visited.
    """

    run: Run | None
    seen: bool
    finished: bool
    states: int


class _Small:
    """A model with a few blocks and ring entries: its states, and what makes one small."""

    def __init__(self, model: Model, blocks: int, entries: int) -> None:
        self.model = model
        self.blocks = blocks
        self.entries = entries
        self.meaning = Unbounded(model, blocks)
        self.state = self.meaning.fresh()
        self.taken = z3.Const("taken_block", self.meaning.block_sort)
        self.solver = z3.Solver()
        self.solver.set("timeout", 20_000)
        self.solver.add([*self.meaning.well_formed(self.state, self._slots), *self._bounds()])

    @property
    def _slots(self) -> list[Expr]:
        return [z3.IntVal(i) for i in range(max(self.entries, self.blocks) + 1)]

    def _bounds(self) -> Iterator[Expr]:
        meaning = self.meaning
        yield from (meaning.ring_size <= _RING, meaning.window == _WINDOW)
        chunks = [meaning.chunk_of(block) for block in meaning.blocks]
        yield z3.Or(z3.Distinct(chunks), z3.And([chunk == chunks[0] for chunk in chunks]))
        for value in self.state.values():
            if isinstance(value, RingOf):
                yield from (value.head == 0, value.tail <= self.entries)
            elif isinstance(value, ListOf):
                yield value.length <= self.blocks

    def everywhere(self, item: RecordedProperty, state: SymbolicState) -> list[Expr]:
        """A claim about a state, for every block and slot that there is."""
        return [claim for _, claim in self.meaning.everywhere(item, state, self.meaning.blocks, self._slots)]

    def find(self, action: RecordedAction, item: RecordedProperty) -> bool:
        """Whether some state keeps all lemmas and the step from it breaks the claim; then the solver has it."""
        for claim in (*self.model.inductive, *self.model.assumptions):
            self.solver.add(self.everywhere(claim, self.state))
        if action.action.takes_block:
            self.solver.add(self.taken != self.meaning.no_block)
        self.solver.add(self.meaning.guard(action, self.state, self.taken))
        promised = [t for name, t in action.promises if name == item.name]
        if promised:
            claims = [self.meaning.term(t, self.state, Names(self.taken)) for t in promised]
        else:
            claims = self.everywhere(item, self.meaning.after(action, self.state, self.taken))
        self.solver.add(z3.Not(z3.And(claims)))
        return bool(self.solver.check() == z3.sat)

    def simplify(self) -> None:
        """Make the state as like the initial one as can be, one value after another."""
        for wish in self._wishes():
            self.solver.push()
            self.solver.add(wish)
            if self.solver.check() != z3.sat:
                self.solver.pop()
        self.solver.check()

    def _wishes(self) -> Iterator[Expr]:
        initial = {v.name: self.meaning.term(v.init, {}) for v in self.model.vars}
        yield from (self.meaning.ring_size == size for size in range(2, _RING + 1))
        for v in self.model.vars:
            value, first = self.state[v.name], initial[v.name]
            if isinstance(value, RingOf):
                yield from (value.tail == count for count in range(self.entries))
                yield value.used == 0
            elif isinstance(value, ListOf):
                yield value.length == 0
            elif isinstance(value, SetOf):
                yield from (value.has(block) == first.has(block) for block in self.meaning.blocks)
            elif v.sort == ID:
                yield from (value == number for number in (first, *range(FIRST_ID + 3)))
            else:
                yield value == first

    # -- the concrete state ----------------------------------------------------------------
    def counterexample(self, action: RecordedAction) -> Counterexample:
        """What the solver found."""
        found = self.solver.model()

        def plain(value: Expr, sort: Sort) -> Any:
            return _plain(found.eval(value, model_completion=True), sort)

        values = [self._concrete(self.state[v.name], v.sort, plain) for v in self.model.vars]
        newest = max((x for v, x in zip(self.model.vars, values, strict=True) if v.sort == ID), default=FIRST_ID)
        chunks = [found.eval(self.meaning.chunk_of(block), model_completion=True) for block in self.meaning.blocks]
        together = self.blocks > 1 and chunks[0].eq(chunks[1])
        sizes = Sizes(
            blocks=self.blocks,
            ring=found.eval(self.meaning.ring_size, model_completion=True).as_long(),
            rounds=max(2, newest - FIRST_ID + 1),
            chunk=self.blocks if together else 1,
            **{budget: 1 for budget in action.action.budgets if budget != "rounds"},
        )
        block = plain(self.taken, BLOCK) if action.action.takes_block else None
        return Counterexample(sizes, tuple(values), action.name, block)

    def _concrete(self, value: Any, sort: Sort, plain: Any) -> Any:
        if isinstance(value, SetOf):
            return sum(plain(value.has(block), BOOL) << i for i, block in enumerate(self.meaning.blocks))
        if isinstance(value, ListOf):
            return tuple(plain(value.at(z3.IntVal(i)), BLOCK) for i in range(plain(value.length, ID)))
        if isinstance(value, RingOf):
            assert isinstance(sort, Ring)
            entries = tuple(
                tuple(plain(value.fields[name](z3.IntVal(i)), inner) for name, inner in sort.fields)
                for i in range(plain(value.tail, ID))
            )
            return (plain(value.used, ID), entries)
        return plain(value, sort)


def _plain(value: Expr, sort: Sort) -> int:
    """The concrete interpretation's value of a constant."""
    if sort == BOOL:
        return int(z3.is_true(value))
    if sort == BLOCK or isinstance(sort, Enum):
        labels = [value.sort().constructor(i).name() for i in range(value.sort().num_constructors())]
        return labels.index(value.decl().name())
    number: int = value.as_long()
    return number


def find_counterexample(model: Model, by: str, claim: str) -> Counterexample | None:
    """A smallest state that keeps all lemmas, and from which a step breaks a claim; None if none is so small."""
    action = model.action_named(by)
    item = model.claim_named(claim)
    for blocks, entries in sorted(product(range(1, _BLOCKS + 1), range(_ENTRIES + 1)), key=lambda s: (sum(s), s)):
        small = _Small(model, blocks, entries)
        if small.find(action, item):
            small.simplify()
            return small.counterexample(action)
    return None


def with_budgets(concrete: Concrete, state: State) -> State:
    """A state of an unbounded model, with all budgets of a finite one still there."""
    budgets = concrete.initial[len(state) :]
    return (*state, *budgets)


def check_counterexample(concrete: Concrete, found: Counterexample, claim: str) -> None:
    """Replay the step; raises :class:`EngineBug` if it may not happen there, or breaks nothing."""
    state = with_budgets(concrete, found.state)
    action = concrete.action_named(found.action)
    breaks = _breaks(concrete, claim)(*concrete.apply(state, action, found.block))
    if concrete.failed_conjuncts(state, action, found.block) or concrete.broken_lemmas(state) or not breaks:
        raise EngineBug(f"the counterexample to induction of {claim} by {found.action} does not replay")


def _breaks(concrete: Concrete, claim: str) -> Callable[[State, int], bool]:
    """Whether a step to a state, which breaks these promises, breaks the claim."""
    item = concrete.model.claim_named(claim)
    if item.term is None:
        promise = 1 << concrete.step_properties.index(claim)
        return lambda after, broken: bool(broken & promise)
    keeps = concrete.keeps(item)
    return lambda after, broken: not keeps(after)


def reach(concrete: Concrete, asked: Sequence[tuple[Counterexample, str]], limits: Limits = REACH) -> list[Reached]:
    """Visit the reachable states of these sizes: for each counterexample and the claim that it is against, look for
    its state, and for a run to one like it.
    """
    breaking = [_Breaking(concrete, found, claim) for found, claim in asked]
    search = BreadthFirst(concrete, limits, breaking, look=_LOOK)
    search.search()

    def run_of(first: tuple[int, int] | None) -> Run | None:
        return None if first is None else [*search.run_to(first[0]), concrete.instances[first[1]].step]

    finished = not search.stopped_by
    return [Reached(run_of(item.first), item.state_reached, finished, search.count) for item in breaking]


class _Breaking(Visitor):
    """Notes the first step by the action that breaks the claim where all lemmas hold, and whether the state came."""

    def __init__(self, concrete: Concrete, found: Counterexample, claim: str) -> None:
        self._breaks = _breaks(concrete, claim)
        self._own = {n for n, instance in enumerate(concrete.instances) if instance.action.name == found.action}
        self._broken_lemmas = concrete.broken_lemmas
        self._pattern = _Pattern(concrete, found.state)
        self.first: tuple[int, int] | None = None
        self.state_reached = False

    def on_state(self, state: State) -> None:
        """Compare a new state with that of the counterexample."""
        self.state_reached = self.state_reached or self._pattern.matches(state)

    def on_steps(self, number: int, state: State, steps: Sequence[tuple[int, State, int]]) -> None:
        """Look among the steps of a state for one that breaks the claim."""
        if self.first is None:
            for instance, after, broken in steps:
                if instance in self._own and self._breaks(after, broken) and not self._broken_lemmas(state):
                    self.first = number, instance
                    return


class _Pattern:
    """A state up to its budgets and the values of its ids: these are equal, and in order, in the same places."""

    def __init__(self, concrete: Concrete, wanted: State) -> None:
        sorts = [v.sort for v in concrete.model.vars[: len(wanted)]]
        self._ids = [i for i, sort in enumerate(sorts) if sort == ID]
        self._rings = [(i, sort) for i, sort in enumerate(sorts) if isinstance(sort, Ring)]
        special = {*self._ids, *(i for i, _ in self._rings)}
        self._plain = [i for i in range(len(sorts)) if i not in special]
        self._values = [wanted[i] for i in self._plain]
        self._shape = self._ranked(wanted)

    def matches(self, state: State) -> bool:
        """Whether a state is the one wanted."""
        return [state[i] for i in self._plain] == self._values and self._ranked(state) == self._shape

    def _ranked(self, state: State) -> list[Any]:
        """The ids of a state by their rank, and its rings with ids so ranked."""
        found = [state[i] for i in self._ids]
        for i, sort in self._rings:
            places = [n for n, (_, inner) in enumerate(sort.fields) if inner == ID]
            found += [entry[n] for entry in state[i][1] for n in places]
        issued = sorted({x for x in found if x >= FIRST_ID})
        rank = {x: FIRST_ID + issued.index(x) for x in issued}
        shape: list[Any] = [rank.get(x, x) for x in found]
        for i, sort in self._rings:
            others = [n for n, (_, inner) in enumerate(sort.fields) if inner != ID]
            shape.append((state[i][0], [tuple(entry[n] for n in others) for entry in state[i][1]]))
        return shape
