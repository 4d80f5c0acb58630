"""Where a step ends: two steps of one actor that follow each other made one.

A step is followed by another if it sets a variable of an enumeration, the actor's place, to a label that the
other's guard asks for. The two are composed by substitution; in between nobody else moves.
"""

from __future__ import annotations

from dataclasses import replace

from hintspec.language.folds import substitute, values_asked
from hintspec.language.recording import Conjunct, Model, RecordedAction
from hintspec.language.simplify import simplify
from hintspec.language.sorts import Enum, Sort
from hintspec.language.terms import FALSE, TRUE, Term


def merged_steps(model: Model, first: RecordedAction) -> list[RecordedAction]:
    """A step made one with each that may follow it; none if it leads to no single place of its actor."""
    place = _place(first)
    if place is None:
        return []
    followers = [
        second
        for second in model.actions
        if second.action.actor == first.action.actor and second.name != first.name and _asks_for(second, place)
    ]
    if any(second.action.takes_block for second in followers) and first.action.takes_block:
        return []  # a step takes one block
    composed = [composition(first, second) for second in followers]
    return [c for c in composed if not any(conjunct.term is FALSE for conjunct in c.guard)]


def place_after(action: RecordedAction) -> tuple[str, int] | None:
    """The variable that holds its actor's place, and the number of the label that an action sets it to."""
    place = _place(action)
    return None if place is None else (place[0], place[1].args[0])


def _place(action: RecordedAction) -> tuple[str, Term] | None:
    """The variable and the label that an action moves its actor to."""
    moves = [
        (name, term)
        for name, term in action.updates.items()
        if isinstance(term.sort, Enum) and term.op == "const" and _compares(action, name)
    ]
    return moves[0] if len(moves) == 1 else None


def _compares(action: RecordedAction, variable: str) -> bool:
    return any(_is_place(c.term, variable) for c in action.guard)


def _is_place(condition: Term, variable: str) -> bool:
    """Whether a condition is that a variable has one of some labels."""
    asked = values_asked(condition)
    return asked is not None and asked[0].op == "var" and asked[0].args[0] == variable


def _asks_for(action: RecordedAction, place: tuple[str, Term]) -> bool:
    """Whether the guard asks for the place, among others perhaps."""
    variable, label = place
    asked = [c.term for c in action.guard if _is_place(c.term, variable)]
    there = [simplify(substitute(term, lambda name, _: label if name == variable else None)) for term in asked]
    return bool(asked) and not any(term is FALSE for term in there)


def composition(first: RecordedAction, second: RecordedAction) -> RecordedAction:
    """One step that does what the two do one after the other."""

    def value(name: str, sort: Sort) -> Term | None:
        return first.updates.get(name)

    guard = [Conjunct(simplify(substitute(c.term, value)), c.place) for c in second.guard]
    real = tuple(c for c in guard if c.term is not TRUE)
    updates = {**first.updates, **{n: substitute(t, value) for n, t in second.updates.items()}}
    promises = tuple((name, substitute(term, value)) for name, term in second.promises)
    takes = first.action if first.action.takes_block else second.action
    action = replace(takes, name=f"{first.name}+{second.name}", budgets=(*first.action.budgets, *second.action.budgets))
    return RecordedAction(action, (*first.guard, *real), updates, (*first.promises, *promises))
