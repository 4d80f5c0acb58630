"""Delta debugging of traces: leave steps out as long as the end stays the same.

What is left is minimal in that no single step of it can be left out. It need not be the shortest run there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hintproof.engines.report import NO_DEADLOCK, Run
from hintproof.engines.search import BreadthFirst, StepsFrom, Visitor
from hintproof.engines.shorten import Replay, Steps, leave_out_stretches
from hintproof.interpret.concrete import Concrete, State
from hintproof.system.errors import BadInput
from hintproof.trace.replay import Trace, build, shows
from hintspec.language.declare import ALWAYS, RECOVERABLE, SOMETIMES, STEP

#: States that are visited before the attempt to show that a goal can't be reached any more is given up.
_MOST = 300_000


@dataclass(frozen=True)
class Shortened:
    """Steps that lead to the same end, and how many of them come before the loop, if there is one."""

    steps: Steps
    loop: int | None


def reduce(trace: Trace) -> Trace:
    """Shorten a trace to its end by steps of which none can be left out. Raises :class:`BadInput` for a single step."""
    if trace.begins:
        raise BadInput("a step that begins in any state is all there is: nothing can be left out")
    ends = _SameEnd(trace)
    shorter = leave_out_stretches(ends.complete, lambda run: len(run.steps), ends.without_stretches)
    return ends.build(shorter.steps, shorter.loop, trace.engine)


def can_be_left_out(trace: Trace) -> list[int]:
    """The steps (numbers) each of which can be left out by itself."""
    ends = _SameEnd(trace)
    return [n + 1 for n in range(len(trace.steps)) if ends.without(ends.complete, n, n + 1) is not None]


class _SameEnd:
    """Replays steps, without those that are not possible where they come, and says whether the end is the same."""

    def __init__(self, trace: Trace) -> None:
        assert isinstance(trace.concrete, Concrete)
        self.trace, self.concrete = trace, trace.concrete
        self.item = next((c for c in self.concrete.model.claims if c.name == trace.property_name), None)
        self.kind = self.item.declared.kind if self.item else ALWAYS
        self.replay = Replay(self.concrete)
        self.hopeless: set[State] = set()
        numbers = {instance.step: n for n, instance in enumerate(self.concrete.instances)}
        #: The trace itself.
        self.complete = Shortened(tuple(numbers[step] for step in trace.run), trace.loop)

    def build(self, steps: Sequence[int], loop: int | None, engine: str = "") -> Trace:
        """The trace of these steps. Raises :class:`BadInput` if its end is another."""
        run: Run = [self.concrete.instances[step].step for step in steps]
        return build(self.trace.environment, self.concrete, engine, self.trace.property_name, run, loop)

    def without_stretches(self, run: Shortened, size: int) -> Shortened | None:
        """Leave out what can go of stretches of so many steps, from the end to the beginning; None if none can."""
        shorter, end = run, len(run.steps)
        while end > 0:
            shorter = self.without(shorter, max(0, end - size), end) or shorter
            end = min(end - size, len(shorter.steps))
        return None if shorter is run else shorter

    def without(self, run: Shortened, begin: int, end: int) -> Shortened | None:
        """The run without the steps from ``begin`` to ``end``; None if its end is another, or it is no shorter."""
        loop = run.loop
        if loop is not None:
            loop -= max(0, min(end, loop) - begin)
        steps = run.steps[:begin] + run.steps[end:]
        states, possible, before_loop, broken = [self.concrete.initial], [], 0, 0
        ends_early = self.kind in (ALWAYS, SOMETIMES, STEP) and self.trace.property_name != NO_DEADLOCK
        for place, state, broken in self.replay.play(steps):
            possible.append(steps[place])
            states.append(state)
            before_loop += loop is not None and place < loop
            if ends_early and loop is None and self._shows(states, broken):
                break
        if len(possible) >= len(run.steps):
            return None
        if loop is not None:
            return self._if_lasso(possible, before_loop)
        return Shortened(tuple(possible), None) if possible and self._is_end(states, broken) else None

    def _shows(self, states: list[State], broken: int) -> bool:
        names = [n for bit, n in enumerate(self.concrete.step_properties) if broken >> bit & 1]
        return shows(self.concrete, states, names, self.trace.property_name)

    def _is_end(self, states: list[State], broken: int) -> bool:
        return self._shows(states, broken) and (self.kind != RECOVERABLE or self._no_way_back(states[-1]))

    def _if_lasso(self, steps: list[int], loop: int) -> Shortened | None:
        try:
            self.build(steps, loop)
        except BadInput:
            return None
        return Shortened(tuple(steps), loop)

    def _no_way_back(self, state: State) -> bool:
        """Whether no run from a state on meets the property's goal: shown by a search of all of them."""
        assert self.item is not None
        goal = 1 << self.concrete.state_properties.index(self.item)
        concrete, hopeless = self.concrete, self.hopeless

        class Goal(Visitor):
            def on_steps(self, number: int, state: State, steps: Sequence[tuple[int, State, int]]) -> bool:
                return bool(concrete.judge(state) & goal) or search.count > _MOST

        system = StepsFrom(state, lambda here: [] if here in hopeless else concrete.successors(here))
        search = BreadthFirst(system, visitors=[Goal()])
        search.search()
        if not search.stopped_by:
            hopeless.update(search.order)
        return not search.stopped_by
