"""Guided walks, judged step by step: the runs that violate a property, as they are found.

The sampled engine and the stateful tests both draw their runs from here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from hintproof.engines.coverage import Watch
from hintproof.engines.shorten import Steps
from hintproof.engines.walks import Guide, Linked, unlinked
from hintproof.interpret.transition_system import TransitionSystem
from hintspec.language.declare import ALWAYS, SOMETIMES


class JudgedWalks:
    """The walks of a guide. ``pending`` has the first run against each property, until its owner has dealt with it.

    ``wanted`` names the properties to look for (default: all); ``on_violation`` hears of each when it is found first,
    ``on_witness`` of the first run to what must be reachable. ``watch`` collects coverage.
    """

    def __init__(
        self,
        system: TransitionSystem,
        guide: Guide,
        wanted: Collection[str] | None = None,
        on_violation: Callable[[str], None] = lambda name: None,
        on_witness: Callable[[str, Linked], None] | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.guide, self.pending = guide, dict[str, Steps]()
        self._judge, self._watch = system.judge, watch
        self._on_violation, self._on_witness = on_violation, on_witness
        self._known: set[str] = set()
        kinds = [(p.name, p.declared.kind) for p in system.state_properties]
        wanted = {p.name for p in system.model.properties} if wanted is None else set(wanted)
        self._always = {1 << i: n for i, (n, kind) in enumerate(kinds) if kind == ALWAYS and n in wanted}
        self._steps = {1 << i: n for i, n in enumerate(system.step_properties) if n in wanted}
        self._sometimes = {1 << i: n for i, (n, kind) in enumerate(kinds) if kind == SOMETIMES and on_witness}

    def settle(self, name: str) -> None:
        """No longer look for a run against a property."""
        self._known.add(name)
        self.guide.open.discard(name)
        self.pending.pop(name, None)

    def propose(self, walks: int, is_over: Callable[[], bool] = lambda: False) -> Steps:
        """The last of so many walks, or the first after which a run against a property is pending."""
        steps: Steps = ()
        for _ in range(walks):
            if self.pending or is_over():
                break
            steps = self._walk()
        return steps

    def _walk(self) -> Steps:
        """One walk of the guide, judged on the way; its run."""
        before: int | None = None
        run = None
        judge, watch = self._judge, self._watch
        for state, index, broken, run, new in self.guide.walk():
            if watch is not None:
                watch.step(before, index)
                before = index
                if new:
                    watch.state(state)
            verdict = judge(state)
            if verdict or broken:
                self._note(verdict, broken, run)
        return unlinked(run)

    def _note(self, verdict: int, broken: int, run: Linked) -> None:
        """Note which properties a step or its state violates, and which goals are met, at the end of a run."""
        names = [name for bit, name in self._steps.items() if broken & bit]
        names += [name for bit, name in self._always.items() if verdict & bit]
        for name in names:
            if name not in self._known:
                self._known.add(name)
                self.pending[name] = unlinked(run)
                self._on_violation(name)
        if self._on_witness is not None:
            for bit, name in self._sometimes.items():
                if verdict & bit:
                    self._on_witness(name, run)
