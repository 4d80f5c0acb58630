"""What becomes of a mutant: killed, equivalent at the sizes that were searched, or surviving.

A mutant is killed by whatever is said of the original and is not true of it: first by a property that falls, or
no longer falls, or is no longer witnessed; then by a lemma that a reachable state breaks; then by a goal that is no
longer met, or a step that no longer happens. It is equivalent at some sizes if it does exactly what the original
does in every state that the original reaches: then it reaches the same states, in the same ways; or if a bisimulation
shows that the two can't be told apart (:mod:`hintproof.mutation.bisimulation`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hintproof.engines.exhaustive import NO_DEADLOCK, PlainSearch, found_by
from hintproof.engines.limits import Limits
from hintproof.engines.report import Found
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
        """The same change made in this world; None if what is changed is not there."""
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


def judged(
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
        changed = MutantSystem(base, here)
        if not changed.differs():
            decided += [str(stage)] if stage.is_own else []
            continue
        result = _search(changed, base, stage, clock.remaining())
        states += result.states
        if result.kill and result.kill.kind == PROPERTY:
            return Outcome(KILLED, result.kill, tuple(decided), states, clock.seconds)
        weaker = weaker or result.kill
        if stage.is_own:
            differs = differs or not result.same
            decided += [str(stage)] if result.finished else []
        elsewhere = elsewhere or not (stage.is_own or result.same)
    if weaker:
        return Outcome(KILLED, weaker, tuple(decided), states, clock.seconds)
    verdict = UNDECIDED if not (in_time and decided) else SURVIVES if differs else EQUAL
    return Outcome(verdict, None, tuple(decided), states, clock.seconds, elsewhere)


@dataclass(frozen=True)
class _Searched:
    """What a search of a mutant came to; ``same`` if it can't be told from the original, but for states in between."""

    kill: Kill | None
    finished: bool
    states: int
    same: bool = False


def _search(changed: MutantSystem, base: Baseline, stage: Stage, seconds: float | None) -> _Searched:
    """What kills a mutant at one stage."""
    most = min(base.search.count * _MORE, max(_MOST, 2 * base.search.count))
    search = PlainSearch(changed, Limits(states=most, seconds=seconds))
    over = False
    seen = 0
    lemma: Kill | None = None
    fatal = _fatal(changed, base)
    while not over:
        over = search.search(search.count + _LOOK)
        kills = list(_fallen(changed, base, search, fatal, seen))
        seen = search.count
        strongest = min((k for k in kills if k.kind == PROPERTY), key=lambda k: k.length or 0, default=None)
        if strongest:
            return _Searched(replace(strongest, world=stage.world), False, search.count)
        lemma = lemma or min(kills, key=lambda k: k.length or 0, default=None)
    if search.stopped_by:
        return _Searched(lemma and replace(lemma, world=stage.world), False, search.count)
    found = found_by(search)
    kill = _whole(base, changed, found) or lemma or _lost(base, changed, search, found)
    same = kill is None and (changed.same_but_between(search) or changed.is_bisimilar(search))
    return _Searched(kill and replace(kill, world=stage.world), True, search.count, same)


def _fatal(changed: MutantSystem, base: Baseline) -> dict[int, tuple[str, str]]:
    """By bit of a state's verdict: what must not speak up in a mutant, a property that holds or a lemma."""
    holds = {
        bit: (PROPERTY, item.name)
        for bit, item in enumerate(changed.state_properties)
        if item.declared.kind == ALWAYS and item.name not in base.found.against
    }
    above = len(changed.state_properties)
    return holds | {above + bit: (LEMMA, name) for bit, name in enumerate(base.lemmas) if name in base.holding_lemmas}


def _fallen(
    changed: MutantSystem, base: Baseline, search: PlainSearch, fatal: dict[int, tuple[str, str]], since: int
) -> list[Kill]:
    """What has fallen in the states that were found lately, by its first run."""
    mask = sum(1 << bit for bit in fatal)
    kills: list[Kill] = []
    here = str(changed.sizes)
    open_ = mask
    for state in range(since, search.count):
        spoken = search.verdicts[state] & open_
        if spoken:
            open_ &= ~spoken
            for bit, (kind, name) in fatal.items():
                if spoken >> bit & 1:
                    how = "falls" if kind == PROPERTY else "is broken"
                    kills.append(Kill(kind, name, how, len(search.run_to(state)), here))
    for bit in search.broken_steps():
        name = changed.step_properties[bit]
        if name not in base.found.against:
            kills.append(Kill(PROPERTY, name, "falls", len(search.run_breaking(bit)), here))
    if search.deadlock is not None and NO_DEADLOCK not in base.found.against:
        kills.append(Kill(PROPERTY, NO_DEADLOCK, "falls", len(search.run_to(search.deadlock)), here))
    return kills


def _whole(base: Baseline, changed: MutantSystem, found: Found) -> Kill | None:
    """A property whose verdict on all states is another than the original's."""
    here = str(changed.sizes)
    kills = [
        Kill(PROPERTY, n, "falls", len(run), here) for n, run in found.against.items() if n not in base.found.against
    ]
    if not kills:
        kills = [Kill(PROPERTY, n, "no longer falls", None, here) for n in base.found.against if n not in found.against]
        kills += [
            Kill(PROPERTY, n, "is no longer met", None, here) for n in base.found.witnesses if n not in found.witnesses
        ]
    return min(kills, key=lambda k: k.length or 0, default=None)


def _lost(base: Baseline, changed: MutantSystem, search: PlainSearch, found: Found) -> Kill | None:
    """A goal that is no longer met, or a step that no longer happens."""
    here = str(changed.sizes)
    for name in sorted(base.goals - met_goals(search)):
        return Kill(GOAL, name, "is no longer met", None, here)
    happens = {part for name, count in found.fired.items() if count for part in name.split("+")}
    for name, count in base.found.fired.items():
        if count and name not in happens:
            return Kill(GOAL, name, "no longer happens", None, here)
    return None
