"""Make the state machine of an environment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from types import new_class
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from hintproof.engines.report import NO_DEADLOCK
from hintproof.interpret.concrete import Concrete
from hintproof.stateful.protocol_machine import ProtocolMachine
from hintproof.system.errors import BadInput
from hintproof.system.words import first_paragraph
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import records_of
from hintspec.language.declare import ALWAYS, RECOVERABLE, STEP, Action
from hintspec.language.errors import SpecError, quote
from hintspec.language.sizes import Sizes


def machine(environment: str, *, properties: Collection[str] = (), **sizes: int) -> type[ProtocolMachine]:
    """The ``RuleBasedStateMachine`` of an environment: run its ``TestCase``, or subclass it.

    It has a rule for each action, with its guard as precondition, and an invariant for each safety property; its
    ``teardown`` checks the goals that must stay possible. ``properties``: check these alone. Without sizes it has
    those of the environment's first record, or the default ones. Raises :class:`BadInput` for an unknown environment,
    property or size.
    """
    system = _prepare(environment, _sizes_of(environment, sizes))
    known = [p.declared.name for p in system.model.properties if p.declared.kind in (ALWAYS, STEP, RECOVERABLE)]
    for name in properties:
        if name not in (*known, NO_DEADLOCK):
            raise BadInput(f"{environment} has no property {quote(name)} of finite runs: {', '.join(known)}")
    members: dict[str, Any] = dict(_members(system, properties or (*known, NO_DEADLOCK)))
    chosen = f", properties={list(properties)!r}" if properties else ""
    arguments = ", ".join(str(system.sizes).split())
    members |= {
        "__module__": "hintproof.stateful",
        "__doc__": f"The protocol in {environment}, {system.sizes}.",
        "environment": environment,
        "sizes": system.sizes,
        "_system": system,
        "_made_by": f'machine("{environment}"{chosen}, {arguments})',
        # Hypothesis' key of a test in its example database
        "_hypothesis_internal_add_digest": f"{environment} {system.sizes}{chosen}".encode(),
    }
    made: type[ProtocolMachine] = new_class("Machine", (ProtocolMachine,), exec_body=lambda body: body.update(members))
    made._made = made
    return made


def _sizes_of(environment: str, sizes: dict[str, int]) -> Sizes:
    if not sizes:
        return next((record.sizes for record in records_of(environment)), Sizes())
    try:
        return Sizes(**sizes)
    except (SpecError, TypeError) as problem:
        raise BadInput(str(problem)) from None


@lru_cache(maxsize=32)
def _prepare(environment: str, sizes: Sizes) -> Concrete:
    system = prepare(environment, sizes)
    _ = system.successors, system.judge  # compiled here, not within the time of the first test case
    return system


def _members(system: Concrete, properties: Collection[str]) -> Iterator[tuple[str, Any]]:
    """The rules, the invariants, and the checks of goals, by name."""
    for recorded in system.model.actions:
        yield recorded.name, _make_rule(recorded.action)
    for item in system.model.properties:
        if item.name in properties and item.declared.kind in (ALWAYS, STEP):
            yield item.name, _make_invariant(item.name, first_paragraph(item.declared.says))
        elif item.name in properties and item.declared.kind == RECOVERABLE:
            yield item.name, _make_goal(item.name, first_paragraph(item.declared.says))
    if NO_DEADLOCK in properties:
        yield NO_DEADLOCK, _make_invariant(NO_DEADLOCK, "In every reachable state some step is possible.")


def _make_rule(action: Action) -> Callable[..., None]:
    name = action.name

    def with_block(self: ProtocolMachine, block: int) -> None:
        self._take(name, block)

    def without_block(self: ProtocolMachine) -> None:
        self._take(name, None)

    def is_possible(self: ProtocolMachine) -> bool:
        return bool(self.possible_blocks(name))

    function: Callable[..., None] = with_block if action.takes_block else without_block
    _name(function, name, f"{first_paragraph(action.says)}\n\n{action.where}", hintproof_action=name)
    _name(is_possible, f"{name}_is_possible", f"Whether the guard of {name} holds.")
    if not action.takes_block:
        return precondition(is_possible)(rule()(function))
    blocks: st.SearchStrategy[Any] = st.runner().flatmap(lambda self: st.sampled_from(self.possible_blocks(name)))
    return precondition(is_possible)(rule(block=blocks)(function))


def _make_invariant(name: str, says: str) -> Callable[..., None]:
    def holds(self: ProtocolMachine) -> None:
        __tracebackhide__ = True
        self._must_hold(name, says)

    _name(holds, name, says, hintproof_property=name)
    return invariant()(holds)


def _make_goal(name: str, says: str) -> Callable[..., None]:
    def is_possible(self: ProtocolMachine) -> None:
        self._must_be_possible(name, says)

    _name(is_possible, name, says, hintproof_goal=True)
    return is_possible


def _name(function: Callable[..., Any], name: str, doc: str, **attributes: Any) -> None:
    function.__name__, function.__qualname__, function.__doc__ = name, f"Machine.{name}", doc
    vars(function).update(attributes)
