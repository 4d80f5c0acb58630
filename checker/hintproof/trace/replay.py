"""Replay: a run is followed step by step before anybody sees it; what it did in each step is a trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from hintproof.engines.report import NO_DEADLOCK, Run, length
from hintproof.interpret.concrete import Concrete, State
from hintproof.interpret.transition_system import Replayable
from hintproof.interpret.values import values
from hintproof.interpret.wording import wording
from hintproof.system.errors import BadInput, EngineBug
from hintproof.trace.lasso import refuse_unless_refuting
from hintspec.catalogue.environments import compose
from hintspec.catalogue.releases import Resolved, resolve_releases
from hintspec.language.declare import ALWAYS, LEMMA, PROGRESS, RECOVERABLE, STEP, Action, Property
from hintspec.language.errors import SpecError, quote, suggest
from hintspec.language.recording import Model, RecordedAction, record
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import World
from hintspec.text import PROTOCOL


@dataclass(frozen=True)
class Step:
    """One step: what was done, and what it changed. ``changes`` maps a variable to (before, after)."""

    action: Action
    block: int | None
    changes: dict[str, tuple[Any, Any]]


@dataclass(frozen=True)
class Trace:
    """A run of an environment to where a property is violated, or what it asks to be reachable is reached.

    ``states`` are as shown, ``raw`` as the concrete interpretation has them. ``begins`` says where the run
    begins, if not in the initial state. A run against a property of progress goes on for ever: its last state
    is the one after so many steps (``loop``), and what follows there comes again and again.
    """

    environment: str
    sizes: Sizes
    engine: str
    property_name: str
    block: int | None
    steps: tuple[Step, ...]
    states: tuple[dict[str, Any], ...]
    raw: tuple[State, ...]
    concrete: Replayable
    begins: str = ""
    loop: int | None = None

    @property
    def declared(self) -> Property | None:
        """What was declared of the property (or lemma); None for the absence of any step."""
        try:
            return self.concrete.model.claim_named(self.property_name).declared
        except KeyError:
            return None

    @property
    def run(self) -> Run:
        """The bare steps."""
        return [(step.action.name, step.block) for step in self.steps]

    @property
    def length(self) -> str:
        """How long it is, in words."""
        return length(len(self.steps), self.loop)


class Departs(BadInput):
    """A run has a step that the protocol does not allow there: which one, and why not."""

    def __init__(self, step: int, because: str) -> None:
        super().__init__(f"step {step}: {because}")
        self.step, self.because = step, because


@lru_cache(maxsize=64)
def record_world(world: World, finite: bool = True) -> Model:
    """A world as terms, recorded once; if not ``finite``, without any bound. Raises :class:`SpecError`."""
    return record(PROTOCOL, world, finite)


@lru_cache(maxsize=64)
def interpret_world(world: World, sizes: Sizes) -> Concrete:
    """A world of these sizes, made once: every trace that is followed or shortened asks for its world again.

    Raises :class:`SpecError`.
    """
    return Concrete(record_world(world), sizes)


@contextmanager
def _refuse_as_bad_input() -> Iterator[None]:
    """What the text refuses in here is a name that the user gave."""
    try:
        yield
    except SpecError as problem:
        raise BadInput(str(problem)) from None


def resolve_environment(environment: str) -> Resolved:
    """The name with the words for each release in it. Raises :class:`BadInput` for a release of unknown rules."""
    with _refuse_as_bad_input():
        return resolve_releases(environment)


def record_environment(environment: str, finite: bool = True) -> Model:
    """The environment as terms; if not ``finite``, without any bound. Raises :class:`BadInput` for an unknown one."""
    with _refuse_as_bad_input():
        return record_world(compose(environment), finite)


def prepare(environment: str, sizes: Sizes) -> Concrete:
    """The concrete interpretation of an environment. Raises :class:`BadInput` for an unknown one."""
    with _refuse_as_bad_input():
        return interpret_world(compose(environment), sizes)


def follow(concrete: Concrete, run: Run) -> tuple[list[State], list[str]]:
    """Replay a run: its states, and the STEP properties that its last step breaks.

    Raises :class:`Departs` naming the first step that the protocol does not allow, and why.
    """
    states, broken = [concrete.initial], 0
    for number, (name, block) in enumerate(run, 1):
        try:
            action = concrete.action_named(name)
        except KeyError:
            raise Departs(number, f"this environment has no action {quote(name)}") from None
        takes = action.action.takes_block
        if takes != (block is not None) or (block is not None and not 1 <= block <= concrete.sizes.blocks):
            raise Departs(number, f"{name} takes {'a block of this size' if takes else 'no block'}")
        if concrete.failed_conjuncts(states[-1], action, block):
            raise Departs(number, describe_refusal(concrete, action, states[-1], block))
        state, broken = concrete.apply(states[-1], action, block)
        states.append(state)
    names = [n for bit, n in enumerate(concrete.step_properties) if broken >> bit & 1]
    return states, names


def describe_refusal(concrete: Concrete, action: RecordedAction, state: State, block: int | None) -> str:
    """Why an action is not possible in a state: its first conjunct that fails, with the values that it reads."""
    condition = action.guard[concrete.failed_conjuncts(state, action, block)[0]]
    failed = f"{wording(condition.term)} fails, where {values(concrete, [condition.term], state, block)}"
    return f"{action.name} is not possible here: {failed} ({condition.place}; {action.action.where})"


def shows(concrete: Concrete, states: list[State], broken_steps: list[str], name: str) -> bool:
    """Whether a replayed run shows what it is for: it ends where the property is violated, or its goal reached.

    A RECOVERABLE property is shown where its goal is not met; that it can't be met any more takes a search.
    """
    if name == NO_DEADLOCK:
        return not concrete.successors(states[-1])
    try:
        item = concrete.model.claim_named(name)
    except KeyError:
        hint = suggest(name, (p.name for p in concrete.model.properties))
        raise BadInput(f"this environment has no property {quote(name)}{hint}") from None
    if item.declared.kind == LEMMA:
        return not concrete.keeps(item)(states[-1])
    if item.declared.kind == STEP:
        return name in broken_steps
    bit = concrete.state_properties.index(item)
    has_bit = bool(concrete.judge(states[-1]) >> bit & 1)
    return has_bit != (item.declared.kind == RECOVERABLE)


def build(environment: str, concrete: Concrete, engine: str, name: str, run: Run, loop: int | None = None) -> Trace:
    """A trace from a run, replayed first. Raises :class:`BadInput` if it does not replay or shows nothing."""
    states, broken_steps = follow(concrete, run)
    item = next((p for p in concrete.model.properties if p.name == name), None)
    if item is not None and item.declared.kind == PROGRESS:
        refuse_unless_refuting(concrete, item, run, states, loop)
    elif loop is not None:
        raise BadInput(f"{quote(name)} is no property of progress: a run against it has no loop")
    elif not shows(concrete, states, broken_steps, name):
        raise BadInput(f"the run replays, but {name} is neither violated nor reached at its end")
    steps = [(concrete.action_named(action).action, block) for action, block in run]
    return replace(to_trace(environment, concrete, engine, name, steps, states), loop=loop)


def trace_of_step(
    environment: str, concrete: Concrete, name: str, state: State, step: tuple[str, int | None], begins: str
) -> Trace:
    """The trace of a single step from any state, which need not be reachable."""
    action, block = concrete.action_named(step[0]), step[1]
    after, _ = concrete.apply(state, action, block)
    return to_trace(environment, concrete, "induction", name, [(action.action, block)], [state, after], begins)


def to_trace(
    environment: str,
    system: Replayable,
    engine: str,
    name: str,
    steps: Sequence[tuple[Action, int | None]],
    states: Sequence[State],
    begins: str = "",
) -> Trace:
    """The trace of steps through these states, with what each step changed; no step is taken anew."""
    shown = tuple(system.show(state) for state in states)
    changes = ({n: (a[n], b[n]) for n in a if a[n] != b[n]} for a, b in pairwise(shown))
    replayed = tuple(Step(*step, changed) for step, changed in zip(steps, changes, strict=True))
    block = concerned_block(system, states, name)
    return Trace(environment, system.sizes, engine, name, block, replayed, shown, tuple(states), system, begins)


def from_engine(
    environment: str, concrete: Concrete, engine: str, name: str, run: Run, loop: int | None = None
) -> Trace:
    """A trace from an engine's run. That it does not replay is a bug of the engine: :class:`EngineBug`."""
    try:
        return build(environment, concrete, engine, name, run, loop)
    except BadInput as problem:
        raise EngineBug(
            f"the {engine} engine gave a run against {name} of {environment} that does not replay: {problem}"
        ) from None


def concerned_block(concrete: Replayable, states: Sequence[State], name: str) -> int | None:
    """The first block for which a property of blocks is violated, or reached; None for other properties."""
    for item in concrete.state_properties:
        if item.name == name and item.declared.takes_block:
            wanted = item.declared.kind != ALWAYS
            for block in range(1, concrete.sizes.blocks + 1):
                if concrete.holds_for(item, states[-1], block) == wanted:
                    return block
    return None
