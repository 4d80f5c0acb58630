"""Terms as Python source: what the concrete interpretation runs, and the packed one changes for LLVM.

A block set is an ``int`` bit mask, an id an ``int``, a ring ``(used, entries)``, an entry a tuple of its fields.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from hintproof.interpret.backend import Backend
from hintspec.language.declare import ALWAYS
from hintspec.language.operators import ASSUMPTIONS, TRANSITIONS, only_in
from hintspec.language.recording import Model, RecordedAction, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCKS, Ring, Sort
from hintspec.language.terms import Term


def ring_post(ring: Any, entry: Any, size: int) -> Any:
    """The ring with one more available entry, if there is room."""
    return (ring[0], ring[1] + (entry,)) if ring[0] + len(ring[1]) < size else ring


def ring_pop(ring: Any) -> Any:
    """The ring with its oldest available entry used."""
    return (ring[0] + 1, ring[1][1:]) if ring[1] else ring


def ring_flush(ring: Any) -> Any:
    """The ring with every available entry used."""
    return (ring[0] + len(ring[1]), ())


def ring_mark(ring: Any, field: int, block_field: int, blocks: int) -> Any:
    """The ring with a field set in every available entry whose block is in a set."""
    marked = (e[:field] + (1,) + e[field + 1 :] if blocks << 1 >> e[block_field] & 1 else e for e in ring[1])
    return (ring[0], tuple(marked))


def ring_at(ring: Any, slot: int, field: int) -> Any:
    """A field of an available entry; 0 if there is none at the slot."""
    return ring[1][slot][field] if 0 <= slot < len(ring[1]) else 0


def list_push(blocks: Any, block: int, size: int) -> Any:
    """The list with one more block on top, if there is room."""
    return (*blocks, block) if len(blocks) < size and block else blocks


#: What the sources call.
HELPERS = (ring_post, ring_pop, ring_flush, ring_mark, ring_at, list_push)


class Compiler(Backend[str]):
    """Turns terms into Python expressions over local variables, for given sizes."""

    title = "concrete"
    lacks = only_in(ASSUMPTIONS, TRANSITIONS)
    given = frozenset({"block"})
    forms: ClassVar[dict[str, str]] = {
        "const": "{0}",
        "last_id": "{me.sizes.last_id}",
        "slot": "slot",
        "other": "other",
        "minus": "({0} & ~{1})",
        "eq": "({0} == {1})",
        "gt": "({0} > {1})",
        "choose": "({1} if {0} else {2})",
        "implies": "(not {0} or {1})",
        "next_id": "(2 if {0} == {me.sizes.last_id} else {0} + 1)",
        "older": "({0} < {1})",
        "minus_one": "({0} - 1)",
        "empty_ring": "(0, ())",
        "pop": "ring_pop({0})",
        "flush": "ring_flush({0})",
        "detach": "(0, {0}[1])",
        "waiting": "len({0}[1])",
        "room": "({me.sizes.ring} - {0}[0] - len({0}[1]))",
        "holds": "(0 <= {1} < len({0}[1]))",
        "newest": "(len({0}[1]) - 1)",
        "before": "({0} - 1)",
        "earlier": "({0} < {1})",
        "empty_list": "()",
        "list_push": "list_push({0}, {1}, {me.sizes.blocks})",
        "list_pop": "{0}[:-1]",
        "list_top": "({0}[-1] if {0} else 0)",
        "list_at": "({0}[{1}] if {1} < len({0}) else 0)",
        "list_holds": "({1} < len({0}))",
    }

    def __init__(self, model: Model, sizes: Sizes) -> None:
        super().__init__()
        self.model = model
        self.sizes = sizes
        self.locals = {v.name: v.name.replace(".", "_") for v in model.vars}
        self.all_blocks = (1 << sizes.blocks) - 1
        self._written: dict[int | None, dict[Term, str]] = {}
        self.namespace: dict[str, Any] = {helper.__name__: helper for helper in HELPERS}
        self.namespace |= {"chunk": self.chunk, "EVERY": self.all_blocks}

    def chunk(self, block: int) -> int:
        """The mask of all blocks in the chunk of ``block``; 0 for no block."""
        if not block:
            return 0
        first = (block - 1) // self.sizes.chunk * self.sizes.chunk
        return ((1 << self.sizes.chunk) - 1) << first & self.all_blocks

    def expr(self, term: Term, block: int | None = None) -> str:
        """Source of the term's value; ``block`` is the action's block, or None to read local ``b``."""
        written = self._written.setdefault(block, {})
        return self.meaning(term, written, block=lambda _: "b" if block is None else str(block))

    def _var(self, term: Term, name: str) -> str:
        return self.locals[name]

    def _size(self, term: Term, name: str) -> str:
        return str(self.sizes.of(name))

    def _and(self, term: Term, a: str, b: str) -> str:
        return f"({a} & {b})" if term.sort == BLOCKS else f"({a} and {b})"

    def _or(self, term: Term, a: str, b: str) -> str:
        return f"({a} | {b})" if term.sort == BLOCKS else f"({a} or {b})"

    def _not(self, term: Term, a: str) -> str:
        return f"({a} ^ EVERY)" if term.sort == BLOCKS else f"(not {a})"

    def _has(self, term: Term, blocks: str, block: str) -> str:
        if block.isdigit():
            return f"({blocks} >> {int(block) - 1} & 1)" if block != "0" else "0"
        return f"({blocks} << 1 >> {block} & 1)"

    def _just(self, term: Term, block: str) -> str:
        return str(1 << int(block) >> 1) if block.isdigit() else f"(1 << {block} >> 1)"

    def _chunk(self, term: Term, block: str) -> str:
        return str(self.chunk(int(block))) if block.isdigit() else f"chunk({block})"

    def _post(self, term: Term, ring: str, *entry: str) -> str:
        return f"ring_post({ring}, ({', '.join(entry)},), {self.sizes.ring})"

    def _head(self, term: Term, ring: str, field: str) -> str:
        return f"({ring}[1][0][{field_index(term.args[0].sort, field)}] if {ring}[1] else 0)"

    def _mark(self, term: Term, ring: str, field: str, blocks: str) -> str:
        sort = term.args[0].sort
        return f"ring_mark({ring}, {field_index(sort, field)}, {field_index(sort, 'block')}, {blocks})"

    def _at(self, term: Term, ring: str, slot: str, field: str) -> str:
        return f"(ring_at({ring}, {slot}, {field_index(term.args[0].sort, field)}))"

    def judgement(self, properties: list[RecordedProperty]) -> str:
        """Source of a mask, a bit for each property in their order: an ALWAYS property is violated, another reached."""
        sources = []
        for bit, item in enumerate(properties):
            assert item.term is not None
            wanted = "not " if item.declared.kind == ALWAYS else ""
            blocks = self.sizes.blocks_for(item.declared.takes_block)
            parts = [f"{wanted}{self.expr(item.term, block)}" for block in blocks]
            sources.append(f"({1 << bit} if {' or '.join(parts)} else 0)")
        return " | ".join(sources) or "0"

    def broken_promises(self, action: RecordedAction, block: int | None, names: list[str]) -> str:
        """Source of the mask of the STEP properties, by their names, that a step of the action breaks.

        A promise that the guard asks for word by word is not asked again.
        """
        asked = {conjunct.term for conjunct in action.guard}
        broken = [
            f"({1 << names.index(name)} if not {self.expr(term, block)} else 0)"
            for name, term in action.promises
            if term not in asked
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
