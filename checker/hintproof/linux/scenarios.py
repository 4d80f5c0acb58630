"""Random walks of the whole driver: every feature of the device, every way in which the kernel calls the driver.

The other checks know hinting alone. Here the host inflates and deflates, memory runs short, statistics are asked for,
free pages are reported, the system suspends, shuts down, and removes the driver; the device uses buffers when it will.
Asked is what holds of any driver: the rules of the kernel, that it comes to rest, and that it leaves nothing behind. A
walk also gives a log of calls, by which two drivers are compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

import msgspec

from hintproof.linux.binding import QUEUES, THREADS, WORKS
from hintproof.linux.driver import (
    CMD_ID,
    DEFLATE_ON_OOM,
    FREE_PAGE_HINT,
    MUST_TELL_HOST,
    NEW_FEATURES,
    NUM_PAGES,
    PAGE_POISON,
    REPORTING,
    STATS_VQ,
    Driver,
    DriverFault,
    Fault,
    Pending,
    Setup,
)
from hintproof.linux.operations import Entry, FaultKind, Op, mask_of
from hintproof.linux.rules import Breach, Watcher
from hintproof.linux.symbols import NOWHERE, Place

_EVERY = tuple(range(28))  # device features: those that no driver of today knows are for the patch to know

_ALL = Setup(
    (MUST_TELL_HOST, STATS_VQ, DEFLATE_ON_OOM, FREE_PAGE_HINT, PAGE_POISON, REPORTING), ring=8, page_poisoning=True
)

_HINTS_THAT_FAIL = Setup((FREE_PAGE_HINT,), add_fails=3)

#: More blocks than a driver may have set itself as a limit: those of a guest of 2.4 GB.
_MANY = 600

#: Calls of probe that may fail; Linux has some ten.
_MOST_CALLS = 16

#: What the device offers, in words, and the machine.
SETUPS = {
    "hints alone": Setup((FREE_PAGE_HINT,)),
    "hints alone, on a ring of two": Setup((FREE_PAGE_HINT,), ring=2),
    "hints alone, and some buffers that can't be added": _HINTS_THAT_FAIL,
    "all features of Linux 5.7": _ALL,
    "no hints": Setup((MUST_TELL_HOST, STATS_VQ, DEFLATE_ON_OOM, REPORTING)),
    "no features": Setup(()),
    "reporting, but no page poison to a guest that poisons": Setup((FREE_PAGE_HINT, REPORTING), page_poisoning=True),
    "poison and init_on_free": Setup((FREE_PAGE_HINT, PAGE_POISON), page_poisoning=True, init_on_free=True),
    "every feature bit": Setup(_EVERY, ring=8),
    # A driver may trust that a buffer fits on an empty queue: where it does not, it need not come to rest.
    "all features of Linux 5.7, and some buffers that can't be added": replace(_ALL, add_fails=3),
}

#: Moves of a walk, and moves after which one that does not come to rest goes round for ever: so many, and more for each
#: block.
MOVES, _REST, _REST_PER_BLOCK = 250, 3_000, 50

#: Moves after which the device uses another buffer of the hint queue.
_PATIENCE = 16

#: Threads of the driver at a time; more make a walk longer, and no other.
_AT_ONCE = 4

_STOP, _DONE = 0, 1
_COMMANDS = (_STOP, _DONE, (1 << 31) + 2, (1 << 31) + 3)

#: The id of the round at the end.
_LAST_ID = (1 << 31) + 4

#: Calls of the log, at which threads stop: two drivers that differ in a lock alone take the same walks. Each comes with
#: the arguments in it that are no addresses.
_LOGGED = {
    Op.CONFIG_READ: "abc", Op.CONFIG_WRITE: "abc", Op.ADD: "a", Op.KICK: "a", Op.ALLOC: "b", Op.FREE: "b",
    Op.SMALL_ALLOC: "", Op.SMALL_FREE: "", Op.QUEUE_WORK: "", Op.CANCEL: "", Op.RESET: "", Op.READY: "", Op.WARN: "",
    Op.FIND_VQS: "", Op.DEL_VQS: "", Op.REGISTER: "", Op.UNREGISTER: "", Op.POWER: "", Op.RETURN: "b",
}  # fmt: skip


@dataclass
class Walks:
    """The first fault of all walks with the run to it, how many moves they took, and of each a hash of what was called.

    ``broken`` has the first breach of each rule, by its name, with the run to it.
    """

    moves: int = 0
    fault: tuple[Fault, list[str]] | None = None
    broken: dict[str, tuple[Breach, list[str]]] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list)


class LoggedCall(msgspec.Struct, frozen=True):
    """A call of a walk that is compared between drivers, with those of its arguments that are; and its place."""

    says: str
    place: Place


@dataclass
class Walk:
    """One walk; the numbers of its seed choose. ``run`` has its moves, for people; ``log`` the calls to compare."""

    driver: Driver
    setup: Setup
    rng: Random
    run: list[str | Pending] = field(default_factory=list)
    log: list[tuple[Op, int, tuple[int, ...]]] = field(default_factory=list)
    over: bool = False
    #: The queue of which the device did something last.
    served: int = 0
    #: The queues of whose used buffers the driver was told since the device used the last one.
    told: set[int] = field(default_factory=set)
    broken: dict[str, tuple[Breach, list[str | Pending]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin to watch."""
        self.watcher = Watcher(self.driver, self.setup)

    @property
    def _may_wait(self) -> bool:
        """Whether the driver may wait for a buffer that it could not add: one of pages, as of hints it awaits none."""
        return bool(self.setup.add_fails) and any(self._pages)

    @property
    def _pages(self) -> tuple[int, ...]:
        """Sizes of the balloon that the host asks for."""
        return (0, 0) if self.setup == _HINTS_THAT_FAIL else (0, 2, 5)

    def take(self) -> Fault | None:
        """Probe, some moves, rest, and remove; the fault, if there is one."""
        try:
            self.run.append("probe")
            self.driver.fresh(self.setup)
            self.driver.config(NUM_PAGES, self.rng.choice(self._pages[:2]))
            if self.driver.bind():
                return self.refused()
            self._hear(self.watcher.is_ready())
            self.log.append((Op.READY, 0, (self.driver.view().features,)))
            for _ in range(MOVES if self.setup.blocks < _MANY else 0):  # with many blocks the round itself is long
                moves = list(self._moves())
                if not moves:
                    break
                self.make(*self.rng.choice(moves))
            return None if self._may_wait else self.rest(_STOP) or self._go_round() or self.leave()
        except DriverFault as problem:
            return problem.fault

    def _moves(self) -> Iterator[tuple[str, int, int]]:
        """What can be done: step a thread, call the driver, or be its device."""
        view = self.driver.view()
        busy = [n for n, thread in enumerate(view.threads) if thread.entry]
        yield from (("step", n, 0) for n in busy if view.threads[n].enabled for _ in range(3))
        for queue in range(QUEUES):
            if view.queues[queue].available:
                yield "pop", queue, 0
            if view.queues[queue].taken:
                yield "use", queue, self.rng.randrange(view.queues[queue].taken)
            if view.queues[queue].used:
                yield "call", Entry.CALLBACK, queue
        yield from (("call", Entry.WORK, work) for work in range(WORKS) if view.pending >> work & 1)
        entries = {view.threads[n].entry for n in busy}
        if self.over or len(busy) >= _AT_ONCE or view.frozen or Entry.FREEZE in entries:
            if view.frozen and not busy:
                yield "call", Entry.RESTORE, 0
            return
        yield from (("id", command, 0) for command in _COMMANDS)
        yield from (("pages", pages, 0) for pages in self._pages)
        yield "call", Entry.SCAN, self.rng.choice((1, 1024, 4096))
        yield from (("call", entry, 0) for entry in (Entry.SHRINK_COUNT, Entry.OOM))
        yield "call", Entry.REPORT, 2
        if self.rng.random() < 0.2:
            yield from (("call", entry, 0) for entry in (Entry.REMOVE, Entry.PROBE))
        if not busy and self.rng.random() < 0.5:  # who asks for memory is frozen before a device is
            yield "call", Entry.FREEZE, 0
        if self.rng.random() < 0.02:
            yield "call", Entry.SHUTDOWN, 0

    def make(self, kind: str, what: int, how: int) -> None:
        """Make a move, one of :meth:`_moves`."""
        driver = self.driver
        driver.forget_events()
        if kind == "step":
            self.run.append(driver.pending(what))
            driver.step(what)
        elif kind in ("pop", "use"):
            self.run.append(f"the device {'takes' if kind == 'pop' else 'uses'} a buffer of queue {what}")
            self.told.clear()
            if kind == "pop" and not driver.raw.hp_pop(what):
                self.watcher.pop(what)
            elif kind == "use" and not driver.raw.hp_use(what, how):
                self.watcher.use(what, how)
        elif kind in ("id", "pages"):
            self.run.append(f"the host changes {'the command id' if kind == 'id' else 'num_pages'} to {what}")
            driver.config(CMD_ID if kind == "id" else NUM_PAGES, what)
            self._call(Entry.CHANGED, 0)
        else:
            self._call(Entry(what), how)
        self._note()

    def _call(self, entry: Entry, argument: int) -> bool:
        """Begin a call of the kernel; False where the kernel does not call it so now."""
        begins = self.driver.try_spawn(entry, argument) is not None
        if begins:
            self.run.append(f"{entry.name.lower()} begins")
            self.over = self.over or entry == Entry.SHUTDOWN
        return begins

    def _note(self) -> None:
        events = self.driver.events()
        self._hear(self.watcher.see(events))
        for event in events:
            if event.op in _LOGGED:
                self.log.append((event.op, event.site, tuple(getattr(event, name) for name in _LOGGED[event.op])))

    def _hear(self, breaches: Iterable[Breach]) -> None:
        """Keep the first breach of each rule, with the run to it. A feature that nobody knows may have other rules."""
        for breach in breaches:
            forgiven = self._may_wait or self.driver.takes(*NEW_FEATURES)
            if breach.rule not in self.broken and not forgiven:
                self.broken[breach.rule] = breach, list(self.run)

    def _go_round(self) -> Fault | None:
        """A round of hints, as long as there is memory, and DONE."""
        view = self.driver.view()
        if self.over or view.frozen or not view.bound or not self.driver.takes(FREE_PAGE_HINT):
            return None
        self.run.append("the host asks for all free pages")
        return self.rest(_LAST_ID) or self.rest(_DONE)

    def rest(self, command: int, pages: int = 0) -> Fault | None:
        """Let everything that began come to its end; for a thread that waits the device uses its buffers.

        Config shows a command id, and the host wants so many pages: a driver that can't get all that it should give
        goes on trying.
        """
        self.driver.config(NUM_PAGES, pages)
        self.driver.config(CMD_ID, command)
        told = False
        for turn in range(_REST + _REST_PER_BLOCK * self.setup.blocks):
            told = told or self._call(Entry.CHANGED, 0)
            view = self.driver.view()
            alive = [n for n in range(THREADS) if view.threads[n].entry]
            threads = [n for n in alive if view.threads[n].enabled]
            ready = view.pending & ~view.running if not view.frozen else 0
            work = next((n for n in range(WORKS) if ready >> n & 1), None)
            if turn % _PATIENCE == 0:  # Linux goes round while the hint queue is full
                self._use_hint()
            if threads:
                self.make("step", threads[turn % len(threads)], 0)
            elif work is not None:
                self.make("call", Entry.WORK, work)
            elif not alive:
                self._hear(self.watcher.is_at_rest(done=command == _DONE))
                return None
            elif not self._serve():
                return self._fault("nothing can go on, though the device used every buffer")
        return self._fault("the driver does not come to rest")

    def _use_hint(self) -> None:
        """The device uses the oldest buffer of the hint queue."""
        number = self.driver.hint_queue
        queue = self.driver.view().queues[number]
        there = queue.available, queue.taken
        if there[0]:
            self.make("pop", number, 0)
        if any(there):
            self.make("use", number, 0)

    def _serve(self) -> bool:
        """The device does something with a buffer of the next queue that has one, or tells of it; whether one has."""
        view = self.driver.view()
        for number in [(self.served + n) % QUEUES for n in range(1, QUEUES + 1)]:
            self.served = number
            queue = view.queues[number]
            for kind, there in (("use", queue.taken), ("pop", queue.available)):
                if there:
                    self.make(kind, number, 0)
                    return True
            if queue.used and number not in self.told:
                self.told.add(number)
                self.make("call", Entry.CALLBACK, number)
                return True
        return False

    def leave(self) -> Fault | None:
        """Remove the driver: nothing of it is to be left."""
        if self.driver.view().frozen:
            self.make("call", Entry.RESTORE, 0)
            if trouble := self.rest(_STOP):
                return trouble
        if self.over:
            return None
        trouble = None
        if self.driver.view().bound:
            self.make("call", Entry.REMOVE, 0)
            trouble = self.rest(_STOP)
        view = self.driver.view()
        if trouble is None and not view.bound and (view.held or view.small_driver or view.heap):
            return self._fault("memory is left behind after remove")
        if trouble is None and not view.bound and view.workqueues:
            return self._fault("a workqueue is left behind after remove")
        return trouble

    def refused(self) -> Fault | None:
        """A driver may refuse a device, or fail: nothing of it is to be left."""
        view = self.driver.view()
        if view.heap or view.held or view.small_driver or view.pending or view.workqueues:
            return self._fault("memory, work or a workqueue is left behind after a probe that failed")
        if view.shrinker or view.oom or view.reporting:
            return self._fault("a probe that failed is still registered for reclaim or reporting")
        return None

    def _fault(self, says: str) -> Fault:
        return Fault(FaultKind.BUG, Entry.NONE, says, NOWHERE)


def walk_scenarios(driver: Driver, walks: int) -> Walks:
    """Walk so many times through the driver with each setup; a fault ends its own walk alone."""
    found = Walks()
    driver.points(mask_of(*_LOGGED), through_locks=True)
    for name, setup, seed in _every_walk(walks):
        walk = Walk(driver, setup, Random(f"{name} {seed}"))
        fault = walk.take()
        found.moves += len(walk.run)
        found.logs.append(_hash(walk.log))
        if fault and found.fault is None:
            found.fault = fault, run_of(name, walk.run)
        for rule, (breach, run) in walk.broken.items():
            found.broken.setdefault(rule, (breach, run_of(name, run)))
    return found


def calls_of_walk(driver: Driver, walks: int, number: int) -> tuple[str, list[LoggedCall]]:
    """What the device offers in one of the walks, counted from 0, in words, and the calls of it that are compared."""
    driver.points(mask_of(*_LOGGED), through_locks=True)
    name, setup, seed = list(_every_walk(walks))[number]
    walk = Walk(driver, setup, Random(f"{name} {seed}"))
    walk.take()
    places = {site: driver.symbols.place(site) if site else NOWHERE for _, site, _ in walk.log}
    return name, [
        LoggedCall(" ".join((op.name.lower(), *map(hex, given))), places[site]) for op, site, given in walk.log
    ]


def _every_walk(walks: int) -> Iterator[tuple[str, Setup, int]]:
    """For each walk what the device offers, in words, the machine, and a number that makes it another walk."""
    once = {
        f"hints alone, to a guest of {_MANY} blocks": Setup((FREE_PAGE_HINT,), ring=16, blocks=_MANY),
        "all features of Linux 5.7, and no buffer can be added": replace(_ALL, add_fails=1),
        **{f"all features, and call {n} of probe fails": replace(_ALL, fail_at=n) for n in range(1, _MOST_CALLS + 1)},
    }
    for name, setup in (SETUPS | once).items():
        yield from ((name, setup, seed) for seed in range(walks if name in SETUPS else 1))


def _hash(log: list[tuple[Op, int, tuple[int, ...]]]) -> str:
    return hashlib.sha256(repr([(int(op), given) for op, _, given in log]).encode()).hexdigest()[:16]


def run_of(name: str, moves: Iterable[str | Pending]) -> list[str]:
    """A run as lines; ``name`` says what the device offers."""
    return [f"the device offers {name}", *map(_describe, moves)]


def _describe(move: str | Pending) -> str:
    """A move, as a line of a run."""
    if isinstance(move, str):
        return move
    return f"{move.entry.name.lower()} calls {move.op.name.lower()} in {move.place}"
