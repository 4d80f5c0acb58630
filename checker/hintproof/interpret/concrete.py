"""The concrete interpretation: a block set is an ``int`` bit mask, an id an ``int``, a ring a tuple.

The recorded terms are compiled to Python source, one function for all successors of a state, so that
a plain search is as fast as plain Python can be. A state is a flat tuple, one value a variable.
Blocks are numbered 1 .. N, 0 is no block; block ``b`` is bit ``b - 1`` of a set. A ring is
``(used, entries)``, an entry a tuple of its fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hintspec.recording import Model, RecordedAction, RecordedProperty
from hintspec.sizes import Sizes
from hintspec.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, TRUE, Enum, Ring, Sort, SpecError, Term
from hintspec.text import ALWAYS, STEP

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


def _ring_post(ring: Any, entry: Any, size: int) -> Any:
    return (ring[0], ring[1] + (entry,)) if ring[0] + len(ring[1]) < size else ring


def _ring_pop(ring: Any) -> Any:
    return (ring[0] + 1, ring[1][1:]) if ring[1] else ring


def _ring_flush(ring: Any) -> Any:
    return (ring[0] + len(ring[1]), ())


def _ring_mark(ring: Any, field: int, block_field: int, blocks: int) -> Any:
    marked = (e[:field] + (1,) + e[field + 1 :] if blocks << 1 >> e[block_field] & 1 else e for e in ring[1])
    return (ring[0], tuple(marked))


def _ring_at(ring: Any, slot: int, field: int) -> Any:
    return ring[1][slot][field] if 0 <= slot < len(ring[1]) else 0


def _list_push(blocks: Any, block: int, size: int) -> Any:
    return (*blocks, block) if len(blocks) < size and block else blocks


class Compiler:
    """Turns terms into Python expressions over local variables, for given sizes."""

    def __init__(self, model: Model, sizes: Sizes) -> None:
        self.model = model
        self.sizes = sizes
        self.locals = {v.name: v.name.replace(".", "_") for v in model.vars}
        self.all_blocks = (1 << sizes.blocks) - 1
        self.namespace: dict[str, Any] = {
            "ring_post": _ring_post,
            "ring_pop": _ring_pop,
            "ring_flush": _ring_flush,
            "ring_mark": _ring_mark,
            "ring_at": _ring_at,
            "list_push": _list_push,
            "chunk": self.chunk,
            "EVERY": self.all_blocks,
        }

    def chunk(self, block: int) -> int:
        """The mask of all blocks in the chunk of ``block``; 0 for no block."""
        if not block:
            return 0
        first = (block - 1) // self.sizes.chunk * self.sizes.chunk
        return ((1 << self.sizes.chunk) - 1) << first & self.all_blocks

    def expr(self, term: Term, block: int | None = None) -> str:
        """Source of the term's value; ``block`` is the action's block, or None to read local ``b``."""
        handler = getattr(self, f"_{term.op}", None)
        if handler is None:
            raise SpecError(f"the concrete interpretation has no meaning for '{term.op}'")
        args = [self.expr(a, block) if isinstance(a, Term) else a for a in term.args]
        if term.op == "block" and block is not None:
            return str(block)
        source: str = handler(term, *args)
        return source

    # one method an operator; arguments are sources already
    def _const(self, term: Term, value: int) -> str:
        return str(value)

    def _var(self, term: Term, name: str) -> str:
        return self.locals[name]

    def _block(self, term: Term) -> str:
        return "b"

    def _last_id(self, term: Term) -> str:
        return str(self.sizes.last_id)

    def _size(self, term: Term, name: str) -> str:
        return str(self.sizes.of(name))

    def _and(self, term: Term, a: str, b: str) -> str:
        return f"({a} & {b})" if term.sort == BLOCKS else f"({a} and {b})"

    def _or(self, term: Term, a: str, b: str) -> str:
        return f"({a} | {b})" if term.sort == BLOCKS else f"({a} or {b})"

    def _not(self, term: Term, a: str) -> str:
        return f"({a} ^ EVERY)" if term.sort == BLOCKS else f"(not {a})"

    def _minus(self, term: Term, a: str, b: str) -> str:
        return f"({a} & ~{b})"

    def _eq(self, term: Term, a: str, b: str) -> str:
        return f"({a} == {b})"

    def _gt(self, term: Term, a: str, count: int) -> str:
        return f"({a} > {count})"

    def _choose(self, term: Term, condition: str, a: str, b: str) -> str:
        return f"({a} if {condition} else {b})"

    def _implies(self, term: Term, a: str, b: str) -> str:
        return f"(not {a} or {b})"

    def _has(self, term: Term, blocks: str, block: str) -> str:
        if block.isdigit():
            return f"({blocks} >> {int(block) - 1} & 1)" if block != "0" else "0"
        return f"({blocks} << 1 >> {block} & 1)"

    def _just(self, term: Term, block: str) -> str:
        return str(1 << int(block) >> 1) if block.isdigit() else f"(1 << {block} >> 1)"

    def _chunk(self, term: Term, block: str) -> str:
        return str(self.chunk(int(block))) if block.isdigit() else f"chunk({block})"

    def _next_id(self, term: Term, a: str) -> str:
        return f"(2 if {a} == {self.sizes.last_id} else {a} + 1)"

    def _minus_one(self, term: Term, a: str) -> str:
        return f"({a} - 1)"

    def _empty_ring(self, term: Term) -> str:
        return "(0, ())"

    def _empty_list(self, term: Term) -> str:
        return "()"

    def _post(self, term: Term, ring: str, entry: tuple[Term, ...]) -> str:
        values = ", ".join(self.expr(value) for value in entry)
        return f"ring_post({ring}, ({values},), {self.sizes.ring})"

    def _pop(self, term: Term, ring: str) -> str:
        return f"ring_pop({ring})"

    def _flush(self, term: Term, ring: str) -> str:
        return f"ring_flush({ring})"

    def _detach(self, term: Term, ring: str) -> str:
        return f"(0, {ring}[1])"

    def _head(self, term: Term, ring: str, field: str) -> str:
        return f"({ring}[1][0][{field_index(term.args[0].sort, field)}] if {ring}[1] else 0)"

    def _mark(self, term: Term, ring: str, field: str, blocks: str) -> str:
        sort = term.args[0].sort
        return f"ring_mark({ring}, {field_index(sort, field)}, {field_index(sort, 'block')}, {blocks})"

    def _waiting(self, term: Term, ring: str) -> str:
        return f"len({ring}[1])"

    def _room(self, term: Term, ring: str) -> str:
        return f"({self.sizes.ring} - {ring}[0] - len({ring}[1]))"

    def _older(self, term: Term, a: str, b: str) -> str:
        return f"({a} < {b})"

    def _at(self, term: Term, ring: str, slot: str, field: str) -> str:
        return f"(ring_at({ring}, {slot}, {field_index(term.args[0].sort, field)}))"

    def _holds(self, term: Term, ring: str, slot: str) -> str:
        return f"(0 <= {slot} < len({ring}[1]))"

    def _newest(self, term: Term, ring: str) -> str:
        return f"(len({ring}[1]) - 1)"

    def _before(self, term: Term, slot: str) -> str:
        return f"({slot} - 1)"

    def _slot(self, term: Term) -> str:
        return "slot"

    def _other(self, term: Term) -> str:
        return "other"

    def _earlier(self, term: Term, a: str, b: str) -> str:
        return f"({a} < {b})"

    def _list_at(self, term: Term, blocks: str, slot: str) -> str:
        return f"({blocks}[{slot}] if {slot} < len({blocks}) else 0)"

    def _list_holds(self, term: Term, blocks: str, slot: str) -> str:
        return f"({slot} < len({blocks}))"

    def _list_push(self, term: Term, blocks: str, block: str) -> str:
        return f"list_push({blocks}, {block}, {self.sizes.blocks})"

    def _list_pop(self, term: Term, blocks: str) -> str:
        return f"{blocks}[:-1]"

    def _list_top(self, term: Term, blocks: str) -> str:
        return f"({blocks}[-1] if {blocks} else 0)"

    def judgement(self, properties: list[RecordedProperty]) -> str:
        """Source of the mask of the properties that speak up: a bit each, in their order."""
        sources = []
        for bit, item in enumerate(properties):
            assert item.term is not None
            wanted = "not " if item.declared.kind == ALWAYS else ""
            blocks = self.sizes.blocks_for(item.declared.takes_block)
            parts = [f"{wanted}{self.expr(item.term, block)}" for block in blocks]
            sources.append(f"({1 << bit} if {' or '.join(parts)} else 0)")
        return " | ".join(sources) or "0"

    def broken_promises(self, instance: Instance, names: list[str]) -> str:
        """Source of the mask of the STEP properties, by their names, that a step breaks."""
        broken = [
            f"({1 << names.index(name)} if not {self.expr(term, instance.block)} else 0)"
            for name, term in instance.action.promises
        ]
        return " | ".join(broken) or "0"

    def define(self, name: str, argument: str, lines: list[str]) -> Callable[..., Any]:
        """A function ``name(state)`` whose body unpacks the state into locals and runs ``lines``."""
        head = [f"def {name}({argument}):", f"    ({', '.join(self.locals.values())},) = state"]
        scope = dict(self.namespace)
        exec("\n".join(head + ["    " + line for line in lines]), scope)
        function: Callable[..., Any] = scope[name]
        return function


def field_index(sort: Sort, field: str) -> int:
    """The position of a field in a ring's entries."""
    assert isinstance(sort, Ring)
    return [name for name, _ in sort.fields].index(field)


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
        lines = ["out = []"]
        shared = ""
        for index, instance in enumerate(self.instances):
            first, *rest = [self._compiler.expr(c.term, instance.block) for c in instance.action.guard]
            if first != shared:
                lines.append(f"if {first}:")
                shared = first
            condition = " and ".join(rest) or "True"
            lines.append(f"    if {condition}: out.append(({index}, {self._next(instance)}))")
        return self._compiler.define("successors", "state", [*lines, "return out"])

    def _next(self, instance: Instance) -> str:
        """Source of the next state and of the mask of broken promises."""
        updates = instance.action.updates
        values = [
            self._compiler.expr(updates[name], instance.block) if name in updates else local
            for name, local in self._compiler.locals.items()
        ]
        return f"({', '.join(values)},), {self._compiler.broken_promises(instance, self.step_properties)}"

    @cached_property
    def state_properties(self) -> list[RecordedProperty]:
        """The properties that speak of a state, in the order of the bits of :attr:`judge`."""
        return [p for p in self.model.properties if p.term is not None]

    @cached_property
    def judge(self) -> Callable[[State], int]:
        """The mask of the properties that speak up in a state.

        An ALWAYS property speaks up where it is broken, the others where their goal is met.
        """
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
        lines = [f"return [name for name, kept in ({', '.join(parts)},) if not kept]"]
        return self._compiler.define("broken_lemmas", "state", lines)

    def _everywhere(self, item: RecordedProperty) -> str:
        """Source of a claim, closed over all blocks and all slots that it takes."""
        assert item.term is not None
        kept = " and ".join(
            self._compiler.expr(item.term, block) for block in self.sizes.blocks_for(item.declared.takes_block)
        )
        slots = [name for name in ("slot", "other") if name in item.declared.takes]
        places = range(max(self.sizes.ring, self.sizes.blocks))
        return f"all({kept}{''.join(f' for {name} in {places!r}' for name in slots)})" if slots else f"({kept})"

    def value(self, term: Term, state: State, block: int | None) -> Any:
        """The plain JSON value of any term in a state."""
        source = f"return {self._compiler.expr(term, block)}"
        return show_value(self._compiler.define("value", "state", [source])(state), term.sort)

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
