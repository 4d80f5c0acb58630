"""Which rule is to blame: the worlds that differ in one rule, and in which a run is not possible.

A rule of a world is a field of it. For each other value that the field may have, the run is followed as far as it goes
in that world; and all states of the same sizes are searched there, as a run that can't be followed may have a twin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

from hintproof.engines.exhaustive import explore_all
from hintproof.engines.limits import Limits
from hintproof.engines.report import Run
from hintproof.interpret.concrete import Concrete
from hintproof.story.model import PreventingRule
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress
from hintproof.tasks.verdict import Verdict, judge
from hintproof.trace.replay import Departs, build, prepare
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS, compose
from hintspec.language.errors import SpecError
from hintspec.language.recording import record
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import World
from hintspec.text import PROTOCOL

#: Rules without which there is nothing to explain: no hints, or another system altogether.
_NOT_ASKED = ("hinting", "job", "device.kind", "log.mode")

#: States up to which a world is searched by itself, and seconds.
LIMITS = Limits(states=3_000_000, seconds=120.0)


@dataclass(frozen=True)
class Rule:
    """One rule of a world, changed. ``environment`` is the name of that world, "" if it has none."""

    name: str
    value: object
    instead: object
    world: World
    environment: str


@dataclass(frozen=True)
class RuleTask:
    """One rule changed: whether a run is possible then, and whether the property holds. A unit of parallel work.

    Without a run (``steps``) only the property is asked. ``fallen`` are the properties that fall as it is.
    """

    environment: str
    sizes: Sizes
    claim: str
    steps: tuple[tuple[str, int | None], ...] | None
    loop: int | None
    rule: Rule
    fallen: frozenset[str]
    limits: Limits = LIMITS
    engine: str = "exhaustive"

    def __str__(self) -> str:
        return f"{self.rule.name} = {self.rule.instead}"

    def run(self, progress: Progress | None = None) -> PreventingRule | None:
        """What becomes of the run, and of the property; None if the run is possible or the property means nothing."""
        try:
            concrete = Concrete(record(PROTOCOL, self.rule.world), self.sizes)
            concrete.model.claim_named(self.claim)
        except (SpecError, KeyError):
            return None
        departs, because = 0, ""
        if self.steps is not None:
            try:
                build(self.environment, concrete, "", self.claim, list(self.steps), self.loop)
                return None
            except Departs as departed:
                departs, because = departed.step, departed.because
            except BadInput:
                because = "all steps are possible, and it does not fall"
        return self._searched(concrete, departs, because, progress)

    def _searched(self, concrete: Concrete, departs: int, because: str, progress: Progress | None) -> PreventingRule:
        found = explore_all(concrete, self.limits, progress=progress)
        said = {p.name: j.verdict for p in concrete.model.properties if (j := judge(found, p.declared)) is not None}
        verdict = said[self.claim]
        others = sorted(n for n, v in said.items() if v == Verdict.REFUTED and n not in {*self.fallen, self.claim})
        return PreventingRule(
            rule=self.rule.name,
            value=_word(self.rule.value),
            instead=_word(self.rule.instead),
            environment=self.rule.environment,
            departs=departs,
            because=because,
            holds=None if verdict == Verdict.UNDECIDED else verdict.holds,
            states=found.states,
            others=tuple(others),
        )


def rule_tasks(
    environment: str, sizes: Sizes, claim: str, run: Run | None, loop: int | None, limits: Limits = LIMITS
) -> list[RuleTask]:
    """A task for each rule of an environment and each other value that it may have.

    Raises :class:`BadInput` if the environment itself can't be searched within the limits.
    """
    found = explore_all(prepare(environment, sizes), limits)
    if not found.finished:
        raise BadInput(
            f"{environment} {sizes}: {found.stopped_by}: which rule is to blame is asked of small sizes only"
        )
    fallen = frozenset(found.against)
    steps = None if run is None else tuple(run)
    return [RuleTask(environment, sizes, claim, steps, loop, rule, fallen, limits) for rule in other_rules(environment)]


def to_blame(told: Iterable[PreventingRule | None], steps: int) -> tuple[PreventingRule, ...]:
    """Of what the tasks found what is worth telling: the rules with which the property holds, the likeliest first.

    What makes nothing else fall comes first; then what departs late, as it leaves most of the run's ``steps`` as they
    are.
    """
    found = [rule for rule in told if rule is not None and rule.holds]
    return tuple(sorted(found, key=lambda s: (bool(s.others), -(s.departs or steps + 1))))


def other_rules(environment: str) -> Iterator[Rule]:
    """The worlds that differ from an environment's in a single rule. Of dirty logs only those that have a name."""
    world = compose(environment)
    for name, value, part, rule in _rules(world):
        for instead in _others(value) if name not in _NOT_ASKED else ():
            changed = _with(world, part, rule, instead)
            named = _name(environment, changed)
            if named or part != "log":
                yield Rule(name, value, instead, changed, named)


def _rules(world: World) -> Iterator[tuple[str, object, str, str]]:
    """Name and value of each rule, with the part of the world and the field there that hold it."""
    for part in fields(world):
        held = getattr(world, part.name)
        if is_dataclass(held):
            for rule in fields(held):
                yield f"{part.name}.{rule.name}", getattr(held, rule.name), part.name, rule.name
        else:
            yield part.name, held, "", part.name


def _with(world: World, part: str, rule: str, value: object) -> World:
    changed: dict[str, Any] = {rule: value}
    return replace(world, **({part: replace(getattr(world, part), **changed)} if part else changed))


def _others(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    return [other for other in type(value) if other != value] if isinstance(value, Enum) else []


def _word(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else "yes" if value else "no"


def _name(environment: str, world: World) -> str:
    """A name of that world that differs from the environment's in one word; "" if there is none."""
    words = ALIASES.get(environment, environment).split("+")
    names = [f"{environment}+{word}" for word in CHANGES]
    for place, word in enumerate(words):
        without = [*words[:place], "", *words[place + 1 :]]
        kind = next((known for known in (DRIVERS, DEVICES, LOGS) if word in known), {})
        names += ["+".join(filter(None, [*without[:place], other, *without[place + 1 :]])) for other in ("", *kind)]
    return next((name for name in names if _composes(name, world)), "")


def _composes(name: str, world: World) -> bool:
    try:
        return compose(name) == world
    except SpecError:
        return False
