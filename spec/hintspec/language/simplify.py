"""Conditions simplified: what can be seen as they are written, and beside facts that are known to hold."""

from __future__ import annotations

from collections.abc import Iterable

from hintspec.language.folds import values_asked
from hintspec.language.sorts import BOOL
from hintspec.language.terms import FALSE, TRUE, Term


class Facts:
    """Conditions that are known to hold, and what each says of the conditions inside others."""

    def __init__(self, conditions: Iterable[Term] = ()) -> None:
        self._known: dict[Term, Term] = {}
        self._values: dict[Term, frozenset[int]] = {}
        for condition in conditions:
            inner, holds = (condition.args[0], FALSE) if condition.op == "not" else (condition, TRUE)
            self._known[inner] = holds
            asked = values_asked(condition)
            if asked is not None:
                self._values[asked[0]] = asked[1]

    def of(self, condition: Term) -> Term | None:
        """TRUE or FALSE, where it is known which."""
        if condition.op == "eq" and condition.args[1].op == "const":
            values = self._values.get(condition.args[0])
            if values is not None and condition.args[1].args[0] not in values:
                return FALSE
        return self._known.get(condition)


#: Nothing is known.
NO_FACTS = Facts()


def simplify(condition: Term, facts: Facts = NO_FACTS) -> Term:
    """The condition with what is known as it is written worked out, and what is known beside it."""
    if condition.sort != BOOL:
        return condition
    known = facts.of(condition)
    if known is not None:
        return known
    parts = [simplify(a, facts) if isinstance(a, Term) else a for a in condition.args]
    if condition.op == "eq":
        known = _equal(parts[0], parts[1], facts)
    elif condition.op == "implies":
        known = simplify(~parts[0] | parts[1], facts)
        known = known if known.op == "const" or parts[0].op == "const" else None
    elif condition.op == "not":
        known = _opposite(parts[0])
    elif condition.op in ("and", "or"):
        known = _joined(condition.op, parts[0], parts[1])
    return condition.with_args(tuple(parts)) if known is None else known


def _opposite(condition: Term) -> Term | None:
    if condition.op == "const":
        return FALSE if condition is TRUE else TRUE
    return condition.args[0] if condition.op == "not" else None


def _joined(op: str, a: Term, b: Term) -> Term | None:
    """A conjunction or disjunction, where it comes to less."""
    decides = FALSE if op == "and" else TRUE
    for this, other in ((a, b), (b, a)):
        if this.op == "const":
            return decides if this is decides else other
        if other.op == "not" and this is other.args[0]:
            return decides
    return a if a is b else None


def _equal(a: Term, b: Term, facts: Facts) -> Term | None:
    """Whether two terms are equal, where that can be seen as they are written: of a choice, if both branches agree."""
    if a is b:
        return TRUE
    for this, other in ((a, b), (b, a)):
        if this.op == "choose":
            return _chosen(this, other, facts)
        if this.op == "const" and this.sort == BOOL:
            return other if this is TRUE else _opposite(other)
    return FALSE if a.op == b.op == "const" else None


def _chosen(choice: Term, other: Term, facts: Facts) -> Term | None:
    condition = simplify(choice.args[0], facts)
    if condition.op == "const":
        branch = choice.args[1 if condition is TRUE else 2]
        known = _equal(branch, other, facts)
        return branch == other if known is None else known
    then, otherwise = (_equal(branch, other, facts) for branch in choice.args[1:])
    return then if then is otherwise else None
