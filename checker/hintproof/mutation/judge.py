"""What becomes of a mutant: killed, equivalent at the sizes that were searched, or surviving.

Whatever holds of the original and not of the mutant kills it: first a property that is violated, or no longer
violated, or no longer witnessed; then a lemma that a reachable state violates; then a goal that is no longer met, or a
step that no longer happens. A mutant is equivalent at some sizes if it does exactly what the original does in every
state that the original reaches, so that it reaches the same states in the same ways; or if a bisimulation shows that
nothing tells the two apart (:mod:`hintproof.mutation.bisimulation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hintproof.engines.exhaustive import PlainSearch, found_by
from hintproof.engines.limits import Limits
from hintproof.engines.report import NO_DEADLOCK, Found
from hintproof.mutation.baseline import Baseline, MutantSystem, met_goals
from hintproof.mutation.mutants import Mutant
from hintproof.system.clock import Clock
from hintspec.language.declare import ALWAYS
from hintspec.language.sizes import Sizes

KILLED, EQUAL, PROVED, SURVIVES, UNDECIDED = "killed", "equal", "proved", "survives", "undecided"

PROPERTY, LEMMA, GOAL = "property", "lemma", "goal"

#: How many times as many states as the original a mutant may have before it is left to other sizes; and at most.
_MORE, _MOST = 10, 1_000_000

#: States between two looks at whether something has fallen already.
_LOOK = 1_000

#: Up to so many states of the original a property is looked for after a lemma or a goal has killed.
_CHEAP = 30_000

#: Up to so many a mutant that is known to differ is searched; larger ones show whether it differs at all.
_AMPLE = 150_000


@dataclass(frozen=True)
class Kill:
    """What kills a mutant: a property, lemma or goal, what became of it, and the steps of the shortest run to it."""

    kind: str
    by: str
    how: str
    length: int | None
    sizes: str
    world: str = ""


@dataclass(frozen=True)
class Stage:
    """Where a mutant is searched: sizes, in its own world (``world`` is empty) or another that has the same step."""

    sizes: Sizes
    world: str = ""
    counterparts: Callable[[Mutant], Mutant | None] | None = None

    def __str__(self) -> str:
        return f"{self.world} {self.sizes}".strip()

    @property
    def is_own(self) -> bool:
        """Whether this is the world that the mutants are made of."""
        return not self.world

    def mutant(self, mutant: Mutant) -> Mutant | None:
        """The mutant that makes this change in the stage's world; None if that lacks what is changed."""
        return mutant if self.counterparts is None else self.counterparts(mutant)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant. ``sizes`` are those at which it was searched to its end, ``seconds`` what it took.

    ``elsewhere`` says that in another world, where nothing kills it either, it differs from the original.
    """

    verdict: str
    kill: Kill | None
    sizes: tuple[str, ...]
    states: int
    seconds: float
    elsewhere: bool = False


def search_mutant(
    mutant: Mutant, stages: Sequence[Stage], baseline: Callable[[Stage], Baseline], seconds: float | None = None
) -> Outcome:
    """Search a mutant at one stage after the other until something kills it.

    A stage of another world counts only by what it kills: ``Stage.mutant`` has the same change made there.
    """
    clock = Clock(seconds)
    weaker: Kill | None = None
    differs, elsewhere, in_time, states = False, False, True, 0
    decided: list[str] = []
    for stage in stages:
        here = stage.mutant(mutant)
        if here is None:
            continue
        base = baseline(stage)
        if weaker and base.search.count > _CHEAP:
            break
        if (differs or elsewhere) and base.search.count > _AMPLE:
            continue
        if clock.is_over():
            in_time = False
            break
        system = MutantSystem(base, here)
        if not system.differs():
            decided += [str(stage)] if stage.is_own else []
            continue
        search = _StageSearch(system, base, stage, clock.remaining())
        kill = search.find_kill()
        states += search.plain.count
        if kill and kill.kind == PROPERTY:
            return Outcome(KILLED, kill, tuple(decided), states, clock.seconds)
        weaker = weaker or kill
        same = search.finished and kill is None and search.is_equivalent()
        if stage.is_own:
            differs = differs or not same
            decided += [str(stage)] if search.finished else []
        elsewhere = elsewhere or not (stage.is_own or same)
    if weaker:
        return Outcome(KILLED, weaker, tuple(decided), states, clock.seconds)
    verdict = UNDECIDED if not (in_time and decided) else SURVIVES if differs else EQUAL
    return Outcome(verdict, None, tuple(decided), states, clock.seconds, elsewhere)


class _StageSearch:
    """The search of a mutant at one stage; ``finished``: it visited all states."""

    def __init__(self, system: MutantSystem, base: Baseline, stage: Stage, seconds: float | None) -> None:
        self.system, self.base, self.stage = system, base, stage
        most = min(base.search.count * _MORE, max(_MOST, 2 * base.search.count))
        self.plain = PlainSearch(system, Limits(states=most, seconds=seconds))
        self.finished = False
        #: By bit of a state's verdict: the properties and lemmas that hold in the original.
        self._holding = {
            bit: (PROPERTY, item.name)
            for bit, item in enumerate(system.state_properties)
            if item.declared.kind == ALWAYS and item.name not in base.found.against
        }
        above = len(system.state_properties)
        self._holding |= {
            above + bit: (LEMMA, name) for bit, name in enumerate(base.lemmas) if name in base.holding_lemmas
        }

    def find_kill(self) -> Kill | None:
        """What kills the mutant: the search ends early where that is a property."""
        over, judged = False, 0
        lemma: Kill | None = None
        while not over:
            over = self.plain.search(self.plain.count + _LOOK)
            kills = list(self._violations(judged))
            judged = self.plain.count
            strongest = _shortest(k for k in kills if k.kind == PROPERTY)
            if strongest:
                return strongest
            lemma = lemma or _shortest(kills)
        if self.plain.stopped_by:
            return lemma
        self.finished = True
        found = found_by(self.plain)
        return _shortest(self._changed_verdicts(found)) or lemma or next(self._losses(found), None)

    def is_equivalent(self) -> bool:
        """Whether nothing tells the mutant from the original, but for states in between."""
        return self.system.same_but_between(self.plain) or self.system.is_bisimilar(self.plain)

    def _kill(self, kind: str, by: str, how: str, length: int | None = None) -> Kill:
        return Kill(kind, by, how, length, str(self.stage.sizes), self.stage.world)

    def _violations(self, since: int) -> Iterator[Kill]:
        """What is violated in the states from a number on, by its first run; and the steps and states that are bad."""
        plain, against = self.plain, self.base.found.against
        still = sum(1 << bit for bit in self._holding)
        for state in range(since, plain.count):
            violated = plain.verdicts[state] & still
            if violated:
                still &= ~violated
                for bit, (kind, name) in self._holding.items():
                    if violated >> bit & 1:
                        how = "falls" if kind == PROPERTY else "is broken"
                        yield self._kill(kind, name, how, len(plain.path_to(state)))
        for bit in plain.broken_steps():
            name = self.system.step_properties[bit]
            if name not in against:
                yield self._kill(PROPERTY, name, "falls", len(plain.run_breaking(bit)))
        if plain.deadlock is not None and NO_DEADLOCK not in against:
            yield self._kill(PROPERTY, NO_DEADLOCK, "falls", len(plain.path_to(plain.deadlock)))

    def _changed_verdicts(self, found: Found) -> list[Kill]:
        """The properties whose verdict on all states is another than the original's."""
        before = self.base.found
        kills = [self._kill(PROPERTY, n, "falls", len(r)) for n, r in found.against.items() if n not in before.against]
        if not kills:
            kills = [self._kill(PROPERTY, n, "no longer falls") for n in before.against if n not in found.against]
            kills += [self._kill(PROPERTY, n, "is no longer met") for n in before.witnesses if n not in found.witnesses]
        return kills

    def _losses(self, found: Found) -> Iterator[Kill]:
        """The goals that are no longer met, and the steps that no longer happen."""
        for name in sorted(self.base.goals - met_goals(self.plain)):
            yield self._kill(GOAL, name, "is no longer met")
        happens = {part for name, count in found.fired.items() if count for part in name.split("+")}
        for name, count in self.base.found.fired.items():
            if count and name not in happens:
                yield self._kill(GOAL, name, "no longer happens")


def _shortest(kills: Iterable[Kill]) -> Kill | None:
    return min(kills, key=lambda kill: kill.length or 0, default=None)
