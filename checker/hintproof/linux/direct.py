"""The C code itself under the spec's properties: code x the spec's guest, device, hypervisor and dirty log.

No driver of the spec takes part. A state is a snapshot of the code and a state of everybody else; all of them at given
sizes are gone through, breadth first, so a run against a property is a shortest one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from hintproof.engines.report import Clock
from hintproof.interpret.concrete import Concrete, State
from hintproof.linux.calls import Unlike
from hintproof.linux.composed import Composed, Move
from hintproof.linux.driver import Driver, DriverFault, Fault
from hintproof.linux.symbols import NOWHERE, Place
from hintproof.trace import Step, Trace, concerned_block
from hintspec.sizes import Sizes
from hintspec.text import Action

#: Pairs between two looks at the progress.
_EVERY = 2000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class DirectStep:
    """A step of a run. What the code does is named by its function and its call; ``place`` is where it is."""

    action: Action
    block: int | None = None
    place: Place = NOWHERE

    def __str__(self) -> str:
        block = "" if self.block is None else f"({self.block or 'nothing'})"
        return f"{self.action.actor.letter} {self.action.name}{block}"


@dataclass(frozen=True)
class Refuted:
    """A shortest run to where a property speaks up; ``states`` are those of the spec, the first one included."""

    name: str
    steps: tuple[DirectStep, ...]
    states: tuple[State, ...]
    environment: str
    concrete: Concrete

    def trace(self) -> Trace:
        """The run as every view shows it."""
        shown = tuple(self.concrete.show(state) for state in self.states)
        steps = tuple(
            Step(step.action, step.block or None, {n: (a[n], b[n]) for n in a if a[n] != b[n]})
            for step, (a, b) in zip(self.steps, pairwise(shown), strict=True)
        )
        block = concerned_block(self.concrete, list(self.states), self.name)
        return Trace(
            *(self.environment, self.concrete.sizes, "direct", self.name, block, steps, shown, self.states),
            self.concrete,
        )


@dataclass(frozen=True)
class Direct:
    """What a search found. ``whole``: all states of these sizes were seen. ``fault``: how the code came to grief, and
    the run to the state in which it did.
    """

    pairs: int
    transitions: int
    depth: int
    states_of_code: int
    whole: bool
    refuted: dict[str, Refuted]
    fault: tuple[Fault, tuple[DirectStep, ...]] | None = None


def check_code(
    driver: Driver,
    environment: str,
    sizes: Sizes,
    until: str | None = None,
    most: int = 1_000_000,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Direct:
    """Go through all states, up to where the property ``until`` speaks up, if one is named, to ``most`` or a time.

    Raises :class:`~hintproof.errors.BadInput` for an environment without such a driver, and
    :class:`~hintproof.linux.calls.Unlike` for code that does what the harness can't follow.
    """
    return _Search(Composed(driver, environment, sizes), environment, most, Clock(seconds)).run(until, progress)


class _Search:
    """The pairs in the order in which they were found; how each was reached is made anew for those that are told of."""

    def __init__(self, composed: Composed, environment: str, most: int, clock: Clock) -> None:
        self.composed = composed
        self.environment = environment
        self.most = most
        self.clock = clock
        self.known: dict[tuple[int, State], int] = {}
        self.pairs: list[tuple[int, State]] = []
        self.origin: list[int] = []
        self.depths: list[int] = []
        self.transitions = 0
        self.refuted: dict[str, tuple[int, Move | int, int]] = {}
        concrete = composed.spec.concrete
        self._named = [p.name for p in concrete.state_properties]
        self._promised = concrete.step_properties

    def run(self, until: str | None, progress: Progress | None) -> Direct:
        """The whole search."""
        self._meet(self.composed.first, 0, 0)
        at = 0
        while at < len(self.pairs) <= self.most and until not in self.refuted:
            try:
                self._expand(at)
            except DriverFault as problem:
                return self._ends(at, problem.fault)
            at += 1
            if at % _EVERY == 0:
                if self.clock.is_over():
                    break
                if progress:
                    progress(len(self.pairs))
        return self._ends(at)

    def _expand(self, at: int) -> None:
        code, state = self.pairs[at]
        for number, after, broken in self.composed.others(state):
            self._reach(at, number, self.composed.after_others(code, state, after), broken)
        for move in self.composed.moves(code):
            taken = self.composed.take(code, state, move)
            if taken is not None:
                self._reach(at, move, (taken[0], taken[1]), taken[2])

    def _reach(self, at: int, step: Move | int, pair: tuple[int, State], broken: int) -> None:
        self.transitions += 1
        number = self._meet(pair, at, self.depths[at] + 1)
        if broken:
            self._speaks(self._promised, broken, (at, step, -1))
        if number is not None:
            wrong = self.composed.spec.concrete.judge(pair[1])
            if wrong:
                self._speaks(self._named, wrong, (at, step, number))

    def _speaks(self, names: list[str], mask: int, where: tuple[int, Move | int, int]) -> None:
        for bit, name in enumerate(names):
            if mask >> bit & 1:
                self.refuted.setdefault(name, where)

    def _meet(self, pair: tuple[int, State], origin: int, depth: int) -> int | None:
        """The number of a pair that is new; None if it is not."""
        if pair in self.known:
            return None
        number = self.known[pair] = len(self.pairs)
        self.pairs.append(pair)
        self.origin.append(origin)
        self.depths.append(depth)
        return number

    # -- what is told --------------------------------------------------------------------------

    def _ends(self, at: int, fault: Fault | None = None) -> Direct:
        whole = fault is None and at == len(self.pairs)
        told = {name: self._told(name, *where) for name, where in self.refuted.items()}
        run = self._steps_to(at) if fault else ()
        codes = len({code for code, _ in self.pairs})
        return Direct(len(self.pairs), self.transitions, self.depths[-1], codes, whole, told,
                      (fault, run) if fault else None)  # fmt: skip

    def _told(self, name: str, at: int, step: Move | int, number: int) -> Refuted:
        states = tuple(self.pairs[i][1] for i in self._way_to(at))
        after = self._after(at, step)
        steps = (*self._steps_to(at), told(self.composed, step, states[-1]))
        return Refuted(name, steps, (*states, after[1]), self.environment, self.composed.spec.concrete)

    def _way_to(self, at: int) -> list[int]:
        way = [at]
        while way[-1]:
            way.append(self.origin[way[-1]])
        return way[::-1]

    def _after(self, at: int, step: Move | int) -> tuple[int, State]:
        code, state = self.pairs[at]
        if isinstance(step, Move):
            taken = self.composed.take(code, state, step)
            assert taken is not None
            return taken[0], taken[1]
        after = next(after for number, after, _ in self.composed.others(state) if number == step)
        return self.composed.after_others(code, state, after)

    def _steps_to(self, at: int) -> tuple[DirectStep, ...]:
        way = self._way_to(at)
        return tuple(told(self.composed, self._between(a, b), self.pairs[a][1]) for a, b in pairwise(way))

    def _between(self, at: int, after: int) -> Move | int:
        """The step that leads from one pair to another."""
        code, state = self.pairs[at]
        steps: list[Move | int] = [number for number, _, _ in self.composed.others(state)]
        for step in [*steps, *self.composed.moves(code)]:
            if isinstance(step, Move) and self.composed.take(code, state, step) is None:
                continue
            if self._after(at, step) == self.pairs[after]:
                return step
        raise Unlike("a run does not replay")


def told(composed: Composed, step: Move | int, before: State) -> DirectStep:
    """A step for a run: one of the code's, or the number of one of somebody else's."""
    if isinstance(step, Move):
        return DirectStep(composed.action_of(step, before), step.block, step.place)
    instance = composed.spec.concrete.instances[step]
    return DirectStep(instance.action.action, instance.block)
