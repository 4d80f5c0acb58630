"""The concrete interpretation: a block set is an ``int`` bit mask, an id an ``int``, a ring a tuple.

The recorded terms are compiled to Python source, one function for all successors of a state, so that
a plain search is as fast as plain Python can be. A state is a flat tuple, one value a variable.
Blocks are numbered 1 .. N, 0 is no block; block ``b`` is bit ``b - 1`` of a set. A ring is
``(used, entries)``, an entry a tuple of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

from hintproof.interpret.source import Compiler
from hintspec.language.declare import STEP
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring, Sort
from hintspec.language.terms import TRUE, Term

State = tuple[Any, ...]

#: The slots of a claim in its source; and how many choices of them are written out, as a loop takes longer.
_SLOT, _WRITTEN_OUT = re.compile(r"\b(?:slot|other)\b"), 16

#: (instance, next state, mask of STEP properties that the step breaks)
Successors = Callable[[State], list[tuple[int, State, int]]]


@dataclass(frozen=True)
class Instance:
    """An action with its block, if it takes one."""

    action: RecordedAction
    block: int | None

    def __str__(self) -> str:
        return self.action.name if self.block is None else f"{self.action.name}({self.block})"

    @property
    def step(self) -> tuple[str, int | None]:
        """The action's name and the block: a step as a run names it."""
        return self.action.name, self.block


class Evaluation:
    """The terms of a model at given sizes, compiled to functions of a state."""

    def __init__(self, model: Model, sizes: Sizes) -> None:
        self.model = model
        self.sizes = sizes
        self._compiler = Compiler(model, sizes)
        self.step_properties = [p.name for p in model.properties if p.declared.kind == STEP]
        self.state_properties = [p for p in model.properties if p.term is not None]
        self._of_block: dict[object, Callable[..., Any]] = {}
        self._by_name = {action.name: action for action in model.actions}

    def action_named(self, name: str) -> RecordedAction:
        """The action of that name; raises ``KeyError``."""
        return self._by_name[name]

    @cached_property
    def judge(self) -> Callable[[State], int]:
        """The mask of the ALWAYS properties that a state violates, and of the others whose goal it meets.

        Its bits are in the order of ``state_properties``.
        """
        return self._compiler.define("judge", "state", [f"return {self._compiler.judgement(self.state_properties)}"])

    def truths(self, conditions: Sequence[Term]) -> Callable[[State], int]:
        """A function that gives the mask of the conditions that hold for some block."""
        lines = ["mask = 0"]
        for number, term in enumerate(conditions):
            sources = dict.fromkeys(self._compiler.expr(term, block) for block in self.sizes.blocks_for(True))
            lines.append(f"if {' or '.join(sources)}: mask |= {1 << number}")
        return self._compiler.define("truths", "state", [*lines, "return mask"])

    def keeps(self, item: RecordedProperty) -> Callable[[State], bool]:
        """A function that says whether a claim holds in a state, for all of its blocks and ring slots."""
        return self._compiler.define("keeps", "state", [f"return bool({self._everywhere(item)})"])

    def witnesses(self, parts: Sequence[tuple[RecordedProperty, Term | None]]) -> Callable[[State], int]:
        """A function that gives the mask of those parts of claims that hold for some of their blocks and ring slots."""
        nowhere = [RecordedProperty(item.declared, ~(TRUE if term is None else term)) for item, term in parts]
        bits = [f"(not ({self._everywhere(item)})) << {bit}" for bit, item in enumerate(nowhere)]
        return self._compiler.define("witnesses", "state", [f"return {' | '.join(bits) or '0'}"])

    @cached_property
    def broken_lemmas(self) -> Callable[[State], list[str]]:
        """A function that names the lemmas that a state violates, for any of its blocks or ring slots."""
        parts = [f"({item.name!r}, {self._everywhere(item)})" for item in self.model.lemmas]
        lines = [f"return [name for name, holds in [{', '.join(parts)}] if not holds]"]
        return self._compiler.define("broken_lemmas", "state", lines)

    def _everywhere(self, item: RecordedProperty) -> str:
        """Source of a claim, closed over all blocks and all slots that it takes."""
        assert item.term is not None
        blocks = self.sizes.blocks_for(item.declared.takes_block)
        condition = " and ".join(self._compiler.expr(item.term, block) for block in blocks)
        slots: list[str] = [name for name in ("slot", "other") if name in item.declared.takes]
        places = range(max(self.sizes.ring, self.sizes.blocks))
        if len(places) ** len(slots) > _WRITTEN_OUT:
            return f"all({condition}{''.join(f' for {name} in {places!r}' for name in slots)})"
        chosen = (dict(zip(slots, map(str, numbers), strict=True)) for numbers in product(places, repeat=len(slots)))
        written = dict.fromkeys(_with_slots(condition, values) for values in chosen)
        return f"({' and '.join(f'({part})' for part in written)})"

    def reader(self, term: Term) -> Callable[[State], Any]:
        """A function that gives the value of a term that takes no block, as states hold such values."""
        return self._compiler.define("reader", "state", [f"return {self._compiler.expr(term)}"])

    def _compiled(self, key: object, source: Callable[[], str]) -> Callable[..., Any]:
        """A function of a state and a block, compiled once a key."""
        if key not in self._of_block:
            self._of_block[key] = self._compiler.define("function", "state, b", [f"return {source()}"])
        return self._of_block[key]

    def holds_for(self, item: RecordedProperty, state: State, block: int) -> bool:
        """The value of a property's predicate for one block."""
        assert item.term is not None
        return bool(self._function(item.term)(state, block))

    def value(self, term: Term, state: State, block: int | None) -> Any:
        """The plain JSON value of any term in a state."""
        return show_value(self._function(term)(state, block), term.sort)

    def _function(self, term: Term) -> Callable[..., Any]:
        return self._compiled(term, lambda: self._compiler.expr(term))

    def show(self, state: State) -> dict[str, Any]:
        """The state by variable names, in plain JSON values (see :func:`show_value`)."""
        return {v.name: show_value(x, v.sort) for v, x in zip(self.model.vars, state, strict=True)}


class Concrete(Evaluation):
    """A model at given sizes, ready to run."""

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

    def steps_by(self, numbers: Iterable[int], offset: int = 0) -> Successors:
        """The steps from a state by some instances; ``offset`` is added to the instances' numbers."""
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
            lines.append(f"    if {condition}: out.append(({index + offset}, {self._next(instance)}))")
        return self._compiler.define("successors", "state", [*lines, "return out"])

    def starting_in(self, state: State, without: Collection[int] = ()) -> Concrete:
        """This system with another initial state, and without the steps of some instances."""
        other = copy(self)
        vars(other)["initial"] = state
        if without:
            vars(other)["successors"] = self.steps_by(i for i in range(len(self.instances)) if i not in without)
        return other

    @cached_property
    def moves(self) -> list[Callable[[State], tuple[State, int] | None]]:
        """For each instance a function that takes its step: the next state and broken promises; None if it can't."""
        made = []
        for instance in self.instances:
            guard = " and ".join(self._compiler.expr(c.term, instance.block) for c in instance.action.guard)
            lines = [f"return ({self._next(instance)}) if {guard or 'True'} else None"]
            made.append(self._compiler.define("move", "state", lines))
        return made

    def _next(self, instance: Instance) -> str:
        """Source of the next state and of the mask of broken promises."""
        updates = instance.action.updates
        values = [
            self._compiler.expr(updates[name], instance.block) if name in updates else local
            for name, local in self._compiler.locals.items()
        ]
        broken = self._compiler.broken_promises(instance.action, instance.block, self.step_properties)
        return f"({', '.join(values)},), {broken}"

    def failed_conjuncts(self, state: State, action: RecordedAction, block: int | None) -> list[int]:
        """Positions of the guard's conjuncts that don't hold; empty if the action may happen."""

        def source() -> str:
            conjuncts = "".join(f"{self._compiler.expr(c.term)}, " for c in action.guard)
            return f"[i for i, holds in enumerate(({conjuncts})) if not holds]"

        failed: list[int] = self._compiled((action.name, "guard"), source)(state, block)
        return failed

    def apply(self, state: State, action: RecordedAction, block: int | None) -> tuple[State, int]:
        """The next state, and the mask of STEP properties that the step breaks; the guard is not asked."""
        function = self._compiled((action.name, "next"), lambda: self._next(Instance(action, None)))
        result: tuple[State, int] = function(state, block)
        return result


def _with_slots(condition: str, values: dict[str, str]) -> str:
    """A condition about slots, for these."""
    return _SLOT.sub(lambda name: values.get(name[0], name[0]), condition)


def parse_value(shown: Any, sort: Sort) -> Any:
    """The value that :func:`show_value` shows so. Raises ``ValueError`` or ``TypeError`` if there is none."""
    if isinstance(sort, Enum):
        return sort.labels.index(shown)
    if sort == BOOL and isinstance(shown, bool):
        return shown
    if sort == ID:
        return {"STOP": 0, "DONE": 1}[shown] if shown in ("STOP", "DONE") else int(shown.removeprefix("id")) + 2
    if sort == BLOCK:
        return shown or 0
    if sort == BLOCKS:
        return sum({1 << (block - 1) for block in shown})
    if sort == LIST:
        return tuple(shown)
    if isinstance(sort, Ring):
        entries = ({name: parse_value(entry[name], s) for name, s in sort.fields} for entry in shown["entries"])
        return shown["used"], tuple(tuple(entry.values()) for entry in entries)
    return int(shown)


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
