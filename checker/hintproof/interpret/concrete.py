"""The concrete interpretation: a block set is an ``int`` bit mask, an id an ``int``, a ring a tuple.

The recorded terms are compiled to Python source, one function for all successors of a state, so that
a plain search is as fast as plain Python can be. A state is a flat tuple, one value a variable.
Blocks are numbered 1 .. N, 0 is no block; block ``b`` is bit ``b - 1`` of a set. A ring is
``(used, entries)``, an entry a tuple of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hintproof.interpret.source import Compiler
from hintspec.language.declare import STEP
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring, Sort
from hintspec.language.terms import TRUE, Term

State = tuple[Any, ...]

#: (instance, next state, mask of STEP properties that the step breaks)
Successors = Callable[[State], list[tuple[int, State, int]]]


@dataclass(frozen=True)
class Instance:
    """An action with its block, if it takes one."""

    action: RecordedAction
    block: int | None

    def __str__(self) -> str:
        return self.action.name if self.block is None else f"{self.action.name}({self.block})"


class Concrete:
    """A model at given sizes, ready to run."""

    def __init__(self, model: Model, sizes: Sizes) -> None:
        self.model = model
        self.sizes = sizes
        self._compiler = Compiler(model, sizes)
        self.step_properties = [p.name for p in model.properties if p.declared.kind == STEP]

    @cached_property
    def instances(self) -> list[Instance]:
        """Every action with every block that it may take, in the order of the text."""
        return [
            Instance(action, block)
            for action in self.model.actions
            for block in self.sizes.blocks_for(action.action.takes_block)
        ]

    @cached_property
    def initial(self) -> State:
        """The one initial state."""
        values = [self._compiler.expr(v.init) for v in self.model.vars]
        state: State = eval(f"({', '.join(values)},)", dict(self._compiler.namespace))
        return state

    @cached_property
    def successors(self) -> Successors:
        """All steps from a state."""
        return self.steps_by(range(len(self.instances)))

    def steps_by(self, numbers: Iterable[int]) -> Successors:
        """The steps from a state that some instances take, by their numbers."""
        lines = ["out = []"]
        shared = ""
        for index in numbers:
            instance = self.instances[index]
            conjuncts = [self._compiler.expr(c.term, instance.block) for c in instance.action.guard]
            first, *rest = conjuncts or ["True"]
            if first != shared:
                lines.append(f"if {first}:")
                shared = first
            condition = " and ".join(rest) or "True"
            lines.append(f"    if {condition}: out.append(({index}, {self._next(instance)}))")
        return self._compiler.define("successors", "state", [*lines, "return out"])

    @cached_property
    def moves(self) -> list[Callable[[State], tuple[State, int] | None]]:
        """For each instance a function that takes its step: the next state and broken promises; None if it can't."""
        made = []
        for instance in self.instances:
            guard = " and ".join(self._compiler.expr(c.term, instance.block) for c in instance.action.guard)
            lines = [f"return ({self._next(instance)}) if {guard or 'True'} else None"]
            made.append(self._compiler.define("move", "state", lines))
        return made

    def truths(self, conditions: list[Term]) -> Callable[[State], int]:
        """A function that gives the mask of the conditions that hold for some block."""
        lines = ["mask = 0"]
        for number, term in enumerate(conditions):
            sources = dict.fromkeys(self._compiler.expr(term, block) for block in self.sizes.blocks_for(True))
            lines.append(f"if {' or '.join(sources)}: mask |= {1 << number}")
        return self._compiler.define("truths", "state", [*lines, "return mask"])

    def _next(self, instance: Instance) -> str:
        """Source of the next state and of the mask of broken promises."""
        updates = instance.action.updates
        values = [
            self._compiler.expr(updates[name], instance.block) if name in updates else local
            for name, local in self._compiler.locals.items()
        ]
        broken = self._compiler.broken_promises(instance.action, instance.block, self.step_properties)
        return f"({', '.join(values)},), {broken}"

    @cached_property
    def state_properties(self) -> list[RecordedProperty]:
        """The properties that speak of a state, in the order of the bits of :attr:`judge`."""
        return [p for p in self.model.properties if p.term is not None]

    @cached_property
    def judge(self) -> Callable[[State], int]:
        """The mask of the properties that a state decides: an ALWAYS property is violated, another one is reached."""
        return self._compiler.define("judge", "state", [f"return {self._compiler.judgement(self.state_properties)}"])

    def holds_for(self, item: RecordedProperty, state: State, block: int) -> bool:
        """The value of a property's predicate for one block."""
        key = (item.name, "predicate")
        if key not in self._compiled:
            assert item.term is not None
            self._compiled[key] = self._compiler.define(
                "predicate", "state, b", [f"return bool({self._compiler.expr(item.term)})"]
            )
        held: bool = self._compiled[key](state, block)
        return held

    def keeps(self, item: RecordedProperty) -> Callable[[State], bool]:
        """A function that says whether a state keeps a claim, for all of its blocks and ring slots."""
        return self._compiler.define("keeps", "state", [f"return bool({self._everywhere(item)})"])

    def witnesses(self, item: RecordedProperty, term: Term | None) -> Callable[[State], bool]:
        """A function that says whether a term, a part of a claim's, holds for some of its blocks and ring slots."""
        some = RecordedProperty(item.declared, ~(TRUE if term is None else term))
        return self._compiler.define("witnesses", "state", [f"return not ({self._everywhere(some)})"])

    def meets(self, term: Term) -> Callable[[State], bool]:
        """A function that says whether a condition that takes no argument holds in a state."""
        return self._compiler.define("meets", "state", [f"return bool({self._compiler.expr(term)})"])

    @cached_property
    def broken_lemmas(self) -> Callable[[State], list[str]]:
        """A function that names the lemmas that a state breaks, for any of its blocks or ring slots."""
        parts = [f"({item.name!r}, {self._everywhere(item)})" for item in self.model.lemmas]
        lines = [f"return [name for name, holds in [{', '.join(parts)}] if not holds]"]
        return self._compiler.define("broken_lemmas", "state", lines)

    def _everywhere(self, item: RecordedProperty) -> str:
        """Source of a claim, closed over all blocks and all slots that it takes."""
        assert item.term is not None
        held = " and ".join(
            self._compiler.expr(item.term, block) for block in self.sizes.blocks_for(item.declared.takes_block)
        )
        slots = [name for name in ("slot", "other") if name in item.declared.takes]
        places = range(max(self.sizes.ring, self.sizes.blocks))
        return f"all({held}{''.join(f' for {name} in {places!r}' for name in slots)})" if slots else f"({held})"

    def value(self, term: Term, state: State, block: int | None) -> Any:
        """The plain JSON value of any term in a state."""
        if term not in self._values:
            self._values[term] = self._compiler.define("value", "state, b", [f"return {self._compiler.expr(term)}"])
        return show_value(self._values[term](state, block), term.sort)

    @cached_property
    def _values(self) -> dict[Term, Callable[..., Any]]:
        return {}

    def reader(self, term: Term) -> Callable[[State], Any]:
        """A function that gives the value of a term that takes no block, as states hold such values."""
        return self._compiler.define("reader", "state", [f"return {self._compiler.expr(term)}"])

    @cached_property
    def _by_name(self) -> dict[str, RecordedAction]:
        return {action.name: action for action in self.model.actions}

    def failed_conjuncts(self, state: State, action: RecordedAction, block: int | None) -> list[int]:
        """Positions of the guard's conjuncts that don't hold; empty if the action may happen."""
        key = (action.name, "guard")
        if key not in self._compiled:
            sources = [self._compiler.expr(c.term) for c in action.guard]
            lines = [f"return [i for i, ok in enumerate(({', '.join(sources)},)) if not ok]"]
            self._compiled[key] = self._compiler.define("guard", "state, b", lines)
        failed: list[int] = self._compiled[key](state, block)
        return failed

    def apply(self, state: State, action: RecordedAction, block: int | None) -> tuple[State, int]:
        """The next state, and the mask of STEP properties that the step breaks; the guard is not asked."""
        key = (action.name, "next")
        if key not in self._compiled:
            lines = [f"return ({self._next(Instance(action, None))})"]
            self._compiled[key] = self._compiler.define("next", "state, b", lines)
        result: tuple[State, int] = self._compiled[key](state, block)
        return result

    @cached_property
    def _compiled(self) -> dict[tuple[str, str], Callable[..., Any]]:
        return {}

    def alias(self, name: str, action: RecordedAction) -> None:
        """Another name under which an action is found: traces of a real driver have names of their own."""
        self._by_name.setdefault(name, action)

    def action_named(self, name: str) -> RecordedAction:
        """The action of that name; raises ``KeyError``."""
        return self._by_name[name]

    def show(self, state: State) -> dict[str, Any]:
        """The state by variable names, in plain JSON values (see :func:`show_value`)."""
        return {v.name: show_value(x, v.sort) for v, x in zip(self.model.vars, state, strict=True)}


def show_value(value: Any, sort: Sort) -> Any:
    """A value as plain JSON: labels and ids by name, a set as the sorted list of its blocks."""
    if isinstance(sort, Enum):
        return sort.labels[value]
    if sort == BOOL:
        return bool(value)
    if sort == ID:
        return {0: "STOP", 1: "DONE"}.get(value, f"id{value - 2}")
    if sort == BLOCK:
        return value or None
    if sort == BLOCKS:
        return [i + 1 for i in range(value.bit_length()) if value >> i & 1]
    if sort == LIST:
        return list(value)
    if isinstance(sort, Ring):
        entries = [
            {name: show_value(x, s) for (name, s), x in zip(sort.fields, entry, strict=True)} for entry in value[1]
        ]
        return {"used": value[0], "entries": entries}
    return value
