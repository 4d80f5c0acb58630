"""The unbounded interpretation: any number of blocks, ring slots, ids and rounds.

Blocks are a sort without structure, block sets and the fields of a ring are functions (of a block, of a
slot), ids count without end. A ring is endless, with a head and a tail, and of some size that is only
known to be 2 or more. The expressions built from terms are free of quantifiers, and plain SMT-LIB 2.

On the wire an id is one of a window, so two ids that are a window or more apart may look the same to a
step that compares them: ``Unbounded._eq_on_the_wire`` says so, for a window of any size. In a claim two ids are the
same only if they are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any, ClassVar

import z3

from hintproof.interpret.backend import Backend
from hintproof.interpret.formulas import all_of, any_of
from hintspec.language.errors import SpecError
from hintspec.language.operators import BUDGETS, TRANSITIONS, only_in
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring, Sort
from hintspec.language.terms import Term

Expr = Any  # z3 is untyped
Value = Any  # Expr, SetOf, RingOf or ListOf
SymbolicState = dict[str, Value]

#: The number of the first id that is issued; 0 is STOP, 1 is DONE.
FIRST_ID = 2


@dataclass(frozen=True)
class SetOf:
    """A block set: which blocks it has."""

    has: Callable[[Expr], Expr]


@dataclass(frozen=True)
class RingOf:
    """A ring: entries that were used and not yet detached, the first and the next free slot, the fields."""

    used: Expr
    head: Expr
    tail: Expr
    fields: dict[str, Callable[[Expr], Expr]]


@dataclass(frozen=True)
class ListOf:
    """A list of blocks: its length, and the block at each place."""

    length: Expr
    at: Callable[[Expr], Expr]


@dataclass(frozen=True)
class Equality:
    """``same`` stands for the equality of two block sets; ``witness`` is a block in which they differ, if they do."""

    same: Expr
    a: SetOf
    b: SetOf
    witness: Expr

    def at(self, block: Expr) -> Expr:
        """The equality, for one block."""
        return z3.Implies(self.same, self.a.has(block) == self.b.has(block))


@dataclass(frozen=True)
class Names:
    """The values of the arguments of an action or a claim."""

    block: Expr = None
    slot: Expr = None
    other: Expr = None


@cache
def enum_sort(sort: Enum) -> tuple[Any, list[Any]]:
    """An enumeration and its values. Z3 takes each name once in a process."""
    declared: tuple[Any, list[Any]] = z3.EnumSort(sort.name, [f"{sort.name}.{label}" for label in sort.labels])
    return declared


@cache
def block_enum(blocks: int) -> tuple[Any, list[Any]]:
    """A sort of no block and that many blocks. Z3 takes each name once in a process."""
    declared: tuple[Any, list[Any]] = z3.EnumSort(f"Block_{blocks}", [f"block_{blocks}.{b}" for b in range(blocks + 1)])
    return declared


class Unbounded(Backend[Value]):
    """A model, as Z3 terms of no particular size; with ``blocks``, of that many blocks and no others."""

    title = "unbounded"
    lacks = only_in(TRANSITIONS, BUDGETS)
    given = frozenset({"var", "block", "slot", "other"})
    forms: ClassVar[dict[str, Callable[..., Any]]] = {
        "last_id": lambda: z3.IntVal(FIRST_ID),  # where in the window the count begins makes no difference
        "minus": lambda a, b: SetOf(lambda x: all_of(a.has(x), z3.Not(b.has(x)))),
        "implies": z3.Implies,
        "gt": operator.gt,
        "has": lambda blocks, block: blocks.has(block),
        "next_id": lambda a: a + 1,
        "older": operator.lt,
        "waiting": lambda ring: ring.tail - ring.head,
        "flush": lambda ring: replace(ring, used=ring.used + ring.tail - ring.head, head=ring.tail),
        "detach": lambda ring: replace(ring, used=z3.IntVal(0)),
        "at": lambda ring, slot, field: ring.fields[field](slot),
        "holds": lambda ring, slot: all_of(ring.head <= slot, slot < ring.tail),
        "newest": lambda ring: ring.tail - 1,
        "before": lambda slot: slot - 1,
        "earlier": operator.lt,
        "list_at": lambda blocks, place: blocks.at(place),
        "list_holds": lambda blocks, place: all_of(place >= 0, place < blocks.length),
    }

    def __init__(self, model: Model, blocks: int | None = None) -> None:
        super().__init__()
        self.model = model
        self.block_sort = z3.DeclareSort("Block")
        self.no_block = z3.Const("no_block", self.block_sort)
        self.blocks: list[Expr] = []
        if blocks is not None:
            self.block_sort, (self.no_block, *self.blocks) = block_enum(blocks)
        self.finite = blocks is not None
        self.ring_size, self.window = z3.Int("ring_size"), z3.Int("id_window")
        self.chunk_of = z3.Function("chunk_of", self.block_sort, z3.DeclareSort("Chunk"))
        self.laps = z3.Function("laps", z3.IntSort(), z3.IntSort(), z3.BoolSort())
        self._equalities: list[Equality] = []
        self._witnesses = 0

    # -- leaves ----------------------------------------------------------------------------
    def sort(self, sort: Sort) -> Any:
        """The Z3 sort of a plain value."""
        if isinstance(sort, Enum):
            return enum_sort(sort)[0]
        if sort == BLOCK:
            return self.block_sort
        return z3.BoolSort() if sort == BOOL else z3.IntSort()

    def literal(self, value: int, sort: Sort) -> Value:
        """A constant."""
        if isinstance(sort, Enum):
            return enum_sort(sort)[1][value]
        if sort == BOOL:
            return z3.BoolVal(bool(value))
        if sort == BLOCK:
            return self.no_block
        return SetOf(lambda _: z3.BoolVal(False)) if sort == BLOCKS else z3.IntVal(value)

    def fresh(self, suffix: str = "") -> SymbolicState:
        """A state of new constants and functions."""
        return {v.name: self._fresh(f"{v.name}{suffix}", v.sort) for v in self.model.vars}

    def _fresh(self, name: str, sort: Sort) -> Value:
        if isinstance(sort, Ring):
            fields = {f: z3.Function(f"{name}.{f}", z3.IntSort(), self.sort(inner)) for f, inner in sort.fields}
            return RingOf(z3.Int(f"{name}.used"), z3.Int(f"{name}.head"), z3.Int(f"{name}.tail"), fields)
        if sort == BLOCKS:
            return SetOf(z3.Function(name, self.block_sort, z3.BoolSort()))
        if sort == LIST:
            return ListOf(z3.Int(f"{name}.length"), z3.Function(f"{name}.at", z3.IntSort(), self.block_sort))
        return z3.Const(name, self.sort(sort))

    @property
    def sizes(self) -> list[Expr]:
        """All that is known of sizes."""
        return [self.ring_size >= 2, self.window >= 2]

    def well_formed(self, state: SymbolicState, slots: Iterable[Expr]) -> list[Expr]:
        """Facts of every state by the way it is built, for these ring slots: no claims about the protocol."""
        facts = self.sizes
        for v in self.model.vars:
            value = state[v.name]
            if isinstance(value, RingOf):
                facts += [value.used >= 0, value.head <= value.tail]
                facts.append(value.used + value.tail - value.head <= self.ring_size)
                assert isinstance(v.sort, Ring)
                ids = [name for name, inner in v.sort.fields if inner == ID]
                facts += [value.fields[name](slot) >= 0 for name in ids for slot in slots]
            elif isinstance(value, SetOf):
                facts.append(z3.Not(value.has(self.no_block)))
            elif isinstance(value, ListOf):
                facts.append(value.length >= 0)
            elif v.sort == ID:
                facts.append(value >= 0)
        return facts

    # -- terms -----------------------------------------------------------------------------
    def term(self, term: Term, state: SymbolicState, names: Names = Names(), **given: Callable[..., Value]) -> Value:
        """The meaning of a term in a state, for the block and the slots that it names."""
        return self.meaning(
            term,
            None,
            var=lambda _, name: state[name],
            block=lambda _: names.block,
            slot=lambda _: names.slot,
            other=lambda _: names.other,
            **given,
        )

    def everywhere(
        self, item: RecordedProperty, state: SymbolicState, blocks: Iterable[Expr], slots: Iterable[Expr]
    ) -> Iterator[tuple[Expr, Expr]]:
        """A claim about a state for each of these blocks and slots, with the block (None if it takes none)."""
        assert item.term is not None
        arguments = (("block", blocks), ("slot", slots), ("other", slots))
        for chosen in product(*(values if name in item.declared.takes else (None,) for name, values in arguments)):
            yield chosen[0], self.term(item.term, state, Names(*chosen))

    @contextmanager
    def equalities(self) -> Iterator[list[Equality]]:
        """The equalities of block sets that terms speak of, while this lasts."""
        before, self._equalities = self._equalities, []
        try:
            yield self._equalities
        finally:
            self._equalities = before

    def _const(self, term: Term, value: int) -> Value:
        return self.literal(value, term.sort)

    def _and(self, term: Term, a: Value, b: Value) -> Value:
        return all_of(a, b) if term.sort == BOOL else SetOf(lambda x: all_of(a.has(x), b.has(x)))

    def _or(self, term: Term, a: Value, b: Value) -> Value:
        return any_of(a, b) if term.sort == BOOL else SetOf(lambda x: any_of(a.has(x), b.has(x)))

    def _not(self, term: Term, a: Value) -> Value:
        return z3.Not(a) if term.sort == BOOL else SetOf(lambda x: all_of(x != self.no_block, z3.Not(a.has(x))))

    def _eq(self, term: Term, a: Value, b: Value) -> Expr:
        return self._same_blocks(a, b) if isinstance(a, SetOf) else a == b

    def _eq_on_the_wire(self, term: Term, a: Value, b: Value) -> Expr:
        if term.args[0].sort != ID or min(_number(a), _number(b)) < FIRST_ID:  # STOP and DONE are outside the window
            return self._eq(term, a, b)
        far = any_of(a - b >= self.window, b - a >= self.window)
        return any_of(a == b, all_of(a >= FIRST_ID, b >= FIRST_ID, far, self.laps(a, b)))

    def _same_blocks(self, a: SetOf, b: SetOf) -> Expr:
        """Equality of sets without a quantifier: true unless they differ in a block of our choice.

        That is weaker than equality until :meth:`Equality.at` is stated of enough blocks, so nothing is proved
        by it that does not hold.
        """
        if self.finite:
            return all_of(*(a.has(block) == b.has(block) for block in self.blocks))
        self._witnesses += 1
        witness = z3.Const(f"differs.{self._witnesses}", self.block_sort)
        same = a.has(witness) == b.has(witness)
        self._equalities.append(Equality(same, a, b, witness))
        return same

    def _choose(self, term: Term, condition: Expr, a: Value, b: Value) -> Value:
        if isinstance(a, SetOf):
            return SetOf(lambda x: z3.If(condition, a.has(x), b.has(x)))
        if isinstance(a, ListOf):
            return ListOf(z3.If(condition, a.length, b.length), lambda i: z3.If(condition, a.at(i), b.at(i)))
        if isinstance(a, RingOf):
            raise SpecError("the unbounded interpretation has no choice between rings")
        return z3.If(condition, a, b)

    def _just(self, term: Term, block: Expr) -> SetOf:
        return SetOf(lambda x: all_of(x == block, x != self.no_block))

    def _chunk(self, term: Term, block: Expr) -> SetOf:
        def has(x: Expr) -> Expr:
            same = self.chunk_of(x) == self.chunk_of(block)
            return all_of(x != self.no_block, block != self.no_block, same)

        return SetOf(has)

    def _in_window(self, term: Term, a: Expr, now: Expr) -> Expr:
        return any_of(a < FIRST_ID, now - a < self.window)

    # -- rings -----------------------------------------------------------------------------
    def _empty_ring(self, term: Term) -> RingOf:
        assert isinstance(term.sort, Ring)
        fields = {f: _everywhere(self.literal(0, inner)) for f, inner in term.sort.fields}
        return RingOf(z3.IntVal(0), z3.IntVal(0), z3.IntVal(0), fields)

    def _room(self, term: Term, ring: RingOf) -> Expr:
        return self.ring_size - ring.used - (ring.tail - ring.head)

    def _post(self, term: Term, ring: RingOf, *entry: Expr) -> RingOf:
        fits = self._room(term, ring) > 0
        fields = {
            name: _with(old, ring.tail, value) for (name, old), value in zip(ring.fields.items(), entry, strict=True)
        }
        return RingOf(ring.used, ring.head, z3.If(fits, ring.tail + 1, ring.tail), fields)

    def _pop(self, term: Term, ring: RingOf) -> RingOf:
        step = z3.If(ring.head < ring.tail, 1, 0)
        return RingOf(ring.used + step, ring.head + step, ring.tail, ring.fields)

    def _head(self, term: Term, ring: RingOf, field: str) -> Expr:
        return z3.If(ring.head < ring.tail, ring.fields[field](ring.head), self.literal(0, term.sort))

    def _mark(self, term: Term, ring: RingOf, field: str, blocks: SetOf) -> RingOf:
        marked, block = ring.fields[field], ring.fields["block"]
        fields = {**ring.fields, field: lambda i: any_of(marked(i), blocks.has(block(i)))}
        return RingOf(ring.used, ring.head, ring.tail, fields)

    # -- lists -----------------------------------------------------------------------------
    def _empty_list(self, term: Term) -> ListOf:
        return ListOf(z3.IntVal(0), _everywhere(self.no_block))

    def _list_push(self, term: Term, blocks: ListOf, block: Expr) -> ListOf:
        length = z3.If(block == self.no_block, blocks.length, blocks.length + 1)
        return ListOf(length, _with(blocks.at, blocks.length, block))

    def _list_pop(self, term: Term, blocks: ListOf) -> ListOf:
        return ListOf(z3.If(blocks.length == 0, 0, blocks.length - 1), blocks.at)

    def _list_top(self, term: Term, blocks: ListOf) -> Expr:
        return z3.If(blocks.length == 0, self.no_block, blocks.at(blocks.length - 1))

    # -- actions ---------------------------------------------------------------------------
    def guard(self, action: RecordedAction, state: SymbolicState, block: Expr) -> list[Expr]:
        """The conjuncts of the action's guard."""
        return [self.term(c.term, state, Names(block), eq=self._eq_on_the_wire) for c in action.guard]

    def after(self, action: RecordedAction, state: SymbolicState, block: Expr) -> SymbolicState:
        """The state after the action."""
        names = Names(block)
        updates = {n: self.term(t, state, names, eq=self._eq_on_the_wire) for n, t in action.updates.items()}
        return {**state, **updates}


def _number(value: Expr) -> int:
    """A number, if the expression is one; else one that no constant has."""
    number: int = value.as_long() if z3.is_int_value(value) else FIRST_ID
    return number


def _everywhere(value: Expr) -> Callable[[Expr], Expr]:
    """The function that has this value everywhere."""
    return lambda _: value


def _with(function: Callable[[Expr], Expr], place: Expr, value: Expr) -> Callable[[Expr], Expr]:
    """A function with another value at one place."""
    return lambda i: z3.If(i == place, value, function(i))
