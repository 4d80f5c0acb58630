"""Terms of the protocol text in words: much as they were written."""

from __future__ import annotations

from typing import Any

from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, Enum, Ring, Sort
from hintspec.language.terms import Term

#: Operators that are written between their two arguments.
_BETWEEN = {"and": "&", "or": "|", "minus": "-", "eq": "==", "gt": ">"}

#: Operators that are written as a method or an attribute of their first argument.
_METHODS = {"has", "pop", "flush", "detach", "list_push", "mark", "at", "holds", "list_at", "list_holds"}
_ATTRIBUTES = {"waiting": "waiting", "room": "room", "newest": "newest", "list_top": "top"}


def wording(term: Term) -> str:
    """The term as a line of text."""
    op, args = term.op, term.args
    if op == "const":
        return _constant(args[0], term.sort)
    if op == "var":
        return str(args[0])
    if op in ("block", "slot", "other"):
        return op
    if op == "not":
        return _negated(args[0])
    if op in _BETWEEN:
        return f"{_inner(args[0])} {_BETWEEN[op]} {_inner(args[1])}"
    if op in _ATTRIBUTES:
        return f"{_inner(args[0])}.{_ATTRIBUTES[op]}"
    if op == "head":
        return f"{_inner(args[0])}.head.{args[1]}"
    if op == "post":
        assert isinstance(term.sort, Ring)
        names = [name for name, _ in term.sort.fields]
        fields = ", ".join(f"{name}={wording(value)}" for name, value in zip(names, args[1], strict=True))
        return f"{_inner(args[0])}.post({fields})"
    told = [wording(a) if isinstance(a, Term) else str(a) for a in args]
    if op in _METHODS:
        return f"{_inner(args[0])}.{op.removeprefix('list_')}({', '.join(told[1:])})"
    return f"{op}({', '.join(told)})"


def _negated(term: Term) -> str:
    if term.op == "eq":
        return f"{_inner(term.args[0])} != {_inner(term.args[1])}"
    if term.op == "const" and term.sort == BLOCKS:
        return "ALL"
    return f"~{_inner(term)}"


def _inner(value: Any) -> str:
    if not isinstance(value, Term):
        return str(value)
    text = wording(value)
    return f"({text})" if value.op in _BETWEEN or (value.op == "not" and value.args[0].op == "eq") else text


def _constant(value: int, sort: Sort) -> str:
    if isinstance(sort, Enum):
        return sort.labels[value]
    if sort == BOOL:
        return str(bool(value))
    if sort == ID:
        return {0: "STOP", 1: "DONE", 2: "OLDEST_ID"}[value]
    if sort == BLOCK:
        return "NO_BLOCK"
    return "EMPTY" if sort == BLOCKS else str(value)
