"""Queries as SMT-LIB 2.6 text that any solver reads, the same text for the same queries on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

import z3

Expr = Any  # z3 is untyped

#: Operators of Z3 that the unbounded interpretation builds, by their SMT-LIB names.
_OPERATORS = {
    z3.Z3_OP_AND: "and",
    z3.Z3_OP_OR: "or",
    z3.Z3_OP_NOT: "not",
    z3.Z3_OP_IMPLIES: "=>",
    z3.Z3_OP_ITE: "ite",
    z3.Z3_OP_EQ: "=",
    z3.Z3_OP_DISTINCT: "distinct",
    z3.Z3_OP_ADD: "+",
    z3.Z3_OP_SUB: "-",
    z3.Z3_OP_LE: "<=",
    z3.Z3_OP_LT: "<",
    z3.Z3_OP_GE: ">=",
    z3.Z3_OP_GT: ">",
    z3.Z3_OP_TRUE: "true",
    z3.Z3_OP_FALSE: "false",
}


#: A name that a script may have to declare: its kind and the name.
_Need = tuple[int, str]
_SORT, _FUNCTION, _DEFINITION = range(3)


@dataclass(frozen=True)
class _Piece:
    """A written expression: its text, and what that text needs; a definition comes after those that it uses."""

    text: str
    needs: dict[_Need, None]  # an ordered set


class Writer:
    """Writes the queries of one environment.

    A compound subterm is written once, as a definition with a name; each script has the definitions that it
    needs and no others.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, _Piece] = {}
        self._expressions: list[Expr] = []  # so that no expression's id is given to another
        self._lines: dict[_Need, str] = {}
        self._numbers = count()

    def script(self, facts: list[tuple[str, Expr]], goal: Expr, about: list[str]) -> str:
        """A script that asks whether the goal can be wrong while all facts hold; *unsat* says that it can't.

        ``about`` are lines of comment; each fact has one of its own, saying where it is from.
        """
        parts = [(source, self._piece(fact)) for source, fact in facts]
        opposite = self._piece(goal)
        needs: dict[_Need, None] = {}
        for piece in (*(p for _, p in parts), opposite):
            needs.update(piece.needs)
        declared = sorted(need for need in needs if need[0] != _DEFINITION)
        lines = [f"; {line}" for line in about]
        lines.append("(set-logic ALL)")
        lines += [self._lines[need] for need in (*declared, *(need for need in needs if need[0] == _DEFINITION))]
        lines += [f"(assert {piece.text}) ; {source}" for source, piece in parts]
        lines += [f"(assert (not {opposite.text})) ; the opposite of the claim", "(check-sat)"]
        return "\n".join(lines) + "\n"

    def _piece(self, expr: Expr) -> _Piece:
        """The piece of an expression, made after those of its parts."""
        waiting = [expr]
        while waiting:
            here = waiting[-1]
            if here.get_id() in self._pieces:
                waiting.pop()
                continue
            children = here.children()
            unwritten = [child for child in children if child.get_id() not in self._pieces]
            if unwritten:
                waiting.extend(reversed(unwritten))
                continue
            self._pieces[here.get_id()] = self._written(here, [self._pieces[child.get_id()] for child in children])
            self._expressions.append(here)
            waiting.pop()
        return self._pieces[expr.get_id()]

    def _written(self, expr: Expr, children: list[_Piece]) -> _Piece:
        if z3.is_int_value(expr):
            number = expr.as_long()
            return _Piece(str(number) if number >= 0 else f"(- {-number})", {})
        needs: dict[_Need, None] = {}
        name = self._operator(expr, needs)
        if not children:
            return _Piece(name, needs)
        for child in children:
            needs.update(child.needs)
        own = f"t{next(self._numbers)}"
        value = f"({name} {' '.join(c.text for c in children)})"
        self._declare(_DEFINITION, own, f"(define-fun {own} () {self._sort(expr.sort(), needs)} {value})", needs)
        return _Piece(own, needs)

    def _declare(self, kind: int, name: str, line: str, needs: dict[_Need, None]) -> None:
        self._lines[kind, name] = line
        needs[kind, name] = None

    def _operator(self, expr: Expr, needs: dict[_Need, None]) -> str:
        declared = expr.decl()
        known = _OPERATORS.get(declared.kind())
        if known is not None:
            return known
        name = str(declared.name())
        if declared.kind() == z3.Z3_OP_DT_CONSTRUCTOR:
            self._sort(expr.sort(), needs)
            return name
        if declared.kind() != z3.Z3_OP_UNINTERPRETED:
            raise AssertionError(f"no SMT-LIB name for {name}")
        domain = " ".join(self._sort(declared.domain(i), needs) for i in range(declared.arity()))
        self._declare(_FUNCTION, name, f"(declare-fun {name} ({domain}) {self._sort(declared.range(), needs)})", needs)
        return name

    def _sort(self, sort: Any, needs: dict[_Need, None]) -> str:
        name = str(sort.name())
        if sort.kind() in (z3.Z3_BOOL_SORT, z3.Z3_INT_SORT):
            return name
        line = f"(declare-sort {name} 0)"
        if sort.kind() != z3.Z3_UNINTERPRETED_SORT:
            labels = " ".join(f"({sort.constructor(i).name()})" for i in range(sort.num_constructors()))
            line = f"(declare-datatypes (({name} 0)) (({labels})))"
        self._declare(_SORT, name, line, needs)
        return name
