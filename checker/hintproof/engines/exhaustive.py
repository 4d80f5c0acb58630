"""Exhaustive breadth-first search: every reachable state of a finite size, shortest runs.

Two searches that find the same, state for state: a plain one in Python, which keeps every state in a
dict (about 0.7 kB each), and a compiled one (:mod:`hintproof.engines.compiled`, some 25 bytes each).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from hintproof.engines.limits import Limits, NoRoom
from hintproof.engines.liveness import (
    bytes_to_find_lasso,
    bytes_to_find_stuck,
    find_lasso,
    first_stuck,
    follow_lasso,
)
from hintproof.engines.options import ExhaustiveOptions
from hintproof.engines.report import NO_DEADLOCK, ExhaustiveFound, Run
from hintproof.engines.search import BreadthFirst, Graph, Visitor
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.transition_system import TransitionSystem
from hintproof.system.clock import Clock
from hintproof.system.memory import give_back
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import OF_ALL_STATES, RECOVERABLE, SOMETIMES
from hintspec.language.errors import SpecError
from hintspec.language.recording import RecordedProperty

if TYPE_CHECKING:
    from hintproof.engines.compiled import CompiledSearch  # imported where it runs, as LLVM takes a while

#: States up to which the plain search is the quicker one: it takes about as long for them as compiling does.
_FEW = 20_000

#: States that the plain search keeps at most, where a state is too wide for the compiled one: about 4 GB.
_MOST_PLAIN = 6_000_000


class PlainSearch(BreadthFirst, Visitor):
    """The breadth-first search that judges each state and notes each broken promise: ``verdicts`` has the masks."""

    system: TransitionSystem

    def __init__(self, system: TransitionSystem, limits: Limits = Limits(), progress: Progress = no_progress) -> None:
        self.verdicts = array("L")
        self._broken: dict[int, tuple[int, int]] = {}
        self._judge = system.judge
        super().__init__(system, limits, [self], progress)

    def on_state(self, state: State) -> None:
        """Judge a new state."""
        self.verdicts.append(self._judge(state))

    def on_violation(self, number: int, instance: int, broken: int) -> None:
        """Note the first step that breaks each promise."""
        for bit in range(broken.bit_length()):
            if broken >> bit & 1:
                self._broken.setdefault(bit, (number, instance))

    def search(self, until: int | None = None) -> bool:
        """Search as :meth:`BreadthFirst.search` does; a system that refuses memory ends it, as a limit does."""
        try:
            return super().search(until)
        except MemoryError:
            self.stopped_by = self.limits.memory_is_full()
            return True

    @property
    def graph_bytes(self) -> int:
        """The memory that :meth:`graph` takes."""
        return self.count * self.ends.itemsize + self.transitions * (self.targets.itemsize + self.vias.itemsize)

    @property
    def fired_counts(self) -> list[int]:
        """How often each instance of an action happened."""
        counts: list[int] = np.bincount(np.array(self.vias), minlength=len(self.system.instances)).tolist()
        return counts

    def broken_steps(self) -> list[int]:
        """The bits of the STEP properties that some step breaks."""
        return list(self._broken)

    def run_breaking(self, bit: int) -> Run:
        """A shortest run whose last step breaks a STEP property."""
        state, instance = self._broken[bit]
        return [*self.run_to(state), self.system.instances[instance].step]

    def first_with(self, bit: int) -> int | None:
        """The first state that violates an ALWAYS property, or meets the goal of another one."""
        return next((n for n, v in enumerate(self.verdicts) if v >> bit & 1), None)

    def met(self, bit: int) -> npt.NDArray[np.uint8]:
        """For each state whether it has the bit of a property."""
        return (np.array(self.verdicts) >> bit & 1).astype(np.uint8)

    def state_at(self, number: int) -> State:
        """The state of a number."""
        state: State = self.order[number]
        return state

    def step_to(self, here: State, name: str, number: int) -> tuple[Instance, State]:
        """The instance of an action that leads from one state to that of a number."""
        for index, state, _ in self.system.successors(here):
            instance = self.system.instances[index]
            if instance.action.name == name and self.number[state] == number:
                return instance, state
        raise AssertionError(f"no {name} leads to state {number}")


#: A finished search of either kind.
_Searched: TypeAlias = "PlainSearch | CompiledSearch"


def explore_all(
    model: Concrete,
    limits: Limits = Limits(),
    options: ExhaustiveOptions = ExhaustiveOptions(),
    progress: Progress = no_progress,
) -> ExhaustiveFound:
    """Visit every reachable state, and judge each property on all of them.

    The search begins plain, which is quicker where there are few states, and begins again compiled where
    there are many. A state that is too wide for that is searched plainly, up to some millions.
    """
    clock, limits = Clock(limits.seconds), limits.with_memory()
    if options.symmetry:
        return _explore_compiled(model, limits, options, progress, clock)
    plain = PlainSearch(model, limits, progress)
    if plain.search(_FEW):
        return found_by(plain)
    try:
        PackedCompiler(model)
    except SpecError:
        if not plain.search(_MOST_PLAIN):
            plain.stopped_by = f"limit of {_MOST_PLAIN} states, too wide to be packed"
        return found_by(plain)
    del plain
    give_back()
    return _explore_compiled(model, limits, options, progress, clock)


def _explore_compiled(
    model: Concrete, limits: Limits, options: ExhaustiveOptions, progress: Progress, clock: Clock
) -> ExhaustiveFound:
    from hintproof.engines.compiled import CompiledSearch

    compiled = CompiledSearch(model, replace(limits, seconds=clock.remaining()), options, progress)
    compiled.search()
    found = found_by(compiled)
    found.symmetric = options.symmetry
    found.seconds = clock.seconds
    return found


def found_by(search: _Searched) -> ExhaustiveFound:
    """What a search found."""
    system = search.system
    found = ExhaustiveFound(
        stopped_by=search.stopped_by,
        states=search.count,
        transitions=search.transitions,
        depth=search.depth,
        decides=frozenset([NO_DEADLOCK, *(p.name for p in system.model.properties)]),
    )
    for bit in search.broken_steps():
        _note_run(search, found, found.against, system.step_properties[bit], partial(search.run_breaking, bit))
    of_all: list[tuple[int, RecordedProperty]] = []
    for bit, item in enumerate(system.state_properties):
        if item.declared.kind in OF_ALL_STATES:
            of_all.append((bit, item))
        elif (state := search.first_with(bit)) is not None:
            runs = found.witnesses if item.declared.kind == SOMETIMES else found.against
            _note_run(search, found, runs, item.name, partial(search.run_to, state))
    if search.deadlock is not None:
        _note_run(search, found, found.against, NO_DEADLOCK, partial(search.run_to, search.deadlock))
    if of_all and found.finished:
        _judge_all_states(search, of_all, found)
    for instance, count in zip(system.instances, search.fired_counts, strict=True):
        found.fired[instance.action.name] = found.fired.get(instance.action.name, 0) + count
    found.seconds = search.clock.seconds
    return found


def _note_run(
    search: _Searched,
    found: ExhaustiveFound,
    runs: dict[str, Run],
    name: str,
    run: Callable[[], Run],
) -> None:
    """Note the run to a state that was found. Without memory for it, what it shows is known of no run: undecided."""
    phase = "the making of traces"
    with _phase(found, [name], phase):
        search.limits.require(phase)
        runs[name] = run()


@contextmanager
def _phase(found: ExhaustiveFound, names: list[str], phase: str) -> Iterator[None]:
    """A phase of the search. Properties that need it are undecided if it does not fit the limit of memory."""
    try:
        yield
    except NoRoom as problem:
        found.undecided |= dict.fromkeys(names, str(problem))
    except MemoryError:  # the system refuses memory below the limit
        found.undecided |= dict.fromkeys(names, f"no memory for {phase}")


def _judge_all_states(search: _Searched, items: list[tuple[int, RecordedProperty]], found: ExhaustiveFound) -> None:
    """Judge the properties of more than single states, which need all transitions in memory."""
    names = [item.name for _, item in items]
    phase = f"the graph of {search.transitions:,} transitions"
    with _phase(found, names, phase):
        search.limits.require(phase, search.graph_bytes)
        search.progress(phase, search.count)
        graph = search.graph()
        for bit, item in items:
            judge = _judge_recoverable if item.declared.kind == RECOVERABLE else _judge_liveness
            judge(search, graph, bit, item, found)


def _judge_recoverable(
    search: _Searched, graph: Graph, bit: int, item: RecordedProperty, found: ExhaustiveFound
) -> None:
    phase = "the search for states without a way back"
    with _phase(found, [item.name], phase):
        search.limits.require(phase, bytes_to_find_stuck(graph))
        search.progress(f"{phase}, {item.name}", search.count)
        stuck = first_stuck(graph, search.met(bit))
        if stuck is not None:
            found.against[item.name] = search.run_to(stuck)


def _judge_liveness(search: _Searched, graph: Graph, bit: int, item: RecordedProperty, found: ExhaustiveFound) -> None:
    instances = search.system.instances
    fair = [
        frozenset(n for n, instance in enumerate(instances) if instance.action.name in condition.steps)
        for condition in item.fair
    ]
    phase = "the search for fair loops"
    with _phase(found, [item.name], phase):
        search.limits.require(phase, bytes_to_find_lasso(graph, len(fair)))
        search.progress(f"{phase}, {item.name}", search.count)
        lasso = find_lasso(graph, search.met(bit), fair)
        if lasso is None:
            return
        loop = [(instances[via].action.name, target) for via, target in lasso.loop]
        stem, here = search.run_to(lasso.state), search.state_at(lasso.state)
        full = partial(search.limits.require, "the following of a loop")
        found.against[item.name], found.loops[item.name] = follow_lasso(here, stem, loop, search.step_to, full)
