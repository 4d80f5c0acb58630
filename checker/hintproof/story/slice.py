"""Which steps of a trace matter: those of the causal chain, those that wrote the values these read, and the rest.

A backward dynamic slice. It is over *cells*: a variable, one block's place in a set, or one entry of the ring.
A program counter (a 'place') orders the steps and explains nothing, so it is not followed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from hintproof.story.model import Weight, popped_and_posted
from hintproof.trace.replay import Trace
from hintspec.language.sorts import BLOCK, BLOCKS, Ring
from hintspec.language.terms import Term

#: A variable; one block's place in a set; or an entry of the ring, by how many were posted before it.
Cell = tuple[str, int | None]


def weigh(trace: Trace, causes: set[int]) -> list[Weight]:
    """The weight of each step, first step first."""
    if trace.loop is not None:
        causes = causes | set(range(trace.loop + 1, len(trace.steps) + 1))
    feeds = _Slicer(trace).back_from(causes)
    return [
        Weight.CAUSE if number in causes else Weight.FEEDS if number in feeds else Weight.ENABLES
        for number in range(1, len(trace.steps) + 1)
    ]


class _Slicer:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        variables = trace.concrete.model.vars
        self.sorts = {v.name: v.sort for v in variables}
        self.passed_over = {v.name for v in variables if v.declared.role == "place" or v.name.startswith("left.")}
        self.ring = next((v.name for v in variables if isinstance(v.sort, Ring)), "")
        invariants = self.trace.concrete.model.transition_invariants
        self.of_every_step = {item.property for item in invariants} - {self.trace.property_name}
        self.popped, self.posted = self._count_entries()
        self.writers = self._find_writers()

    def back_from(self, causes: set[int]) -> set[int]:
        """The steps that wrote what the causes read, and the steps that wrote what those read, and so on."""
        known: set[int] = set()
        waiting = [(number, cell) for number in causes if number for cell in self._reads(number)]
        waiting += [(len(self.trace.steps) + 1, cell) for cell in self._read_at_end()]
        while waiting:
            number, cell = waiting.pop()
            writer = self._last_writer(cell, number)
            if writer and writer not in known:
                known.add(writer)
                waiting += [(writer, read) for read in self._reads(writer)]
        return known

    def _read_at_end(self) -> Iterator[Cell]:
        """The cells of the last state that the property reads; none for a step property."""
        claims = self.trace.concrete.model.claims
        term = next((c.term for c in claims if c.name == self.trace.property_name), None)
        if term is not None:
            yield from self._cells(term, len(self.trace.steps) + 1)

    def _last_writer(self, cell: Cell, before: int) -> int:
        """The last step before one that changed a cell; 0 if none did."""
        numbers = self.writers.get(cell, ())
        place = bisect_left(numbers, before)
        return numbers[place - 1] if place else 0

    def _reads(self, number: int) -> Iterator[Cell]:
        """The cells that a step's guard, promises and changes read."""
        step = self.trace.steps[number - 1]
        action = self.trace.concrete.action_named(step.action.name)
        if action.action.takes_block and step.block is None:
            return  # a real driver that asked for a block and got none
        for conjunct in action.guard:
            yield from self._cells(conjunct.term, number)
        for name, promised in action.promises:
            if name not in self.of_every_step:
                yield from self._cells(promised, number)
        for name, term in action.updates.items():
            if name in step.changes and name not in self.passed_over:
                changed = self._changed_blocks(name, number) if self.sorts[name] == BLOCKS else (None,)
                for block in changed:
                    yield from self._cells(term, number, block)

    def _cells(self, term: Term, number: int, of_block: int | None = None) -> Iterator[Cell]:
        """The cells that a term reads as a step begins; of sets only the place of ``of_block``, if that is given."""
        if term.op == "var":
            if term.args[0] not in self.passed_over and not isinstance(term.sort, Ring):
                yield (term.args[0], of_block if term.sort == BLOCKS else None)
        elif term.op == "head":
            yield (self.ring, self.popped[number - 1])
        elif term.op == "has":
            yield from self._cells(term.args[1], number)
            yield from self._cells(term.args[0], number, self._value(term.args[1], number))
        else:
            for argument in term.parts:
                yield from self._cells(argument, number, of_block if argument.sort == BLOCKS else None)

    def _value(self, block: Term, number: int) -> int | None:
        assert block.sort == BLOCK
        ended = number > len(self.trace.steps)
        concerned = self.trace.block if ended else self.trace.steps[number - 1].block
        if concerned is None and block.op == "block":
            return None  # a property of no block in particular
        value = self.trace.concrete.value(block, self.trace.raw[number - 1], concerned)
        return value if isinstance(value, int) else None

    # -- the cells that each step writes --------------------------------------------------------

    def _find_writers(self) -> dict[Cell, list[int]]:
        writers: dict[Cell, list[int]] = {}
        for number, step in enumerate(self.trace.steps, 1):
            for name in step.changes:
                for cell in self._written(name, number):
                    writers.setdefault(cell, []).append(number)
        return writers

    def _written(self, name: str, number: int) -> Iterator[Cell]:
        if name == self.ring:
            for entry in range(self.posted[number - 1], self.posted[number]):
                yield (name, entry)
            return
        yield (name, None)
        if self.sorts[name] == BLOCKS:
            for block in self._changed_blocks(name, number):
                yield (name, block)

    def _changed_blocks(self, name: str, number: int) -> Iterable[int]:
        before, after = self.trace.steps[number - 1].changes[name]
        return sorted(set(before) ^ set(after))

    def _count_entries(self) -> tuple[list[int], list[int]]:
        """How many entries of the ring were popped, and posted, before each step."""
        popped, posted = [0], [0]
        for step in self.trace.steps:
            before, after = step.changes.get(self.ring, ({"entries": []}, {"entries": []}))
            gone, came = popped_and_posted(before["entries"], after["entries"])
            popped.append(popped[-1] + len(gone))
            posted.append(posted[-1] + len(came))
        return popped, posted
