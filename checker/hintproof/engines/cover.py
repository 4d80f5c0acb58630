"""Against vacuity: what can happen at all, by shortest runs.

An exhaustive search notes for each action when it first happens, for each thing that must be able to happen
when it first does, and for each hypothesis of a lemma ("if ...") when it first holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hintproof.engines.limits import Limits
from hintproof.engines.search import BreadthFirst, Visitor
from hintproof.interpret.concrete import Concrete, State
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import SOMETIMES
from hintspec.language.folds import conjuncts
from hintspec.language.recording import Model, RecordedProperty
from hintspec.language.terms import Term

ACTION, GOAL, HYPOTHESIS = "action", "goal", "hypothesis"

#: States between two looks at the limits.
_LOOK = 5_000


@dataclass(frozen=True)
class Item:
    """Something to be witnessed: its kind, the name of its action, goal or lemma, and which hypothesis of it."""

    kind: str
    name: str
    number: int = 0


#: An item of a step, and whether a state witnesses it.
_Test = tuple[Item, Callable[[State], Any]]

#: An item of a state: the claim that it is a part of, and the part.
_Part = tuple[Item, RecordedProperty, Term | None]


@dataclass
class Covered:
    """The length of the shortest run to each item; an item that was not witnessed has none.

    ``finished``: all items were witnessed, or all states of these sizes visited.
    """

    lengths: dict[Item, int | None] = field(default_factory=dict)
    states: int = 0
    finished: bool = False
    seconds: float = 0.0

    @property
    def missing(self) -> list[Item]:
        """The items that were not witnessed."""
        return [item for item, length in self.lengths.items() if length is None]


def hypotheses(lemma: RecordedProperty) -> list[Term]:
    """The conditions under which a lemma says anything; none, if it says it of every state."""
    assert lemma.term is not None
    return list(_hypotheses(lemma.term, None))


def _hypotheses(term: Term, above: Term | None) -> Iterator[Term]:
    for part in conjuncts(term):
        if part.op == "implies":
            condition = part.args[0] if above is None else above & part.args[0]
            yield condition
            yield from _hypotheses(part.args[1], condition)


def items_of(model: Model) -> list[Item]:
    """The items of a model."""
    found = [Item(ACTION, action.name) for action in model.actions]
    found += [Item(GOAL, goal.name) for goal in model.reachable]
    found += [Item(GOAL, item.name) for item in _sometimes(model)]
    for lemma in model.lemmas:
        found += [Item(HYPOTHESIS, lemma.name, number) for number in range(len(hypotheses(lemma)))]
    return found


def _sometimes(model: Model) -> list[RecordedProperty]:
    return [item for item in model.properties if item.declared.kind == SOMETIMES]


def cover(concrete: Concrete, limits: Limits = Limits(), progress: Progress = no_progress) -> Covered:
    """Search until each item is witnessed, or every state of these sizes is visited, or a limit is met."""
    witnesses = _Witnesses(concrete)
    search = BreadthFirst(concrete, limits, [witnesses], progress, _LOOK)
    witnesses.search = search
    search.search()
    result = Covered(witnesses.lengths, search.count, seconds=search.clock.seconds)
    result.finished = not (search.stopped_by and result.missing)
    return result


class _Witnesses(Visitor):
    """Notes the length of the first run to each item, and ends the search when none is missing."""

    search: BreadthFirst

    def __init__(self, concrete: Concrete) -> None:
        model = concrete.model
        self.lengths: dict[Item, int | None] = dict.fromkeys(items_of(model))
        self._concrete = concrete
        self._ask(list(_parts(model)))
        goals = [(goal, concrete.reader(goal.term)) for goal in model.reachable]
        #: By instance: the missing items of a step, each with the condition on the state before it.
        self._by_step: list[list[_Test]] = [
            [(Item(ACTION, i.action.name), lambda state: True)]
            + [(Item(GOAL, goal.name), holds) for goal, holds in goals if i.action.name in goal.by]
            for i in concrete.instances
        ]
        self._missing = len(self.lengths)

    def on_steps(self, number: int, state: State, steps: Sequence[tuple[int, State, int]]) -> bool:
        """Test what is missing in a state, then by its steps."""
        depth = self.search.depth
        if holding := self._holding(state) & self._open:
            self._note_parts(holding, depth)
        if not self._missing:
            return True
        for instance, _, _ in steps:
            if tests := self._by_step[instance]:
                self._by_step[instance] = self._not_witnessed(tests, state, depth + 1)
        return False

    def _ask(self, parts: list[_Part]) -> None:
        """Test these parts of claims in each state from now on, by one function."""
        self._parts = parts
        self._holding = self._concrete.witnesses([(claim, term) for _, claim, term in parts])
        self._open = (1 << len(parts)) - 1

    def _note_parts(self, holding: int, length: int) -> None:
        """Note that parts hold; when half of those that are asked for were seen, ask for the rest alone."""
        for bit, (item, _, _) in enumerate(self._parts):
            if holding >> bit & 1:
                self.lengths[item] = length
                self._missing -= 1
        self._open &= ~holding
        if self._open.bit_count() <= len(self._parts) // 2:
            self._ask([part for bit, part in enumerate(self._parts) if self._open >> bit & 1])

    def _not_witnessed(self, tests: list[_Test], state: State, length: int) -> list[_Test]:
        """The tests that a state does not pass; the items of the others are noted."""
        passed = [test for test in tests if test[1](state)]
        if not passed:
            return tests
        for item, _ in passed:
            if self.lengths[item] is None:
                self.lengths[item] = length
                self._missing -= 1
        return [test for test in tests if self.lengths[test[0]] is None]


def _parts(model: Model) -> Iterator[_Part]:
    """The items of a state alone."""
    for item in _sometimes(model):
        yield Item(GOAL, item.name), item, item.term
    for lemma in model.lemmas:
        for number, term in enumerate(hypotheses(lemma)):
            yield Item(HYPOTHESIS, lemma.name, number), lemma, term
