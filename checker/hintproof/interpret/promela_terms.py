"""Terms as Promela expressions: what :mod:`hintproof.interpret.promela` puts into its steps.

Every value is one or more numbers. A ring is its two counts and the fields of its entries, a list its count
and its places, each a variable of its own, so that SPIN packs them to the bit. As in the packed interpretation
there are zeros past the last entry, so that one ring has one state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from hintproof.interpret.backend import Backend
from hintproof.interpret.source import Compiler, field_index
from hintproof.interpret.widths import width_of, width_of_sort
from hintspec.language.errors import SpecError
from hintspec.language.operators import ASSUMPTIONS, LEMMAS, TRANSITIONS, only_in
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCKS, BOOL, ID, LIST, Enum, Ring, Sort
from hintspec.language.terms import Term

#: The numbers that make up a value, as Promela sources; one for all sorts but rings and lists.
Value = tuple[str, ...]

#: Blocks that a set may have: SPIN computes with signed ints, and one shift goes a bit further.
MOST_BLOCKS = 30

#: Command ids that have names.
RESERVED_IDS = {0: "id_STOP", 1: "id_DONE"}

#: The ways to write zero: what a variable is at first if nothing is said, and what is past the end of a ring.
ZERO = ("0", "false", RESERVED_IDS[0])


class PromelaTerms(Backend["Value | str"]):
    """Turns terms into Promela, for given sizes. ``facts`` are conditions that the text before has tested."""

    title = "Promela"
    lacks = only_in(LEMMAS, ASSUMPTIONS, TRANSITIONS)
    given = frozenset({"block"})
    forms: ClassVar[dict[str, str | Callable[..., Value | str]]] = {
        "last_id": "{me.sizes.last_id}",
        "minus": "({0} & ~{1})",
        "eq": "({0} == {1})",
        "gt": "({0} > {1})",
        "next_id": "({0} == {me.sizes.last_id} -> 2 : {0} + 1)",
        "minus_one": "({0} - 1)",
        "waiting": "{0[1]}",
        "room": "({me.sizes.ring} - {0[0]} - {0[1]})",
        "implies": lambda a, b: f"({_negated(a)} || {b})",
        "detach": lambda ring: ("0", *ring[1:]),
        "flush": lambda ring: (f"({ring[0]} + {ring[1]})", *("0" for _ in ring[1:])),
    }

    def __init__(self, compiler: Compiler, sizes: Sizes) -> None:
        if sizes.blocks > MOST_BLOCKS:
            raise SpecError(f"Promela takes at most {MOST_BLOCKS} blocks here, not {sizes.blocks}")
        super().__init__()
        self.names = compiler.locals
        self.all_blocks = compiler.all_blocks
        self.chunk_mask = compiler.chunk
        self.sizes = sizes
        self.facts: frozenset[str] = frozenset()

    # -- variables -------------------------------------------------------------------------
    def scalars(self, name: str, sort: Sort) -> dict[str, int]:
        """The Promela variables of a variable, and the bits of each."""
        local = self.names[name]
        block = width_of(self.sizes.blocks)
        if isinstance(sort, Ring):
            count = width_of(self.sizes.ring)
            fields = [
                (f"{local}_{i}_{f}", width_of_sort(s, self.sizes))
                for i in range(self.sizes.ring)
                for f, s in sort.fields
            ]
            return {f"{local}_used": count, f"{local}_waiting": count, **dict(fields)}
        if sort == LIST:
            return {f"{local}_count": block, **{f"{local}_{i}": block for i in range(self.sizes.blocks)}}
        return {local: width_of_sort(sort, self.sizes, name)}

    # -- terms -----------------------------------------------------------------------------
    def value(self, term: Term, block: int | None) -> Value:
        """The sources of a term's numbers; ``block`` is the step's block."""
        value = self.meaning(term, block=lambda _: str(block))
        return (value,) if isinstance(value, str) else value

    def number(self, term: Term, block: int | None) -> str:
        """The source of a term that is one number."""
        (source,) = self.value(term, block)
        return source

    # one method an operator
    def _const(self, term: Term, value: int) -> str:
        if isinstance(term.sort, Enum):
            return label(term.sort, value)
        if term.sort == BOOL:
            return "true" if value else "false"
        return RESERVED_IDS.get(value, str(value)) if term.sort == ID else str(value)

    def _var(self, term: Term, name: str) -> Value | str:
        value = tuple(self.scalars(name, term.sort))
        return value if isinstance(term.sort, Ring) or term.sort == LIST else value[0]

    def _size(self, term: Term, name: str) -> str:
        return str(self.sizes.of(name))

    def _and(self, term: Term, a: str, b: str) -> str:
        return f"({a} & {b})" if term.sort == BLOCKS else f"({a} && {b})"

    def _or(self, term: Term, a: str, b: str) -> str:
        return f"({a} | {b})" if term.sort == BLOCKS else f"({a} || {b})"

    def _not(self, term: Term, a: str) -> str:
        if term.sort == BLOCKS:
            return f"({a} ^ EVERY)"
        return _negated(a)

    def _choose(self, term: Term, condition: str, a: Value | str, b: Value | str) -> Value | str:
        if isinstance(a, str) and isinstance(b, str):
            return either(condition, a, b)
        return tuple(either(condition, x, y) for x, y in zip(a, b, strict=True))

    def _has(self, term: Term, blocks: str, block: str) -> str:
        if block.isdigit():
            return f"(({blocks} & {1 << int(block) >> 1}) != 0)"
        return f"({blocks} << 1 >> {block} & 1)"

    def _just(self, term: Term, block: str) -> str:
        return str(1 << int(block) >> 1) if block.isdigit() else f"(1 << {block} >> 1)"

    def _chunk(self, term: Term, block: str) -> str:
        if block.isdigit():
            return str(self.chunk_mask(int(block)))
        whole, size = (1 << self.sizes.chunk) - 1, self.sizes.chunk
        return f"({block} == 0 -> 0 : ({whole} << ({block} - 1) / {size} * {size}) & EVERY)"

    # -- lists -----------------------------------------------------------------------------
    def _empty_list(self, term: Term) -> Value:
        return ("0",) * (1 + self.sizes.blocks)

    def _list_push(self, term: Term, blocks: Value, block: str) -> Value:
        count, *places = blocks
        fits = f"({count} < {self.sizes.blocks} && {block} != 0)"
        pushed = (either(f"({fits} && {count} == {i})", block, place) for i, place in enumerate(places))
        return (f"({count} + {fits})", *pushed)

    def _list_pop(self, term: Term, blocks: Value) -> Value:
        count, *places = blocks
        popped = (either(f"({count} == {i})", "0", place) for i, place in enumerate(places, 1))
        return (f"({count} - ({count} > 0))", *popped)

    def _list_top(self, term: Term, blocks: Value) -> str:
        count, *places = blocks
        top = "0"
        for i, place in reversed(list(enumerate(places, 1))):
            top = f"({count} == {i} -> {place} : {top})"
        return top

    # -- rings -----------------------------------------------------------------------------

    def _empty_ring(self, term: Term) -> Value:
        assert isinstance(term.sort, Ring)
        return ("0",) * (2 + self.sizes.ring * len(term.sort.fields))

    def _head(self, term: Term, ring: Value, field: str) -> str:
        return ring[2 + field_index(term.args[0].sort, field)]

    def _pop(self, term: Term, ring: Value) -> Value:
        assert isinstance(term.sort, Ring)
        used, waiting, *entries = ring
        fields = len(term.sort.fields)
        one = "1" if f"!({waiting} == 0)" in self.facts else f"({waiting} > 0)"
        return (f"({used} + {one})", f"({waiting} - {one})", *entries[fields:], *("0" for _ in range(fields)))

    def _post(self, term: Term, ring: Value, *new: str) -> Value:
        used, waiting, *entries = ring
        room = f"({self.sizes.ring} - {used} - {waiting})"
        fits = f"({room} > 0)"
        sure = bool({fits, f"({room} > 1)"} & self.facts)
        posted = [f"({waiting} + {'1' if sure else fits})"]
        for i in range(self.sizes.ring):
            here = f"({waiting} == {i})" if sure else f"({fits} && {waiting} == {i})"
            old = entries[i * len(new) : (i + 1) * len(new)]
            posted += [x if y in ZERO else either(here, y, x) for x, y in zip(old, new, strict=True)]
        return (used, *posted)

    def _mark(self, term: Term, ring: Value, field: str, blocks: str) -> Value:
        assert isinstance(term.sort, Ring)
        marked, fields = list(ring), len(term.sort.fields)
        for first in range(2, len(ring), fields):
            block = ring[first + field_index(term.sort, "block")]
            place = first + field_index(term.sort, field)
            marked[place] = f"(({blocks} << 1 >> {block} & 1) || {ring[place]})"
        return tuple(marked)


def either(condition: str, a: str, b: str) -> str:
    """A conditional expression, unless there is nothing to choose."""
    return a if a == b else f"({condition} -> {a} : {b})"


def bare(source: str) -> str:
    """A source without the parentheses around all of it, if there are any; a conditional one needs them."""
    depth = 0
    for i, letter in enumerate(source):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if (depth == 0 and i < len(source) - 1) or (depth == 1 and source[i : i + 2] == "->"):
            return source
    return source[1:-1] if source.startswith("(") else source


def label(enum: Enum, index: int) -> str:
    """The name of a label; other enums may have one of the same name."""
    return f"{enum.name}_{enum.labels[index]}"


def _negated(condition: str) -> str:
    """The opposite; "!!" would be an operator of its own."""
    return condition[1:] if condition.startswith("!") else f"!{condition}"
