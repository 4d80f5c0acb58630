"""Terms taken apart and put together again: places inside a term, substitution, equality as written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hintspec.language.sorts import BOOL, Sort
from hintspec.language.terms import FALSE, TRUE, Term

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


class Facts:
    """Conditions that are known to hold, and what each says of the conditions inside others."""

    def __init__(self, conditions: Iterable[Term] = ()) -> None:
        self._known: dict[Any, Term] = {}
        self._labels: dict[Any, set[Any]] = {}
        for condition in conditions:
            inner, holds = (condition.args[0], FALSE) if condition.op == "not" else (condition, TRUE)
            self._known[spelled(inner)] = holds
            values = _one_of(condition)
            if values is not None:
                self._labels[spelled(values[0])] = values[1]

    def of(self, condition: Term) -> Term | None:
        """TRUE or FALSE, where it is known which."""
        if condition.op == "eq" and condition.args[1].op == "const":
            labels = self._labels.get(spelled(condition.args[0]))
            if labels is not None and condition.args[1].args[0] not in labels:
                return FALSE
        return self._known.get(spelled(condition))


#: Nothing is known.
NO_FACTS = Facts()


def _one_of(condition: Term) -> tuple[Term, set[Any]] | None:
    """The term and its values, of a condition that it has one of some values."""
    if condition.op == "eq" and condition.args[1].op == "const":
        return condition.args[0], {condition.args[1].args[0]}
    if condition.op != "or":
        return None
    one, other = (_one_of(part) for part in condition.args)
    if one is None or other is None or spelled(one[0]) != spelled(other[0]):
        return None
    return one[0], one[1] | other[1]


def is_constant(term: Term, value: bool) -> bool:
    """Whether a condition is true or false as it is written."""
    return term.op == "const" and term.args[0] == int(value)


def simplified(condition: Term, facts: Facts = NO_FACTS) -> Term:
    """The condition with what is known as it is written worked out, and what is known beside it."""
    if condition.sort != BOOL:
        return condition
    known = facts.of(condition)
    if known is not None:
        return known
    parts = [simplified(a, facts) if isinstance(a, Term) else a for a in condition.args]
    if condition.op == "eq":
        known = _alike(parts[0], parts[1], facts)
    elif condition.op == "implies":
        known = simplified(~parts[0] | parts[1], facts)
        known = known if known.op == "const" or parts[0].op == "const" else None
    elif condition.op == "not":
        known = _opposite(parts[0])
    elif condition.op in ("and", "or"):
        known = _joined(condition.op, parts[0], parts[1])
    return Term(condition.op, tuple(parts), BOOL) if known is None else known


def _opposite(condition: Term) -> Term | None:
    if condition.op == "const":
        return FALSE if condition.args[0] else TRUE
    return condition.args[0] if condition.op == "not" else None


def _joined(op: str, a: Term, b: Term) -> Term | None:
    """A conjunction or disjunction, where it comes to less."""
    strong = FALSE if op == "and" else TRUE  # the constant that decides
    for this, other in ((a, b), (b, a)):
        if this.op == "const":
            return strong if this.args == strong.args else other
        if other.op == "not" and spelled(this) == spelled(other.args[0]):
            return strong
    return a if spelled(a) == spelled(b) else None


def _alike(a: Term, b: Term, facts: Facts) -> Term | None:
    """Whether two terms are equal, where that can be seen as they are written: of a choice, if both branches agree."""
    if spelled(a) == spelled(b):
        return TRUE
    for one, other in ((a, b), (b, a)):
        if one.op == "choose":
            return _chosen(one, other, facts)
        if one.op == "const" and one.sort == BOOL:
            return other if one.args[0] else _opposite(other)
    return FALSE if a.op == b.op == "const" else None


def _chosen(choice: Term, other: Term, facts: Facts) -> Term | None:
    condition = simplified(choice.args[0], facts)
    if condition.op == "const":
        branch = choice.args[1 if condition.args[0] else 2]
        known = _alike(branch, other, facts)
        return Term("eq", (branch, other), BOOL) if known is None else known
    then, otherwise = (_alike(branch, other, facts) for branch in choice.args[1:])
    return then if then is otherwise else None
