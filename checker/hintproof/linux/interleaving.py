"""Two calls of the driver at a time, interleaved in every way: one that comes, goes or works, and any other beside it.

A driver that comes or goes is where races are: a callback that has looked at a flag queues its work when remove has
cancelled that already. Random walks seldom stop in the few calls between; here the two take their calls and accesses to
memory in every order, from a state in which the driver has whatever it can have. Behind each end everything comes to
rest, and the driver leaves. Asked is what holds of any driver: the rules of the kernel, that nothing is left behind,
and that no two threads write the same memory when nothing orders them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from hintproof.linux.binding import QUEUES, WORKS
from hintproof.linux.driver import CMD_ID, NEW_FEATURES, NUM_PAGES, Driver, DriverFault, Fault, Pending, Setup
from hintproof.linux.explore import LOCAL, find_race
from hintproof.linux.operations import EVERY_CALL, Entry, Op
from hintproof.linux.scenarios import SETUPS, Walk, run_of

#: What the device offers, in words, and the machine.
_EVERY_BIT = "every feature bit"
_SETUPS = {name: SETUPS[name] for name in ("all features of Linux 5.7", "hints alone", _EVERY_BIT)}

#: The ids of a round that is over, whose blocks the driver keeps, and of the next one.
_OLD, _NEW = (1 << 31) + 2, (1 << 31) + 3

#: Sizes of the balloon: as it is, and as the host wants it next.
_PAGES, _MORE = 1, 2


class Call(NamedTuple):
    """A way in which the kernel calls the driver, with its argument."""

    entry: Entry
    argument: int = 0


#: Whoever asks for memory is frozen before a device is suspended, and thawed after it was resumed.
_ASKS_FOR_MEMORY = (Call(Entry.SHRINK_COUNT), Call(Entry.OOM), Call(Entry.REPORT, 2))
_SCAN = Call(Entry.SCAN, 1024)
_INTERRUPTS = (Call(Entry.CHANGED), *(Call(Entry.CALLBACK, queue) for queue in range(QUEUES)))
_WORKS = tuple(Call(Entry.WORK, work) for work in range(WORKS))

#: What may be called while a driver comes, goes or works. A driver that counts no blocks is not asked to scan.
_BESIDE = {
    Call(Entry.PROBE): (*_ASKS_FOR_MEMORY, *_INTERRUPTS, *_WORKS),
    Call(Entry.REMOVE): (_SCAN, *_ASKS_FOR_MEMORY, *_INTERRUPTS, *_WORKS),
    Call(Entry.SHUTDOWN): (_SCAN, *_ASKS_FOR_MEMORY, *_INTERRUPTS, *_WORKS),
    Call(Entry.FREEZE): (*_INTERRUPTS, *_WORKS),
    Call(Entry.RESTORE): (*_INTERRUPTS, *_WORKS),
    **{work: (_SCAN, *_ASKS_FOR_MEMORY, *_INTERRUPTS, *_WORKS[number:]) for number, work in enumerate(_WORKS, 1)},
}


@dataclass
class Interleavings:
    """The states of all searches, and the first fault with the run to it.

    ``complete``: no search met the limit of states.
    """

    states: int = 0
    complete: bool = True
    fault: tuple[Fault, list[str]] | None = None


class _State(NamedTuple):
    """A snapshot of the machine, and which of the two have begun."""

    snapshot: int
    begun: frozenset[Call] = frozenset()


#: The device takes and uses every buffer, and tells the driver of that, before anything else happens.
_SERVES = "the device uses every buffer"

#: A move: one of the two begins, a thread makes the call that it stands before, or the device serves.
_Move = Call | int | str


@dataclass
class _Search:
    """The search of two calls; ``began`` is the run up to the state in which they may begin."""

    driver: Driver
    setup: Setup
    one: Call
    other: Call
    began: list[str | Pending]
    came: dict[_State, tuple[_State, str | Pending]] = field(default_factory=dict)
    complete: bool = True

    def search(self, most: int) -> tuple[Fault, list[str | Pending]] | None:
        """The fault that the fewest moves lead to, with the run to it. ``most`` limits the states."""
        waiting = deque([_State(self.driver.keep())])
        seen = set(waiting)
        ended: set[int] = set()
        while waiting:
            state = waiting.popleft()
            self.driver.recall(state.snapshot)
            if race := find_race(self.driver):
                return race, self._run(state)
            moved = False
            for move in list(self._moves(state)):
                self.driver.recall(state.snapshot)
                says = self._describe(move)
                try:
                    if not self._take(move):
                        continue
                except DriverFault as problem:
                    return problem.fault, [*self._run(state), says]
                moved = True
                begun = state.begun | {move} if isinstance(move, Call) else state.begun
                after = _State(self.driver.keep(), begun)
                if after in seen:
                    continue
                if len(seen) >= most:
                    self.complete = False
                    return None
                seen.add(after)
                self.came[after] = state, says
                waiting.append(after)
            if not moved and state.snapshot not in ended:
                ended.add(state.snapshot)
                if found := self._end(state):
                    return found
        return None

    @property
    def states(self) -> int:
        """How many states were visited."""
        return len(self.came) + 1

    def _moves(self, state: _State) -> Iterator[_Move]:
        """All steps but those of work items that have not begun. The device serves where a thread waits for it."""
        yield from self.driver.enabled()
        yield from (call for call in (self.one, self.other) if call not in state.begun)
        if any(thread.op == Op.WAIT and not thread.enabled for thread in self.driver.view().threads):
            yield _SERVES

    def _take(self, move: _Move) -> bool:
        """Take a move; False where the kernel does not call the driver so now."""
        if isinstance(move, int):
            self.driver.step(move)
            return True
        if isinstance(move, Call):
            _use_before(self.driver, move)
            return self.driver.try_spawn(*move) is not None
        for told in _INTERRUPTS:
            if told.entry == Entry.CALLBACK:
                _use_before(self.driver, told)
                self.driver.try_interrupt(*told)
        return True

    def _describe(self, move: _Move) -> str | Pending:
        if isinstance(move, int):
            return self.driver.pending(move)
        return f"{move.entry.name.lower()} begins" if isinstance(move, Call) else move

    def _run(self, state: _State) -> list[str | Pending]:
        """The run to a state."""
        moves: list[str | Pending] = []
        while state in self.came:
            state, move = self.came[state]
            moves.append(move)
        return [*self.began, *reversed(moves)]

    def _end(self, state: _State) -> tuple[Fault, list[str | Pending]] | None:
        """Let everything come to rest, and the driver leave: the fault, if there is one."""
        self.driver.recall(state.snapshot)
        walk = Walk(self.driver, self.setup, Random(0), self._run(state))
        walk.over = self.one.entry == Entry.SHUTDOWN
        try:
            fault = walk.rest(0) or walk.leave()
        except DriverFault as problem:
            fault = problem.fault
        return (fault, walk.run) if fault else None


def interleave(driver: Driver, most: int) -> Interleavings:
    """Interleave every two calls, with at most so many states each; the first fault ends it."""
    found = Interleavings()
    driver.points(EVERY_CALL & ~LOCAL)
    for name, setup in _SETUPS.items():
        if name == _EVERY_BIT and not _takes_new(driver, setup):
            continue  # it is the driver that it was
        for one, others in _BESIDE.items():
            for other in others:
                fault = _interleave(driver, setup, one, other, most, found)
                if fault:
                    found.fault = fault[0], run_of(name, _readable(fault[1]))
                    return found
    return found


def _readable(run: list[str | Pending]) -> list[str | Pending]:
    """A run without the accesses to memory behind which the same thread goes on."""

    def interrupted(move: str | Pending, following: str | Pending) -> bool:
        return isinstance(following, str) or (isinstance(move, Pending) and move.thread != following.thread)

    return [
        move
        for move, following in zip(run, [*run[1:], ""], strict=True)
        if isinstance(move, str) or move.op != Op.ACCESS or interrupted(move, following)
    ]


def _takes_new(driver: Driver, setup: Setup) -> bool:
    """Whether the driver takes a feature that no driver of today knows, or breaks before that is known."""
    try:
        return bool(driver.start(setup)) or driver.takes(*NEW_FEATURES)
    except DriverFault:
        return True


def _interleave(
    driver: Driver, setup: Setup, one: Call, other: Call, most: int, found: Interleavings
) -> tuple[Fault, list[str | Pending]] | None:
    walk = Walk(driver, setup, Random(0))
    driver.fresh(setup)
    try:
        if trouble := _prepare(walk, one.entry, other.entry):
            return trouble, walk.run
    except DriverFault as problem:
        return problem.fault, walk.run
    search = _Search(driver, setup, one, other, walk.run)
    fault = search.search(most)
    found.states += search.states
    found.complete &= search.complete
    return fault


def _prepare(walk: Walk, one: Entry, other: Entry) -> Fault | None:
    """Bring a driver to where it has pages and blocks, and the host wants something else of it.

    Where a work item is to run, the driver has been told of that.
    """
    driver = walk.driver
    if one == Entry.PROBE:
        driver.config(NUM_PAGES, _PAGES)
        return None
    walk.run.append("probe")
    if driver.bind():
        return walk.refused()
    if trouble := walk.rest(_OLD, _PAGES):
        return trouble
    walk.run[:] = ["probe, a balloon of one page, a round of hints, and then everything is at rest"]
    if one == Entry.RESTORE:
        walk.make("call", Entry.FREEZE, 0)
        if trouble := walk.rest(_OLD, _PAGES):
            return trouble
        walk.run[1:] = ["freeze begins, and ends"]
    driver.config(NUM_PAGES, _MORE)
    driver.config(CMD_ID, _NEW)
    walk.run.append(f"the host changes num_pages to {_MORE}, and the command id to {_NEW:#x}")
    if Entry.WORK in (one, other) and one != Entry.RESTORE:
        for told in _INTERRUPTS:
            _use_before(driver, told)
            if driver.try_interrupt(*told):
                walk.run.append(f"{told.entry.name.lower()} begins, and ends")
    return None


def _use_before(driver: Driver, call: Call) -> None:
    """Before it tells of used buffers, a device that is ready uses all that it has."""
    if call.entry == Entry.CALLBACK and driver.view().ready:
        for queue in range(QUEUES):
            driver.use_all(queue)
