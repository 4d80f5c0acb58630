"""The unbounded interpretation: any number of blocks, ring slots, ids and rounds.

Blocks are an uninterpreted sort, block sets arrays from blocks to truth values, ids integers. A ring is
an unbounded array of entries with a head and a tail, of some size that is only known to be 2 or more.
Every state set leaves *no block* out, so that sets can be compared as arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import z3

from hintspec.recording import Model, RecordedAction
from hintspec.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, SLOT, Enum, Ring, Sort, SpecError, Term

Expr = Any  # z3 is untyped
Value = Any  # Expr or RingOf
SymbolicState = dict[str, Value]


@dataclass(frozen=True)
class RingOf:
    """A ring: entries that were used and not yet detached, the first and the next free slot, the fields."""

    used: Expr
    head: Expr
    tail: Expr
    fields: dict[str, Expr]


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


class Unbounded:
    """A model, as Z3 terms of no particular size; with ``blocks``, of that many blocks and no others."""

    def __init__(self, model: Model, blocks: int | None = None) -> None:
        self.model = model
        self.block_sort = z3.DeclareSort("Block")
        self.chunk_sort = z3.DeclareSort("Chunk")
        self.no_block = z3.Const("no_block", self.block_sort)
        self.blocks: list[Expr] = []
        if blocks is not None:
            self.block_sort, (self.no_block, *self.blocks) = block_enum(blocks)
        self.ring_size = z3.Int("ring_size")
        self.chunk_of = z3.Function("chunk_of", self.block_sort, self.chunk_sort)

    # -- leaves ----------------------------------------------------------------------------
    def sort(self, sort: Sort) -> Any:
        """The Z3 sort of a plain sort."""
        if isinstance(sort, Enum):
            return enum_sort(sort)[0]
        plain = {
            BOOL: z3.BoolSort(),
            ID: z3.IntSort(),
            COUNT: z3.IntSort(),
            SLOT: z3.IntSort(),
            BLOCK: self.block_sort,
            BLOCKS: self._set_sort,
        }
        if sort not in plain:
            raise SpecError(f"the unbounded interpretation has no {sort}: use an environment with '+any-order'")
        return plain[sort]

    @cached_property
    def _set_sort(self) -> Any:
        return z3.ArraySort(self.block_sort, z3.BoolSort())

    @cached_property
    def _empty(self) -> Expr:
        return z3.K(self.block_sort, z3.BoolVal(False))

    def literal(self, value: int, sort: Sort) -> Expr:
        """A constant."""
        if isinstance(sort, Enum):
            return enum_sort(sort)[1][value]
        if sort == BOOL:
            return z3.BoolVal(bool(value))
        if sort == BLOCK:
            return self.no_block
        return self._empty if sort == BLOCKS else z3.IntVal(value)

    def fresh(self, suffix: str) -> SymbolicState:
        """A state of new constants."""
        return {v.name: self._fresh(f"{v.name}{suffix}", v.sort) for v in self.model.vars}

    def _fresh(self, name: str, sort: Sort) -> Value:
        if isinstance(sort, Ring):
            fields = {
                field: z3.Const(f"{name}.{field}", z3.ArraySort(z3.IntSort(), self.sort(inner)))
                for field, inner in sort.fields
            }
            return RingOf(z3.Int(f"{name}.used"), z3.Int(f"{name}.head"), z3.Int(f"{name}.tail"), fields)
        return z3.Const(name, self.sort(sort))

    def well_formed(self, state: SymbolicState) -> list[Expr]:
        """What every state has by the way it is built: not a claim about the protocol."""
        facts: list[Expr] = [self.ring_size >= 2]
        for v in self.model.vars:
            value = state[v.name]
            if isinstance(value, RingOf):
                facts += [value.used >= 0, value.head <= value.tail]
                facts.append(value.used + value.tail - value.head <= self.ring_size)
            elif v.sort == BLOCKS:
                facts.append(z3.Not(z3.Select(value, self.no_block)))
            elif v.sort == ID:
                facts.append(value >= 0)
        return facts

    # -- terms -----------------------------------------------------------------------------
    def term(self, term: Term, state: SymbolicState, block: Expr = None, slot: Expr = None) -> Value:
        """The meaning of a term in a state, for a block and a slot where it speaks of them."""
        if term.op == "var":
            return state[term.args[0]]
        if term.op == "block":
            return block
        if term.op == "slot":
            return slot
        handler = getattr(self, f"_{term.op}", None)
        if handler is None:
            raise SpecError(f"the unbounded interpretation has no meaning for '{term.op}'")
        if term.op == "post":
            entry = [self.term(x, state, block, slot) for x in term.args[1]]
            return handler(term, self.term(term.args[0], state, block, slot), entry)
        args = [self.term(a, state, block, slot) if isinstance(a, Term) else a for a in term.args]
        return handler(term, *args)

    def _const(self, term: Term, value: int) -> Expr:
        return self.literal(value, term.sort)

    def _and(self, term: Term, a: Expr, b: Expr) -> Expr:
        return z3.And(a, b) if term.sort == BOOL else z3.SetIntersect(a, b)

    def _or(self, term: Term, a: Expr, b: Expr) -> Expr:
        return z3.Or(a, b) if term.sort == BOOL else z3.SetUnion(a, b)

    def _not(self, term: Term, a: Expr) -> Expr:
        return z3.Not(a) if term.sort == BOOL else z3.SetDel(z3.SetComplement(a), self.no_block)

    def _minus(self, term: Term, a: Expr, b: Expr) -> Expr:
        return z3.SetDifference(a, b)

    def _eq(self, term: Term, a: Expr, b: Expr) -> Expr:
        return a == b

    def _gt(self, term: Term, a: Expr, count: int) -> Expr:
        return a > count

    def _choose(self, term: Term, condition: Expr, a: Value, b: Value) -> Value:
        return z3.If(condition, a, b)

    def _has(self, term: Term, blocks: Expr, block: Expr) -> Expr:
        return z3.Select(blocks, block)

    def _just(self, term: Term, block: Expr) -> Expr:
        return z3.SetDel(z3.SetAdd(self._empty, block), self.no_block)

    def _chunk(self, term: Term, block: Expr) -> Expr:
        other = z3.Const("other", self.block_sort)
        same = self.chunk_of(other) == self.chunk_of(block)
        return z3.Lambda([other], z3.And(other != self.no_block, block != self.no_block, same))

    def _next_id(self, term: Term, a: Expr) -> Expr:
        return a + 1

    def _older(self, term: Term, a: Expr, b: Expr) -> Expr:
        return a < b

    # -- rings -----------------------------------------------------------------------------
    def _empty_ring(self, term: Term) -> RingOf:
        assert isinstance(term.sort, Ring)
        fields = {f: z3.K(z3.IntSort(), self.literal(0, inner)) for f, inner in term.sort.fields}
        return RingOf(z3.IntVal(0), z3.IntVal(0), z3.IntVal(0), fields)

    def _room(self, term: Term, ring: RingOf) -> Expr:
        return self.ring_size - ring.used - (ring.tail - ring.head)

    def _waiting(self, term: Term, ring: RingOf) -> Expr:
        return ring.tail - ring.head

    def _post(self, term: Term, ring: RingOf, entry: list[Expr]) -> RingOf:
        fits = self._room(term, ring) > 0
        fields = {
            name: z3.Store(array, ring.tail, value)
            for (name, array), value in zip(ring.fields.items(), entry, strict=True)
        }
        return RingOf(ring.used, ring.head, z3.If(fits, ring.tail + 1, ring.tail), fields)

    def _pop(self, term: Term, ring: RingOf) -> RingOf:
        step = z3.If(ring.head < ring.tail, 1, 0)
        return RingOf(ring.used + step, ring.head + step, ring.tail, ring.fields)

    def _flush(self, term: Term, ring: RingOf) -> RingOf:
        return RingOf(ring.used + ring.tail - ring.head, ring.tail, ring.tail, ring.fields)

    def _detach(self, term: Term, ring: RingOf) -> RingOf:
        return RingOf(z3.IntVal(0), ring.head, ring.tail, ring.fields)

    def _head(self, term: Term, ring: RingOf, field: str) -> Expr:
        default = self.literal(0, term.sort)
        return z3.If(ring.head < ring.tail, z3.Select(ring.fields[field], ring.head), default)

    def _mark(self, term: Term, ring: RingOf, field: str, blocks: Expr) -> RingOf:
        i = z3.Int("any_slot")
        marked = z3.Or(z3.Select(ring.fields[field], i), z3.Select(blocks, z3.Select(ring.fields["block"], i)))
        return RingOf(ring.used, ring.head, ring.tail, {**ring.fields, field: z3.Lambda([i], marked)})

    def _at(self, term: Term, ring: RingOf, slot: Expr, field: str) -> Expr:
        return z3.Select(ring.fields[field], slot)

    def _holds(self, term: Term, ring: RingOf, slot: Expr) -> Expr:
        return z3.And(ring.head <= slot, slot < ring.tail)

    def _newest(self, term: Term, ring: RingOf) -> Expr:
        return ring.tail - 1

    def _before(self, term: Term, slot: Expr) -> Expr:
        return slot - 1

    # -- actions ---------------------------------------------------------------------------
    def guard(self, action: RecordedAction, state: SymbolicState, block: Expr) -> list[Expr]:
        """The conjuncts of the action's guard."""
        taken = [block != self.no_block] if action.action.takes_block else []
        return taken + [self.term(c.term, state, block) for c in action.guard]

    def after(self, action: RecordedAction, state: SymbolicState, block: Expr) -> SymbolicState:
        """The state after the action."""
        updates = {name: self.term(t, state, block) for name, t in action.updates.items()}
        return {**state, **updates}
