"""Mutants of a recorded model: each differs from it in one thing in one step, or in where a step ends.

What a finite search adds to a model, its budgets, is left alone: it is no part of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hintproof.interpret.wording import wording
from hintproof.mutation.merged_steps import merged_steps, place_after
from hintproof.mutation.operators import variants, vocabulary
from hintspec.language.errors import SpecError
from hintspec.language.folds import reads
from hintspec.language.recording import Conjunct, Model, RecordedAction, RecordedFairness, refuse_ghosts
from hintspec.language.terms import Term

#: Operators on whole conjuncts and updates.
DROP_GUARD, DROP_UPDATE, SWAP, MERGE = "guard dropped", "update dropped", "updates swapped", "steps merged"

#: Variables that a finite search adds.
_BUDGETS = "left."


@dataclass(frozen=True)
class Mutant:
    """A changed model, described by what it changes: ``action`` takes the place of the step (or of its first half).

    ``name`` is stable as long as the step is written as it is. ``part`` is the conjunct ("guard 2") or the
    variable ("driver.at") that differs. Where two steps are made one, ``between`` is the place that is left out.
    """

    name: str
    step: str
    operator: str
    part: str
    says: str
    made: tuple[RecordedAction, ...]
    between: tuple[str, int] | None = None

    def model(self, original: Model) -> Model:
        """The whole changed model."""
        actions: list[RecordedAction] = []
        for item in original.actions:
            actions += self.made if item.name == self.step else [item]
        changed = replace(original, actions=tuple(actions))
        return _as_fair(changed, {m.name for m in self.made} - {self.step})


def _as_fair(model: Model, new: set[str]) -> Model:
    """Steps made of two are obliged where the first of them is."""
    if not new:
        return model

    def obliged(fair: RecordedFairness) -> RecordedFairness:
        return replace(fair, steps=fair.steps | {name for name in new if name.split("+")[0] in fair.steps})

    properties = tuple(replace(p, fair=tuple(obliged(f) for f in p.fair)) for p in model.properties)
    return replace(model, properties=properties)


def is_budget(term: Term) -> bool:
    """Whether a conjunct is there for a finite search alone."""
    return any(name.startswith(_BUDGETS) for name in reads(term))


def mutants(model: Model) -> list[Mutant]:
    """All mutants of a model, in the order of the text; of several with equal terms, the first."""
    found: list[Mutant] = []
    for action in model.actions:
        known = {_guard_and_changes(action)}
        for mutant in (*_of_guard(model, action), *_of_updates(model, action)):
            terms = _guard_and_changes(mutant.made[0])
            if terms not in known and _can_be_recorded(mutant.made[0], model.ghosts):
                known.add(terms)
                found.append(replace(mutant, made=(model.with_transition_promises(mutant.made[0]),)))
        found += _merges(model, action)
    return found


def _can_be_recorded(action: RecordedAction, ghosts: frozenset[str]) -> bool:
    """Whether the language has such a step: in none may a ghost influence what happens."""
    try:
        refuse_ghosts(action, ghosts)
    except SpecError:
        return False
    return True


def _guard_and_changes(action: RecordedAction) -> object:
    guard = tuple(c.term for c in action.guard)
    changes = {(name, t) for name, t in action.updates.items() if not (t.op == "var" and t.args[0] == name)}
    return guard, frozenset(changes)


def _of_guard(model: Model, action: RecordedAction) -> Iterator[Mutant]:
    real = [(n, c) for n, c in enumerate(action.guard) if not is_budget(c.term) and any(reads(c.term))]
    words = vocabulary(model, action)
    for place, (number, conjunct) in enumerate(real):
        part, says = f"guard {place}", wording(conjunct.term)

        def made(*new: Conjunct, number: int = number) -> tuple[RecordedAction, ...]:
            return (replace(action, guard=(*action.guard[:number], *new, *action.guard[number + 1 :])),)

        name = f"{action.name}: {part}"
        yield Mutant(f"{name} dropped", action.name, DROP_GUARD, part, f"without the guard {says}", made())
        for label, term in variants(conjunct.term, words):
            becomes = f"guard {says} becomes {wording(term)}"
            changed = made(replace(conjunct, term=term))
            yield Mutant(f"{name} {label}", action.name, _operator(label), part, becomes, changed)


def _of_updates(model: Model, action: RecordedAction) -> Iterator[Mutant]:
    updates = {n: t for n, t in action.updates.items() if not n.startswith(_BUDGETS)}
    words = vocabulary(model, action)
    for variable, term in updates.items():
        name, says = f"{action.name}: {variable}", f"{variable} = {wording(term)}"
        left = {n: t for n, t in action.updates.items() if n != variable}
        dropped = (replace(action, updates=left),)
        yield Mutant(f"{name} dropped", action.name, DROP_UPDATE, variable, f"without {says}", dropped)
        for label, new in variants(term, words):
            becomes = f"{says} becomes {variable} = {wording(new)}"
            changed = (replace(action, updates={**action.updates, variable: new}),)
            yield Mutant(f"{name} {label}", action.name, _operator(label), variable, becomes, changed)
    names = list(updates)
    for place, one in enumerate(names):
        for two in names[place + 1 :]:
            if updates[one].sort == updates[two].sort:
                swapped = {**action.updates, one: updates[two], two: updates[one]}
                exchange = f"{one} and {two} get each other's new value"
                made = (replace(action, updates=swapped),)
                yield Mutant(f"{action.name}: {one}, {two} swapped", action.name, SWAP, f"{one}, {two}", exchange, made)


def _operator(label: str) -> str:
    return label.split("@")[0].rstrip("0123456789")


def _merges(model: Model, action: RecordedAction) -> Iterator[Mutant]:
    made = merged_steps(model, action)
    if made:
        others = [m.name.split("+")[1] for m in made]
        merged = f"{action.name} and what follows it ({', '.join(others)}) are one step"
        between = place_after(action)
        yield Mutant(f"{action.name}: merged", action.name, MERGE, "end of step", merged, tuple(made), between)
