"""Bounded search with Z3: no run of at most k steps breaks a property, or a shortest run that does.

The transition relation is unrolled one step at a time in one incremental solver for finite domains
(``QF_FD``: everything becomes bits for Z3's SAT core). Each depth has a query for each property, which is several
times faster than one for all of them.
"""

from __future__ import annotations

from typing import Any

import z3

from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions
from hintproof.engines.report import BoundedFound, Run
from hintproof.interpret.bitvector import BitVectors, Expr, SymbolicState, choose_value, leaves_of
from hintproof.interpret.concrete import Concrete
from hintproof.interpret.formulas import all_of, any_of
from hintproof.system.clock import Clock, milliseconds
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import ALWAYS, OF_ALL_STATES, SOMETIMES, STEP
from hintspec.language.recording import RecordedProperty


class _Unrolling:
    """The model unrolled from its initial state, one layer of fresh variables a step."""

    def __init__(self, concrete: Concrete) -> None:
        self.bits = BitVectors(concrete.model, concrete.sizes)
        sizes = concrete.sizes
        self.instances = [i for i in concrete.instances if all(sizes.of(b) for b in i.action.action.budgets)]
        self.solver = z3.SolverFor("QF_FD")
        self.state: SymbolicState = self.bits.constant(concrete.initial)
        self.choices: list[list[Expr]] = []

    def extend(self) -> SymbolicState:
        """Add one step; returns the state before it."""
        depth, before = len(self.choices) + 1, self.state
        chosen = [z3.Bool(f"step {depth}: {instance}") for instance in self.instances]
        self.solver.add(any_of(*chosen), z3.AtMost(*chosen, 1))
        after = self.bits.fresh(f"@{depth}")
        updates = []
        for choice, instance in zip(chosen, self.instances, strict=True):
            self.solver.add(z3.Implies(choice, self.bits.guard(instance, before)))
            updates.append(self.bits.updates(instance, before))
        for name, value in before.items():
            for choice, update in zip(chosen, updates, strict=True):
                if name in update:
                    value = choose_value(choice, update[name], value)
            self.solver.add([x == y for x, y in zip(leaves_of(after[name]), leaves_of(value), strict=True)])
        self.choices.append(chosen)
        self.state = after
        return before

    def decided_by_newest(self, item: RecordedProperty, before: SymbolicState) -> Expr:
        """That the newest step or state violates the property, or reaches its goal (see ``Concrete.judge``)."""
        if item.declared.kind == STEP:
            broken = [
                all_of(choice, z3.Not(self.bits.term(term, before, instance.block)))
                for choice, instance in zip(self.choices[-1], self.instances, strict=True)
                for name, term in instance.action.promises
                if name == item.name
            ]
            return any_of(*broken)
        blocks = self.bits.sizes.blocks_for(item.declared.takes_block)
        parts = [self.bits.term(item.term, self.state, block) for block in blocks]  # type: ignore[arg-type]
        return any_of(*([z3.Not(p) for p in parts] if item.declared.kind == ALWAYS else parts))

    def ask(self, item: RecordedProperty, before: SymbolicState, seconds: float | None) -> Any:
        """Ask whether the newest step can violate the property, or reach its goal; the solver learns if it can't."""
        decided = self.decided_by_newest(item, before)
        mark = z3.Bool(f"{item.name}@{len(self.choices)}")
        self.solver.add(z3.Implies(mark, decided))
        if seconds is not None:
            self.solver.set("timeout", milliseconds(seconds))
        answer = self.solver.check(mark)
        if answer == z3.unsat:
            self.solver.add(z3.Not(decided))
        return answer

    def run(self, model: Any) -> Run:
        """The run that a satisfying assignment describes."""
        return [
            instance.step
            for chosen in self.choices
            for choice, instance in zip(chosen, self.instances, strict=True)
            if z3.is_true(model.eval(choice))
        ]


def search_bounded(
    concrete: Concrete,
    limits: Limits = Limits(),
    options: BoundedOptions = BoundedOptions(),
    progress: Progress = no_progress,
) -> BoundedFound:
    """Look for shortest violations (and witnesses), depth by depth."""
    clock, limits = Clock(limits.seconds), limits.with_memory()
    found = BoundedFound()
    unrolling = _Unrolling(concrete)
    properties = [p for p in concrete.model.properties if p.declared.kind not in OF_ALL_STATES]
    found.decides = frozenset(p.name for p in properties)
    waiting = list(properties)
    while waiting and not found.stopped_by:
        before = unrolling.extend()
        depth = len(unrolling.choices)
        progress("steps deep", depth)
        if not limits.free_bytes():  # Z3's own limit would end the process
            found.stopped_by = limits.memory_is_full(f"the unrolling of {depth} steps")
            break
        for item in list(waiting):
            answer = unrolling.ask(item, before, clock.remaining())
            if answer == z3.unknown:
                found.stopped_by = clock.says()
                break
            if answer == z3.sat:
                runs = found.witnesses if item.declared.kind == SOMETIMES else found.against
                runs[item.name] = unrolling.run(unrolling.solver.model())
                waiting.remove(item)
                continue
            found.depths[item.name] = depth
            if depth == options.depth_for(item.name):
                waiting.remove(item)
    found.seconds = clock.seconds
    return found
