"""Against vacuity: what can happen at all, by shortest runs.

An exhaustive search notes for each action when it first happens, for each thing that must be able to happen
when it first does, and for each hypothesis of a lemma ("if ...") when it first holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hintproof.engines.limits import Limits
from hintproof.interpret.concrete import Concrete, State
from hintproof.system.clock import Clock
from hintproof.system.progress import Progress
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


@dataclass
class Covered:
    """The length of the shortest run to each item; an item that was not seen has none.

    ``finished`` says that all items were seen, or all states of these sizes.
    """

    lengths: dict[Item, int | None] = field(default_factory=dict)
    states: int = 0
    finished: bool = False
    seconds: float = 0.0

    @property
    def missing(self) -> list[Item]:
        """What was not seen."""
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
    """All that is to be witnessed of a model."""
    found = [Item(ACTION, action.name) for action in model.actions]
    found += [Item(GOAL, goal.name) for goal in model.reachable]
    found += [Item(GOAL, item.name) for item in _sometimes(model)]
    for lemma in model.lemmas:
        found += [Item(HYPOTHESIS, lemma.name, number) for number in range(len(hypotheses(lemma)))]
    return found


def _sometimes(model: Model) -> list[RecordedProperty]:
    return [item for item in model.properties if item.declared.kind == SOMETIMES]


def cover(concrete: Concrete, limits: Limits = Limits(), progress: Progress | None = None) -> Covered:
    """Search until everything was seen, or every state of these sizes, or a limit is met."""
    model, clock = concrete.model, Clock(limits.seconds)
    result = Covered(dict.fromkeys(items_of(model)))
    in_state = dict(_tests(concrete))
    by_step = {name: [c for c in model.reachable if name in c.by] for name in (a.name for a in model.actions)}
    goals = {c.name: concrete.meets(c.term) for c in model.reachable}
    depth = {concrete.initial: 0}
    waiting = [concrete.initial]
    for count, here in enumerate(waiting):  # grows as it goes
        for item in [item for item, test in in_state.items() if test(here)]:
            result.lengths[item] = depth[here]
            del in_state[item]
        if not result.missing:
            break
        if count % _LOOK == 0:
            if progress:
                progress("states", len(waiting))
            if clock.is_over() or (limits.states is not None and len(waiting) > limits.states):
                break
        for number, state, _ in concrete.successors(here):
            name = concrete.instances[number].action.name
            for item in (Item(ACTION, name), *(Item(GOAL, c.name) for c in by_step[name] if goals[c.name](here))):
                if result.lengths[item] is None:
                    result.lengths[item] = depth[here] + 1
            if state not in depth:
                depth[state] = depth[here] + 1
                waiting.append(state)
    else:
        result.finished = True
    result.finished = result.finished or not result.missing
    result.states, result.seconds = len(waiting), clock.seconds
    return result


def _tests(concrete: Concrete) -> Iterator[tuple[Item, Callable[[State], bool]]]:
    """What is to be seen of a state alone."""
    for item in _sometimes(concrete.model):
        yield Item(GOAL, item.name), concrete.witnesses(item, item.term)
    for lemma in concrete.model.lemmas:
        for number, term in enumerate(hypotheses(lemma)):
            yield Item(HYPOTHESIS, lemma.name, number), concrete.witnesses(lemma, term)
