"""The packed interpretation: a state is a few machine words, and compiled code makes the next ones.

The sources are those of the concrete interpretation, over numbers alone: a ring or a list is a number,
too, its entries side by side. Which bits of which word hold a variable follows from sorts and sizes.
:mod:`hintproof.interpret.steps` makes of the sources functions that :mod:`hintproof.interpret.machine_code` compiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from hintproof.interpret.concrete import Concrete, State
from hintproof.interpret.source import Compiler, field_index
from hintproof.interpret.widths import width_of, width_of_sort
from hintspec.language.errors import SpecError
from hintspec.language.operators import ASSUMPTIONS, LEMMAS, TRANSITIONS, only_in
from hintspec.language.sorts import BLOCK, BOOL, COUNT, LIST, Ring, Sort
from hintspec.language.terms import Term

#: Bits of a word that hold state: one less than a word has, so that no shift meets a sign.
WORD = 63


@dataclass(frozen=True)
class Place:
    """Where a variable is: its word, the lowest bit, and how many bits."""

    word: int
    shift: int
    width: int

    @property
    def mask(self) -> int:
        """As many ones as the variable has bits."""
        return (1 << self.width) - 1


class PackedCompiler(Compiler):
    """Turns terms into expressions over numbers. Raises :class:`SpecError` for a variable wider than a word.

    With ``symmetry`` a state stands for all those that differ from it in the names of the blocks alone, see
    :mod:`hintproof.interpret.symmetry`.
    """

    title = "packed"
    lacks = only_in(LEMMAS, ASSUMPTIONS, TRANSITIONS)
    #: Conditions are worked out without branches: to the compiler each "and" and "or" would be two more ways to go.
    forms: ClassVar[dict[str, str]] = {
        "and": "({0} & {1})",
        "or": "({0} | {1})",
        "implies": "((not {0}) | {1})",
        "empty_ring": "0",
        "waiting": "({0} >> {me.ring_count} & {me.count_mask})",
        "flush": "(({0} & {me.count_mask}) + ({0} >> {me.ring_count} & {me.count_mask}))",
        "detach": "({0} & ~{me.count_mask})",
        "room": "({me.sizes.ring} - ({0} & {me.count_mask}) - ({0} >> {me.ring_count} & {me.count_mask}))",
        "empty_list": "0",
        "list_push": "list_push({0}, {1})",
        "list_pop": "list_pop({0})",
        "list_top": "list_top({0})",
    }

    def __init__(self, concrete: Concrete, symmetry: bool = False) -> None:
        super().__init__(concrete.model, concrete.sizes)
        self.concrete = concrete
        self.symmetry = symmetry
        self.ring_count = width_of(self.sizes.ring)
        self.count_mask = (1 << self.ring_count) - 1
        self.list_count = width_of(self.sizes.blocks)
        self.places = self._layout()
        self.words = 1 + max(place.word for place in self.places.values())

    # -- layout ----------------------------------------------------------------------------
    def _layout(self) -> dict[str, Place]:
        """Each variable in the first word that has room for it, the widest first."""
        filled: list[int] = []
        places = {}
        widths = {v.name: self.width(v.sort, v.name) for v in self.model.vars}
        for name, width in sorted(widths.items(), key=lambda item: -item[1]):
            if width > WORD:
                raise SpecError(
                    f"'{name}' has {width} bits at these sizes, more than a word: take fewer blocks or slots"
                )
            word = next((i for i, used in enumerate(filled) if used + width <= WORD), len(filled))
            if word == len(filled):
                filled.append(0)
            places[name] = Place(word, filled[word], width)
            filled[word] += width
        return places

    def width(self, sort: Sort, name: str = "") -> int:
        """Bits of a value; of a budget, by its name."""
        if isinstance(sort, Ring):
            return 2 * self.ring_count + self.sizes.ring * self.entry_width(sort)
        if sort == LIST:
            return self.list_count + self.sizes.blocks * self.width(BLOCK)
        if sort == COUNT and not self.sizes.of(name.split(".")[1]):
            return 0
        return width_of_sort(sort, self.sizes, name)

    def entry_width(self, ring: Ring) -> int:
        """Bits of a ring's entry."""
        return sum(self.width(sort) for _, sort in ring.fields)

    def field(self, ring: Sort, field: str) -> tuple[int, int]:
        """The lowest bit of a field in an entry, and its mask."""
        assert isinstance(ring, Ring)
        widths = [self.width(sort) for _, sort in ring.fields]
        place = field_index(ring, field)
        return sum(widths[:place]), (1 << widths[place]) - 1

    def entries_of(self, sort: Sort) -> list[int]:
        """The lowest bits of the entries of a ring, or of the places of a list."""
        if isinstance(sort, Ring):
            return [2 * self.ring_count + i * self.entry_width(sort) for i in range(self.sizes.ring)]
        return [self.list_count + i * self.width(BLOCK) for i in range(self.sizes.blocks)]

    def pack(self, state: State) -> list[int]:
        """A concrete state as words."""
        words = [0] * self.words
        for v, value in zip(self.model.vars, state, strict=True):
            place = self.places[v.name]
            words[place.word] |= self.number(value, v.sort) << place.shift
        return words

    def number(self, value: Any, sort: Sort) -> int:
        """A concrete value as the number that stands for it."""
        if isinstance(sort, Ring):
            used, entries = value
            parts = (
                self.number(part, inner) << at + self.field(sort, name)[0]
                for at, entry in zip(self.entries_of(sort), entries, strict=False)
                for (name, inner), part in zip(sort.fields, entry, strict=True)
            )
            return int(used | len(entries) << self.ring_count | sum(parts))
        if sort == LIST:
            places = (block << at for at, block in zip(self.entries_of(LIST), value, strict=False))
            return int(len(value) | sum(places))
        return int(value)

    # -- terms -----------------------------------------------------------------------------

    def _not(self, term: Term, a: str) -> str:
        return "1" if a == "0" and term.sort == BOOL else super()._not(term, a)

    def _post(self, term: Term, ring: str, *entry: str) -> str:
        assert isinstance(term.sort, Ring)
        parts = [
            f"(int({value}) << {self.field(term.sort, name)[0]})"
            for (name, _), value in zip(term.sort.fields, entry, strict=True)
        ]
        return f"ring_post({ring}, {' | '.join(parts)}, {self.entry_width(term.sort)})"

    def _pop(self, term: Term, ring: str) -> str:
        assert isinstance(term.sort, Ring)
        return f"ring_pop({ring}, {self.entry_width(term.sort)})"

    def _head(self, term: Term, ring: str, field: str) -> str:
        offset, mask = self.field(term.args[0].sort, field)
        return f"({ring} >> {2 * self.ring_count + offset} & {mask})"  # past the last entry there are zeros

    def _mark(self, term: Term, ring: str, field: str, blocks: str) -> str:
        assert isinstance(term.sort, Ring)
        bit, _ = self.field(term.sort, field)
        offset, mask = self.field(term.sort, "block")
        return f"ring_mark({ring}, {blocks}, {bit}, {offset}, {mask}, {self.entry_width(term.sort)})"

    def is_never(self, condition: Term) -> bool:
        """Whether a condition asks for more of a budget than there ever is."""
        if condition.op != "gt" or condition.args[0].op != "var":
            return False
        return self.places[condition.args[0].args[0]].width == 0
