"""Random runs of the C code in a world of the spec, for sizes at which there are too many states to see them all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hintproof.engines.report import Clock
from hintproof.interpret.concrete import State
from hintproof.linux.composed import Composed, Move
from hintproof.linux.direct import Direct, DirectStep, Refuted, told
from hintproof.linux.driver import Driver, DriverFault
from hintspec.sizes import Sizes

#: How likely these steps are, compared with any other kind of step: else no round and no migration would get far.
_RARER = {
    **dict.fromkeys(("rmmod", "suspend", "abort_migration", "no_block", "pause"), 0.02),
    **dict.fromkeys(("allocate", "write", "free", "next_sync", "stop_vm"), 0.3),
}

Step = tuple[Move | int, tuple[int, State], int]


def roam(
    driver: Driver, environment: str, sizes: Sizes, runs: int, length: int = 300, seed: int = 1,
    seconds: float | None = None,
) -> Direct:  # fmt: skip
    """So many random runs of at most ``length`` steps; of each property that falls the shortest run that was met.

    Raises :class:`~hintproof.errors.BadInput` for an environment without such a driver.
    """
    composed, clock = Composed(driver, environment, sizes), Clock(seconds)
    roamed = _Roamed(composed, environment)
    draw = random.Random(seed)
    for _ in range(runs):
        if clock.is_over() or not roamed.run(length, draw):
            break
    return roamed.result()


@dataclass
class _Roamed:
    """What the runs so far came to."""

    composed: Composed
    environment: str
    steps: int = 0
    deepest: int = 0
    refuted: dict[str, Refuted] = field(default_factory=dict)
    codes: set[int] = field(default_factory=set)
    grief: DriverFault | None = None
    path: list[Move | int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)

    def run(self, length: int, draw: random.Random) -> bool:
        """One run; False if the code came to grief in it."""
        pair = self.composed.first
        self.path, self.states = [], [pair[1]]
        try:
            while len(self.path) < length:
                step, pair, broken = self._drawn(pair, draw)
                self.path.append(step)
                self.states.append(pair[1])
                self.codes.add(pair[0])
                self.steps += 1
                if self._judge(broken):
                    break
        except DriverFault as problem:
            self.grief = problem
        self.deepest = max(self.deepest, len(self.path))
        return self.grief is None

    def _drawn(self, pair: tuple[int, State], draw: random.Random) -> Step:
        kinds: dict[str, list[Step]] = {}
        for name, step in self._steps(pair):
            kinds.setdefault(name, []).append(step)
        weights = [_RARER.get(name, 1.0) for name in kinds]
        return draw.choice(draw.choices(list(kinds.values()), weights)[0])

    def _steps(self, pair: tuple[int, State]) -> Iterator[tuple[str, Step]]:
        """All steps from a pair, each with the name of its kind."""
        code, state = pair
        instances = self.composed.spec.concrete.instances
        for number, after, broken in self.composed.others(state):
            yield instances[number].action.name, (number, self.composed.after_others(code, state, after), broken)
        for move in self.composed.moves(code):
            taken = self.composed.take(code, state, move)
            if taken is not None:
                name = "no_block" if move.block == 0 else move.says
                yield name, (move, (taken[0], taken[1]), taken[2])

    def _judge(self, broken: int) -> bool:
        concrete = self.composed.spec.concrete
        wrong = concrete.judge(self.states[-1])
        names = [n for bit, n in enumerate(concrete.step_properties) if broken >> bit & 1]
        names += [p.name for bit, p in enumerate(concrete.state_properties) if wrong >> bit & 1]
        for name in names:
            known = self.refuted.get(name)
            if known is None or len(known.steps) > len(self.path):
                self.refuted[name] = Refuted(name, self._told(), tuple(self.states), self.environment, concrete)
        return bool(names)

    def _told(self) -> tuple[DirectStep, ...]:
        return tuple(told(self.composed, s, before) for s, before in zip(self.path, self.states, strict=False))

    def result(self) -> Direct:
        """All of it."""
        fault = (self.grief.fault, self._told()) if self.grief else None
        return Direct(self.steps, self.steps, self.deepest, len(self.codes), False, self.refuted, fault)
