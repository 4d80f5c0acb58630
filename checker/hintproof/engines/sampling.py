"""Stateful exploration with Hypothesis: random runs, and shrinking of those that break a property.

Uniform choice among the enabled steps hardly ever gets through a whole exchange. So a rule lets one
actor take several steps in a row; which actor, how many steps and which of its steps is Hypothesis'
choice, and Hypothesis' to shrink.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from hintproof.engines.report import Clock, Found, Limits, Progress, Run
from hintproof.interpret.concrete import Concrete, State
from hintspec.text import ALWAYS, OF_ALL_STATES, SOMETIMES

#: Runs that a search makes if it is told nothing.
DEFAULT_RUNS = 300

#: Where the random choice starts, so that a check can be repeated.
SEED = 0

#: Turns of an actor in one run, and steps in one turn.
TURNS, STEPS_A_TURN = 25, 12


class PropertyBroken(AssertionError):
    """A run breaks a property."""


class _LimitMet(BaseException):
    """Ends a search from inside a run; not an ``Exception``, so that Hypothesis lets it through."""


class _Watch:
    """What is shared by the runs of one search."""

    def __init__(self, concrete: Concrete, clock: Clock, progress: Progress | None) -> None:
        self.concrete = concrete
        self.clock = clock
        self.progress = progress
        self.against: dict[str, Run] = {}
        self.witnesses: dict[str, Run] = {}
        self.fired = {action.name: 0 for action in concrete.model.actions}
        self.runs = 0
        self.steps = 0
        self.latest: tuple[str, Run] | None = None
        state_kinds = [(p.name, p.declared.kind) for p in concrete.state_properties]
        self._always = [(1 << i, name) for i, (name, kind) in enumerate(state_kinds) if kind == ALWAYS]
        self._sometimes = [(1 << i, name) for i, (name, kind) in enumerate(state_kinds) if kind == SOMETIMES]

    def judge(self, state: State, broken_steps: int, run: Run) -> None:
        """Note witnesses; raise :class:`PropertyBroken` for a property not yet known to be broken."""
        verdict = self.concrete.judge(state)
        for mask, name in self._sometimes:
            if verdict & mask and len(run) < len(self.witnesses.get(name, run + run)):
                self.witnesses[name] = list(run)
        names = [name for mask, name in self._always if verdict & mask]
        names += [n for i, n in enumerate(self.concrete.step_properties) if broken_steps >> i & 1]
        for name in names:
            if name not in self.against:
                self.latest = (name, list(run))
                raise PropertyBroken(name)


def _machine(watch: _Watch) -> type[RuleBasedStateMachine]:
    """The state machine class of one search: a rule for each actor."""
    concrete = watch.concrete
    actors = list(dict.fromkeys(a.action.actor.name for a in concrete.model.actions))
    actor_of = [i.action.action.actor.name for i in concrete.instances]

    class Exploration(RuleBasedStateMachine):
        """One run of the model."""

        def __init__(self) -> None:
            super().__init__()
            self.state = concrete.initial
            self.options = concrete.successors(self.state)
            self.run: Run = []
            watch.runs += 1
            if watch.progress and watch.runs % 20 == 0:
                watch.progress("runs", watch.runs)
            if watch.clock.is_over():
                raise _LimitMet

        def turn(self, actor: str, steps: int, data: Any) -> None:
            """Up to ``steps`` steps of one actor, as long as it has any."""
            for _ in range(steps):
                options = [step for step in self.options if actor_of[step[0]] == actor]
                if not options:
                    return
                index, self.state, broken = (
                    options[0] if len(options) == 1 else data.draw(st.sampled_from(options), label=actor)
                )
                self.options = concrete.successors(self.state)
                instance = concrete.instances[index]
                self.run.append((instance.action.name, instance.block))
                watch.fired[instance.action.name] += 1
                watch.steps += 1
                watch.judge(self.state, broken, self.run)

    for actor in actors:
        setattr(Exploration, f"{actor}_runs", _turn_rule(actor, actor_of))
    return Exploration


def _turn_rule(actor: str, actor_of: list[str]) -> Callable[..., None]:
    @precondition(lambda self: any(actor_of[step[0]] == actor for step in self.options))
    @rule(steps=st.integers(1, STEPS_A_TURN), data=st.data())
    def turn(self: Any, steps: int, data: Any) -> None:
        self.turn(actor, steps, data)

    return turn


def sample(concrete: Concrete, limits: Limits = Limits(), progress: Progress | None = None) -> Found:
    """Random runs from :data:`SEED`, shrunk where one breaks a property; then on for other properties."""
    clock = Clock(limits.seconds)
    watch = _Watch(concrete, clock, progress)
    found = Found(engine="sampled", against=watch.against, witnesses=watch.witnesses, fired=watch.fired)
    wanted = limits.runs or DEFAULT_RUNS
    profile = settings(
        max_examples=wanted,
        stateful_step_count=TURNS,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    while not found.finished and not found.stopped_by:
        watch.latest = None
        try:
            run_state_machine_as_test(seed(SEED)(_machine(watch)), settings=profile)
            found.finished = True
        except PropertyBroken:
            assert watch.latest is not None
            name, run = watch.latest
            watch.against[name] = run
        except _LimitMet:
            found.stopped_by = clock.says()
    found.runs, found.transitions = watch.runs, watch.steps
    found.decides = frozenset(p.name for p in concrete.model.properties if p.declared.kind not in OF_ALL_STATES)
    found.seconds = clock.seconds
    return found
