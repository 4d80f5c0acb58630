"""Recording: each action runs once for a world; the terms that it requires, promises and assigns make a model.

Ghost variables are there for the properties alone: a guard or an ordinary update that reads one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from hintspec.language.declare import Action, Actor, Property, Recorder, Text, place_of, promise, recording, require_at
from hintspec.language.errors import SpecError
from hintspec.language.folds import reads, substitute, values_asked
from hintspec.language.simplify import Facts, simplify
from hintspec.language.sorts import BLOCK, BOOL, COUNT, SLOT, Ring, Sort
from hintspec.language.terms import TRUE, Term, lift, text_runs
from hintspec.language.variables import StateView, Var

N = TypeVar("N", "RecordedAction", "RecordedProperty")

#: Makes a state of the world that is recorded, from the updates that it collects and the operator that reads.
View = Callable[..., StateView[Any]]


@dataclass(frozen=True)
class RecordedVar:
    """A variable of a recorded world."""

    name: str
    sort: Sort
    init: Term
    declared: Var


@dataclass(frozen=True)
class Conjunct:
    """One condition of a guard, and the place in the text that requires it (``driver.py:82``)."""

    term: Term
    place: str


@dataclass(frozen=True)
class RecordedAction:
    """An action as terms: it may happen when every conjunct of ``guard`` holds; then ``updates``, at once."""

    action: Action
    guard: tuple[Conjunct, ...]
    updates: dict[str, Term]
    promises: tuple[tuple[str, Term], ...]

    @property
    def name(self) -> str:
        """The action's name."""
        return self.action.name


@dataclass(frozen=True)
class RecordedFairness:
    """Steps of this world, by name, that are not put off for ever."""

    name: str
    says: str
    steps: frozenset[str]


@dataclass(frozen=True)
class RecordedProperty:
    """A property as one term; a STEP property has none, see :attr:`RecordedAction.promises`.

    ``fair`` is what a PROGRESS property takes for granted in this world.
    """

    declared: Property
    term: Term | None
    fair: tuple[RecordedFairness, ...] = ()

    @property
    def name(self) -> str:
        """The property's name."""
        return self.declared.name


@dataclass(frozen=True)
class RecordedReachable:
    """Something that must be able to happen: one of the steps ``by``, in a state in which the term holds."""

    name: str
    says: str
    by: tuple[str, ...]
    term: Term


@dataclass(frozen=True)
class RecordedTransitionInvariant:
    """A term over the state before and after a step. The ``steps`` that write a variable in ``of`` promise it."""

    name: str
    property: str
    of: frozenset[str]
    steps: frozenset[str]
    term: Term

    def promise_of(self, action: RecordedAction) -> Term | None:
        """The promise that the action makes by it: the term with the action's new values; None if that is sure."""
        if action.name not in self.steps or self.of.isdisjoint(action.updates):
            return None

        def new_value(name: str, sort: Sort) -> Term:
            return action.updates.get(name, Term("var", (name,), sort))

        asked = dict(_asked_for(action))
        promised = substitute(substitute(self.term, new_value, op="next"), lambda name, _: asked.get(name))
        promised = simplify(promised, Facts(c.term for c in action.guard))
        return None if promised is TRUE else promised


@dataclass(frozen=True)
class Model:
    """A text recorded for one world: all that an engine needs, with no trace of what it is about."""

    actors: tuple[Actor, ...]
    vars: tuple[RecordedVar, ...]
    actions: tuple[RecordedAction, ...]
    properties: tuple[RecordedProperty, ...]
    lemmas: tuple[RecordedProperty, ...]
    assumptions: tuple[RecordedProperty, ...] = ()
    reachable: tuple[RecordedReachable, ...] = ()
    transition_invariants: tuple[RecordedTransitionInvariant, ...] = ()

    def with_transition_promises(self, action: RecordedAction) -> RecordedAction:
        """A changed action: what it promises by transition invariants is derived anew from its updates."""
        derived = {item.property for item in self.transition_invariants}
        written = tuple(promised for promised in action.promises if promised[0] not in derived)
        return replace(action, promises=(*written, *_transition_promises(action, self.transition_invariants)))

    @property
    def ghosts(self) -> frozenset[str]:
        """The names of ghosts, and of the ghost fields of rings as ``ring.name:field``."""
        fields = {f"{v.name}:{field}" for v in self.vars if isinstance(v.sort, Ring) for field in v.sort.ghosts}
        return frozenset(v.name for v in self.vars if v.declared.ghost) | fields

    @property
    def claims(self) -> tuple[RecordedProperty, ...]:
        """All lemmas and properties."""
        return (*self.lemmas, *self.properties)

    @property
    def inductive(self) -> tuple[RecordedProperty, ...]:
        """The claims that a proof shows to be kept by every step."""
        return tuple(item for item in self.claims if item.declared.inductive)

    def action_named(self, name: str) -> RecordedAction:
        """The action of that name; raises ``KeyError`` if this world doesn't have it."""
        return _named(self.actions, name)

    def claim_named(self, name: str) -> RecordedProperty:
        """The property or lemma of that name; raises ``KeyError`` if this world doesn't have it."""
        return _named(self.claims, name)


def _named(items: Iterable[N], name: str) -> N:
    for item in items:
        if item.name == name:
            return item
    raise KeyError(name)


#: The block argument of an action or property, as a term.
THE_BLOCK = Term("block", (), BLOCK)

#: The arguments that a predicate may take, as terms: a block, a ring slot and another slot.
ARGUMENTS = {"block": THE_BLOCK, "slot": Term("slot", (), SLOT), "other": Term("other", (), SLOT)}


def record(text: Text, world: Any, finite: bool = True) -> Model:
    """The text as terms for one world; if not ``finite``, without the budgets of a finite search.

    Raises :class:`SpecError` where the text can't be meant.
    """
    recorded = list(_record_vars(text, world))
    used = {b for a in text.actions if _exists(a.when, world) for b in a.budgets if finite}
    for budget in (b for b in text.budgets if b in used):
        says = f"how many more {budget} this finite search may have"
        size = Term("size", (budget,), COUNT)
        recorded.append(RecordedVar(f"left.{budget}", COUNT, size, Var(COUNT, 0, says)))
    view = partial(text.state, world, {v.name: v.sort for v in recorded})
    invariants = tuple(_record_transition_invariants(text, world, view))
    actions = [_record_action(a, world, view, finite) for a in text.actions if _exists(a.when, world)]
    actions = [replace(a, promises=(*a.promises, *_transition_promises(a, invariants))) for a in actions]
    properties, lemmas, assumptions = (
        tuple(
            RecordedProperty(p, _property(p, view()), tuple(_fairness(p, actions)))
            for p in items
            if _exists(p.when, world)
        )
        for items in (text.properties, text.lemmas, text.assumptions)
    )
    names = {action.name for action in actions}
    reachable = tuple(
        RecordedReachable(c.name, c.says, by, _predicate(c.body, view()))
        for c in text.reachable
        if _exists(c.when, world) and (by := tuple(name for name in c.by if name in names))
    )
    model = Model(text.actors, tuple(recorded), tuple(actions), properties, lemmas, assumptions, reachable, invariants)
    ghosts = model.ghosts
    for recorded_action in actions:
        refuse_ghosts(recorded_action, ghosts)
    return model


def _exists(when: Callable[[Any], bool] | None, world: Any) -> bool:
    return when is None or when(world)


def _record_vars(text: Text, world: Any) -> Iterator[RecordedVar]:
    for name, declared in text.state.declared():
        if _exists(declared.when, world):
            sort = declared.sort if isinstance(declared.sort, Sort) else declared.sort(world)
            init = declared.init(world) if callable(declared.init) else declared.init
            yield RecordedVar(name, sort, lift(init, sort), declared)


def _predicate(body: Callable[..., Term], *args: object) -> Term:
    with text_runs():
        return lift(body(*args), BOOL)


def _property(item: Property, state: StateView[Any]) -> Term | None:
    return None if item.body is None else _predicate(item.body, state, *(ARGUMENTS[name] for name in item.takes))


def _record_transition_invariants(text: Text, world: Any, view: View) -> Iterator[RecordedTransitionInvariant]:
    for item in text.transition_invariants:
        if _exists(item.when, world) and _exists(item.property.when, world):
            block = (THE_BLOCK,) if item.takes_block else ()
            term = _predicate(item.body, view(), view(op="next"), *block)
            steps = frozenset(a.name for a in text.actions if item.applies_to(a))
            yield RecordedTransitionInvariant(item.name, item.property.name, frozenset(item.of), steps, term)


def _asked_for(action: RecordedAction) -> Iterator[tuple[str, Term]]:
    """The variables whose value the guard asks for."""
    for conjunct in action.guard:
        asked = values_asked(conjunct.term)
        if asked is not None and asked[0].op == "var" and len(asked[1]) == 1:
            yield asked[0].args[0], Term("const", tuple(asked[1]), asked[0].sort)


def _transition_promises(
    action: RecordedAction, invariants: Iterable[RecordedTransitionInvariant]
) -> Iterator[tuple[str, Term]]:
    for item in invariants:
        term = item.promise_of(action)
        if term is not None:
            yield item.property, term


def _fairness(item: Property, actions: list[RecordedAction]) -> Iterator[RecordedFairness]:
    """The fairness of a property; what obliges nobody in this world is left out, as every run has it."""
    for condition in item.fair:
        steps = frozenset(a.name for a in actions if condition.obliges(a.action))
        if steps:
            yield RecordedFairness(condition.name, condition.says, steps)


def _record_action(item: Action, world: Any, view: View, finite: bool) -> RecordedAction:
    recorder = Recorder()
    state = view(recorder.updates)
    try:
        with recording(recorder):
            if item.actor.needs is not None:
                needed = item.actor.needs(state)
                code = item.actor.needs.__code__
                require_at(place_of(item.actor.needs.__module__, code.co_firstlineno), needed)
                if item.actor.promises is not None:
                    promise(item.actor.promises, needed)
            for budget in item.budgets if finite else ():
                left = state.read(f"left.{budget}")
                require_at(place_of(*item.source), left > 0)
                state.write(f"left.{budget}", Term("minus_one", (left,), COUNT))
            item.body(state, *((THE_BLOCK,) if item.takes_block else ()))
    except SpecError as problem:
        raise SpecError(f"action {item.name}: {problem}") from None
    guard = tuple(Conjunct(term, place) for term, place in recorder.guard)
    promises = tuple((p.name, term) for p, term in recorder.promises if _exists(p.when, world))
    return RecordedAction(item, guard, recorder.updates, promises)


def refuse_ghosts(item: RecordedAction, ghosts: frozenset[str]) -> None:
    """Raise :class:`SpecError` if a guard or an ordinary update reads a ghost, which would influence what happens."""
    ordinary = [term for name, term in item.updates.items() if name not in ghosts]
    for name in (name for term in (*(c.term for c in item.guard), *ordinary) for name in reads(term)):
        if name in ghosts:
            raise SpecError(f"action {item.name}: the ghost '{name}' influences what happens")
