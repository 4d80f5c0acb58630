"""Terms: what the text computes, recorded as small trees of operators.

The text is ordinary Python, but the values in it are *terms*. An interpretation gives a term its meaning (an ``int``,
a machine word, a Z3 expression). ``& | ~ == -`` and :func:`choose` are the only ways to combine terms. Python's
``and``, ``or``, ``not``, ``if`` and ``in`` can't be recorded, so each of them fails loudly and names its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Union

from hintspec.language.errors import SpecError, blame
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, LIST, SLOT, Label, Ring, Sort

Liftable = Union["Term", Label, bool, int]


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Term:
    """A recorded computation: an operator, its arguments (terms or plain constants) and a sort."""

    op: str
    args: tuple[Any, ...]
    sort: Sort

    # -- combining -------------------------------------------------------------------------
    def __and__(self, other: Liftable) -> Term:
        return self._join("and", other)

    def __or__(self, other: Liftable) -> Term:
        return self._join("or", other)

    def __sub__(self, other: Liftable) -> Term:
        if self.sort != BLOCKS:
            raise SpecError(f"{blame()}: '-' takes block sets, not {self.sort}")
        return self._join("minus", other)

    def __invert__(self) -> Term:
        if self.sort not in (BOOL, BLOCKS):
            raise SpecError(f"{blame()}: '~' takes a condition or a block set, not {self.sort}")
        return Term("not", (self,), self.sort)

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return Term("eq", (self, lift(other, self.sort)), BOOL)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return ~(self == other)

    def __gt__(self, other: int) -> Term:
        if self.sort != COUNT:
            raise SpecError(f"{blame()}: only counts are ordered, not {self.sort}")
        return Term("gt", (self, int(other)), BOOL)

    __hash__ = None  # type: ignore[assignment]

    def _join(self, op: str, other: Liftable) -> Term:
        if self.sort not in (BOOL, BLOCKS):
            raise SpecError(f"{blame()}: '{op}' takes conditions or block sets, not {self.sort}")
        return Term(op, (self, lift(other, self.sort)), self.sort)

    # -- block sets ------------------------------------------------------------------------
    def has(self, block: Term) -> Term:
        """Whether the set holds ``block``; false for no block."""
        return Term("has", (expect(self, BLOCKS), expect(block, BLOCK)), BOOL)

    # -- rings -----------------------------------------------------------------------------
    def post(self, **entry: Liftable) -> Term:
        """The ring with one more available entry at its end."""
        ring = self._ring()
        if set(entry) != {name for name, _ in ring.fields}:
            raise SpecError(f"{blame()}: an entry needs the fields {[n for n, _ in ring.fields]}")
        values = tuple(lift(entry[name], sort) for name, sort in ring.fields)
        return Term("post", (self, values), ring)

    def pop(self) -> Term:
        """The ring with its oldest available entry used, or the list without its newest block."""
        if self.sort == LIST:
            return Term("list_pop", (self,), LIST)
        return Term("pop", (self,), self._ring())

    def flush(self) -> Term:
        """The ring with every available entry used."""
        return Term("flush", (self,), self._ring())

    def detach(self) -> Term:
        """The ring after the driver took all used entries back."""
        return Term("detach", (self,), self._ring())

    def head(self, field: str) -> Term:
        """A field of the oldest available entry; a harmless zero value if there is none."""
        return Term("head", (self, field), self._ring().sort_of(field))

    def mark(self, field: str, blocks: Term) -> Term:
        """The ring with the bool ``field`` set in every available entry whose block is in ``blocks``."""
        if self._ring().sort_of(field) != BOOL:
            raise SpecError(f"{blame()}: only a bool field can be marked")
        return Term("mark", (self, field, expect(blocks, BLOCKS)), self._ring())

    def at(self, slot: Term, field: str = "block") -> Term:
        """A field of the available entry at a slot, or the block at that place of a list; for lemmas."""
        if self.sort == LIST:
            return Term("list_at", (self, expect(slot, SLOT)), BLOCK)
        return Term("at", (self, expect(slot, SLOT), field), self._ring().sort_of(field))

    def holds(self, slot: Term) -> Term:
        """Whether an available entry is at the slot, or a block at that place of a list; for lemmas."""
        if self.sort == LIST:
            return Term("list_holds", (self, expect(slot, SLOT)), BOOL)
        self._ring()
        return Term("holds", (self, expect(slot, SLOT)), BOOL)

    @property
    def newest(self) -> Term:
        """The slot of the newest available entry; for lemmas."""
        self._ring()
        return Term("newest", (self,), SLOT)

    @property
    def waiting(self) -> Term:
        """How many entries are available and not yet used by the device."""
        self._ring()
        return Term("waiting", (self,), COUNT)

    @property
    def room(self) -> Term:
        """How many entries the driver may still add: neither available nor used and undetached."""
        self._ring()
        return Term("room", (self,), COUNT)

    def _ring(self) -> Ring:
        if not isinstance(self.sort, Ring):
            raise SpecError(f"{blame()}: this takes a ring, not {self.sort}")
        return self.sort

    # -- lists -----------------------------------------------------------------------------
    def push(self, block: Term) -> Term:
        """The list with one more block on top."""
        return Term("list_push", (expect(self, LIST), expect(block, BLOCK)), LIST)

    @property
    def top(self) -> Term:
        """The block on top of the list, or no block."""
        return Term("list_top", (expect(self, LIST),), BLOCK)

    # -- what can't be recorded --------------------------------------------------------------
    def __bool__(self) -> NoReturn:
        raise SpecError(
            f"{blame()}: a term has no truth value here: write & | ~ and choose() "
            "instead of and, or, not, if and chained comparisons"
        )

    def __contains__(self, item: object) -> NoReturn:
        raise SpecError(f"{blame()}: write blocks.has(block) instead of 'in'")

    def __iter__(self) -> NoReturn:
        raise SpecError(f"{blame()}: a term can't be looped over")

    def __repr__(self) -> str:
        return f"<{self.op}: {self.sort}>"


def expect(term: Term, sort: Sort) -> Term:
    """``term`` itself if it is of ``sort``, else a :class:`SpecError` naming the line."""
    if not isinstance(term, Term) or term.sort != sort:
        found = term.sort if isinstance(term, Term) else type(term).__name__
        raise SpecError(f"{blame()}: expected a {sort}, got a {found}")
    return term


def lift(value: object, sort: Sort) -> Term:
    """``value`` as a term of ``sort``: a term stays, a label, bool or count becomes a constant."""
    if isinstance(value, Term):
        return expect(value, sort)
    if isinstance(value, Label) and value.enum == sort:
        return Term("const", (value.index,), sort)
    if isinstance(value, bool) and sort == BOOL:
        return Term("const", (int(value),), BOOL)
    if isinstance(value, int) and not isinstance(value, bool) and sort == COUNT:
        return Term("const", (value,), COUNT)
    raise SpecError(f"{blame()}: {value!r} is no {sort}")


#: Command ids. STOP and DONE are reserved by virtio 1.3; the device issues ids from a window of its
#: own (QEMU: 0x80000000 .. 0xffffffff) that never holds them. What the window is, an interpretation says.
STOP = Term("const", (0,), ID)
DONE = Term("const", (1,), ID)
OLDEST_ID = Term("const", (2,), ID)
YOUNGEST_ID = Term("last_id", (), ID)

TRUE = Term("const", (1,), BOOL)
FALSE = Term("const", (0,), BOOL)
NO_BLOCK = Term("const", (0,), BLOCK)
EMPTY = Term("const", (0,), BLOCKS)
ALL = Term("not", (EMPTY,), BLOCKS)


def choose(condition: Term, then: Liftable, otherwise: Liftable) -> Term:
    """``then`` where the condition holds, else ``otherwise``: the only conditional on terms."""
    expect(condition, BOOL)
    sort = _sort_of(otherwise if isinstance(otherwise, Term) else then)
    return Term("choose", (condition, lift(then, sort), lift(otherwise, sort)), sort)


def _sort_of(value: Liftable) -> Sort:
    if isinstance(value, Term):
        return value.sort
    return value.enum if isinstance(value, Label) else BOOL


def one_of(value: Term, first: Label, *others: Label) -> Term:
    """Whether the value is one of these labels."""
    found = value == first
    for other in others:
        found = found | (value == other)
    return found


def implies(condition: Term, conclusion: Liftable) -> Term:
    """The conclusion wherever the condition holds."""
    return Term("implies", (expect(condition, BOOL), lift(conclusion, BOOL)), BOOL)


def just(block: Term) -> Term:
    """The set of this one block; empty for no block."""
    return Term("just", (expect(block, BLOCK),), BLOCKS)


def chunk_of(block: Term) -> Term:
    """All blocks of the same clear chunk as ``block``; empty for no block."""
    return Term("chunk", (expect(block, BLOCK),), BLOCKS)


def next_id(command_id: Term) -> Term:
    """The id issued after ``command_id``: one more, past the end of the window its oldest again."""
    return Term("next_id", (expect(command_id, ID),), ID)


def before(slot: Term) -> Term:
    """The slot of the entry that was posted just before; for lemmas."""
    return Term("before", (expect(slot, SLOT),), SLOT)


def earlier(a: Term, b: Term) -> Term:
    """Whether the entry at slot ``a`` was posted before that at slot ``b``; for lemmas."""
    return Term("earlier", (expect(a, SLOT), expect(b, SLOT)), BOOL)


def older(a: Term, b: Term) -> Term:
    """Whether id ``a`` was issued before ``b``; STOP and DONE count as older than any. For lemmas."""
    return Term("older", (expect(a, ID), expect(b, ID)), BOOL)


def in_window(a: Term, now: Term) -> Term:
    """Whether fewer ids than the window holds were issued after ``a`` up to ``now``; for assumptions."""
    return Term("in_window", (expect(a, ID), expect(now, ID)), BOOL)


def is_issued(command_id: Term) -> Term:
    """Whether this is an id of the device's window, neither STOP nor DONE."""
    return ~(command_id == STOP) & ~(command_id == DONE)


def empty_ring(ring: Sort) -> Term:
    """A ring with nothing on it, as after a device reset."""
    if not isinstance(ring, Ring):
        raise SpecError(f"{blame()}: expected the sort of a ring, not {ring}")
    return Term("empty_ring", (), ring)


def empty_list() -> Term:
    """A list with no block."""
    return Term("empty_list", (), LIST)
