"""How fast the exhaustive searches are: fixed worlds and sizes, each search in a process of its own.

The same worlds are given to SPIN, and a common model to SPIN, TLC and minicheck, where these are installed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.exhaustive import PlainSearch
from hintproof.engines.limits import Limits
from hintproof.engines.options import ExhaustiveOptions
from hintproof.interpret.concrete import Concrete
from hintproof.peers import PeerRun, python, run_minicheck, run_spin, run_tlc, spin, tlc
from hintproof.peers.two_phase_commit import STATES, two_phase_commit
from hintproof.peers.worlds import COMPARED
from hintproof.system.memory import peak_megabytes, touch
from hintproof.system.progress import Progress
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes

#: Our searches: the plain one, the compiled one, that on two cores, that up to the names of blocks.
PLAIN, COMPILED, TWO_CORES, SYMMETRIC = "plain", "compiled", "compiled, 2 cores", "compiled, symmetry"

#: The searches of others; SPIN as its manual has it, and as it was fastest.
SPIN, SPIN_FASTEST, TLC, MINICHECK = "SPIN -O3 -DSAFETY", "SPIN, tuned", "TLC", "minicheck"

#: How SPIN is set up.
SETUPS = {SPIN: spin.USUAL, SPIN_FASTEST: spin.FASTEST}

#: The common model, and of how many resource managers.
COMMON, MANAGERS = "two-phase commit", 8

#: States up to which the plain search is measured, and others than SPIN are asked.
_FEW = 2_000_000

#: Seconds that a search takes at least, as far as SPIN's clock can tell.
_TICK = 0.01

#: Megabytes that SPIN may take.
_SPIN_MEMORY = 16_000

#: Bytes a state that are touched before a search, which is what SPIN takes, and more than ours do.
_TOUCHED = 64


@dataclass(frozen=True)
class Measured:
    """One search: its counts, seconds for the search alone and for making it ready, memory in MB.

    Memory is what the compiled search has of rows and table; of the others it is the most that the process had.
    ``samples`` are states and seconds on the way. ``bytes_per_state`` is what our searches keep of a state.
    """

    environment: str
    sizes: str
    engine: str
    states: int
    transitions: int | None
    seconds: float
    ready: float
    megabytes: int
    version: str = ""
    bytes_per_state: float | None = None
    samples: tuple[tuple[int, float], ...] = ()

    @property
    def transition_rate(self) -> float | None:
        """Transitions a second, if they were counted."""
        return self.transitions / max(self.seconds, _TICK) if self.transitions else None


@dataclass(frozen=True)
class BenchTask:
    """One search of one world: a unit of work. ``states`` are those that it has, as far as is known."""

    environment: str
    sizes: Sizes
    engine: str
    states: int = 0
    models: Path | None = None

    def __str__(self) -> str:
        return f"{self.engine} search of {self.environment}"

    def run(self, progress: Progress | None = None) -> Measured:
        """Make the search ready, then time it."""
        common = self.environment == COMMON
        concrete = two_phase_commit(self.sizes.blocks) if common else prepare(self.environment, self.sizes)
        touch(self.states * _TOUCHED >> 20)
        if self.engine in (*SETUPS, TLC, MINICHECK):
            return self._of_peer(self._ask(concrete))
        return self._of_ours(concrete, progress or (lambda what, count: None))

    def _ask(self, concrete: Concrete) -> PeerRun:
        if setup := SETUPS.get(self.engine):
            return run_spin(concrete, seconds=1800, megabytes=_SPIN_MEMORY, expected=self.states or None, setup=setup)
        assert self.models is not None
        if self.engine == TLC:
            return run_tlc(self.models / "TwoPhase.tla", {"N": self.sizes.blocks})
        return run_minicheck(self.models / "two_phase_minicheck.py", self.sizes.blocks)

    def _of_peer(self, run: PeerRun) -> Measured:
        names = (self.environment, str(self.sizes), self.engine)
        return Measured(*names, run.states, run.transitions, run.seconds, run.ready, run.megabytes, run.version)

    def _of_ours(self, concrete: Concrete, progress: Progress) -> Measured:
        samples: list[tuple[int, float]] = []
        began = time.monotonic()

        def sampled(what: str, count: int) -> None:
            progress(what, count)
            samples.append((count, time.monotonic() - began))

        search: PlainSearch | CompiledSearch
        if self.engine == PLAIN:
            search = PlainSearch(concrete, progress=sampled)
            search.search(1)  # makes the source of the steps
        else:
            options = ExhaustiveOptions(symmetry=self.engine == SYMMETRIC, threads=2 if self.engine == TWO_CORES else 1)
            _compile(concrete, options)
            search = CompiledSearch(concrete, options=options, progress=sampled)
        ready = time.monotonic() - began
        samples.clear()
        began = time.monotonic()
        search.search()
        seconds = time.monotonic() - began
        kept = search.bytes_per_state if isinstance(search, CompiledSearch) else None
        every = max(len(samples) // 50, 1)
        return Measured(
            *(self.environment, str(self.sizes), self.engine, search.count, search.transitions),
            *(seconds, ready, int(kept * search.count) >> 20 if kept else peak_megabytes()),
            bytes_per_state=kept,
            samples=(*samples[::every], (search.count, seconds)),
        )


def _compile(concrete: Concrete, options: ExhaustiveOptions) -> None:
    """Have the search compiled, if it is not yet: a few states are enough."""
    CompiledSearch(concrete, Limits(states=1000), options).search()


def tasks(quick: bool = False, models: Path | None = None) -> list[BenchTask]:
    """All that is measured, in order. ``quick`` leaves out the worlds of many states.

    TLC and minicheck need the directory that holds their models, ``benchmarks/`` of the sources.
    """
    chosen: list[BenchTask] = []
    for world in COMPARED:
        if not (quick and world.states > _FEW):
            make = partial(BenchTask, world.environment, world.sizes, states=world.states)
            chosen += [make(engine) for engine in _engines(world.states, world.sizes.blocks)]
    make = partial(BenchTask, COMMON, Sizes(MANAGERS, 2, 1), states=STATES[MANAGERS], models=models)
    chosen += [make(engine) for engine in _engines(STATES[MANAGERS], MANAGERS)]
    if models is not None:
        chosen += [make(TLC)] * (not tlc.missing()) + [make(MINICHECK)] * (not python.missing())
    return chosen


def _engines(states: int, blocks: int) -> Iterator[str]:
    if states <= _FEW:
        yield PLAIN
    yield from (COMPILED, TWO_CORES)
    if blocks > 1:
        yield SYMMETRIC
    if not spin.missing():
        yield from SETUPS


def missing(models: Path | None) -> list[str]:
    """What is not compared with, and what it needs."""
    told = [spin.missing(), tlc.missing(), python.missing()]
    if models is None:
        told.append("TLC and minicheck need the models in benchmarks/ of the sources: give --models")
    return [line for line in told if line]


@dataclass(frozen=True)
class Ratio:
    """Our search against SPIN's, of one world: transitions a second, and time to the verdict with symmetry."""

    environment: str
    sizes: str
    spin: str
    transitions: float
    verdict: float | None
    agree: bool


def ratios(measured: list[Measured]) -> list[Ratio]:
    """Ours against SPIN's two, of each world that both searched, from one run."""
    by_world: dict[tuple[str, str], dict[str, Measured]] = {}
    for m in measured:
        by_world.setdefault((m.environment, m.sizes), {})[m.engine] = m
    found = []
    for (environment, sizes), by_engine in by_world.items():
        ours, reduced = by_engine.get(COMPILED), by_engine.get(SYMMETRIC)
        for theirs in (by_engine[engine] for engine in SETUPS if engine in by_engine):
            if ours and ours.transition_rate and theirs.transition_rate:
                faster = ours.transition_rate / theirs.transition_rate
                verdict = theirs.seconds / max(reduced.seconds, _TICK) if reduced else None
                agree = (ours.states, ours.transitions) == (theirs.states, theirs.transitions)
                found.append(Ratio(environment, sizes, theirs.engine, faster, verdict, agree))
    return found
