"""Exploration with Hypothesis: guided random runs, and shrinking of those that break a property.

A run is drawn as one string of bytes that name its steps; one that is not possible where it comes is left out. So
any string is a run, and leaving bytes out shortens it, which is what Hypothesis' shrinker does best. While Hypothesis
generates, the bytes come from a *backend* of ours (:mod:`hintproof.engines.walks`), which learns as it goes on. What
was learned decides only what is drawn, not what the bytes mean: a run that fails is replayed, shrunk and kept in the
example database by Hypothesis itself, without the backend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from hypothesis import Phase
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase

from hintproof.engines.coverage import Watch
from hintproof.engines.judged_walks import JudgedWalks
from hintproof.engines.limits import Limits
from hintproof.engines.options import PROFILES, SamplingOptions
from hintproof.engines.proposals import RunFails, shrink_proposals
from hintproof.engines.report import Run, SampledFound
from hintproof.engines.shorten import Replay, Steps, shorten
from hintproof.engines.walks import LONGEST_RUN, LONGEST_WALK, Guide, Linked, unlinked
from hintproof.interpret.transition_system import Replayable
from hintproof.system.clock import Clock
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import ALWAYS, OF_ALL_STATES, STEP

#: Walks from which one run is drawn, and draws that Hypothesis makes before it is asked again.
WALKS_A_DRAW, DRAWS = 50, 20


class _NamedDatabase(ExampleDatabase):
    """An example database that keeps what Hypothesis hands it under the model's and the property's name."""

    def __init__(self, inner: ExampleDatabase, name: Callable[[], str]) -> None:
        super().__init__()
        self._inner, self._name = inner, name

    def _key(self, key: bytes) -> bytes:
        part = next((end for end in (b".secondary", b".pareto") if key.endswith(end)), b"")
        return hashlib.sha256(f"hintproof: {self._name()}".encode() + part).digest()

    def save(self, key: bytes, value: bytes) -> None:
        self._inner.save(self._key(key), value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        return self._inner.fetch(self._key(key))

    def delete(self, key: bytes, value: bytes) -> None:
        self._inner.delete(self._key(key), value)


class _Search:
    """One search: what is still looked for, what was found."""

    def __init__(self, system: Replayable, limits: Limits, options: SamplingOptions, progress: Progress) -> None:
        self.system, self.options, self.progress = system, options, progress
        self.clock = Clock(limits.seconds)
        profile = self.profile = PROFILES[options.profile]
        self.walks = options.runs or profile.walks
        self.time = Clock(None if options.runs else profile.seconds)
        self.guide = Guide(system, options.seed)
        self.watch = Watch(system)
        self.watch.state(system.initial)
        self.replay = Replay(system)
        self.found = SampledFound()
        self.looked_for = [p.name for p in system.model.properties if p.declared.kind in (ALWAYS, STEP)]
        #: The walks; what is pending there is still to be handed to Hypothesis.
        self.judged = JudgedWalks(
            system, self.guide, on_violation=self._on_violation, on_witness=self._on_witness, watch=self.watch
        )
        #: The shortest run against each property that was broken.
        self._shortest: dict[str, Steps] = {}
        self.database: _NamedDatabase | None = None
        if options.database is not None:
            inner = DirectoryBasedExampleDatabase(options.database)
            self.database = _NamedDatabase(inner, lambda: f"{options.name}, {self._focus}")
        self._width = 1 if len(system.instances) <= 256 else 3
        self._focus = ""
        self._replaying = False
        self._failing: dict[bytes, Steps] = {}

    # -- bytes and runs ----------------------------------------------------------------------
    def _encoded(self, steps: Steps) -> bytes:
        return b"".join(step.to_bytes(self._width, "big") for step in steps)

    def _decoded(self, data: bytes) -> list[int]:
        numbers = (int.from_bytes(data[i : i + self._width], "big") for i in range(0, len(data), self._width))
        return [n for n in numbers if n < len(self.system.instances)]

    def _run(self, steps: Steps) -> Run:
        return [self.system.instances[i].step for i in steps]

    # -- generating --------------------------------------------------------------------------
    def _is_over(self) -> bool:
        """Whether all was done that was asked for, or a limit was met."""
        enough = self.walks is not None and self.guide.walks >= self.walks
        found_all = bool(self.options.until) and self.options.until <= self.found.after.keys()
        return enough or found_all or self.time.is_over() or self.clock.is_over()

    def _propose(self) -> bytes:
        """The next run for Hypothesis: one that breaks something that is looked for, or the last of some walks."""
        if self._replaying:
            return b""
        steps = self.judged.propose(WALKS_A_DRAW, self._is_over)
        self.progress(f"walks, {len(self._shortest)} properties broken", self.guide.walks)
        if self.judged.pending:
            self._focus, steps = next(iter(self.judged.pending.items()))
        return self._encoded(steps)

    def _on_violation(self, name: str) -> None:
        self.found.after[name] = self.clock.seconds

    def _on_witness(self, name: str, run: Linked) -> None:
        if name not in self.found.witnesses:
            self.found.witnesses[name] = self._run(unlinked(run))

    # -- failing and shrinking -----------------------------------------------------------------
    def _explore(self, data: bytes) -> None:
        """The test that Hypothesis runs: fails if the run breaks the property in focus."""
        if not self._focus or (self.clock.is_over() and data not in self._failing):
            return
        broken = self.replay.until(self._focus, self._decoded(data))
        if broken is not None:
            self._failing[data] = broken
            raise RunFails(self._focus)

    def _ask(self, phases: tuple[Phase, ...], draws: int) -> Steps | None:
        """Have Hypothesis run the test; the shortest run that broke the property in focus, if any did."""
        self._failing = {}
        longest = (LONGEST_RUN + LONGEST_WALK) * self._width
        seed = self.options.seed
        shrink_proposals(self._explore, self._propose, longest, draws, phases, self.database, seed)
        return min(self._failing.values(), key=lambda steps: (len(steps), steps), default=None)

    def _settle(self, steps: Steps) -> None:
        """Shorten what Hypothesis shrank a run to that breaks the property in focus."""
        name = self._focus
        self._shortest[name] = shorten(self.replay, name, steps, self.clock.is_over)
        self.judged.settle(name)
        self._focus = ""

    def _compare(self) -> None:
        """Find other runs to the same end, and keep the shortest."""
        half = Clock(self.profile.seconds and self.profile.seconds / 2)

        def over() -> bool:
            return half.is_over() or self.clock.is_over()

        for number in range(1, self.profile.others + 1):
            for name, known in self._shortest.items():
                other = None if over() else self._another(name, number, over)
                if other is not None:
                    self._shortest[name] = min(known, shorten(self.replay, name, other, over), key=len)

    def _another(self, name: str, number: int, over: Callable[[], bool]) -> Steps | None:
        """A run against a property, found anew by a guide that knows nothing; None if it takes many more walks.

        What the first guide learned would lead it the way of the run that it found.
        """
        guide = Guide(self.system, self.options.seed + (number << 40))
        for _ in range(2 * self.guide.walks):
            if over():
                break
            for state, _, broken, run, _ in guide.walk():
                if self.replay.breaks(name, state, broken):
                    return unlinked(run)
        return None

    # -- all of it -----------------------------------------------------------------------------
    def replay_failures(self) -> None:
        """Replay what failed in earlier searches."""
        for name in self.looked_for:
            self._focus = name
            if self.database is not None and list(self.database.fetch(b"")):
                self._replaying = True
                steps = self._ask((Phase.reuse, Phase.generate, Phase.shrink), 1)
                self._replaying = False
                if steps is not None:
                    self.found.after[name] = self.clock.seconds
                    self.found.replayed |= {name}
                    self._settle(steps)
        self._focus = ""

    def run(self) -> SampledFound:
        """Generate until all is done, or a limit is met."""
        self.replay_failures()
        while not self.clock.is_over() and (self.judged.pending or not self._is_over()):
            steps = self._ask((Phase.generate, Phase.shrink), DRAWS)
            if steps is not None:
                self._settle(steps)
        self._compare()
        found = self.found
        as_long_as_they_are = self.judged.pending
        found.against = {n: self._run(steps) for n, steps in (self._shortest | as_long_as_they_are).items()}
        found.stopped_by = self.clock.says() if self.clock.is_over() else ""
        found.coverage = self.watch.coverage()
        found.fired = found.coverage.steps
        found.runs, found.transitions = self.guide.walks, sum(found.fired.values())
        found.decides = frozenset(p.name for p in self.system.model.properties if p.declared.kind not in OF_ALL_STATES)
        found.seconds = self.clock.seconds
        return found


def sample(
    system: Replayable,
    limits: Limits = Limits(),
    options: SamplingOptions = SamplingOptions(),
    progress: Progress = no_progress,
) -> SampledFound:
    """Explore at random, and shrink the runs that break a property."""
    return _Search(system, limits, options, progress).run()
