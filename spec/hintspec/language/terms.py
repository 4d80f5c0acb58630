"""Terms: what a text computes, recorded as trees of operators.

A text is ordinary Python, but the values in it are *terms*. An interpretation gives a term its meaning (an ``int``,
a machine word, a Z3 expression). ``& | ~ == -`` and :func:`choose` are the only ways to combine terms. Python's
``and``, ``or``, ``not``, ``if`` and ``in`` can't be recorded, so each of them fails loudly and names its line.

Equal terms are one object, also after pickling and copying: outside a text they are compared with ``is`` and can be
keys of a dictionary. ``==`` records a comparison.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import reduce
from operator import is_not, or_
from typing import Any, NoReturn, Union
from weakref import WeakValueDictionary

from hintspec.language.errors import SpecError, blame
from hintspec.language.operators import ENTRY, FIELD, NAME, NUMBER, OPERATORS, RING, SAME
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, LIST, Label, Ring, Sort

Liftable = Union["Term", Label, bool, int]

#: All terms that are in use, by operator, sort and arguments; a term among these by its id, as it lives as long.
_TERMS: WeakValueDictionary[tuple[Any, ...], Term] = WeakValueDictionary()
_NEW_TERM = threading.Lock()

_IN_TEXT: ContextVar[bool] = ContextVar("in_text", default=False)


@contextmanager
def text_runs() -> Iterator[None]:
    """While this lasts, no term may be looked up in a set or dictionary: a text would silently find none."""
    before = _IN_TEXT.set(True)
    try:
        yield
    finally:
        _IN_TEXT.reset(before)


@dataclass(frozen=True, eq=False, repr=False, init=False, slots=True, weakref_slot=True)
class Term:
    """A recorded computation: an operator, its arguments (terms, names or numbers) and a sort."""

    op: str
    args: tuple[Any, ...]
    sort: Sort

    def __new__(cls, op: str, args: tuple[Any, ...], sort: Sort) -> Term:
        """The one term of this operator, these arguments and this sort."""
        key = (op, sort, *(id(a) if isinstance(a, Term) else a for a in args))
        found = _TERMS.get(key)
        if found is not None:
            return found
        if op not in OPERATORS or not OPERATORS[op].fits(len(args)):
            raise SpecError(f"{blame()}: there is no operator '{op}' of {len(args)} arguments")
        with _NEW_TERM:
            found = _TERMS.get(key)
            if found is None:
                found = object.__new__(cls)
                for name, value in (("op", op), ("args", args), ("sort", sort)):
                    object.__setattr__(found, name, value)
                _TERMS[key] = found
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Term, (self.op, self.args, self.sort)

    def __hash__(self) -> int:
        if _IN_TEXT.get():
            raise SpecError(f"{blame()}: a term can't be looked up: write one_of() or choose()")
        return object.__hash__(self)

    @property
    def parts(self) -> tuple[Term, ...]:
        """The arguments that are terms."""
        return tuple(a for a in self.args if isinstance(a, Term))

    def with_args(self, args: tuple[Any, ...]) -> Term:
        """The term with other arguments; they have the sorts of those that they replace."""
        return Term(self.op, args, self.sort) if any(map(is_not, args, self.args)) else self

    # -- combining -------------------------------------------------------------------------
    def __and__(self, other: Liftable) -> Term:
        return apply("and", self, other)

    def __or__(self, other: Liftable) -> Term:
        return apply("or", self, other)

    def __sub__(self, other: Liftable) -> Term:
        return apply("minus", self, other)

    def __invert__(self) -> Term:
        return apply("not", self)

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return apply("eq", self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return ~(self == other)

    def __gt__(self, other: int) -> Term:
        return apply("gt", self, int(other))

    # -- block sets ------------------------------------------------------------------------
    def has(self, block: Term) -> Term:
        """Whether the set holds ``block``; false for no block."""
        return apply("has", self, block)

    # -- rings -----------------------------------------------------------------------------
    def post(self, **entry: Liftable) -> Term:
        """The ring with one more available entry at its end."""
        names = [name for name, _ in _ring(self).fields]
        if set(entry) != set(names):
            raise SpecError(f"{blame()}: an entry needs the fields {names}")
        return apply("post", self, *(entry[name] for name in names))

    def pop(self) -> Term:
        """The ring with its oldest available entry used, or the list without its newest block."""
        return apply("list_pop" if self.sort == LIST else "pop", self)

    def flush(self) -> Term:
        """The ring with every available entry used."""
        return apply("flush", self)

    def detach(self) -> Term:
        """The ring after the driver took all used entries back."""
        return apply("detach", self)

    def head(self, field: str) -> Term:
        """A field of the oldest available entry; a harmless zero value if there is none."""
        return apply("head", self, field)

    def mark(self, field: str, blocks: Term) -> Term:
        """The ring with the bool ``field`` set in every available entry whose block is in ``blocks``."""
        if _ring(self).sort_of(field) != BOOL:
            raise SpecError(f"{blame()}: only a bool field can be marked")
        return apply("mark", self, field, blocks)

    def at(self, slot: Term, field: str = "block") -> Term:
        """A field of the available entry at a slot, or the block at that place of a list; for lemmas."""
        return apply("list_at", self, slot) if self.sort == LIST else apply("at", self, slot, field)

    def holds(self, slot: Term) -> Term:
        """Whether an available entry is at the slot, or a block at that place of a list; for lemmas."""
        return apply("list_holds" if self.sort == LIST else "holds", self, slot)

    @property
    def newest(self) -> Term:
        """The slot of the newest available entry; for lemmas."""
        return apply("newest", self)

    @property
    def waiting(self) -> Term:
        """How many entries are available and not yet used by the device."""
        return apply("waiting", self)

    @property
    def room(self) -> Term:
        """How many entries the driver may still add: neither available nor used and undetached."""
        return apply("room", self)

    # -- lists -----------------------------------------------------------------------------
    def push(self, block: Term) -> Term:
        """The list with one more block on top."""
        return apply("list_push", self, block)

    @property
    def top(self) -> Term:
        """The block on top of the list, or no block."""
        return apply("list_top", self)

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


def apply(name: str, *args: object) -> Term:
    """An operator applied to values, each lifted to the sort that the table of operators asks for."""
    operator = OPERATORS[name]
    ring = _ring(args[0]) if RING in operator.takes else None
    same = _sort_of(*(a for a, kind in zip(args, operator.takes, strict=False) if kind is SAME))
    if operator.among and same not in operator.among:
        raise SpecError(f"{blame()}: {operator.wants}, not {same}")
    sorts: list[Sort] = list(operator.takes)
    field = SAME
    if ring is not None and ENTRY in sorts:
        sorts[1:] = [sort for _, sort in ring.fields]
    values = []
    for value, kind in zip(args, sorts, strict=True):
        if kind is FIELD:
            assert ring is not None
            field = ring.sort_of(str(value))
        if kind not in (RING, FIELD, NAME, NUMBER):
            value = lift(value, same if kind is SAME else kind)
        values.append(value)
    gives = {SAME: same, RING: ring, FIELD: field}.get(operator.gives, operator.gives)
    assert gives is not None
    return Term(name, tuple(values), gives)


def _ring(term: object) -> Ring:
    sort = term.sort if isinstance(term, Term) else type(term).__name__
    if not isinstance(sort, Ring):
        raise SpecError(f"{blame()}: this takes a ring, not {sort}")
    return sort


def _sort_of(*values: object) -> Sort:
    """The sort of values that have the same one: of a term among them if there is one."""
    for value in values:
        if isinstance(value, Term):
            return value.sort
    return values[0].enum if values and isinstance(values[0], Label) else BOOL


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
#: own (QEMU: 0x80000000 .. 0xffffffff) that never holds them. Each interpretation chooses a window.
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
    return apply("choose", condition, then, otherwise)


def one_of(value: Term, first: Label, *others: Label) -> Term:
    """Whether the value is one of these labels."""
    return reduce(or_, (value == label for label in (first, *others)))


def implies(condition: Term, conclusion: Liftable) -> Term:
    """The conclusion wherever the condition holds."""
    return apply("implies", condition, conclusion)


def just(block: Term) -> Term:
    """The set of this one block; empty for no block."""
    return apply("just", block)


def chunk_of(block: Term) -> Term:
    """All blocks of the same clear chunk as ``block``; empty for no block."""
    return apply("chunk", block)


def next_id(command_id: Term) -> Term:
    """The id issued after ``command_id``: one more, past the end of the window its oldest again."""
    return apply("next_id", command_id)


def before(slot: Term) -> Term:
    """The slot of the entry that was posted just before; for lemmas."""
    return apply("before", slot)


def earlier(a: Term, b: Term) -> Term:
    """Whether the entry at slot ``a`` was posted before that at slot ``b``; for lemmas."""
    return apply("earlier", a, b)


def older(a: Term, b: Term) -> Term:
    """Whether id ``a`` was issued before ``b``; STOP and DONE count as older than any. For lemmas."""
    return apply("older", a, b)


def in_window(a: Term, now: Term) -> Term:
    """Whether fewer ids than the window holds were issued after ``a`` up to ``now``; for assumptions."""
    return apply("in_window", a, now)


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
