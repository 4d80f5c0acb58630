"""The C code in lock-step with the spec's driver: each step of the one must be a step of the other.

A pair is a state of the code (a snapshot) and one of the spec. From each pair every step of the spec is taken, and the
code has to make the calls that are this step; afterwards both must look the same from outside. And wherever the code
can go on, the spec must be able to. Config, allocations and everybody else are the same for both, so neither has a
step that the other has not.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from hintproof.interpret.concrete import Instance, State
from hintproof.linux.anyhost import SHOWS, any_host, world_of
from hintproof.linux.calls import WORKER, Code, Seen, Unlike
from hintproof.linux.driver import Driver, DriverFault
from hintproof.linux.operations import Entry, Op
from hintproof.linux.specside import SpecSide
from hintproof.linux.symbols import Place
from hintproof.system.clock import Clock
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import Reclaim
from hintspec.protocol.state import Binding

#: Pages of a block, as the shrinker counts.
_PAGES = 1024

#: Pairs between two looks at the progress.
_EVERY = 2000

#: How likely a random run draws these steps, compared with any other kind: else no round would get far.
_RARER = {"config_changed": 0.1, "no_block_left": 0.2, "pop": 0.3, "shrink_newest": 0.2, "remove_begins": 0.01,
          "freeze_begins": 0.01}  # fmt: skip

_BOUND = Binding.BOUND.index

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Difference:
    """Where the code and the spec part: the steps up to there, and what is not the same."""

    run: tuple[tuple[str, int | None], ...]
    says: str
    place: Place | None = None

    def __str__(self) -> str:
        steps = ", ".join(name if block is None else f"{name}({block})" for name, block in self.run)
        return f"after {len(self.run)} steps ({steps}): {self.says}"


@dataclass(frozen=True)
class Compared:
    """How far a comparison came. ``whole``: all pairs of these sizes were compared."""

    pairs: int
    steps: int
    states_of_code: int
    whole: bool
    difference: Difference | None


class Pairing:
    """Both sides, and what is known of the code's steps so far: a step from a snapshot is run once."""

    def __init__(self, driver: Driver, environment: str, sizes: Sizes) -> None:
        self.spec = SpecSide(any_host(environment), world_of(environment), sizes)
        self.code = Code(driver, sizes)
        self._known: dict[tuple[int, int, int], tuple[int, Seen] | Exception] = {}
        self._sound: set[int] = set()
        self.sites: dict[str, set[int]] = {}

    def start(self) -> tuple[int, State]:
        """The first pair. Raises :class:`Unlike` if they look different already."""
        code, state = self.code.start(), self.spec.with_any_host(self.spec.concrete.initial, False)
        _compare(self.spec.seen(state), self.code.seen(), "probe")
        return code, state

    def settled(self, number: int, after: State) -> State:
        """The spec's state after a step as any host leaves it."""
        return self.spec.with_any_host(after, self.spec.concrete.instances[number].action.name in SHOWS)

    def take(self, code: int, state: State, number: int, after: State) -> int:
        """The code's part of a step of the spec; the code's state after it. Raises :class:`Unlike` or a fault."""
        instance = self.spec.concrete.instances[number]
        shown = self.spec.shown(state) if instance.action.name == "read_config" else 0
        key = (code, number, shown)
        if key not in self._known:
            self._known[key] = self._run(code, instance, shown)
        known = self._known[key]
        if isinstance(known, Exception):
            raise known
        _compare(self.spec.seen(after), known[1], instance.action.name)
        return known[0]

    def _run(self, code: int, instance: Instance, shown: int) -> tuple[int, Seen] | Exception:
        self.code.driver.recall(code)
        try:
            self.code.take(instance.action.name, instance.block, shown)
        except (Unlike, DriverFault) as problem:
            return problem
        sites = self.sites.setdefault(instance.action.name, set())
        sites.update(event.site for event in self.code.driver.events())
        return self.code.driver.keep(), self.code.seen()

    def can_go_on(self, code: int, state: State, names: set[str]) -> None:
        """Where the code can go on, the spec can, too: by one of the steps of these names. Else :class:`Unlike`."""
        spec = self.spec
        seen = spec.seen(state)
        if seen.works and not names & WORKER:
            raise Unlike("the code's worker goes on, the spec's can't")
        if seen.leaving and not any(name.startswith(("remove_", "freeze_")) for name in names):
            self._waits(code)
        if spec.get(state, "driver.binding") == _BOUND:
            self._shrinker(code, spec.get(state, "driver.held"), "shrink_newest" in names)

    def _waits(self, code: int) -> None:
        """The spec's remove waits for the worker; so must the code's."""
        self.code.driver.recall(code)
        thread = self.code.raw.hp_thread_of(Entry.REMOVE, -1)
        if thread in self.code.driver.enabled():
            call = self.code.driver.pending(thread)
            if call.op != Op.LOCK:
                raise Unlike("the code's remove does not wait for the worker, the spec's does", call)

    def _shrinker(self, code: int, held: int, shrinks: bool) -> None:
        """The code's shrinker counts what the spec's driver holds; where that is nothing, a scan frees nothing."""
        if code in self._sound or self.spec.world.driver.reclaim != Reclaim.SHRINKER:
            return
        self.code.driver.recall(code)
        counted = self.code.count()
        if counted != held.bit_count() * _PAGES:
            raise Unlike(f"the code's shrinker counts {counted} pages where {held.bit_count()} blocks are held")
        if not shrinks:
            self.code.take("shrink_nothing", None, 0)
        self._sound.add(code)


def _compare(spec: Seen, code: Seen, step: str) -> None:
    if spec != code:
        parts = [f"{name}: the spec has {getattr(spec, name)}, the code {getattr(code, name)}" for name in
                 spec.unlike(code)]  # fmt: skip
        raise Unlike(f"after {step}: {'; '.join(parts)}")


def compare(
    driver: Driver,
    environment: str,
    sizes: Sizes,
    most: int = 2_000_000,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Compared:
    """All pairs, breadth first, up to the first difference (by a shortest run), to ``most`` pairs or a time.

    Raises :class:`~hintproof.system.errors.BadInput` for an environment without such a driver.
    """
    return search(Pairing(driver, environment, sizes), most, seconds, progress)


def search(pairing: Pairing, most: int, seconds: float | None = None, progress: Progress | None = None) -> Compared:
    """The same with both sides made already; what they learned of the code stays with them."""
    return _Search(pairing, most, Clock(seconds)).run(progress)


class _Search:
    """The pairs in the order in which they were found, and how each was reached."""

    def __init__(self, pairing: Pairing, most: int, clock: Clock) -> None:
        self.pairing = pairing
        self.most = most
        self.clock = clock
        self.pairs: list[tuple[int, State]] = []
        self.known: set[tuple[int, State]] = set()
        self.origin: list[tuple[int, int]] = []
        self.steps = 0

    def run(self, progress: Progress | None) -> Compared:
        try:
            self._meet(self.pairing.start(), (0, -1))
        except (Unlike, DriverFault) as problem:
            return self._ends(_difference((), problem))
        at = 0
        while at < len(self.pairs) <= self.most:
            difference = self._expand(at)
            if difference:
                return self._ends(difference)
            at += 1
            if at % _EVERY == 0:
                if self.clock.is_over():
                    break
                if progress:
                    progress(len(self.pairs))
        return self._ends(None, at == len(self.pairs))

    def _ends(self, difference: Difference | None, whole: bool = False) -> Compared:
        codes = len({code for code, _ in self.pairs})
        return Compared(len(self.pairs), self.steps, codes, whole, difference)

    def _meet(self, pair: tuple[int, State], origin: tuple[int, int]) -> None:
        if pair not in self.known:
            self.known.add(pair)
            self.pairs.append(pair)
            self.origin.append(origin)

    def _expand(self, at: int) -> Difference | None:
        code, state = self.pairs[at]
        concrete, number = self.pairing.spec.concrete, None
        successors = concrete.successors(state)
        try:
            self.pairing.can_go_on(code, state, {concrete.instances[i].action.name for i, _, _ in successors})
            for number, after, _ in successors:
                self.steps += 1
                after = self.pairing.settled(number, after)
                self._meet((self.pairing.take(code, state, number, after), after), (at, number))
        except (Unlike, DriverFault) as problem:
            return _difference(self._run_to(at, number), problem)
        return None

    def _run_to(self, at: int, last: int | None) -> tuple[Instance, ...]:
        numbers = [] if last is None else [last]
        while at:
            at, number = self.origin[at]
            numbers.append(number)
        return tuple(self.pairing.spec.concrete.instances[n] for n in reversed(numbers))


def _difference(run: tuple[Instance, ...], problem: Exception) -> Difference:
    if isinstance(problem, DriverFault):
        place: Place | None = problem.fault.place
    else:
        place = problem.call.place if isinstance(problem, Unlike) and problem.call else None
    return Difference(tuple((i.action.name, i.block) for i in run), str(problem), place)


def _drawn(
    pairing: Pairing, state: State, successors: list[tuple[int, State, int]], draw: random.Random
) -> tuple[int, State]:
    """One of the steps that change something; see :data:`_RARER`."""
    kinds: dict[str, list[tuple[int, State]]] = {}
    for number, after, _ in successors:
        settled = pairing.settled(number, after)
        if settled != state:
            name = pairing.spec.concrete.instances[number].action.name
            kinds.setdefault("shows" if name in SHOWS else name, []).append((number, settled))
    weights = [_RARER.get(name, 1.0) for name in kinds]
    return draw.choice(draw.choices(list(kinds.values()), weights)[0])


def wander(driver: Driver, environment: str, sizes: Sizes, steps: int, seed: int = 1) -> Compared:
    """Random steps of the pair, up to the first difference; for sizes at which there are too many pairs."""
    pairing = Pairing(driver, environment, sizes)
    draw = random.Random(seed)
    run: list[Instance] = []
    codes: set[int] = set()
    try:
        code, state = pairing.start()
        for _ in range(steps):
            successors = pairing.spec.concrete.successors(state)
            pairing.can_go_on(code, state, {pairing.spec.concrete.instances[i].action.name for i, _, _ in successors})
            number, after = _drawn(pairing, state, successors, draw)
            run.append(pairing.spec.concrete.instances[number])
            code, state = pairing.take(code, state, number, after), after
            codes.add(code)
    except (Unlike, DriverFault) as problem:
        return Compared(len(run), len(run), len(codes), False, _difference(tuple(run), problem))
    return Compared(len(run), len(run), len(codes), False, None)
