"""The original at some sizes, searched to its end, and its mutants as transition systems that look up what is known.

A mutant differs in one step. So the other steps from a state that the original reaches are those of the original, and
such a state is not judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from hintproof.engines.exhaustive import PlainSearch, found_by
from hintproof.engines.report import ExhaustiveFound
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.transition_system import TransitionSystem
from hintproof.mutation.bisimulation import bisimilar
from hintproof.mutation.mutants import Mutant
from hintspec.language.recording import Model
from hintspec.language.sizes import Sizes
from hintspec.language.terms import Term

#: The steps from a state: (instance, next state, mask of broken promises).
Steps = list[tuple[int, State, int]]


class Baseline:
    """The original at given sizes, searched to its end."""

    def __init__(self, model: Model, sizes: Sizes) -> None:
        self.concrete = Concrete(model, sizes)
        self.search = PlainSearch(self.concrete)
        self.search.search()
        self.found: ExhaustiveFound = found_by(self.search)
        self.goals = met_goals(self.search)
        self.lemmas = [item.name for item in model.lemmas]
        self.broken_lemmas = self.concrete.broken_lemmas
        self._steps: list[Steps | None] = [None] * self.search.count

    def steps(self, state: State) -> Steps:
        """All steps of the original from a state; remembered if the original reaches it."""
        number = self.search.number.get(state)
        if number is None:
            return self.concrete.successors(state)
        known = self._steps[number]
        if known is None:
            known = self._steps[number] = self.concrete.successors(state)
        return known

    @cached_property
    def holding_lemmas(self) -> frozenset[str]:
        """The lemmas that hold in every state: all, where a proof stands."""
        broken = {name for state in self.search.order for name in self.broken_lemmas(state)}
        return frozenset(self.lemmas) - broken


class MutantSystem:
    """A mutant at the sizes of its original.

    Its instances are those of the original, of which the changed step's are ``gone``, and then the ``new`` ones.
    """

    def __init__(self, base: Baseline, mutant: Mutant) -> None:
        self._base = base
        self._between = mutant.between
        original = base.concrete
        mutated = self._mutated = Concrete(mutant.model(original.model), original.sizes)
        self.model, self.sizes, self.initial = mutated.model, mutated.sizes, original.initial
        self.step_properties, self.state_properties = mutated.step_properties, mutated.state_properties
        made = {action.name for action in mutant.made}
        numbers = [n for n, instance in enumerate(mutated.instances) if instance.action.name in made]
        self.instances = [*original.instances, *(mutated.instances[n] for n in numbers)]
        self.new = range(len(original.instances), len(self.instances))
        self.gone = {n for n, instance in enumerate(original.instances) if instance.action.name == mutant.step}
        self.new_steps = mutated.steps_by(numbers, self.new.start - min(numbers, default=0))

    def successors(self, state: State) -> Steps:
        """The steps of the original without those of the changed action, and the new ones."""
        return [step for step in self._base.steps(state) if step[0] not in self.gone] + self.new_steps(state)

    def judge(self, state: State) -> int:
        """The mask of a state's properties, and above it that of the lemmas that it violates."""
        number = self._base.search.number.get(state)
        if number is not None:
            return self._base.search.verdicts[number]  # the lemmas that it violates, the original violates
        mask = self._base.concrete.judge(state)
        above = len(self.state_properties)
        for name in self._base.broken_lemmas(state):
            mask |= 1 << above + self._base.lemmas.index(name)
        return mask

    def truths(self, conditions: Sequence[Term]) -> Callable[[State], int]:
        """A function that gives the mask of the conditions that hold for some block."""
        return self._mutated.truths(conditions)

    def differs(self) -> bool:
        """Whether the mutant does anything else than the original in any state that the original reaches."""
        gone, plain = self.gone, len(self.new) == len(self.gone)
        offset = self.new.start - min(gone)
        for state in self._base.search.order:
            old = [(n + offset, there, broken) for n, there, broken in self._base.steps(state) if n in gone]
            new = self.new_steps(state)
            if old != new or (old and not plain):
                return True
        return False

    def is_bisimilar(self, search: PlainSearch) -> bool:
        """Whether no run of steps, and no property or goal of states, tells the mutant from the original."""
        if len(self.new) != len(self.gone):
            return False
        offset = self.new.start - min(self.gone)
        claims = (1 << len(self.state_properties)) - 1
        goals = self.truths([goal.term for goal in self.model.reachable])

        def labels(state: State) -> tuple[int, ...]:
            return self.judge(state) & claims, goals(state)

        return bisimilar(self._base.search, search, lambda via: via - offset if via in self.new else via, labels)

    def same_but_between(self, search: PlainSearch) -> bool:
        """Whether a mutant that leaves out a place reaches exactly the other states of the original."""
        if self._between is None:
            return False
        variable, label = self._between
        index = [v.name for v in self.model.vars].index(variable)
        others = sum(state[index] != label for state in self._base.search.order)
        reached = [state for state in search.order if state[index] != label]
        return len(reached) == others and all(state in self._base.search.number for state in reached)


def met_goals(search: PlainSearch) -> set[str]:
    """The goals of covers that are met in what was searched."""
    system: TransitionSystem = search.system
    goals = system.model.reachable
    holding = system.truths([goal.term for goal in goals])
    of_instance = [
        sum(1 << bit for bit, goal in enumerate(goals) if _is_part(instance, goal.by)) for instance in system.instances
    ]
    met = first = 0
    for state, end in enumerate(search.ends):
        possible = 0
        for via in search.vias[first:end]:
            possible |= of_instance[via]
        if possible & ~met:
            met |= possible & holding(search.order[state])
        first = end
    return {goal.name for bit, goal in enumerate(goals) if met >> bit & 1}


def _is_part(instance: Instance, steps: Sequence[str]) -> bool:
    """Whether an instance is of one of the steps, or made of one."""
    return any(part in steps for part in instance.action.name.split("+"))
