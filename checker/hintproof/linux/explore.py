"""Every state of a driver in a small world of its own, and random walks through it: for faults of the code itself.

In this world anything may happen at any time: the device shows the next command id and pops hints, the shrinker scans,
the module is removed, the machine is suspended. The loops over states are in shim/explore.c.
"""

from __future__ import annotations

from ctypes import byref
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations

from hintproof.linux.binding import THREADS, RawOutcome, RawPlan
from hintproof.linux.driver import CMD_ID, Driver, Fault
from hintproof.linux.operations import EVERY_CALL, FaultKind, Op, mask_of
from hintproof.system.clock import Clock
from hintproof.system.errors import BadInput

#: States that are expanded between two looks at Ctrl-C and at the clock.
_SLICE = 20_000

#: Nobody else can tell whether a thread has made one of these calls yet: they are no points in a search.
LOCAL = mask_of(Op.TO_VIRTIO, Op.FROM_VIRTIO, Op.RETURN, Op.SAY)

#: The points of a search that takes critical sections as one step: it watches accesses, and does not stop at them.
_WITHOUT_ACCESSES = EVERY_CALL & ~LOCAL & ~mask_of(Op.ACCESS)


#: What an access to memory does, in its last argument; as in shim/runtime.h.
_WRITES, _MARKED = 1, 2

#: How a search ended; as in shim/moves.h.
Verdict = IntEnum("Verdict", "EXHAUSTED GOES_ON FAULTED DEADLOCKED LEAKED LIMITED DISTRUSTED RACED", start=0)

#: A move of others; as in shim/moves.h.
Move = IntEnum("Move", "COMMAND SCAN REMOVE POP FREEZE RESTORE USED", start=16)


@dataclass(frozen=True)
class Plan:
    """The moves of others, and how often they may happen. ``atomic``: interrupts and scans happen in one go."""

    commands: tuple[int, ...] = (7,)
    scans: int = 0
    removes: int = 0
    freezes: int = 0
    allocations_fail: bool = False
    atomic: bool = True

    def __post_init__(self) -> None:
        """Refuse more command ids than the shim has room for."""
        if len(self.commands) > 8:
            raise BadInput(f"{len(self.commands)} command ids are too many for a search: give at most 8")


@dataclass(frozen=True)
class Explored:
    """The result of a search. ``path`` holds the moves to a state that is wrong; :func:`replay` takes them.

    ``cut_short``: the search met its limit of time.
    """

    verdict: Verdict
    states: int
    transitions: int
    depth: int
    path: tuple[int, ...]
    fault: Fault | None
    cut_short: bool = False


def explore(
    driver: Driver, plan: Plan, most: int = 5_000_000, seconds: float | None = None, by_section: bool = False
) -> Explored:
    """Search breadth first from the driver's present state, up to the first fault, deadlock or leak, or to a limit.

    ``most`` limits the states, ``seconds`` the time. The driver's state afterwards is that before. With
    ``by_section`` a critical section is one step, where nobody can tell (shim/sections.c); only a build with accesses
    shows where that is.
    """
    outcome, began, clock = RawOutcome(), driver.keep(), Clock(seconds)
    _prepare(driver, plan)
    if by_section:
        _watch_sections(driver)
    driver.raw.hp_explore_begin(most)
    while (verdict := driver.raw.hp_explore(_SLICE, byref(outcome))) in (Verdict.GOES_ON, Verdict.DISTRUSTED):
        if clock.is_over():
            outcome.verdict = Verdict.LIMITED
            return _explored(driver, outcome, began, cut_short=True)
        if verdict == Verdict.DISTRUSTED:
            driver.recall(began)
            _watch_sections(driver, again=True)
            driver.raw.hp_explore_begin(most)
    return _explored(driver, outcome, began)


def _watch_sections(driver: Driver, again: bool = False) -> None:
    """Take critical sections as one step; ``again``: but for those of which somebody could tell."""
    assert driver.has_accesses
    driver.raw.hp_watch_sections(True, again)
    driver.points(_WITHOUT_ACCESSES)


def walk(driver: Driver, plan: Plan, walks: int, length: int = 400, seed: int = 1) -> Explored:
    """Take random walks of at most ``length`` moves from the driver's present state: they find deep races sooner."""
    outcome, began = RawOutcome(), driver.keep()
    _prepare(driver, plan)
    driver.raw.hp_walks(seed, walks, length, byref(outcome))
    return _explored(driver, outcome, began)


def _prepare(driver: Driver, plan: Plan) -> None:
    raw = RawPlan()
    raw.commands[: len(plan.commands)] = plan.commands
    raw.command_count, raw.scans, raw.removes, raw.freezes = len(plan.commands), plan.scans, plan.removes, plan.freezes
    raw.allocations_fail, raw.atomic = plan.allocations_fail, plan.atomic
    raw.offset, raw.hint_queue = CMD_ID, driver.hint_queue
    driver.raw.hp_set_plan(raw)
    driver.points(EVERY_CALL & ~LOCAL)


def _explored(driver: Driver, outcome: RawOutcome, began: int, cut_short: bool = False) -> Explored:
    verdict = Verdict(outcome.verdict)
    fault = driver.fault().fault if verdict == Verdict.FAULTED else None
    found = verdict in (Verdict.FAULTED, Verdict.DEADLOCKED, Verdict.LEAKED, Verdict.RACED)
    path = tuple(outcome.path[: min(outcome.path_length, 4096)]) if found else ()
    driver.recall(began)
    driver.forget_events()
    driver.points()
    driver.raw.hp_watch_sections(False, True)
    return Explored(verdict, outcome.states, outcome.transitions, outcome.depth, path, fault, cut_short)


def find_race(driver: Driver) -> Fault | None:
    """Two threads that stand before a write of the same memory in the driver's present state; as in shim/moves.c."""
    threads = driver.view().threads
    writing = [n for n, t in enumerate(threads) if t.op == Op.ACCESS and t.c & _WRITES]
    for n, m in combinations(writing, 2):
        one, other = threads[n], threads[m]
        if one.a < other.a + other.b and other.a < one.a + one.b and not one.c & other.c & _MARKED:
            calls = [driver.pending(number) for number in (n, m)]
            says = " and ".join(f"{call.entry.name.lower()}, {call.place}" for call in calls)
            text = f"a data race: {says} write the same memory, and nothing orders them"
            return Fault(FaultKind.BUG, calls[0].entry, text, calls[0].place)
    return None


def replay(
    driver: Driver, plan: Plan, path: tuple[int, ...], by_section: bool = False
) -> tuple[list[str], Fault | None]:
    """Take the moves of a path from the driver's present state: each in words, and the fault at the end, if any.

    The path is that of the last search; ``by_section`` as there.
    """
    _prepare(driver, plan)
    if by_section:
        _watch_sections(driver, again=True)
    moved: list[str] = []
    try:
        for move in path:
            moved.append(_describe_move(driver, move))
            if driver.raw.hp_move(move) < 0:
                return moved, driver.fault().fault
        return moved, None
    finally:
        driver.points()
        driver.raw.hp_watch_sections(False, True)


def _describe_move(driver: Driver, move: int) -> str:
    if move < Move.COMMAND:
        call = driver.pending(move % THREADS)
        fails = "" if move < THREADS else " (later)" if call.op == Op.CLOCK else " (fails)"
        return f"{call.entry.name.lower()}: {call.op.name.lower()}{fails} in {call.place}"
    if move < 32:
        return Move(move).name.lower()
    names = {number: name for name, number in driver.works().items()}
    return f"work starts: {names.get(move - 32, '?')}"
