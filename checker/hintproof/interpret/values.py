"""The values that a condition reads, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import Replayable
from hintspec.language.folds import subterms
from hintspec.language.terms import Term


def values(concrete: Replayable, terms: Iterable[Term], state: State, block: int | None) -> str:
    """The variables and ring heads that the terms read, with their values in a state."""
    parts = {label: part for term in terms for label, part in spoken_of(term)}
    return ", ".join(f"{n} is {plain(concrete.value(t, state, block))}" for n, t in parts.items())


def spoken_of(term: Term) -> Iterator[tuple[str, Term]]:
    """The variables and ring heads that a predicate reads."""
    for part in subterms(term, lambda here: () if here.op == "head" else here.parts):
        if part.op == "var":
            yield part.args[0], part
        elif part.op == "head":
            yield f"the oldest entry's {part.args[1]}", part


def plain(value: Any) -> str:
    """A plain JSON value as a word or a few."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):  # a ring
        entries = ("/".join(plain(x) for x in entry.values()) for entry in value["entries"])
        return f"[{', '.join(entries)}]"
    if isinstance(value, list):
        return "{" + ", ".join(map(str, value)) + "}"
    return "none" if value is None else str(value)
