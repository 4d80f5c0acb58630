"""The original at some sizes: every reachable state, what each leads to, and what was found of the properties.

A mutant differs in one step. So what the other steps do in a state that the original reaches is looked up, and
such a state is not judged again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from hintproof.engines.exhaustive import PlainSearch, found_by
from hintproof.engines.limits import Limits
from hintproof.engines.report import Found
from hintproof.interpret.concrete import Concrete, Instance, State, Successors
from hintproof.mutation.bisimulation import alike
from hintproof.mutation.mutants import Mutant
from hintspec.language.recording import Model, RecordedReachable
from hintspec.language.sizes import Sizes

#: A state is expanded to (instance, next state, mask of broken promises).
Steps = list[tuple[int, State, int]]


class Baseline:
    """The original at given sizes, searched to its end."""

    def __init__(self, model: Model, sizes: Sizes) -> None:
        self.concrete = Concrete(model, sizes)
        self.search = PlainSearch(self.concrete, Limits(), None)
        self.search.search()
        self.found: Found = found_by(self.concrete, self.search)
        self.goals = met_goals(self.concrete, self.search)
        self.lemmas = [item.name for item in model.lemmas]
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
    def kept_lemmas(self) -> frozenset[str]:
        """The lemmas that every state keeps: all, where a proof stands."""
        broken = {name for state in self.search.order for name in self.broken_lemmas(state)}
        return frozenset(self.lemmas) - broken

    @cached_property
    def broken_lemmas(self) -> Callable[[State], list[str]]:
        """The lemmas that a state breaks."""
        return self.concrete.broken_lemmas


class Changed(Concrete):
    """A mutant at the sizes of its original: as another model, but what did not change is looked up."""

    def __init__(self, base: Baseline, mutant: Mutant) -> None:
        super().__init__(mutant.model(base.concrete.model), base.concrete.sizes)
        self._base = base
        self._between = mutant.between
        original = base.concrete.instances
        new = [
            Instance(action, block)
            for action in mutant.made
            for block in self.sizes.blocks_for(action.action.takes_block)
        ]
        self.__dict__["instances"] = [*original, *new]
        self.gone = {n for n, instance in enumerate(original) if instance.action.name == mutant.step}
        self.new = range(len(original), len(original) + len(new))
        self.fresh: Successors = self.steps_by(self.new)
        self.__dict__["successors"] = self._all_steps
        self.__dict__["judge"] = self._verdict

    def _all_steps(self, state: State) -> Steps:
        kept = [step for step in self._base.steps(state) if step[0] not in self.gone]
        return kept + self.fresh(state)

    def _verdict(self, state: State) -> int:
        """The properties that speak up in a state, and above their bits those of the lemmas that it breaks."""
        number = self._base.search.number.get(state)
        if number is not None:
            return self._base.search.verdicts[number]  # what it breaks of lemmas, the original breaks
        mask = self._base.concrete.judge(state)
        above = len(self.state_properties)
        for name in self._base.broken_lemmas(state):
            mask |= 1 << above + self._base.lemmas.index(name)
        return mask

    def differs(self) -> bool:
        """Whether the mutant does anything else than the original in any state that the original reaches."""
        gone, plain = self.gone, len(self.new) == len(self.gone)
        offset = self.new.start - min(gone)
        for state in self._base.search.order:
            old = [(n + offset, there, broken) for n, there, broken in self._base.steps(state) if n in gone]
            new = self.fresh(state)
            if old != new or (old and not plain):
                return True
        return False

    def cannot_be_told_apart(self, search: PlainSearch) -> bool:
        """Whether no run of steps, and nothing that is said of states, tells the mutant from the original."""
        if len(self.new) != len(self.gone):
            return False
        offset = self.new.start - min(self.gone)
        claims = (1 << len(self.state_properties)) - 1
        goals = self.truths([goal.term for goal in self.model.reachable])

        def said(state: State) -> tuple[int, ...]:
            return self.judge(state) & claims, goals(state)

        return alike(self._base.search, search, lambda via: via - offset if via in self.new else via, said)

    def same_but_between(self, search: PlainSearch) -> bool:
        """Whether a mutant that leaves out a place reaches exactly the other states of the original."""
        if self._between is None:
            return False
        variable, label = self._between
        index = [v.name for v in self.model.vars].index(variable)
        others = sum(state[index] != label for state in self._base.search.order)
        reached = [state for state in search.order if state[index] != label]
        return len(reached) == others and all(state in self._base.search.number for state in reached)


def met_goals(concrete: Concrete, search: PlainSearch) -> set[str]:
    """The goals of covers that are met in what was searched."""
    open_ = {goal.name: concrete.meets(goal.term) for goal in concrete.model.reachable}
    by = [[g.name for g in concrete.model.reachable if _does(instance, g)] for instance in concrete.instances]
    met: set[str] = set()
    first = 0
    for state, end in enumerate(search.ends):
        for via in search.vias[first:end]:
            for name in by[via]:
                if name in open_ and open_[name](search.order[state]):
                    met.add(name)
                    del open_[name]
        first = end
    return met


def _does(instance: Instance, goal: RecordedReachable) -> bool:
    """Whether it is one of the goal's steps, or made of one."""
    return any(part in goal.by for part in instance.action.name.split("+"))
