"""The speed of the exhaustive searches, on fixed worlds and sizes, each search in a process of its own.

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
from hintproof.system.progress import Progress, no_progress
from hintproof.system.workers import Task
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes

#: Our searches: the plain one; the compiled one on one core, on two, and up to the names of blocks.
PLAIN, COMPILED, TWO_CORES, SYMMETRIC = "plain", "compiled", "compiled, 2 cores", "compiled, symmetry"

#: The searches of others; SPIN as its manual has it, and as it was fastest.
SPIN, SPIN_FASTEST, TLC, MINICHECK = "SPIN -O3 -DSAFETY", "SPIN, tuned", "TLC", "minicheck"

#: The setups of SPIN.
SETUPS = {SPIN: spin.USUAL, SPIN_FASTEST: spin.FASTEST}

#: The searches that run in another checker.
PEERS = (*SETUPS, TLC, MINICHECK)

#: The common model, and of how many resource managers.
COMMON, MANAGERS = "two-phase commit", 8

#: States up to which the plain search is measured, and up to which a world counts as quick.
_FEW = 2_000_000

#: The resolution of SPIN's clock, in seconds: no search counts as shorter.
_TICK = 0.01

#: Megabytes that SPIN may take.
_SPIN_MEMORY = 16_000

#: Bytes a state that are touched before a search: as many as SPIN takes, more than our searches do.
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


def measure(
    environment: str,
    sizes: Sizes,
    engine: str,
    states: int = 0,
    models: Path | None = None,
    progress: Progress = no_progress,
) -> Measured:
    """Make one search of one world ready, then time it.

    ``states`` are those that it has, if that is known. TLC and minicheck need ``models``, the directory of their
    models. Raises :class:`BadInput` for a program that is missing and a limit that is met.
    """
    concrete = two_phase_commit(sizes.blocks) if environment == COMMON else prepare(environment, sizes)
    touch(states * _TOUCHED >> 20)
    if engine in PEERS:
        run = _run_peer(concrete, engine, states, models)
        names = (environment, str(sizes), engine)
        return Measured(*names, run.states, run.transitions, run.seconds, run.ready, run.megabytes, run.version)
    return _run_search(environment, concrete, engine, progress)


def _run_peer(concrete: Concrete, engine: str, states: int, models: Path | None) -> PeerRun:
    if setup := SETUPS.get(engine):
        return run_spin(concrete, seconds=1800, megabytes=_SPIN_MEMORY, expected=states or None, setup=setup)
    assert models is not None
    if engine == TLC:
        return run_tlc(models / "TwoPhase.tla", {"N": concrete.sizes.blocks})
    return run_minicheck(models / "two_phase_minicheck.py", concrete.sizes.blocks)


def _run_search(environment: str, concrete: Concrete, engine: str, progress: Progress) -> Measured:
    samples: list[tuple[int, float]] = []
    began = time.monotonic()

    def sample(what: str, count: int) -> None:
        progress(what, count)
        samples.append((count, time.monotonic() - began))

    search: PlainSearch | CompiledSearch
    if engine == PLAIN:
        search = PlainSearch(concrete, progress=sample)
        search.search(1)  # makes the source of the steps
    else:
        options = ExhaustiveOptions(symmetry=engine == SYMMETRIC, threads=2 if engine == TWO_CORES else 1)
        CompiledSearch(concrete, Limits(states=1000), options).search()  # so that it is compiled
        search = CompiledSearch(concrete, options=options, progress=sample)
    ready = time.monotonic() - began
    samples.clear()
    began = time.monotonic()
    search.search()
    seconds = time.monotonic() - began
    state_bytes = search.bytes_per_state if isinstance(search, CompiledSearch) else None
    every = max(len(samples) // 50, 1)
    return Measured(
        *(environment, str(concrete.sizes), engine, search.count, search.transitions),
        *(seconds, ready, int(state_bytes * search.count) >> 20 if state_bytes else peak_megabytes()),
        bytes_per_state=state_bytes,
        samples=(*samples[::every], (search.count, seconds)),
    )


def measurements(quick: bool = False, models: Path | None = None) -> list[Task[Measured]]:
    """A task for each search of each world, in order. ``quick`` leaves out the worlds of many states.

    TLC and minicheck need the directory that holds their models, ``benchmarks/`` of the sources.
    """
    chosen = [
        _task(world.environment, world.sizes, engine, world.states, None)
        for world in COMPARED
        if not (quick and world.states > _FEW)
        for engine in _engines(world.states, world.sizes.blocks)
    ]
    engines = [*_engines(STATES[MANAGERS], MANAGERS)]
    if models is not None:
        engines += [TLC] * (not tlc.missing()) + [MINICHECK] * (not python.missing())
    return chosen + [_task(COMMON, Sizes(MANAGERS, 2, 1), engine, STATES[MANAGERS], models) for engine in engines]


def _task(environment: str, sizes: Sizes, engine: str, states: int, models: Path | None) -> Task[Measured]:
    return Task(f"{environment} {sizes}", engine, partial(measure, environment, sizes, engine, states, models))


def _engines(states: int, blocks: int) -> Iterator[str]:
    if states <= _FEW:
        yield PLAIN
    yield from (COMPILED, TWO_CORES)
    if blocks > 1:
        yield SYMMETRIC
    if not spin.missing():
        yield from SETUPS


def missing(models: Path | None) -> list[str]:
    """The peers that are missing, each with what it needs, in a line."""
    lines = [spin.missing(), tlc.missing(), python.missing()]
    if models is None:
        lines.append("TLC and minicheck need the models in benchmarks/ of the sources: give --models")
    return [line for line in lines if line]


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
