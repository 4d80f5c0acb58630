"""What an exploration saw of the text: steps, conditions both ways, actors one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.engines.report import Branch, Coverage
from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import TransitionSystem
from hintspec.language.folds import places
from hintspec.language.recording import RecordedAction
from hintspec.language.terms import TRUE, Term


class Watch:
    """Collects coverage while walks go on."""

    def __init__(self, system: TransitionSystem) -> None:
        self._instances = [i.action.name for i in system.instances]
        self._actors = [i.action.action.actor.name for i in system.instances]
        self._counts = [0] * len(self._instances)
        names = dict.fromkeys(self._actors)
        self._pairs = {(a, b): 0 for a in names for b in names}
        self._branches = [(a.name, *branch) for a in system.model.actions for branch in _branches(a)]
        self._truths = system.truths([term for *_, term, _ in self._branches])
        self._falsehoods = system.truths([term for *_, term in self._branches])
        self._seen = self._failed = 0

    def step(self, before: int | None, instance: int) -> None:
        """A step was taken, after another one or as the first."""
        self._counts[instance] += 1
        if before is not None:
            self._pairs[self._actors[before], self._actors[instance]] += 1

    def state(self, state: State) -> None:
        """A state was seen."""
        self._seen |= self._truths(state)
        self._failed |= self._falsehoods(state)

    def coverage(self) -> Coverage:
        """What was seen so far."""
        steps = dict.fromkeys(self._instances, 0)
        for name, count in zip(self._instances, self._counts, strict=True):
            steps[name] += count
        branches = [
            Branch(step, kind, place, bool(self._seen >> i & 1), bool(self._failed >> i & 1))
            for i, (step, kind, place, _, _) in enumerate(self._branches)
        ]
        pairs = {f"{a} > {b}": count for (a, b), count in self._pairs.items()}
        return Coverage(steps, pairs, tuple(branches))


def _branches(step: RecordedAction) -> Iterator[tuple[str, int, Term, Term]]:
    """The conditions of a step: kind, place, and two terms, which say that it was seen true, and seen false."""
    guard = TRUE
    for place, conjunct in enumerate(step.guard):
        yield "guard", place, conjunct.term, ~conjunct.term
        guard = guard & conjunct.term
    for name, update in step.updates.items():
        chosen_by = [part.args[0] for _, part in places(update) if part.op == "choose"]
        for place, condition in enumerate(chosen_by):
            yield name, place, guard & condition, guard & ~condition
