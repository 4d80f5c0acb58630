"""How the protocol text is written down: actors, actions, properties.

An action is a Python function of a state: it *requires* conditions and assigns new values, all at once. The state is
declared with :mod:`hintspec.language.variables`; :mod:`hintspec.language.recording` runs a text and keeps the terms.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from hintspec.language.errors import SpecError, blame
from hintspec.language.folds import conjuncts
from hintspec.language.sorts import BOOL
from hintspec.language.terms import Term, lift, text_runs
from hintspec.language.variables import StateView


@dataclass(frozen=True)
class Actor:
    """Who takes a step: a lane of the traces.

    ``needs`` is required before each of its steps, and promised as the STEP property ``promises``, if there is one.
    """

    name: str
    letter: str
    says: str
    needs: Callable[[Any], Term] | None = None
    promises: Property | None = None


@dataclass(frozen=True)
class Action:
    """One atomic step of the text, with the place in the real systems that it models."""

    name: str
    actor: Actor
    step: str
    where: str
    says: str
    body: Callable[..., None]
    takes_block: bool
    when: Callable[[Any], bool] | None
    budgets: tuple[str, ...]
    source: tuple[str, int]


def action(
    *,
    by: Actor,
    where: str,
    step: str = "",
    when: Callable[[Any], bool] | None = None,
    budgets: tuple[str, ...] = (),
) -> Callable[[Callable[..., None]], Action]:
    """Make a function of a state (and perhaps a block) an :class:`Action`.

    ``where`` cites the function or clause it comes from, ``step`` its label in the docs, ``when``
    the worlds that have it. ``budgets`` names sizes that limit how often it may happen in a finite search; the protocol
    itself sets no such limit.
    """

    def wrap(body: Callable[..., None]) -> Action:
        line = body.__code__.co_firstlineno
        return Action(
            name=body.__name__,
            actor=by,
            step=step,
            where=where,
            says=inspect.getdoc(body) or "",
            body=body,
            takes_block="block" in inspect.signature(body).parameters,
            when=when,
            budgets=budgets,
            source=(body.__module__, line),
        )

    return wrap


#: A property claims that it holds in every state; in some state; that from every state a state with it can
#: still be reached; of every step that *promises* it; that on every fair run it comes time and again.
ALWAYS, SOMETIMES, RECOVERABLE, STEP, PROGRESS = "always", "sometimes", "recoverable", "step", "progress"

#: The kinds that no single run of finite length speaks against: it takes all states to decide them.
OF_ALL_STATES = (RECOVERABLE, PROGRESS)

#: A lemma claims that every step keeps it, if it and the lemmas that it leans on held before.
LEMMA = "lemma"

#: An assumption is not proved: the sizes of the real systems see to it.
ASSUMPTION = "assumption"


@dataclass(frozen=True)
class Fairness:
    """Steps that are not put off for ever: time and again one of them happens, or none of them is possible.

    They are ``steps``, and those that an actor takes (``by``), ``but`` for some. A step that a budget limits in
    a finite search is never obliged: else a run would count as fair only because the search let it no more.
    """

    name: str
    says: str
    steps: tuple[Action, ...] = ()
    by: Actor | None = None
    but: tuple[Action, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a step that can't be obliged."""
        for step in self.steps:
            if step.budgets:
                raise SpecError(f"fairness '{self.name}': {step.name} is limited by a budget, and so can't be obliged")

    def obliges(self, item: Action) -> bool:
        """Whether the action is one of its steps."""
        return item in self.steps or (item.actor == self.by and item not in self.but and not item.budgets)


@dataclass(frozen=True)
class Property:
    """A named claim about a world, with its clause or reason.

    It speaks of one block, one ring slot and one other slot, where it takes them as arguments, and claims
    itself of all of them. A STEP property has no predicate of its own: the actions that could break it
    promise it. ``leans_on`` names the lemmas that its proof uses; an ``inductive`` claim is one that a proof
    shows to be kept by every step. ``fair`` is what a PROGRESS property takes for granted.
    """

    name: str
    kind: str
    clause: str
    says: str
    body: Callable[..., Term] | None = None
    takes: tuple[str, ...] = ()
    when: Callable[[Any], bool] | None = None
    leans_on: tuple[str, ...] = ()
    inductive: bool = False
    fair: tuple[Fairness, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would not be checked as it is written."""
        if self.fair and self.kind != PROGRESS:
            raise SpecError(f"'{self.name}': fairness means nothing to a property that is not of progress")
        if self.takes and self.kind == PROGRESS:
            raise SpecError(f"'{self.name}': a property of progress speaks of the whole state")

    @property
    def takes_block(self) -> bool:
        """Whether it takes a block."""
        return "block" in self.takes


MakesProperty = Callable[[Callable[..., Term]], Property]


def state_property(
    kind: str,
    clause: str,
    when: Callable[[Any], bool] | None = None,
    kept_with: str | None = None,
    fair: tuple[Fairness, ...] = (),
) -> MakesProperty:
    """Make a predicate over a state (and perhaps a block) a :class:`Property` with its clause or reason.

    A proof shows that every step keeps it, given that it and some lemmas held before (``kept_with``: their names, with
    blanks between); without that no proof is tried. A PROGRESS property is about the runs that are ``fair``.
    """

    def wrap(body: Callable[..., Term]) -> Property:
        takes = tuple(inspect.signature(body).parameters)[1:]
        says = inspect.getdoc(body) or ""
        inductive = kept_with is not None
        return Property(
            body.__name__, kind, clause, says, body, takes, when, tuple((kept_with or "").split()), inductive, fair
        )

    return wrap


def lemma(when: Callable[[Any], bool] | None = None, leans_on: str = "") -> MakesProperty:
    """Make a predicate over a state (and perhaps a block or ring slots) a lemma; its docstring is its sentence.

    ``leans_on`` names the lemmas that are used, beside itself, to show that every step keeps it, with blanks between.
    """
    return state_property(LEMMA, "a step towards the properties", when, kept_with=leans_on)


def assumption(reason: str, when: Callable[[Any], bool] | None = None) -> MakesProperty:
    """Make a predicate over a state something that proofs for every size assume, with the reason why they may."""
    return state_property(ASSUMPTION, reason, when)


@dataclass(frozen=True)
class Reachable:
    """Something that must be able to happen for the rest to mean anything: one of some steps, in some states."""

    name: str
    says: str
    by: tuple[str, ...]
    body: Callable[..., Term]
    when: Callable[[Any], bool] | None


def reachable(
    by: tuple[str, ...], when: Callable[[Any], bool] | None = None
) -> Callable[[Callable[..., Term]], Reachable]:
    """Make a predicate over the state before a step a :class:`Reachable`; ``by`` names the steps."""

    def wrap(body: Callable[..., Term]) -> Reachable:
        return Reachable(body.__name__, inspect.getdoc(body) or "", by, body, when)

    return wrap


def step_property(
    name: str,
    clause: str,
    says: str,
    when: Callable[[Any], bool] | None = None,
    follows_from: str = "",
) -> Property:
    """A property that actions :func:`promise`: it holds if no action ever breaks its promise."""
    return Property(name, STEP, clause, says, None, (), when, tuple(follows_from.split()))


@dataclass(frozen=True)
class TransitionInvariant:
    """A condition over the state before and after a step, for all steps that change some variables.

    Every step of the actors ``by`` that writes one of ``of`` promises it as the STEP property ``property``, but for
    the steps named in ``but``. Where it takes a block, only steps that take one promise it.
    """

    name: str
    property: Property
    of: tuple[str, ...]
    by: tuple[Actor, ...]
    but: tuple[str, ...]
    says: str
    body: Callable[..., Term]
    takes_block: bool
    when: Callable[[Any], bool] | None

    def applies_to(self, item: Action) -> bool:
        """Whether the step promises it, should it write one of the variables."""
        takes = item.takes_block or not self.takes_block
        return item.actor in self.by and item.name not in self.but and takes


def transition_invariant(
    of_property: Property,
    *,
    of: tuple[str, ...],
    by: tuple[Actor, ...],
    but: tuple[str, ...] = (),
    when: Callable[[Any], bool] | None = None,
) -> Callable[[Callable[..., Term]], TransitionInvariant]:
    """Make a predicate over the states before and after a step (and perhaps its block) a transition invariant."""

    def wrap(body: Callable[..., Term]) -> TransitionInvariant:
        takes_block = "block" in inspect.signature(body).parameters
        says = inspect.getdoc(body) or ""
        return TransitionInvariant(body.__name__, of_property, of, by, but, says, body, takes_block, when)

    return wrap


def collect(module: ModuleType, kind: type[Any]) -> list[Any]:
    """The actions or properties of a module, in the order in which they are written."""
    return [value for value in vars(module).values() if isinstance(value, kind)]


class Recorder:
    """Collects what the action that is being recorded requires and writes."""

    def __init__(self) -> None:
        self.guard: list[tuple[Term, str]] = []
        self.promises: list[tuple[Property, Term]] = []
        self.updates: dict[str, Term] = {}


_recorder: ContextVar[Recorder] = ContextVar("recorder")


@contextmanager
def recording(recorder: Recorder) -> Iterator[None]:
    """While this lasts, :func:`require` and :func:`promise` speak to ``recorder``."""
    before = _recorder.set(recorder)
    try:
        with text_runs():
            yield
    finally:
        _recorder.reset(before)


def require(*conditions: Term) -> None:
    """Conditions that must all hold for the action to happen. Each is evaluated in every state."""
    caller = sys._getframe(1)
    require_at(place_of(caller.f_globals["__name__"], caller.f_lineno), *conditions)


def require_at(place: str, *conditions: Term) -> None:
    """:func:`require` conditions that stand at another place of the text."""
    for condition in conditions:
        _current("require").guard.extend((part, place) for part in conjuncts(lift(condition, BOOL)))


def _current(what: str) -> Recorder:
    recorder = _recorder.get(None)
    if recorder is None:
        raise SpecError(f"{blame()}: {what}() belongs inside an action")
    return recorder


def place_of(module: str, line: int) -> str:
    """A place in the text for messages and traces: ``driver.py:82``."""
    return f"{module.split('.')[-1]}.py:{line}"


def promise(prop: Property, condition: Term) -> None:
    """State that whenever this action happens the condition holds before it; may speak of ghosts.

    In a world that does not have the property the promise is dropped.
    """
    recorder = _current("promise")
    if prop.kind != STEP:
        raise SpecError(f"{blame()}: '{prop.name}' is no step property")
    recorder.promises.append((prop, lift(condition, BOOL)))


@dataclass(frozen=True)
class Text:
    """A whole protocol text: its state, its steps and its claims, for all worlds."""

    state: type[StateView[Any]]
    actors: tuple[Actor, ...]
    actions: tuple[Action, ...]
    properties: tuple[Property, ...]
    lemmas: tuple[Property, ...] = ()
    assumptions: tuple[Property, ...] = ()
    reachable: tuple[Reachable, ...] = ()
    transition_invariants: tuple[TransitionInvariant, ...] = ()
    budgets: tuple[str, ...] = field(default=())
