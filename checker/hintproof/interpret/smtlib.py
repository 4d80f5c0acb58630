"""Queries as SMT-LIB 2.6 text that any solver reads, the same text for the same queries on every machine."""

from __future__ import annotations

from typing import Any

import z3

Expr = Any  # z3 is untyped


def script(facts: list[tuple[str, Expr]], goal: Expr, about: list[str]) -> str:
    """A script that asks whether the goal can be wrong while all facts hold; *unsat* says that it can't.

    ``about`` are lines of comment; each fact has one of its own, saying where it is from.
    """
    claims = [*facts, ("the opposite of the claim", z3.Not(goal))]
    solver = z3.Solver()  # a SimpleSolver simplifies what it is given, and would declare less than the text names
    solver.add(*(claim for _, claim in claims))
    declarations, _, _ = solver.sexpr().partition("(assert")
    lines = [*(f"; {line}" for line in about), "(set-logic ALL)", declarations.rstrip()]
    lines += [f"; {source}\n(assert {claim.sexpr()})" for source, claim in claims]
    return "\n".join([*lines, "(check-sat)"]) + "\n"
