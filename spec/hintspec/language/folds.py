"""Terms taken apart and put together again: one fold, one walk, and the questions that are common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, TypeVar

from hintspec.language.sorts import Ring, Sort
from hintspec.language.terms import Term

R = TypeVar("R")

#: Where in a term: positions of arguments, from the outside in.
Place = tuple[int, ...]


def fold(term: Term, visit: Callable[..., R], memo: dict[Term, R] | None = None) -> R:
    """The result of ``visit(term, *arguments)``, for arguments that are results in their turn, names or numbers.

    A part that stands in several places is visited once; with a ``memo``, once for all terms that share it.
    """
    results: dict[Term, R] = {} if memo is None else memo

    def result(here: Term) -> R:
        if here not in results:
            results[here] = visit(here, *[result(a) if isinstance(a, Term) else a for a in here.args])
        return results[here]

    return result(term)


def spell(term: Term) -> tuple[Any, ...]:
    """The term as plain values that any process reads alike."""
    return fold(term, lambda here, *args: (here.op, args, here.sort.name))


def subterms(term: Term, parts: Callable[[Term], Iterable[Term]] = attrgetter("parts")) -> Iterator[Term]:
    """The term and all terms inside it, each once, from the outside in; only those inside it that ``parts`` gives."""
    found: set[Term] = set()
    waiting = [term]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            yield here
            waiting.extend(reversed(tuple(parts(here))))


def places(term: Term, here: Place = ()) -> Iterator[tuple[Place, Term]]:
    """All places of a term, from the outside in, and the terms there."""
    yield here, term
    for number, argument in enumerate(term.args):
        if isinstance(argument, Term):
            yield from places(argument, (*here, number))


def replace_at(term: Term, place: Place, new: Term) -> Term:
    """The term with another one at a place."""
    if not place:
        return new
    first, *inner = place
    args = list(term.args)
    args[first] = replace_at(args[first], tuple(inner), new)
    return term.with_args(tuple(args))


def substitute(term: Term, value: Callable[[str, Sort], Term | None], op: str = "var") -> Term:
    """The term with each variable (``op`` is "next": of the state after a step) that has a value replaced by it."""

    def visit(here: Term, *args: Any) -> Term:
        new = value(here.args[0], here.sort) if here.op == op else None
        return here.with_args(args) if new is None else new

    return fold(term, visit)


def ordinary_parts(term: Term) -> Iterator[Term]:
    """The arguments that are terms, but for the ghost fields of a posted entry, which may well read ghosts."""
    ghosts = term.sort.ghosts if term.op == "post" and isinstance(term.sort, Ring) else ()
    names = [name for name, _ in term.sort.fields] if isinstance(term.sort, Ring) else []
    for number, part in enumerate(term.args):
        if isinstance(part, Term) and not (ghosts and number and names[number - 1] in ghosts):
            yield part


def reads(term: Term) -> Iterator[str]:
    """Names of the variables that a term reads; a ring field as ``ring.name:field``."""
    for here in subterms(term, ordinary_parts):
        if here.op == "var":
            yield here.args[0]
        elif here.op == "head":
            yield from (f"{name}:{here.args[1]}" for name in reads(here.args[0]))


def conjuncts(condition: Term) -> Iterator[Term]:
    """The parts of a condition that is a conjunction, so that a failed guard can name the one at fault."""
    if condition.op == "and":
        for part in condition.parts:
            yield from conjuncts(part)
    else:
        yield condition


def values_asked(condition: Term) -> tuple[Term, frozenset[int]] | None:
    """The term and the numbers of its values, of a condition that it has one of these: ``x == A | x == B``."""
    if condition.op == "eq" and condition.args[1].op == "const":
        return condition.args[0], frozenset({condition.args[1].args[0]})
    if condition.op != "or":
        return None
    first, second = map(values_asked, condition.parts)
    if first is None or second is None or first[0] is not second[0]:
        return None
    return first[0], first[1] | second[1]
