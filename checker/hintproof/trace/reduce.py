"""Delta debugging of traces: leave steps out as long as the end stays the same.

What is left is minimal in that no single step of it can be left out. It need not be the shortest run there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hintproof.engines.exhaustive import NO_DEADLOCK
from hintproof.interpret.concrete import Concrete, State
from hintproof.system.errors import BadInput
from hintproof.trace.replay import Trace, build, speaks_up
from hintspec.language.declare import ALWAYS, RECOVERABLE, SOMETIMES, STEP
from hintspec.language.recording import RecordedProperty

#: Numbers of instances, as :attr:`Concrete.instances` has them.
Steps = tuple[int, ...]

#: States that are looked at before it is given up to show that a goal can't be reached any more.
_MOST = 300_000


@dataclass(frozen=True)
class Taken:
    """Steps that lead to the same end, and how many of them come before the loop, if there is one."""

    steps: Steps
    loop: int | None


def reduce(trace: Trace) -> Trace:
    """The same end by fewer steps, none of which can be left out. Raises :class:`BadInput` for a single step."""
    if trace.begins:
        raise BadInput("a step that begins in any state is all there is: nothing can be left out")
    replay = _Replay(trace)
    kept = replay.whole()
    size = max(1, len(kept.steps) // 2)
    while True:
        shorter = _pass(replay, kept, size)
        if size == 1 and len(shorter.steps) == len(kept.steps):
            break
        kept, size = shorter, max(1, min(size // 2, len(shorter.steps) // 2))
    run = [(i.action.name, i.block) for i in (trace.concrete.instances[step] for step in kept.steps)]
    return build(trace.environment, trace.concrete, trace.engine, trace.property_name, run, kept.loop)


def can_be_left_out(trace: Trace) -> list[int]:
    """The steps (numbers) each of which can be left out by itself."""
    replay = _Replay(trace)
    whole = replay.whole()
    return [n + 1 for n in range(len(whole.steps)) if _without(replay, whole, n, n + 1) is not None]


def _pass(replay: _Replay, kept: Taken, size: int) -> Taken:
    """Try to leave out so many steps that stand together, from the end to the beginning."""
    end = len(kept.steps)
    while end > 0:
        shorter = _without(replay, kept, max(0, end - size), end)
        kept = shorter or kept
        end = min(end - size, len(kept.steps))
    return kept


def _without(replay: _Replay, kept: Taken, begin: int, end: int) -> Taken | None:
    loop = kept.loop
    if loop is not None:
        loop -= max(0, min(end, loop) - begin)
    return replay.follow(kept.steps[:begin] + kept.steps[end:], loop, len(kept.steps))


class _Replay:
    """Replays steps, leaving out those that are not possible where they come, and says whether the end is the same."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.concrete = trace, trace.concrete
        self.item = next((c for c in self.concrete.model.claims if c.name == trace.property_name), None)
        self.kind = self.item.declared.kind if self.item else ALWAYS
        self.hopeless: set[State] = set()

    def whole(self) -> Taken:
        """The trace itself."""
        numbers = {(i.action.name, i.block): n for n, i in enumerate(self.concrete.instances)}
        return Taken(tuple(numbers[step] for step in self.trace.run), self.trace.loop)

    def follow(self, steps: Sequence[int], loop: int | None, less_than: int) -> Taken | None:
        """What is taken of the steps; None if the end is another, or no fewer are taken."""
        states, taken, before_loop = [self.concrete.initial], [], 0
        ends_early = self.kind in (ALWAYS, SOMETIMES, STEP) and self.trace.property_name != NO_DEADLOCK
        for number, step in enumerate(steps):
            moved = self.concrete.moves[step](states[-1])
            if moved is None:
                continue
            taken.append(step)
            states.append(moved[0])
            before_loop += loop is not None and number < loop
            if ends_early and loop is None and self._is_end(states, moved[1]):
                break
        kept = None if loop is None else before_loop
        same = self._is_lasso(taken, kept) if kept is not None else self._ends(states, taken, ends_early)
        return Taken(tuple(taken), kept) if same and len(taken) < less_than else None

    def _is_end(self, states: list[State], broken: int) -> bool:
        names = [n for bit, n in enumerate(self.concrete.step_properties) if broken >> bit & 1]
        return speaks_up(self.concrete, states, names, self.trace.property_name)

    def _ends(self, states: list[State], taken: list[int], ended: bool) -> bool:
        if not taken:
            return False
        moved = self.concrete.moves[taken[-1]](states[-2])
        assert moved is not None
        if not self._is_end(states, moved[1]):
            return False
        return ended or self.kind != RECOVERABLE or self._no_way_back(states[-1])

    def _is_lasso(self, taken: list[int], loop: int) -> bool:
        run = [(i.action.name, i.block) for i in (self.concrete.instances[step] for step in taken)]
        try:
            build(self.trace.environment, self.concrete, "", self.trace.property_name, run, loop)
        except BadInput:
            return False
        return True

    def _no_way_back(self, state: State) -> bool:
        """Whether no run from a state on meets the property's goal: shown by looking at all of them."""
        assert self.item is not None
        known, waiting = {state}, [state]
        for here in waiting:
            if here in self.hopeless:
                continue
            if _meets(self.concrete, self.item, here) or len(known) > _MOST:
                return False
            for _, after, _ in self.concrete.successors(here):
                if after not in known:
                    known.add(after)
                    waiting.append(after)
        self.hopeless |= known
        return True


def _meets(concrete: Concrete, item: RecordedProperty, state: State) -> bool:
    return bool(concrete.judge(state) >> concrete.state_properties.index(item) & 1)
