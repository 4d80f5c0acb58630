"""How the protocol text is written down: state variables, actions, properties; and how it is recorded.

An action is a Python function of a state. :func:`record` runs it once for a world, and keeps its guard
(what it *requires*) and its updates as terms. All updates of an action happen at once. To keep that
free of doubt, an action may write a variable once and may not read it afterwards. Ghost variables are
there for the properties alone: a guard or an ordinary update that reads one is refused.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Generic, TypeVar

from hintspec.sorts import BLOCK, BOOL, COUNT, Ring, Sort, SpecError, Term, blame, lift

W = TypeVar("W")

# ---------------------------------------------------------------------------------------------
# writing


@dataclass(frozen=True)
class Actor:
    """Who takes a step: a lane of the traces. ``needs`` is required before each of its steps."""

    name: str
    letter: str
    says: str
    needs: Callable[[Any], Term] | None = None


@dataclass(frozen=True)
class Var:
    """A state variable. ``sort``, ``init`` and ``when`` may depend on the world.

    ``mark`` is the letter that shows membership of a block in a trace; ``role`` says what a block
    set means to the explanation of a trace ('dirty': remembers a write, 'content': matters to the guest).
    """

    sort: Sort | Callable[[Any], Sort]
    init: object
    says: str
    ghost: bool = False
    when: Callable[[Any], bool] | None = None
    mark: str = ""
    role: str = ""


def var(
    sort: Sort | Callable[[Any], Sort],
    init: object,
    says: str,
    *,
    ghost: bool = False,
    when: Callable[[Any], bool] | None = None,
    mark: str = "",
    role: str = "",
) -> Any:
    """Declare a state variable inside a :class:`Part` (typed ``Any``: reads give terms)."""
    return Var(sort, init, says, ghost, when, mark, role)


class Part:
    """A group of state variables with one owner; subclass it and declare them with :func:`var`."""


@dataclass(frozen=True)
class Action:
    """One atomic step of the text, with the place in the real systems that it speaks of."""

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

    ``where`` cites the function or clause it comes from, ``step`` its label in the fact sheets and
    the docs, ``when`` the worlds that have it. ``budgets`` names sizes that limit how often it may
    happen in a finite search; the protocol itself sets no such limit.
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


#: What a property claims: of every state; of some state; that from every state a state with it can
#: still be reached; of every step that *promises* it.
ALWAYS, SOMETIMES, RECOVERABLE, STEP = "always", "sometimes", "recoverable", "step"


@dataclass(frozen=True)
class Property:
    """A named claim about a world, with its clause or reason. A block argument is closed over all blocks.

    A STEP property has no predicate of its own: the actions that could break it promise it.
    """

    name: str
    kind: str
    clause: str
    says: str
    body: Callable[..., Term] | None
    takes_block: bool
    when: Callable[[Any], bool] | None


def claim(
    kind: str, clause: str, when: Callable[[Any], bool] | None = None
) -> Callable[[Callable[..., Term]], Property]:
    """Make a predicate over a state (and perhaps a block) a :class:`Property` with its clause or reason."""

    def wrap(body: Callable[..., Term]) -> Property:
        takes_block = "block" in inspect.signature(body).parameters
        says = inspect.getdoc(body) or ""
        return Property(body.__name__, kind, clause, says, body, takes_block, when)

    return wrap


def step_claim(name: str, clause: str, says: str, when: Callable[[Any], bool] | None = None) -> Property:
    """A property that actions :func:`promise`: it holds if no action ever breaks its promise."""
    return Property(name, STEP, clause, says, None, False, when)


def collect(module: ModuleType, kind: type[Any]) -> list[Any]:
    """The actions or properties of a module, in the order in which they are written."""
    return [value for value in vars(module).values() if isinstance(value, kind)]


# ---------------------------------------------------------------------------------------------
# recording


class Recorder:
    """Collects what the action that is being recorded requires and writes."""

    def __init__(self) -> None:
        self.guard: list[tuple[Term, int]] = []
        self.promises: list[tuple[Property, Term]] = []
        self.updates: dict[str, Term] = {}


_recorder: list[Recorder] = []


def require(*conditions: Term) -> None:
    """Conditions that must all hold for the action to happen. Each is evaluated in every state."""
    if not _recorder:
        raise SpecError(f"{blame()}: require() belongs inside an action")
    line = sys._getframe(1).f_lineno
    for condition in conditions:
        _recorder[-1].guard.extend((part, line) for part in conjuncts(lift(condition, BOOL)))


def conjuncts(condition: Term) -> Iterator[Term]:
    """The parts of a condition that is a conjunction, so that a failed guard can name the one at fault."""
    if condition.op == "and":
        yield from conjuncts(condition.args[0])
        yield from conjuncts(condition.args[1])
    else:
        yield condition


def promise(claimed: Property, condition: Term) -> None:
    """State that whenever this action happens the condition holds before it; may speak of ghosts."""
    if not _recorder:
        raise SpecError(f"{blame()}: promise() belongs inside an action")
    if claimed.kind != STEP:
        raise SpecError(f"{blame()}: '{claimed.name}' is no step property")
    _recorder[-1].promises.append((claimed, lift(condition, BOOL)))


class PartView:
    """One part of a state: reading an attribute gives its term, assigning records the update."""

    __slots__ = ("_name", "_recorder", "_sorts")

    def __init__(self, name: str, sorts: dict[str, Sort], recorder: Recorder | None) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_sorts", sorts)
        object.__setattr__(self, "_recorder", recorder)

    def __getattr__(self, attribute: str) -> Any:
        full = f"{self._name}.{attribute}"
        if attribute not in self._sorts:
            raise SpecError(f"{blame()}: this world has no variable '{full}'")
        if self._recorder is not None and full in self._recorder.updates:
            raise SpecError(f"{blame()}: '{full}' is read after it was written in the same action")
        return Term("var", (full,), self._sorts[attribute])

    def __setattr__(self, attribute: str, value: object) -> None:
        full = f"{self._name}.{attribute}"
        if attribute not in self._sorts:
            raise SpecError(f"{blame()}: this world has no variable '{full}'")
        if self._recorder is None:
            raise SpecError(f"{blame()}: only an action may write '{full}'")
        if full in self._recorder.updates:
            raise SpecError(f"{blame()}: '{full}' is written twice in one action")
        self._recorder.updates[full] = lift(value, self._sorts[attribute])


class StateView(Generic[W]):
    """What an action or a property sees: the world it is recorded for and the parts of the state."""

    def __init__(self, world: W, parts: dict[str, dict[str, Sort]], recorder: Recorder | None) -> None:
        self.world = world
        self._parts = {name: PartView(name, sorts, recorder) for name, sorts in parts.items()}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._parts:
            raise SpecError(f"{blame()}: there is no part '{name}' in the state of this world")
        return self._parts[name]


@dataclass(frozen=True)
class RecordedVar:
    """A variable of a recorded world."""

    name: str
    sort: Sort
    init: Term
    declared: Var


@dataclass(frozen=True)
class Conjunct:
    """One condition of a guard, and the line of the text that requires it."""

    term: Term
    line: int


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
class RecordedProperty:
    """A property as one term; a STEP property has none, see :attr:`RecordedAction.promises`."""

    declared: Property
    term: Term | None

    @property
    def name(self) -> str:
        """The property's name."""
        return self.declared.name


@dataclass(frozen=True)
class Model:
    """A text recorded for one world: all that an engine needs, with no trace of what it is about."""

    actors: tuple[Actor, ...]
    vars: tuple[RecordedVar, ...]
    actions: tuple[RecordedAction, ...]
    properties: tuple[RecordedProperty, ...]

    def property_named(self, name: str) -> RecordedProperty:
        """The property of that name; raises ``KeyError`` if this world doesn't have it."""
        for candidate in self.properties:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


#: The block argument of an action or property, as a term.
THE_BLOCK = Term("block", (), BLOCK)


@dataclass(frozen=True)
class Text:
    """A whole protocol text: its state, its steps and its claims, for all worlds."""

    parts: dict[str, type[Part]]
    actors: tuple[Actor, ...]
    actions: tuple[Action, ...]
    properties: tuple[Property, ...]
    budgets: tuple[str, ...] = field(default=())


def record(text: Text, world: Any) -> Model:
    """The text as terms for one world. Raises :class:`SpecError` where it can't be meant."""
    recorded = list(_record_vars(text, world))
    used = {b for a in text.actions if _exists(a.when, world) for b in a.budgets}
    for budget in (b for b in text.budgets if b in used):
        says = f"how many more {budget} this finite search may have"
        size = Term("size", (budget,), COUNT)
        recorded.append(RecordedVar(f"left.{budget}", COUNT, size, Var(COUNT, 0, says)))
    parts: dict[str, dict[str, Sort]] = {name: {} for name in text.parts}
    for v in recorded:
        part, attribute = v.name.split(".")
        parts.setdefault(part, {})[attribute] = v.sort
    actions = [_record_action(a, world, parts) for a in text.actions if _exists(a.when, world)]
    ghosts = {v.name for v in recorded if v.declared.ghost}
    for recorded_action in actions:
        _refuse_ghosts(recorded_action, ghosts)
    properties = [
        RecordedProperty(p, _predicate(p, StateView(world, parts, None)))
        for p in text.properties
        if _exists(p.when, world)
    ]
    return Model(text.actors, tuple(recorded), tuple(actions), tuple(properties))


def _exists(when: Callable[[Any], bool] | None, world: Any) -> bool:
    return when is None or when(world)


def _record_vars(text: Text, world: Any) -> Iterator[RecordedVar]:
    for part_name, part in text.parts.items():
        for name, declared in vars(part).items():
            if isinstance(declared, Var) and _exists(declared.when, world):
                sort = declared.sort if isinstance(declared.sort, Sort) else declared.sort(world)
                init = declared.init(world) if callable(declared.init) else declared.init
                yield RecordedVar(f"{part_name}.{name}", sort, lift(init, sort), declared)


def _predicate(item: Property, view: StateView[Any]) -> Term | None:
    if item.body is None:
        return None
    return lift(item.body(view, THE_BLOCK) if item.takes_block else item.body(view), BOOL)


def _record_action(item: Action, world: Any, parts: dict[str, dict[str, Sort]]) -> RecordedAction:
    recorder = Recorder()
    view = StateView(world, parts, recorder)
    _recorder.append(recorder)
    try:
        if item.actor.needs is not None:
            require(item.actor.needs(view))
        for budget in item.budgets:
            left = getattr(view.left, budget)
            require(left > 0)
            setattr(view.left, budget, Term("minus_one", (left,), COUNT))
        if item.takes_block:
            item.body(view, THE_BLOCK)
        else:
            item.body(view)
    except SpecError as problem:
        raise SpecError(f"action {item.name}: {problem}") from None
    finally:
        _recorder.pop()
    guard = tuple(Conjunct(term, line) for term, line in recorder.guard)
    promises = tuple((p.name, term) for p, term in recorder.promises)
    return RecordedAction(item, guard, recorder.updates, promises)


def reads(term: Term) -> Iterator[str]:
    """Names of the variables that a term reads; a ring field as ``ring.name:field``."""
    if term.op == "var":
        yield term.args[0]
    elif term.op == "head":
        for name in reads(term.args[0]):
            yield name
            yield f"{name}:{term.args[1]}"
    else:
        for argument in _subterms(term):
            yield from reads(argument)


def _subterms(term: Term) -> Iterable[Term]:
    for argument in term.args:
        if isinstance(argument, Term):
            yield argument
        elif isinstance(argument, tuple):
            # the entry that a post adds: its ghost fields may well be ghosts
            ghosts = term.sort.ghosts if isinstance(term.sort, Ring) else ()
            names = [name for name, _ in term.sort.fields] if isinstance(term.sort, Ring) else []
            yield from (v for n, v in zip(names, argument, strict=True) if n not in ghosts)


def _refuse_ghosts(item: RecordedAction, ghosts: set[str]) -> None:
    """Ghost state must not influence what happens: no guard and no ordinary update may read it."""
    ordinary = [term for name, term in item.updates.items() if name not in ghosts]
    for term in [c.term for c in item.guard] + ordinary:
        for name in reads(term):
            if name in ghosts or (":" in name and _is_ghost_field(term, name.split(":")[1])):
                raise SpecError(f"action {item.name}: the ghost '{name}' influences what happens")


def _is_ghost_field(term: Term, name: str) -> bool:
    if term.op == "head" and term.args[1] == name:
        ring = term.args[0].sort
        return isinstance(ring, Ring) and name in ring.ghosts
    return any(_is_ghost_field(sub, name) for sub in _subterms(term))
