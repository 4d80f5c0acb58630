"""Rule attribution: the worlds that differ in one rule, and in which a run is not possible.

A rule of a world is a field of it. For each other value that the field may have, the run is followed in that world
until a step is not possible. All states of these sizes are searched there, too: another run may violate the property.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial

from hintproof.engines.limits import Limits
from hintproof.engines.report import Run
from hintproof.story.model import PreventingRule
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress, no_progress
from hintproof.system.workers import Runner, Task, run_in_order
from hintproof.tasks.verdict import Verdict, judge
from hintproof.trace.replay import Departs, build, interpret_world, prepare
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS, compose
from hintspec.catalogue.rule_values import KIND_OF_SYSTEM, rules_of, to_word, with_rules
from hintspec.language.errors import SpecError
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import World

#: Rules that are not tried: without hints, or in another system altogether, there is nothing to explain.
_NOT_TRIED = (*KIND_OF_SYSTEM, "log.mode")

#: States, and seconds, at which the search of one world gives up.
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
class Violation:
    """A property that is violated in an environment at some sizes, and the run that shows it.

    ``steps`` is None where no run can show it: a state that has to be reachable is not. ``loop`` says after how many
    steps a run goes round for ever.
    """

    environment: str
    sizes: Sizes
    claim: str
    steps: Run | None
    loop: int | None


def attribute(
    violation: Violation, limits: Limits = LIMITS, runner: Runner[PreventingRule | None] = run_in_order
) -> tuple[PreventingRule, ...]:
    """The rules that a violation needs: with another value of one of them the property holds; the likeliest first.

    A rule whose change violates nothing else comes first; then one that the run follows for long, as its change leaves
    most of the run as it is. Raises :class:`BadInput` if the environment can't be searched within the limits.
    """
    from hintproof.engines.exhaustive import explore_all  # here, as it brings NumPy along

    found = explore_all(prepare(violation.environment, violation.sizes), limits)
    if not found.finished:
        raise BadInput(
            f"{violation.environment} {violation.sizes}: {found.stopped_by}: rules are attributed at small sizes only"
        )
    violated = frozenset(found.against)
    tasks = [
        Task(
            violation.environment,
            f"{rule.name} = {to_word(rule.instead)}",
            partial(try_rule, violation, rule, violated, limits),
        )
        for rule in other_rules(violation.environment)
    ]
    fixing = [rule for rule in runner(tasks) if rule is not None and rule.holds]
    steps = len(violation.steps or ())
    return tuple(sorted(fixing, key=lambda rule: (bool(rule.others), -(rule.departs or steps + 1))))


def try_rule(
    violation: Violation, rule: Rule, violated: Collection[str], limits: Limits, progress: Progress = no_progress
) -> PreventingRule | None:
    """Follow the run in a world with one rule changed, and search that world for violations of the property.

    ``violated`` are the properties that are violated without the change. None if the run is possible with it, or if
    the property means nothing there.
    """
    from hintproof.engines.exhaustive import explore_all  # here, as it brings NumPy along

    try:
        concrete = interpret_world(rule.world, violation.sizes)
        concrete.model.claim_named(violation.claim)
    except (SpecError, KeyError):
        return None
    departs, because = 0, ""
    if violation.steps is not None:
        try:
            build(violation.environment, concrete, "", violation.claim, violation.steps, violation.loop)
            return None
        except Departs as departed:
            departs, because = departed.step, departed.because
        except BadInput:
            because = "all steps are possible, and it does not fall"
    found = explore_all(concrete, limits, progress=progress)
    verdicts = {p.name: j.verdict for p in concrete.model.properties if (j := judge(found, p.declared)) is not None}
    verdict = verdicts[violation.claim]
    refuted = {name for name, other in verdicts.items() if other == Verdict.REFUTED}
    return PreventingRule(
        rule=rule.name,
        value=to_word(rule.value),
        instead=to_word(rule.instead),
        environment=rule.environment,
        departs=departs,
        because=because,
        holds=None if verdict == Verdict.UNDECIDED else verdict.holds,
        states=found.states,
        others=tuple(sorted(refuted - {*violated, violation.claim})),
    )


def other_rules(environment: str) -> Iterator[Rule]:
    """The worlds that differ from an environment's in a single rule. Of dirty logs only those that have a name."""
    world = compose(environment)
    for name, value in rules_of(world).items():
        for instead in _other_values(value) if name not in _NOT_TRIED else ():
            changed = with_rules(world, {name: instead})
            named = _find_name(environment, changed)
            if named or not name.startswith("log."):
                yield Rule(name, value, instead, changed, named)


def _other_values(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    return [other for other in type(value) if other != value] if isinstance(value, Enum) else []


def _find_name(environment: str, world: World) -> str:
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
