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

from hintproof.engines.limits import Limits, describe_rate
from hintproof.engines.liveness import BYTES_PER_TRANSITION, Graph, find_lasso, first_stuck, follow_lasso
from hintproof.engines.options import ExhaustiveOptions
from hintproof.engines.report import ExhaustiveFound, Run
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.packed import PackedCompiler
from hintproof.system.clock import Clock
from hintproof.system.memory import share
from hintproof.system.progress import Progress
from hintspec.language.declare import OF_ALL_STATES, RECOVERABLE, SOMETIMES
from hintspec.language.errors import SpecError
from hintspec.language.recording import RecordedProperty

if TYPE_CHECKING:
    from hintproof.engines.compiled import CompiledSearch

#: The name under which a state without any step is reported.
NO_DEADLOCK = "no_deadlock"

#: States up to which the plain search is the quicker one, where the compiled one is there already.
_FEW = 20_000

#: States that are worth the seconds that Numba takes: of a model that was searched before, and of any other. The plain
#: search of the latter takes about as long as compiling does.
_WORTH_COMPILING, _WORTH_COMPILING_AT_ONCE = 250_000, 1_000_000

#: Bytes that the plain search takes for a state, and its transitions, at most.
_PLAIN_STATE = 1_500

#: States that the plain search keeps at most, where a state is too wide for the compiled one: about 4 GB.
_MOST_PLAIN = 6_000_000

#: States between two looks at the limits.
_LOOK = 20_000


class PlainSearch:
    """One search: states by number, how each was first reached, and what it led to."""

    def __init__(self, model: Concrete, limits: Limits = Limits(), progress: Progress | None = None) -> None:
        self.model = model
        self.limits = limits
        self.progress = progress or (lambda what, count: None)
        self.clock = Clock(limits.seconds)
        self.number: dict[State, int] = {model.initial: 0}
        self.order: list[State] = [model.initial]
        self.parent = array("I", [0])
        self.via = array("H", [0])
        self.verdicts = array("L", [model.judge(model.initial)])
        self.edges = array("I")
        self.vias = array("H")
        self.ends = array("I")
        self.fired_counts = [0] * len(model.instances)
        self.stopped_by = ""
        self.depth, self._level_ends = 0, 1
        self._broken: dict[int, tuple[int, int]] = {}
        self.deadlock: int | None = None

    @property
    def count(self) -> int:
        """States found so far."""
        return len(self.order)

    @property
    def transitions(self) -> int:
        """Steps taken so far."""
        return len(self.edges)

    def broken_steps(self) -> list[int]:
        """The bits of the STEP properties that some step breaks."""
        return list(self._broken)

    def run_breaking(self, bit: int) -> Run:
        """A shortest run whose last step breaks a STEP property."""
        state, instance = self._broken[bit]
        last = self.model.instances[instance]
        return [*self.run_to(state), (last.action.name, last.block)]

    def first_with(self, bit: int) -> int | None:
        """The first state in which a property speaks up."""
        return next((n for n, v in enumerate(self.verdicts) if v >> bit & 1), None)

    def run_to(self, state: int) -> Run:
        """The run by which a state was first reached: a shortest one."""
        steps: Run = []
        while state:
            instance = self.model.instances[self.via[state]]
            steps.append((instance.action.name, instance.block))
            state = self.parent[state]
        return steps[::-1]

    def search(self, until: int | None = None) -> bool:
        """Visit all states, or until a limit is met; or stop about ``until`` states, and go on from there next time.

        Returns whether the search is over.
        """
        successors, judge = self.model.successors, self.model.judge
        number, order, fired = self.number, self.order, self.fired_counts
        parent, via, verdicts, edges, vias = self.parent, self.via, self.verdicts, self.edges, self.vias
        here = len(self.ends)
        while here < len(order):
            if here == self._level_ends:
                self.depth += 1
                self._level_ends = len(order)
            if here % _LOOK == 0 and self._is_over():
                return True
            if until is not None and len(order) >= until:
                return False
            steps = successors(order[here])
            for instance, state, broken in steps:
                fired[instance] += 1
                if broken:
                    self._break_promises(broken, here, instance)
                known = number.setdefault(state, len(order))
                if known == len(order):
                    order.append(state)
                    parent.append(here)
                    via.append(instance)
                    verdicts.append(judge(state))
                edges.append(known)
                vias.append(instance)
            self.ends.append(len(edges))
            if not steps and self.deadlock is None:
                self.deadlock = here
            here += 1
        return True

    def _break_promises(self, broken: int, state: int, instance: int) -> None:
        for bit in range(broken.bit_length()):
            if broken >> bit & 1:
                self._broken.setdefault(bit, (state, instance))

    def _is_over(self) -> bool:
        self.progress(describe_rate(self.clock, self.count, len(self.ends), self.depth), self.count)
        self.stopped_by = self.limits.reached(self.clock, self.count)
        return bool(self.stopped_by)

    def graph(self) -> Graph:
        """All transitions."""
        return Graph(*(np.array(values) for values in (self.ends, self.edges, self.vias)))

    def met(self, bit: int) -> npt.NDArray[np.uint8]:
        """Of each state whether the goal of the property of that bit is met."""
        return (np.array(self.verdicts) >> bit & 1).astype(np.uint8)

    def taken(self, here: State, name: str, number: int) -> tuple[Instance, State]:
        """The instance of an action that leads from one state to that of a number."""
        for index, state, _ in self.model.successors(here):
            instance = self.model.instances[index]
            if instance.action.name == name and self.number[state] == number:
                return instance, state
        raise AssertionError(f"no {name} leads to state {number}")


def explore_all(
    model: Concrete,
    limits: Limits = Limits(),
    options: ExhaustiveOptions = ExhaustiveOptions(),
    progress: Progress | None = None,
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
        return found_by(model, plain)
    try:
        packed = PackedCompiler(model)
    except SpecError:
        if not plain.search(_MOST_PLAIN):
            plain.stopped_by = f"limit of {_MOST_PLAIN} states, too wide to be packed"
        return found_by(model, plain)
    if plain.search(_worth_compiling(packed, limits)):
        return found_by(model, plain)
    del plain
    return _explore_compiled(model, limits, options, progress, clock)


def _worth_compiling(packed: PackedCompiler, limits: Limits) -> int:
    """States from which on the compiled search is worth it."""
    from hintproof.engines.compiled import is_kept, is_wanted  # here, as it takes Numba a while to be imported

    if is_kept(packed):
        return _FEW
    if is_wanted(packed):
        return _WORTH_COMPILING
    return max(_WORTH_COMPILING, min(_WORTH_COMPILING_AT_ONCE, ((limits.megabytes or share(1)) << 20) // _PLAIN_STATE))


def _explore_compiled(
    model: Concrete, limits: Limits, options: ExhaustiveOptions, progress: Progress | None, clock: Clock
) -> ExhaustiveFound:
    from hintproof.engines.compiled import CompiledSearch

    compiled = CompiledSearch(model, replace(limits, seconds=clock.remaining()), options, progress)
    compiled.search()
    found = found_by(model, compiled)
    found.symmetric = options.symmetry
    found.seconds = clock.seconds
    return found


def found_by(model: Concrete, search: PlainSearch | CompiledSearch) -> ExhaustiveFound:
    """What a search found."""
    found = ExhaustiveFound(
        finished=not search.stopped_by,
        stopped_by=search.stopped_by,
        states=search.count,
        transitions=search.transitions,
        depth=search.depth,
    )
    for bit in search.broken_steps():
        found.against[model.step_properties[bit]] = search.run_breaking(bit)
    whole: list[tuple[int, RecordedProperty]] = []
    for bit, item in enumerate(model.state_properties):
        if item.declared.kind in OF_ALL_STATES:
            whole.append((bit, item))
        elif (state := search.first_with(bit)) is not None:
            runs = found.witnesses if item.declared.kind == SOMETIMES else found.against
            runs[item.name] = search.run_to(state)
    if whole and found.finished:
        _judge_whole(model, search, whole, found)
    if search.deadlock is not None:
        found.against[NO_DEADLOCK] = search.run_to(search.deadlock)
    for instance, count in enumerate(search.fired_counts):
        name = model.instances[instance].action.name
        found.fired[name] = found.fired.get(name, 0) + count
    found.decides = frozenset([NO_DEADLOCK, *(p.name for p in model.model.properties)])
    found.seconds = search.clock.seconds
    return found


def _judge_whole(
    model: Concrete,
    search: PlainSearch | CompiledSearch,
    items: list[tuple[int, RecordedProperty]],
    found: ExhaustiveFound,
) -> None:
    """Judge the properties that ask for more than single states: all transitions are held in memory for them."""
    needed, most = search.transitions * BYTES_PER_TRANSITION >> 20, search.limits.megabytes or share(1)
    if needed > most:
        reason = f"the {search.transitions:,} transitions need {needed:,} MB, of {most:,}"
        found.undecided = {item.name: reason for _, item in items}
        return
    graph = search.graph()
    for bit, item in items:
        met = search.met(bit)
        if item.declared.kind == RECOVERABLE:
            stuck = first_stuck(graph, met)
            if stuck is not None:
                found.against[item.name] = search.run_to(stuck)
            continue
        fair = [
            frozenset(n for n, instance in enumerate(model.instances) if instance.action.name in condition.steps)
            for condition in item.fair
        ]
        lasso = find_lasso(graph, met, fair)
        if lasso is not None:
            loop = [(model.instances[via].action.name, target) for via, target in lasso.loop]
            run = follow_lasso(model, search.run_to(lasso.state), loop, search.taken)
            found.against[item.name], found.loops[item.name] = run
