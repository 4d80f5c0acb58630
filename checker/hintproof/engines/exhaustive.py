"""Exhaustive breadth-first search: every reachable state of a finite size, shortest runs.

The plain search in Python. It keeps every state in a dict, so memory is its limit: about 0.7 kB a state.
"""

from __future__ import annotations

import resource
from array import array

from hintproof.engines.report import Clock, Found, Limits, Progress, Run
from hintproof.interpret.concrete import Concrete, State
from hintspec.text import ALWAYS, RECOVERABLE, SOMETIMES

#: The name under which a state without any step is reported.
NO_DEADLOCK = "no_deadlock"

#: States between two looks at the limits.
_LOOK = 20_000


class _Search:
    """One search: states by number, how each was first reached, and what it led to."""

    def __init__(self, model: Concrete, limits: Limits, progress: Progress | None) -> None:
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
        self.ends = array("I")
        self.fired = [0] * len(model.instances)
        self.stopped_by = ""
        self.depth = 0
        self.broken_steps: dict[int, tuple[int, int]] = {}
        self.deadlock: int | None = None

    def run_to(self, state: int) -> Run:
        """The run by which a state was first reached: a shortest one."""
        steps: Run = []
        while state:
            instance = self.model.instances[self.via[state]]
            steps.append((instance.action.name, instance.block))
            state = self.parent[state]
        return steps[::-1]

    def search(self) -> None:
        """Visit all states, or until a limit is met."""
        successors, judge = self.model.successors, self.model.judge
        number, order, fired = self.number, self.order, self.fired
        parent, via, verdicts, edges = self.parent, self.via, self.verdicts, self.edges
        level_ends, here = 1, 0
        while here < len(order):
            if here == level_ends:
                self.depth += 1
                level_ends = len(order)
            if here % _LOOK == 0 and self._is_over():
                return
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
            self.ends.append(len(edges))
            if not steps and self.deadlock is None:
                self.deadlock = here
            here += 1

    def _break_promises(self, broken: int, state: int, instance: int) -> None:
        for bit in range(broken.bit_length()):
            if broken >> bit & 1:
                self.broken_steps.setdefault(bit, (state, instance))

    def _is_over(self) -> bool:
        self.progress("states", len(self.order))
        limits = self.limits
        if limits.states is not None and len(self.order) >= limits.states:
            self.stopped_by = f"limit of {limits.states} states"
        elif self.clock.is_over():
            self.stopped_by = self.clock.says()
        elif limits.megabytes is not None and _megabytes() > limits.megabytes:
            self.stopped_by = f"limit of {limits.megabytes} MB"
        return bool(self.stopped_by)

    def stuck(self, bit: int) -> int | None:
        """The first state from which no state that meets the goal can be reached any more."""
        good = bytearray(verdict >> bit & 1 for verdict in self.verdicts)
        edges, ends = self.edges, self.ends
        changed = True
        while changed:
            changed = False
            for state in range(len(good) - 1, -1, -1):
                if not good[state]:
                    first = ends[state - 1] if state else 0
                    if any(good[target] for target in edges[first : ends[state]]):
                        good[state] = 1
                        changed = True
        found = good.find(0)
        return None if found < 0 else found


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def explore_all(model: Concrete, limits: Limits = Limits(), progress: Progress | None = None) -> Found:
    """Visit every reachable state, and judge each property on all of them."""
    search = _Search(model, limits, progress)
    search.search()
    found = Found(
        engine="exhaustive",
        finished=not search.stopped_by,
        stopped_by=search.stopped_by,
        states=len(search.order),
        transitions=len(search.edges),
        depth=search.depth,
    )
    for bit, (state, instance) in search.broken_steps.items():
        last = model.instances[instance]
        found.against[model.step_properties[bit]] = [*search.run_to(state), (last.action.name, last.block)]
    for bit, item in enumerate(model.state_properties):
        kind = item.declared.kind
        if kind == RECOVERABLE:
            state_found = search.stuck(bit) if found.finished else None
        else:
            state_found = next((n for n, v in enumerate(search.verdicts) if v >> bit & 1), None)
        if state_found is not None:
            runs = found.witnesses if kind == SOMETIMES else found.against
            runs[item.name] = search.run_to(state_found)
        elif kind not in (ALWAYS, SOMETIMES, RECOVERABLE):
            raise AssertionError(kind)
    if search.deadlock is not None:
        found.against[NO_DEADLOCK] = search.run_to(search.deadlock)
    for instance, count in enumerate(search.fired):
        name = model.instances[instance].action.name
        found.fired[name] = found.fired.get(name, 0) + count
    found.decides = frozenset([NO_DEADLOCK, *(p.name for p in model.model.properties)])
    found.seconds = search.clock.seconds
    return found
