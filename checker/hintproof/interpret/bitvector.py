"""The finite symbolic interpretation: the recorded terms as Z3 expressions over bits and bit vectors.

Encodings are those of the concrete interpretation, so that states go back and forth: blocks are
numbered from 1 and 0 is no block, ids are small numbers. A ring is a count of used entries, a count of
available ones and that many slots; slots past the end hold zeros, as do empty places of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import z3

from hintproof.interpret.backend import Backend
from hintproof.interpret.concrete import Instance, State
from hintproof.interpret.formulas import all_of, any_of
from hintproof.interpret.source import field_index
from hintproof.interpret.widths import width_of, width_of_sort
from hintspec.language.operators import ASSUMPTIONS, LEMMAS, TRANSITIONS, only_in
from hintspec.language.recording import Model
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, LIST, Ring, Sort
from hintspec.language.terms import Term

Expr = Any  # z3 is untyped


@dataclass(frozen=True)
class RingValue:
    """A ring: counts of used and of available entries, and the fields of each slot."""

    used: Expr
    count: Expr
    slots: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True)
class ListValue:
    """A list of blocks: its length and its places, the oldest first."""

    count: Expr
    slots: tuple[Expr, ...]


Value = Any  # Expr, RingValue or ListValue
SymbolicState = dict[str, Value]


def leaves_of(value: Value) -> list[Expr]:
    """The plain Z3 expressions that a value is made of, in a fixed order."""
    if isinstance(value, RingValue):
        return [value.used, value.count, *(x for slot in value.slots for x in slot)]
    if isinstance(value, ListValue):
        return [value.count, *value.slots]
    return [value]


def choose_value(condition: Expr, a: Value, b: Value) -> Value:
    """One of two values of the same sort."""
    if isinstance(a, RingValue):
        slots = tuple(
            tuple(z3.If(condition, x, y) for x, y in zip(s, t, strict=True))
            for s, t in zip(a.slots, b.slots, strict=True)
        )
        return RingValue(z3.If(condition, a.used, b.used), z3.If(condition, a.count, b.count), slots)
    if isinstance(a, ListValue):
        places = tuple(z3.If(condition, x, y) for x, y in zip(a.slots, b.slots, strict=True))
        return ListValue(z3.If(condition, a.count, b.count), places)
    return z3.If(condition, a, b)


class BitVectors(Backend[Value]):
    """A model at given sizes, as Z3 terms."""

    title = "bit-vector"
    lacks = only_in(LEMMAS, ASSUMPTIONS, TRANSITIONS)
    given = frozenset({"var", "block"})
    forms: ClassVar[dict[str, Callable[..., Any]]] = {
        "minus": lambda a, b: a & ~b,
        "choose": choose_value,
        "implies": z3.Implies,
        "minus_one": lambda a: a - 1,
        "waiting": lambda ring: ring.count,
    }

    def __init__(self, model: Model, sizes: Sizes) -> None:
        super().__init__()
        self.model = model
        self.sizes = sizes
        budgets = [sizes.of(v.name.split(".")[1]) for v in model.vars if v.name.startswith("left.")]
        self._count_bits = width_of(max([sizes.ring, sizes.blocks, *budgets]) + 1)
        self._literals: dict[tuple[int, Sort], Expr] = {}

    # -- leaves ----------------------------------------------------------------------------
    def bits(self, sort: Sort) -> int:
        """The width of a bit vector sort."""
        return self._count_bits if sort == COUNT else width_of_sort(sort, self.sizes)

    def literal(self, value: int, sort: Sort) -> Expr:
        """A constant; one that was made before is the same term."""
        if (value, sort) not in self._literals:
            made = z3.BoolVal(bool(value)) if sort == BOOL else z3.BitVecVal(value, self.bits(sort))
            self._literals[value, sort] = made
        return self._literals[value, sort]

    def _build(self, sort: Sort, leaf: Callable[[str, Sort], Expr]) -> Value:
        """A value of ``sort`` from its leaves, each made by ``leaf(name suffix, sort)``."""
        if isinstance(sort, Ring):
            slots = tuple(
                tuple(leaf(f".{i}.{name}", field) for name, field in sort.fields) for i in range(self.sizes.ring)
            )
            return RingValue(leaf(".used", COUNT), leaf(".count", COUNT), slots)
        if sort == LIST:
            places = tuple(leaf(f".{i}", BLOCK) for i in range(self.sizes.blocks))
            return ListValue(leaf(".count", COUNT), places)
        return leaf("", sort)

    def fresh(self, suffix: str) -> SymbolicState:
        """A state of new variables."""

        def variable(name: str, sort: Sort) -> Expr:
            return z3.Bool(name) if sort == BOOL else z3.BitVec(name, self.bits(sort))

        return {
            v.name: self._build(v.sort, lambda part, s, n=v.name: variable(f"{n}{part}{suffix}", s))  # type: ignore[misc]
            for v in self.model.vars
        }

    def constant(self, state: State) -> SymbolicState:
        """A concrete state as a state of constants."""
        return {v.name: self._constant(x, v.sort) for v, x in zip(self.model.vars, state, strict=True)}

    def _constant(self, value: Any, sort: Sort) -> Value:
        leaves: Iterator[int]
        if isinstance(sort, Ring):
            zero = (0,) * len(sort.fields)
            padded = value[1] + (zero,) * (self.sizes.ring - len(value[1]))
            leaves = iter([x for entry in padded for x in entry] + [value[0], len(value[1])])
        elif sort == LIST:
            leaves = iter([*value, *(0,) * (self.sizes.blocks - len(value)), len(value)])
        else:
            leaves = iter([value])
        return self._build(sort, lambda _, s: self.literal(next(leaves), s))

    # -- terms -----------------------------------------------------------------------------
    def term(self, term: Term, state: SymbolicState, block: int | None) -> Value:
        """The meaning of a term in a state, for an action's block."""
        return self.meaning(term, var=lambda _, name: state[name], block=lambda _: self.literal(block or 0, BLOCK))

    def _const(self, term: Term, value: int) -> Expr:
        return self.literal(value, term.sort)

    def _last_id(self, term: Term) -> Expr:
        return self.literal(self.sizes.last_id, ID)

    def _size(self, term: Term, name: str) -> Expr:
        return self.literal(self.sizes.of(name), COUNT)

    def _and(self, term: Term, a: Expr, b: Expr) -> Expr:
        return all_of(a, b) if term.sort == BOOL else a & b

    def _or(self, term: Term, a: Expr, b: Expr) -> Expr:
        return any_of(a, b) if term.sort == BOOL else a | b

    def _not(self, term: Term, a: Expr) -> Expr:
        return z3.Not(a) if term.sort == BOOL else ~a

    def _eq(self, term: Term, a: Value, b: Value) -> Expr:
        return all_of(*(x == y for x, y in zip(leaves_of(a), leaves_of(b), strict=True)))

    def _gt(self, term: Term, a: Expr, count: int) -> Expr:
        return z3.UGT(a, self.literal(count, COUNT))

    def _has(self, term: Term, blocks: Expr, block: Expr) -> Expr:
        return any_of(*(all_of(block == b, self._bit(blocks, b)) for b in range(1, self.sizes.blocks + 1)))

    def _bit(self, blocks: Expr, block: int) -> Expr:
        return z3.Extract(block - 1, block - 1, blocks) == z3.BitVecVal(1, 1)

    def _table(self, block: Expr, mask: Callable[[int], int]) -> Expr:
        """A block set that depends on a block, by cases."""
        result = self.literal(0, BLOCKS)
        for b in range(1, self.sizes.blocks + 1):
            result = z3.If(block == b, self.literal(mask(b), BLOCKS), result)
        return result

    def _just(self, term: Term, block: Expr) -> Expr:
        return self._table(block, lambda b: 1 << (b - 1))

    def _chunk(self, term: Term, block: Expr) -> Expr:
        size, every = self.sizes.chunk, (1 << self.sizes.blocks) - 1
        return self._table(block, lambda b: ((1 << size) - 1) << (b - 1) // size * size & every)

    def _next_id(self, term: Term, a: Expr) -> Expr:
        return z3.If(a == self.sizes.last_id, self.literal(2, ID), a + 1)

    # -- rings -----------------------------------------------------------------------------
    def _zero(self, sort: Sort) -> Value:
        return self._build(sort, lambda _, s: self.literal(0, s))

    def _empty_ring(self, term: Term) -> Value:
        return self._zero(term.sort)

    def _room(self, term: Term, ring: RingValue) -> Expr:
        return self.literal(self.sizes.ring, COUNT) - ring.used - ring.count

    def _post(self, term: Term, ring: RingValue, *entry: Expr) -> RingValue:
        fits = z3.UGT(self._room(term, ring), 0)
        slots = tuple(
            tuple(z3.If(all_of(fits, ring.count == i), new, old) for new, old in zip(entry, slot, strict=True))
            for i, slot in enumerate(ring.slots)
        )
        return RingValue(ring.used, z3.If(fits, ring.count + 1, ring.count), slots)

    def _pop(self, term: Term, ring: RingValue) -> RingValue:
        sort = term.sort
        assert isinstance(sort, Ring)
        zeros = tuple(self.literal(0, field) for _, field in sort.fields)
        some = ring.count != 0
        used, count = z3.If(some, ring.used + 1, ring.used), z3.If(some, ring.count - 1, ring.count)
        return RingValue(used, count, (*ring.slots[1:], zeros))

    def _flush(self, term: Term, ring: RingValue) -> RingValue:
        empty = self._zero(term.sort)
        return RingValue(ring.used + ring.count, empty.count, empty.slots)

    def _detach(self, term: Term, ring: RingValue) -> RingValue:
        return RingValue(self.literal(0, COUNT), ring.count, ring.slots)

    def _head(self, term: Term, ring: RingValue, field: str) -> Expr:
        return ring.slots[0][field_index(term.args[0].sort, field)]

    def _mark(self, term: Term, ring: RingValue, field: str, blocks: Expr) -> RingValue:
        sort = term.sort
        marked, block = field_index(sort, field), field_index(sort, "block")
        slots = tuple(
            tuple(any_of(x, self._has(term, blocks, slot[block])) if i == marked else x for i, x in enumerate(slot))
            for slot in ring.slots
        )
        return RingValue(ring.used, ring.count, slots)

    # -- lists -----------------------------------------------------------------------------
    _empty_list = _empty_ring

    def _list_push(self, term: Term, blocks: ListValue, block: Expr) -> ListValue:
        fits = all_of(blocks.count != self.sizes.blocks, block != 0)
        slots = tuple(z3.If(all_of(fits, blocks.count == i), block, old) for i, old in enumerate(blocks.slots))
        return ListValue(z3.If(fits, blocks.count + 1, blocks.count), slots)

    def _list_pop(self, term: Term, blocks: ListValue) -> ListValue:
        slots = tuple(z3.If(blocks.count == i + 1, self.literal(0, BLOCK), old) for i, old in enumerate(blocks.slots))
        return ListValue(z3.If(blocks.count == 0, blocks.count, blocks.count - 1), slots)

    def _list_top(self, term: Term, blocks: ListValue) -> Expr:
        top = self.literal(0, BLOCK)
        for i, place in enumerate(blocks.slots):
            top = z3.If(blocks.count == i + 1, place, top)
        return top

    # -- actions ---------------------------------------------------------------------------
    def guard(self, instance: Instance, state: SymbolicState) -> Expr:
        """Whether the action may happen in the state."""
        return all_of(*(self.term(c.term, state, instance.block) for c in instance.action.guard))

    def updates(self, instance: Instance, state: SymbolicState) -> SymbolicState:
        """The new values of the variables that the action writes."""
        return {n: self.term(t, state, instance.block) for n, t in instance.action.updates.items()}
