"""Which step comes next: the guided walks of the sampled engine, as a Hypothesis backend.

A test case takes the run of a guided walk: of the walks since the last test case the first against a property that is
looked for, or else the last one. The walks choose nothing but the values that Hypothesis' own generator would have
chosen at random. So replaying, shrinking, the example database and ``@reproduce_failure`` need no walks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Any
from weakref import WeakKeyDictionary

from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from hintproof.engines.judged_walks import JudgedWalks
from hintproof.engines.shorten import Replay, Steps, leave_out_stretches, shorten
from hintproof.engines.walks import Guide
from hintproof.interpret.concrete import Concrete

#: The name of the backend, for ``settings(backend=...)``.
BACKEND = "hintproof"

#: The chance by which Hypothesis ends a run early.
STOPS = 2**-16

#: Most walks for a test case. The first test cases are made of fewer, so that a short test is quick.
MOST_WALKS = 200

#: Walks for a test case of a machine that has more than the protocol: only its own runs show what that does.
WALKS_OF_OWN = 10

#: How often a machine's own rule comes in between, and how often a run ends that has no walk to follow.
OWN_RULE, ENDS = 0.2, 0.05


class GuidedProvider(HypothesisProvider):
    """Hypothesis' own generator, but for the steps of a run and its end."""

    def __init__(self, data: ConjectureData | None, /) -> None:
        super().__init__(data)
        #: Chooses the next integer, if it is the number of a step.
        self.choose: Callable[[], int] | None = None
        #: Whether the run is to end here.
        self.ends: Callable[[], bool] = lambda: False

    def draw_boolean(self, p: float = 0.5) -> bool:
        """Whether the run ends, or any other boolean."""
        return self.ends() if p == STOPS else super().draw_boolean(p)

    def draw_integer(self, *args: Any, **kwargs: Any) -> int:
        """The next step, or any other integer."""
        return super().draw_integer(*args, **kwargs) if self.choose is None else self.choose()

    @property
    def can_choose(self) -> bool:
        """Whether there is anything to choose: not where Hypothesis replays given choices alone."""
        return self._random is not None

    @property
    def random(self) -> Random:
        """The generator of all test cases of one execution of a test, from its seed."""
        assert self._random is not None
        return self._random


AVAILABLE_PROVIDERS[BACKEND] = GuidedProvider


def guide_draws(data: ConjectureData) -> GuidedProvider | None:
    """The provider of a test case, in place of Hypothesis' own if need be; None if another tool or a replay chooses."""
    if type(data.provider) is HypothesisProvider:
        data.provider = GuidedProvider(data)
    return data.provider if isinstance(data.provider, GuidedProvider) and data.provider.can_choose else None


class Walks:
    """The walks of one execution of a test, from one initial state. They learn from test case to test case."""

    def __init__(self, system: Concrete, wanted: Collection[str], longest: int, seed: int, only_protocol: bool) -> None:
        self._judged = JudgedWalks(system, Guide(system, seed, longest), wanted)
        self._judged.guide.open &= set(wanted)
        self._replay = Replay(system)
        self._proposals, self._only_protocol = 0, only_protocol

    def propose(self) -> Steps:
        """The run of the next test case, by the numbers of its steps."""
        self._proposals += 1
        walks = min(max(self._proposals, WALKS_OF_OWN), MOST_WALKS) if self._only_protocol else WALKS_OF_OWN
        steps = self._judged.propose(walks)
        for name, found in self._judged.pending.items():
            self._judged.settle(name)
            return self._shorten(name, found)
        return steps

    def _shorten(self, name: str, steps: Steps) -> Steps:
        """A short run to the same end: Hypothesis would take much longer to get there."""

        def without(run: Steps, size: int) -> Steps | None:
            cuts = (run[:i] + run[i + size :] for i in range(0, len(run), size))
            found = (self._replay.until(name, cut) for cut in cuts)
            return next((short for short in found if short is not None and len(short) < len(run)), None)

        return shorten(self._replay, name, leave_out_stretches(steps, len, without), lambda: False)


#: The walks of each execution of a test: of its random generator, and therein by what they walk through.
_WALKS: WeakKeyDictionary[Random, dict[Any, Walks]] = WeakKeyDictionary()


class Course:
    """How one test case goes on."""

    def __init__(self, provider: GuidedProvider, only_protocol: bool) -> None:
        self._random, self._only_protocol = provider.random, only_protocol
        self._coming: deque[int] = deque()
        self._begun = self._follows_walk = False
        provider.ends = self._ends

    def begin(self, key: Any, make_walks: Callable[[int], Walks]) -> None:
        """Follow a walk from here. ``make_walks`` takes a seed, and is asked once for each ``key`` of an execution."""
        walks = _WALKS.setdefault(self._random, {})
        if key not in walks:
            walks[key] = make_walks(self._random.getrandbits(64))
        self._coming.extend(walks[key].propose())
        self._follows_walk = bool(self._coming)

    def choose(self, steps: Sequence[int], own: Sequence[int]) -> int:
        """The number of the next step: of the walk, or one of the possible ``steps`` and rules of the machine's own."""
        self._begun = True
        if own and self._random.random() < OWN_RULE:
            return self._random.choice(own)
        while self._coming:
            number = self._coming.popleft()
            if number in steps:
                return number
        return self._random.choice([*steps, *own])

    def _ends(self) -> bool:
        """Whether the run ends: behind the walk, or now and then if it follows none or has other rules to try."""
        if self._coming or not self._begun:
            return False
        return (self._follows_walk and self._only_protocol) or self._random.random() < ENDS
