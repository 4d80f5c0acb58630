"""The C code in lock-step with the spec's driver: each step of the one must be a step of the other.

A pair is a state of the code (a snapshot) and one of the spec. From each pair every step of the spec is taken, and the
code has to make the calls of this step; afterwards both must look the same from outside. And wherever the code can go
on, the spec must be able to. Config, allocations and everybody else are the same for both, so neither has a step that
the other lacks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict

import msgspec

from hintproof.engines.limits import Limits
from hintproof.engines.report import Run
from hintproof.engines.search import BreadthFirst, Visitor
from hintproof.interpret.concrete import Instance, State
from hintproof.linux.anyhost import SHOWS, any_host, world_of
from hintproof.linux.calls import BLOCK_PAGES, WORKER, Code, Observation
from hintproof.linux.coverage import Lines
from hintproof.linux.driver import Deviation, Driver, DriverFault
from hintproof.linux.operations import Entry, Op
from hintproof.linux.specside import SpecSide
from hintproof.linux.symbols import Place
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import Reclaim
from hintspec.protocol.state import Binding

#: Pairs between two looks at the clock.
_LOOK = 2000

#: How likely a random run draws these steps, compared with any other kind: else no round would get far.
_WEIGHTS = {"config_changed": 0.1, "no_block_left": 0.2, "pop": 0.3, "shrink_newest": 0.2, "remove_begins": 0.01,
            "freeze_begins": 0.01}  # fmt: skip

_BOUND = Binding.BOUND.index

#: A state of the code, by the number of its snapshot, and one of the spec.
Pair = tuple[int, State]


class Difference(msgspec.Struct, frozen=True):
    """Where code and spec part: the steps up to there, in words, what differs, and the code's place, if it is known."""

    run: list[str]
    says: str
    place: Place | None = None

    def __str__(self) -> str:
        return f"after {len(self.run)} steps ({', '.join(self.run)}): {self.says}"


class Comparison(msgspec.Struct, frozen=True):
    """How far a comparison came. ``complete``: all pairs of these sizes were compared."""

    pairs: int
    steps: int
    complete: bool = False
    difference: Difference | None = None
    cut_short: bool = False
    lines: Lines = Lines()


class Pairing:
    """Both sides, and a memory of the code's steps: a step from a snapshot runs once.

    Raises :class:`~hintproof.system.errors.BadInput` for an environment without such a driver.
    """

    def __init__(self, driver: Driver, environment: str, sizes: Sizes) -> None:
        self.spec = SpecSide(any_host(environment), world_of(environment), sizes)
        self.code = Code(driver, sizes)
        self.instances = self.spec.concrete.instances
        self._known: dict[tuple[int, int, int], tuple[int, Observation] | Exception] = {}
        self._sound: set[int] = set()
        self.sites: dict[str, set[int]] = {}

    def start(self) -> Pair:
        """The first pair. Raises :class:`Deviation` if the two look different already."""
        code, state = self.code.start(), self.spec.with_any_host(self.spec.concrete.initial, False)
        _require_equal(self.spec.observe(state), self.code.observe(), "probe")
        return code, state

    def successors(self, code: int, state: State) -> list[tuple[int, State]]:
        """The steps of the spec, with the state that any host leaves after each.

        Raises :class:`Deviation` where the code can go on and the spec can't.
        """
        steps = self.spec.concrete.successors(state)
        names = {number: self.instances[number].action.name for number, _, _ in steps}
        self._require_progress(code, state, set(names.values()))
        return [(number, self.spec.with_any_host(after, names[number] in SHOWS)) for number, after, _ in steps]

    def take(self, code: int, state: State, number: int, after: State) -> int:
        """The code's state after its part of a step of the spec. Raises :class:`Deviation` or a fault."""
        instance = self.instances[number]
        shown = self.spec.shown(state) if instance.action.name == "read_config" else 0
        key = (code, number, shown)
        if key not in self._known:
            self._known[key] = self._run(code, instance, shown)
        known = self._known[key]
        if isinstance(known, Exception):
            raise known
        _require_equal(self.spec.observe(after), known[1], instance.action.name)
        return known[0]

    def _run(self, code: int, instance: Instance, shown: int) -> tuple[int, Observation] | Exception:
        self.code.driver.recall(code)
        try:
            self.code.take(instance.action.name, instance.block, shown)
        except (Deviation, DriverFault) as problem:
            return problem
        sites = self.sites.setdefault(instance.action.name, set())
        sites.update(event.site for event in self.code.driver.events())
        return self.code.driver.keep(), self.code.observe()

    def _require_progress(self, code: int, state: State, names: set[str]) -> None:
        """Where the code can go on, the spec can, too: by one of the steps of these names."""
        spec = self.spec
        observed = spec.observe(state)
        if observed.works and not names & WORKER:
            raise Deviation("the code's worker goes on, the spec's can't")
        if observed.leaving and not any(name.startswith(("remove_", "freeze_")) for name in names):
            self._require_waiting(code)
        if spec.get(state, "driver.binding") == _BOUND:
            self._require_shrinker(code, spec.get(state, "driver.held"), "shrink_newest" in names)

    def _require_waiting(self, code: int) -> None:
        """The spec's remove waits for the worker; so must the code's."""
        driver = self.code.driver
        driver.recall(code)
        thread = driver.raw.hp_thread_of(Entry.REMOVE, -1)
        if thread in driver.enabled():
            call = driver.pending(thread)
            if call.op != Op.LOCK:
                raise Deviation("the code's remove does not wait for the worker, the spec's does", call.place)

    def _require_shrinker(self, code: int, held: int, shrinks: bool) -> None:
        """The code's shrinker counts the blocks that the spec's driver holds; a scan without such blocks frees none."""
        if code in self._sound or self.spec.world.driver.reclaim != Reclaim.SHRINKER:
            return
        self.code.driver.recall(code)
        counted = self.code.driver.call(Entry.SHRINK_COUNT)
        if counted != held.bit_count() * BLOCK_PAGES:
            raise Deviation(f"the code's shrinker counts {counted} pages where {held.bit_count()} blocks are held")
        if not shrinks:
            self.code.take("shrink_nothing", None, 0)
        self._sound.add(code)


def _require_equal(spec: Observation, code: Observation, step: str) -> None:
    if spec != code:
        pairs = zip(asdict(spec).items(), asdict(code).values(), strict=True)
        parts = [f"{name}: the spec has {ours}, the code {theirs}" for (name, ours), theirs in pairs if ours != theirs]
        raise Deviation(f"after {step}: {'; '.join(parts)}")


class _Pairs(Visitor):
    """The pairs as a transition system. The search of it ends after the pair from which the two sides part."""

    def __init__(self, pairing: Pairing) -> None:
        self.initial = pairing.start()
        self.instances = pairing.instances
        self.parted: tuple[Pair, int | None, Deviation | DriverFault] | None = None
        self._pairing = pairing

    def successors(self, pair: Pair) -> list[tuple[int, Pair, int]]:
        """The pairs after each step, up to the first one that the code does not take alike."""
        steps: list[tuple[int, Pair, int]] = []
        number = None
        try:
            for number, after in () if self.parted else self._pairing.successors(*pair):
                steps.append((number, (self._pairing.take(*pair, number, after), after), 0))
        except (Deviation, DriverFault) as problem:
            self.parted = pair, number, problem
        return steps

    def on_steps(self, number: int, state: Pair, steps: Sequence[tuple[int, Pair, int]]) -> bool:
        """End the search once the steps before the parting are counted."""
        return self.parted is not None and self.parted[0] != state


def compare(pairing: Pairing, most: int = 2_000_000, seconds: float | None = None) -> Comparison:
    """Compare all pairs, breadth first, up to the first difference (by a shortest run), to ``most`` pairs or a time."""
    try:
        pairs = _Pairs(pairing)
    except (Deviation, DriverFault) as problem:
        return Comparison(0, 0, difference=_difference([], problem))
    search = BreadthFirst(pairs, Limits(seconds=seconds), [pairs], look=_LOOK)
    over = search.search(until=most + 1)
    steps = search.transitions
    if pairs.parted is None:
        cut_short = bool(search.stopped_by)
        return Comparison(search.count, steps, over and not cut_short, cut_short=cut_short)
    pair, number, reason = pairs.parted
    run = search.run_to(search.number[pair])
    if number is not None:
        run, steps = [*run, pairing.instances[number].step], steps + 1
    return Comparison(search.count, steps, difference=_difference(run, reason))


def _difference(run: Run, problem: Deviation | DriverFault) -> Difference:
    steps = [name if block is None else f"{name}({block})" for name, block in run]
    return Difference(steps, str(problem), problem.place)


def compare_random(pairing: Pairing, steps: int, seed: int = 1) -> Comparison:
    """Take random steps of the pair, up to the first difference; for sizes at which there are too many pairs."""
    generator = random.Random(seed)
    run: Run = []
    difference = None
    try:
        code, state = pairing.start()
        for _ in range(steps):
            number, after = _draw_step(pairing, state, pairing.successors(code, state), generator)
            run.append(pairing.instances[number].step)
            code, state = pairing.take(code, state, number, after), after
    except (Deviation, DriverFault) as problem:
        difference = _difference(run, problem)
    return Comparison(len(run), len(run), difference=difference)


def _draw_step(
    pairing: Pairing, state: State, successors: list[tuple[int, State]], generator: random.Random
) -> tuple[int, State]:
    """One of the steps that change something, by their weights."""
    kinds: dict[str, list[tuple[int, State]]] = {}
    for number, after in successors:
        if after != state:
            name = pairing.instances[number].action.name
            kinds.setdefault("shows" if name in SHOWS else name, []).append((number, after))
    weights = [_WEIGHTS.get(name, 1.0) for name in kinds]
    return generator.choice(generator.choices(list(kinds.values()), weights)[0])
