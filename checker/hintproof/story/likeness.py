"""Which known defects a run looks like: by its cause, which a replay shows, whatever the name of its world.

A run looks like a defect if its property is one that the defect violates, its world has the rules that the defect's
fix changes as the defect's own world has them, and with the fix the run does not happen: a step of it is not possible,
or its property is not violated at its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hintproof.interpret.concrete import Concrete
from hintproof.story.model import Likeness
from hintproof.system.errors import BadInput
from hintproof.trace.replay import Departs, Trace, build, interpret_world
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import PROVED, RECORDS
from hintspec.catalogue.rule_values import KIND_OF_SYSTEM, Rules, rules_of, to_word, with_rules
from hintspec.language.declare import LEMMA, SOMETIMES
from hintspec.language.errors import SpecError
from hintspec.protocol.rules import World

#: The rule that says which dirty log it is: what is changed about one means nothing of another.
_LOG = "log.mode"

#: Steps of a run that is replayed with each fix; no longer run is a shortest one.
MOST_STEPS = 1_000


def find_likenesses(trace: Trace) -> tuple[Likeness, ...]:
    """The known defects that a trace looks like, the likeliest first; none that no replay shows.

    The likeliest are those with whose fix most of the trace goes on as it is, as a change that ends it soon may have
    ended any trace; several, if their fixes differ and end it at the same step.
    """
    declared = trace.declared
    unfit = trace.begins or len(trace.steps) > MOST_STEPS or not isinstance(trace.concrete, Concrete)
    if unfit or (declared is not None and declared.kind in (SOMETIMES, LEMMA)):
        return ()
    try:
        world = compose(trace.environment)
        if not _end_in(trace, world).as_here:  # it is not of this text: a mutant's, say
            return ()
    except (SpecError, KeyError):
        return ()
    fixed = [
        (ending, defect) for defect in _candidates(trace) if (ending := _with_fix(trace, world, defect.fixed, defect))
    ]
    alike = [(ending, defect) for ending, defect in fixed if not ending.as_here]
    best = max((ending.evidence(defect, trace) for ending, defect in alike), default=None)
    likeliest = [defect for ending, defect in alike if ending.evidence(defect, trace) == best]
    return tuple(_describe(trace, world, defect) for defect in _nearest(world, likeliest))


@dataclass(frozen=True)
class _Ending:
    """How a trace ends in another world: as here, at a ``step`` that is not possible, or with nothing violated."""

    as_here: bool
    step: int = 0
    because: str = ""

    def evidence(self, defect: Defect, trace: Trace) -> tuple[int, bool]:
        """How much of the trace goes on as here, and whether the defect is known for its property above all."""
        return self.step or len(trace.steps) + 1, trace.property_name == defect.violates


def _candidates(trace: Trace) -> list[Defect]:
    return [defect for defect in DEFECTS.values() if trace.property_name in _violated_by(defect.name)]


def _nearest(world: World, defects: list[Defect]) -> list[Defect]:
    """Of defects with the same fix those whose own worlds differ in the fewest rules from a world."""
    own = rules_of(world)
    by_fix: dict[str, dict[int, list[Defect]]] = {}
    for defect in defects:
        rules = rules_of(compose(defect.environment))
        differ = sum(own[name] != rules[name] for name in own)
        by_fix.setdefault(repr(_fix(defect.fixed, rules)), {}).setdefault(differ, []).append(defect)
    return [defect for by_distance in by_fix.values() for defect in by_distance[min(by_distance)]]


def _describe(trace: Trace, world: World, defect: Defect) -> Likeness:
    """The likeness to a defect, by the fix that leaves most of the trace as it is: it says most of the cause."""
    fixes = dict.fromkeys((defect.fixed, *defect.repairs))
    endings = [
        (ending, fix) for fix in fixes if (ending := _with_fix(trace, world, fix, defect)) and not ending.as_here
    ]
    ending, environment = max(endings, key=lambda pair: pair[0].evidence(defect, trace))
    fix = _fix(environment, rules_of(compose(defect.environment)))
    changed = ", ".join(f'{name} "{to_word(value)}"' for name, value in fix.items())
    return Likeness(defect.name, defect.label, defect.title, changed, ending.step, ending.because)


def _fix(environment: str, rules: Rules) -> Rules:
    """The rules that a world has otherwise than these."""
    return {name: value for name, value in rules_of(compose(environment)).items() if value != rules[name]}


def _with_fix(trace: Trace, world: World, environment: str, defect: Defect) -> _Ending | None:
    """How a trace ends with what a repaired world changes; None if that does not fit, or makes another system."""
    own, rules = rules_of(world), rules_of(compose(defect.environment))
    if any(own[name] != rules[name] for name in KIND_OF_SYSTEM):
        return None
    fix = _fix(environment, rules)
    of_log = [_LOG] if any(name.startswith("log.") for name in fix) else []
    if not fix.keys().isdisjoint((*KIND_OF_SYSTEM, _LOG)) or any(own[name] != rules[name] for name in (*fix, *of_log)):
        return None
    try:
        return _end_in(trace, with_rules(world, fix))
    except (SpecError, KeyError):
        return None


def _end_in(trace: Trace, world: World) -> _Ending:
    """How a trace ends in a world. Raises :class:`SpecError` or ``KeyError`` where its property means nothing."""
    concrete = interpret_world(world, trace.sizes)
    if trace.declared is not None:
        concrete.model.claim_named(trace.property_name)
    try:
        build(trace.environment, concrete, "", trace.property_name, trace.run, trace.loop)
    except Departs as departs:
        return _Ending(False, departs.step, departs.because)
    except BadInput:
        return _Ending(False)
    return _Ending(True)


@cache
def _violated_by(name: str) -> frozenset[str]:
    """The properties that a defect violates in any of the recorded worlds."""
    known = [*(record.known for record in RECORDS), *PROVED.values()]
    others = (claim for by_claim in known for claim, defect in by_claim.items() if defect == name)
    return frozenset((DEFECTS[name].violates, *others))
