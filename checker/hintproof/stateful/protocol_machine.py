"""The state machine of an environment, for Hypothesis: a rule for each action, an invariant for each property."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, cast

from hypothesis import HealthCheck, Phase, currently_in_test_context, note, settings
from hypothesis.control import current_build_context
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.stateful import Rule, RuleBasedStateMachine, RuleStrategy

from hintproof.engines.limits import Limits
from hintproof.engines.report import NO_DEADLOCK, Run
from hintproof.engines.search import BreadthFirst, StepsFrom, Visitor
from hintproof.engines.walks import LONGEST_RUN, LONGEST_WALK
from hintproof.interpret.concrete import Concrete, State
from hintproof.stateful.guidance import BACKEND, STOPS, Course, Walks, guide_draws
from hintproof.stateful.values import Values, change_values
from hintproof.stateful.violation import NotPossible, describe_violation, violation_of
from hintproof.trace.replay import describe_refusal
from hintspec.language.declare import ALWAYS
from hintspec.language.sizes import Sizes

#: Steps that are drawn in vain before one is drawn of those that are possible.
TRIES = 8

#: States that are searched, from the end of a run, for a goal that must still be possible.
STATES_AHEAD = 1000


@dataclass(frozen=True)
class Outline:
    """What a class is made of.

    ``steps`` has the rules of the protocol by the numbers of their instances, ``own`` has other rules; ``checked`` are
    the properties that invariants check, ``goals`` those that the end of a run is checked for.
    """

    steps: dict[int, Rule]
    own: tuple[Rule, ...]
    checked: frozenset[str]
    goals: tuple[str, ...]
    has_own_invariants: bool

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing but the protocol and its properties."""
        return not self.own and not self.has_own_invariants


class ProtocolMachine(RuleBasedStateMachine):
    """The base of all machines: :func:`hintproof.stateful.machine` makes the class of an environment.

    A rule takes a step, and raises :class:`NotPossible` where the protocol has none. An invariant raises a
    :class:`Violation`. A subclass adds rules and invariants; ``NAME = None`` takes one away. ``initial`` has the
    variables that begin otherwise than in the protocol, in plain values.
    """

    environment: ClassVar[str]
    sizes: ClassVar[Sizes]
    initial: ClassVar[Mapping[str, Any]] = {}
    _system: ClassVar[Concrete]
    #: The expression that makes the class of this environment, and that class.
    _made_by: ClassVar[str] = ""
    _made: ClassVar[type | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class its settings: those that Hypothesis gives to machines, long runs, and guided walks.

        Hypothesis would explain a failure by lines that only failing runs execute: here lines of this module.
        """
        super().__init_subclass__(**kwargs)
        usual = settings.get_profile("default").stateful_step_count
        chosen = settings().stateful_step_count
        cls.TestCase.settings = settings(
            deadline=None,
            suppress_health_check=list(HealthCheck),
            backend=BACKEND,
            phases=[phase for phase in settings().phases if phase != Phase.explain],
            stateful_step_count=LONGEST_RUN + LONGEST_WALK if chosen == usual else chosen,
        )

    def __init__(self) -> None:
        super().__init__()
        self._outline = outline(type(self))
        self._run: Run = []
        #: Whether the run is one of the protocol: from its initial state, by its steps alone.
        self._is_pure, self._has_failed = True, False
        self._enter(self._system.initial, 0)
        if self.initial:
            self.set_values(self.initial)
        self._rules_strategy = _Steps(self)
        if currently_in_test_context():
            data = current_build_context().data
            data.draw_integer(0, 2**32 - 1)  # makes every test case new to Hypothesis, so that walks choose all steps
            self._rules_strategy.guide(data)
            note(describe_class(type(self)))

    # -- for subclasses ------------------------------------------------------------------------
    @property
    def values(self) -> Values:
        """The variables, in plain values: ``self.values["driver.at"] == "POLL_BIT"``."""
        return Values(self._system, self._state)

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Change variables by hand, to plain values. The run is no longer one of the protocol, and has no trace.

        Raises ``InvalidDefinition`` for a variable or a value that does not exist.
        """
        self._is_pure = False
        self._enter(change_values(self._system, self._state, values), 0)

    def possible_blocks(self, action: str) -> list[int | None]:
        """The blocks for which the guard of an action holds here; None stands for an action without a block."""
        steps = (self._system.instances[number] for number in self._possible)
        return [step.block for step in steps if step.action.name == action]

    # -- steps and judgements ------------------------------------------------------------------
    def _enter(self, state: State, broken: int) -> None:
        """Be in a state, after a step that breaks these promises."""
        self._state, self._broken = state, broken
        #: The possible steps by the numbers of their instances.
        self._possible = {number: (after, breaks) for number, after, breaks in self._system.successors(state)}

    def _take(self, name: str, block: int | None) -> None:
        """Take a step. Raises :class:`NotPossible`."""
        for number, moved in self._possible.items():
            if self._system.instances[number].step == (name, block):
                self._enter(*moved)
                self._run.append((name, block))
                return
        if block is not None and block not in range(1, self.sizes.blocks + 1):
            raise NotPossible(f"{name} takes a block of 1 .. {self.sizes.blocks}, not {block!r}")
        raise NotPossible(describe_refusal(self._system, self._system.action_named(name), self._state, block))

    def _violated(self) -> list[str]:
        """The properties that the last step or its state violates, of those that this machine checks."""
        system, mask = self._system, self._system.judge(self._state)
        names = [name for i, name in enumerate(system.step_properties) if self._broken >> i & 1]
        names += [p.name for i, p in enumerate(system.state_properties) if mask >> i & 1 and p.declared.kind == ALWAYS]
        names += [NO_DEADLOCK] if not self._possible else []
        return [name for name in names if name in self._outline.checked]

    def _must_hold(self, name: str, says: str) -> None:
        """The invariant of a property."""
        __tracebackhide__ = True
        if name in self._violated():
            self._fail(name, says)

    def _fail(self, name: str, says: str) -> None:
        """Raise the violation of a property; where a user sees it, with all that there is to say."""
        __tracebackhide__ = True
        self._has_failed = True
        message = f"{name} is violated: {says}"
        if not currently_in_test_context() or current_build_context().is_final:
            run = self._run if self._is_pure else None
            message = describe_violation(self.environment, self._system, name, message, run)
        raise violation_of(name)(message, self._run)

    def check_invariants(self, *args: Any, **kwargs: Any) -> None:
        """Call the invariants, but for those of properties that hold: so the printed program is short."""
        __tracebackhide__ = True
        every, violated = self.invariants, self._violated()
        self.invariants = [i for i in every if property_of(i.function) in ("", *violated)]
        try:
            super().check_invariants(*args, **kwargs)
        finally:
            self.invariants = every

    def teardown(self) -> None:
        """Check what must hold at the end of a run: that the goals that must stay possible still are."""
        __tracebackhide__ = True
        complete = len(self._outline.steps) == len(self._system.instances) and not self._outline.own
        if complete and not self._has_failed and sys.exc_info()[0] is None:
            for name in self._outline.goals:
                getattr(self, name)()

    def _must_be_possible(self, name: str, says: str) -> None:
        """The check of a goal: whether some way leads there. It gives up after some states."""
        __tracebackhide__ = True
        bit = next(1 << i for i, p in enumerate(self._system.state_properties) if p.name == name)
        if not self._system.judge(self._state) & bit and self._is_lost(bit):
            self._fail(name, says)

    def _is_lost(self, goal: int) -> bool:
        judge = self._system.judge

        class Goal(Visitor):
            def on_steps(self, number: int, state: State, steps: Any) -> bool:
                return bool(judge(state) & goal)

        ahead = StepsFrom(self._state, self._system.successors, self._system.instances)
        search = BreadthFirst(ahead, Limits(states=STATES_AHEAD), [Goal()], look=100)
        search.search()
        return not search.stopped_by


class _Steps(RuleStrategy):
    """Draws the next step as one integer: the number of its instance, or that of a rule of the machine's own.

    A number that is not possible is left out, and another one drawn. So Hypothesis shrinks a run by leaving out
    integers, and each of the rest keeps its meaning.
    """

    machine: ProtocolMachine

    def __init__(self, machine: ProtocolMachine) -> None:
        super().__init__(machine)
        self._outline = machine._outline
        self._first_own = len(machine._system.instances)
        self._total = self._first_own + len(self._outline.own)
        self._course: Course | None = None
        self._is_first = True

    def guide(self, data: ConjectureData) -> None:
        """Let walks choose the steps, unless another tool has its own generator."""
        self._provider = guide_draws(data)
        if self._provider is not None:
            self._course = Course(self._provider, self._outline.is_plain)

    def do_draw(self, data: ConjectureData) -> tuple[Rule, dict[Any, Any]]:
        """The rule and its arguments."""
        steps = [number for number in self.machine._possible if number in self._outline.steps]
        own = [self._first_own + i for i, rule in enumerate(self._outline.own) if self.is_valid(rule)]
        if not steps and not own:
            data.mark_invalid("no rule is possible any more")
        number = self._draw_number(data, steps, own)
        self._is_first = False
        if number < self._first_own:
            block = self.machine._system.instances[number].block
            return self._outline.steps[number], {} if block is None else {"block": block}
        rule = self._outline.own[number - self._first_own]
        return rule, {name: data.draw(strategy) for name, strategy in rule.arguments_strategies.items()}

    def _draw_number(self, data: ConjectureData, steps: list[int], own: list[int]) -> int:
        possible = [*steps, *own]
        for _ in range(TRIES):
            if self._course is not None and self._provider is not None:
                self._provider.choose = lambda: self._choose(steps, own)
            number = data.draw_integer(0, self._total - 1)
            if self._provider is not None:
                self._provider.choose = None
            if number in possible:
                return number
            data.draw_boolean(STOPS)  # as between two steps, so that Hypothesis can leave out one as the other
        return possible[data.draw_integer(0, len(possible) - 1)]

    def _choose(self, steps: list[int], own: list[int]) -> int:
        """Choose the number by the walks. Hypothesis does not ask where it replays."""
        assert self._course is not None
        if self._is_first:
            machine = self.machine
            self._course.begin((type(machine), machine._state), self._make_walks)
        return self._course.choose(steps, own)

    def _make_walks(self, seed: int) -> Walks:
        left_out = set(range(self._first_own)) - set(self._outline.steps)
        system = self.machine._system.starting_in(self.machine._state, left_out)
        longest = min(LONGEST_RUN, settings().stateful_step_count)
        return Walks(system, self._outline.checked, longest, seed, self._outline.is_plain)


def property_of(function: Any) -> str:
    """The property that an invariant of :func:`hintproof.stateful.machine` checks; "" of any other function."""
    return cast(str, getattr(function, "hintproof_property", ""))


def action_of(function: Any) -> str:
    """The action whose step a rule of :func:`hintproof.stateful.machine` takes; "" of any other function."""
    return cast(str, getattr(function, "hintproof_action", ""))


@lru_cache
def outline(machine: type[ProtocolMachine]) -> Outline:
    """What a class is made of."""
    setup = machine.setup_state()
    of_actions = {action_of(rule.function): rule for rule in setup.rules if action_of(rule.function)}
    instances = enumerate(machine._system.instances)
    goals = (item for item in vars(machine._made or machine).values() if getattr(item, "hintproof_goal", False))
    return Outline(
        steps={i: of_actions[step.action.name] for i, step in instances if step.action.name in of_actions},
        own=tuple(rule for rule in setup.rules if not action_of(rule.function)),
        checked=frozenset(filter(None, (property_of(i.function) for i in setup.invariants))),
        goals=tuple(g.__name__ for g in goals if getattr(machine, g.__name__) is not None),
        has_own_invariants=not all(property_of(i.function) for i in setup.invariants),
    )


def describe_class(machine: type[ProtocolMachine]) -> str:
    """The lines of a program that make the class, or import it."""
    if machine is machine._made:
        return f"from hintproof.stateful import machine\n\n{machine.__name__} = {machine._made_by}"
    module = machine.__module__
    if module == "__main__":
        module = Path(getattr(sys.modules[module], "__file__", module)).stem
    if "<locals>" in machine.__qualname__:
        return f"# {machine.__name__} is {machine.__qualname__} of {module}"
    return f"from {module} import {machine.__qualname__}"
