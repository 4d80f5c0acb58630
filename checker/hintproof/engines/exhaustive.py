"""Exhaustive breadth-first search: every reachable state of a finite size, shortest runs.

Two searches that find the same, state for state: a plain one in Python, which keeps every state in a
dict (about 0.7 kB each), and a compiled one (:mod:`hintproof.engines.compiled`, some 25 bytes each).
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hintproof.engines.limits import Limits
from hintproof.engines.liveness import BYTES_PER_TRANSITION, find_lasso, first_stuck, follow_lasso
from hintproof.engines.options import ExhaustiveOptions
from hintproof.engines.report import NO_DEADLOCK, ExhaustiveFound, Run
from hintproof.engines.search import BreadthFirst, Visitor
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.transition_system import TransitionSystem
from hintproof.system.clock import Clock
from hintproof.system.memory import share
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import OF_ALL_STATES, RECOVERABLE, SOMETIMES
from hintspec.language.errors import SpecError
from hintspec.language.recording import RecordedProperty

if TYPE_CHECKING:
    from hintproof.engines.compiled import CompiledSearch  # imported where it runs, as Numba takes a while

#: States up to which the plain search is the quicker one, where the compiled one is there already.
_FEW = 20_000

#: States that are worth the seconds that Numba takes: of a model that was searched before, and of any other. The plain
#: search of the latter takes about as long as compiling does.
_WORTH_COMPILING, _WORTH_COMPILING_AT_ONCE = 250_000, 1_000_000

#: Bytes that the plain search takes for a state, and its transitions, at most.
_PLAIN_STATE = 1_500

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


def explore_all(
    model: Concrete,
    limits: Limits = Limits(),
    options: ExhaustiveOptions = ExhaustiveOptions(),
    progress: Progress = no_progress,
) -> ExhaustiveFound:
    """Visit every reachable state, and judge each property on all of them.

    The search begins plain, which is quicker where there are few states, and begins again compiled where
    there are many: soon if it was compiled before, later if it was wanted before, and last the first time. A state
    that is too wide for that is searched plainly, up to some millions.
    """
    clock = Clock(limits.seconds)
    if options.symmetry:
        return _explore_compiled(model, limits, options, progress, clock)
    plain = PlainSearch(model, limits, progress)
    if plain.search(_FEW):
        return found_by(plain)
    try:
        packed = PackedCompiler(model)
    except SpecError:
        if not plain.search(_MOST_PLAIN):
            plain.stopped_by = f"limit of {_MOST_PLAIN} states, too wide to be packed"
        return found_by(plain)
    if plain.search(_worth_compiling(packed, limits)):
        return found_by(plain)
    del plain
    return _explore_compiled(model, limits, options, progress, clock)


def _worth_compiling(packed: PackedCompiler, limits: Limits) -> int:
    """States from which on the compiled search is worth it."""
    from hintproof.engines.compiled import is_compiled, is_wanted  # here, as it takes Numba a while to be imported

    if is_compiled(packed):
        return _FEW
    if is_wanted(packed):
        return _WORTH_COMPILING
    return max(_WORTH_COMPILING, min(_WORTH_COMPILING_AT_ONCE, ((limits.megabytes or share(1)) << 20) // _PLAIN_STATE))


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


def found_by(search: PlainSearch | CompiledSearch) -> ExhaustiveFound:
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
        found.against[system.step_properties[bit]] = search.run_breaking(bit)
    of_all: list[tuple[int, RecordedProperty]] = []
    for bit, item in enumerate(system.state_properties):
        if item.declared.kind in OF_ALL_STATES:
            of_all.append((bit, item))
        elif (state := search.first_with(bit)) is not None:
            runs = found.witnesses if item.declared.kind == SOMETIMES else found.against
            runs[item.name] = search.run_to(state)
    if of_all and found.finished:
        _judge_all_states(search, of_all, found)
    if search.deadlock is not None:
        found.against[NO_DEADLOCK] = search.run_to(search.deadlock)
    for instance, count in zip(system.instances, search.fired_counts, strict=True):
        found.fired[instance.action.name] = found.fired.get(instance.action.name, 0) + count
    found.seconds = search.clock.seconds
    return found


def _judge_all_states(
    search: PlainSearch | CompiledSearch, items: list[tuple[int, RecordedProperty]], found: ExhaustiveFound
) -> None:
    """Judge the properties of more than single states, which need all transitions in memory."""
    needed, most = search.transitions * BYTES_PER_TRANSITION >> 20, search.limits.megabytes or share(1)
    if needed > most:
        reason = f"the {search.transitions:,} transitions need {needed:,} MB, of {most:,}"
        found.undecided = {item.name: reason for _, item in items}
        return
    graph, instances = search.graph(), search.system.instances
    for bit, item in items:
        met = search.met(bit)
        if item.declared.kind == RECOVERABLE:
            stuck = first_stuck(graph, met)
            if stuck is not None:
                found.against[item.name] = search.run_to(stuck)
            continue
        fair = [
            frozenset(n for n, instance in enumerate(instances) if instance.action.name in condition.steps)
            for condition in item.fair
        ]
        lasso = find_lasso(graph, met, fair)
        if lasso is not None:
            loop = [(instances[via].action.name, target) for via, target in lasso.loop]
            stem, here = search.run_to(lasso.state), search.state_at(lasso.state)
            found.against[item.name], found.loops[item.name] = follow_lasso(here, stem, loop, search.step_to)
