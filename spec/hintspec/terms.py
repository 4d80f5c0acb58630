"""Terms taken apart and put together again: places inside a term, substitution, equality as written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hintspec.sorts import BOOL, FALSE, TRUE, Sort, Term

#: Where in a term: positions of arguments, from the outside in.
Place = tuple[int, ...]


def spelled(term: Any) -> Any:
    """The term as a plain value that can be compared and hashed: two terms are written alike if these are equal."""
    if isinstance(term, Term):
        return (term.op, tuple(spelled(a) for a in term.args), term.sort.name)
    if isinstance(term, tuple):
        return tuple(spelled(a) for a in term)
    return term


def places(term: Term, here: Place = ()) -> Iterator[tuple[Place, Term]]:
    """The term itself and all terms inside it, with their places; the fields of an entry count on after the ring."""
    yield here, term
    for number, argument in enumerate(_flat(term)):
        if isinstance(argument, Term):
            yield from places(argument, (*here, number))


def at(term: Term, place: Place) -> Term:
    """The term inside a term at a place."""
    for number in place:
        term = _flat(term)[number]
    return term


def with_at(term: Term, place: Place, new: Term) -> Term:
    """The term with another one at a place."""
    if not place:
        return new
    flat = _flat(term)
    flat[place[0]] = with_at(flat[place[0]], place[1:], new)
    return _rebuilt(term, flat)


def substituted(term: Term, value: Callable[[str, Sort], Term | None], op: str = "var") -> Term:
    """The term with each variable (``op`` is "next": of the state after a step) that has a value replaced by it."""
    if term.op == op:
        new = value(term.args[0], term.sort)
        return term if new is None else new
    return _rebuilt(term, [substituted(a, value, op) if isinstance(a, Term) else a for a in _flat(term)])


def _flat(term: Term) -> list[Any]:
    """The arguments, those of an entry one by one."""
    return [inner for a in term.args for inner in (a if isinstance(a, tuple) else (a,))]


def _rebuilt(term: Term, flat: list[Any]) -> Term:
    waiting = iter(flat)
    args = tuple(tuple(next(waiting) for _ in a) if isinstance(a, tuple) else next(waiting) for a in term.args)
    return Term(term.op, args, term.sort)


def is_constant(term: Term, value: bool) -> bool:
    """Whether a condition is true or false as it is written."""
    return term.op == "const" and term.args[0] == int(value)


def simplified(condition: Term) -> Term:
    """The condition with what is known as it is written worked out: as it is after a substitution."""
    if condition.sort != BOOL:
        return condition
    parts = [simplified(a) if isinstance(a, Term) else a for a in condition.args]
    if condition.op == "eq":
        known = _alike(parts[0], parts[1])
        return Term("eq", tuple(parts), BOOL) if known is None else known
    if condition.op == "implies" and parts[0].op == "const":
        return parts[1] if parts[0].args[0] else TRUE
    if condition.op == "implies" and is_constant(parts[1], True):
        return TRUE
    if condition.op == "not" and parts[0].op == "const":
        return FALSE if parts[0].args[0] else TRUE
    if condition.op in ("and", "or"):
        strong = int(condition.op == "or")  # the constant that decides
        for this, other in (parts, parts[::-1]):
            if this.op == "const":
                return this if this.args[0] == strong else other
    return Term(condition.op, tuple(parts), condition.sort)


def _alike(a: Term, b: Term) -> Term | None:
    """Whether two terms are equal, where that can be seen as they are written: of a choice, if both branches agree."""
    if spelled(a) == spelled(b):
        return TRUE
    for one, other in ((a, b), (b, a)):
        if one.op == "choose":
            then, otherwise = (_alike(branch, other) for branch in one.args[1:])
            return then if then is otherwise else None
    return FALSE if a.op == b.op == "const" else None
