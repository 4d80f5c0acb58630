"""Every state of a driver in a small world of its own, and random walks through it: for faults of the code itself.

The others in this world do what they may at any time: the device shows the next command id and pops hints, the
shrinker scans, the module is removed, the machine is suspended. The loops over states are in shim/explore.c.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref
from dataclasses import dataclass
from enum import IntEnum

from hintproof.linux.binding import RawOutcome, RawPlan
from hintproof.linux.driver import CMD_ID, Driver, Fault, Pending
from hintproof.linux.operations import EVERY_CALL, Op, mask_of
from hintproof.system.errors import BadInput

#: States that are expanded between two looks at Ctrl-C and at the time.
_SLICE = 20_000

#: Calls at which nobody else can tell whether the thread has made them yet: no points in a search.
LOCAL = mask_of(Op.TO_VIRTIO, Op.FROM_VIRTIO, Op.RETURN, Op.SAY)

_THREADS = 8


class Verdict(IntEnum):
    """How a search ended; as in shim/moves.h."""

    EXHAUSTED = 0
    GOES_ON = 1
    FAULTED = 2
    DEADLOCKED = 3
    LEAKED = 4
    LIMITED = 5


class Move(IntEnum):
    """What the others do."""

    COMMAND = 16
    SCAN = 17
    REMOVE = 18
    POP = 19
    FREEZE = 20
    RESTORE = 21


@dataclass(frozen=True)
class Plan:
    """What others may do and how often. ``atomic``: interrupts and scans happen in one go."""

    commands: tuple[int, ...] = (7,)
    scans: int = 0
    removes: int = 0
    freezes: int = 0
    allocations_fail: bool = False
    atomic: bool = True
    points: int = EVERY_CALL & ~LOCAL

    def __post_init__(self) -> None:
        """Refuse what the shim has no room for."""
        if len(self.commands) > 8:
            raise BadInput(f"{len(self.commands)} command ids are too many for a search: give at most 8")


@dataclass(frozen=True)
class Explored:
    """What a search found. ``path`` are the moves to where something is wrong; replay them with :func:`replay`."""

    verdict: Verdict
    states: int
    transitions: int
    depth: int
    path: tuple[int, ...]
    fault: Fault | None


def explore(
    driver: Driver, plan: Plan, most: int = 5_000_000, progress: Callable[[int], None] | None = None
) -> Explored:
    """Breadth-first from the driver's present state; stops at the first fault, deadlock or leak, or at ``most`` states.

    The driver's state afterwards is that before.
    """
    outcome, began = RawOutcome(), driver.keep()
    _prepare(driver, plan)
    driver.raw.hp_explore_begin(most)
    while driver.raw.hp_explore(_SLICE, byref(outcome)) == Verdict.GOES_ON:
        if progress:
            progress(outcome.states)
    return _told(driver, outcome, began)


def walk(driver: Driver, plan: Plan, walks: int, length: int = 400, seed: int = 1) -> Explored:
    """Random walks from the driver's present state, of at most ``length`` moves: they find deep races sooner."""
    outcome, began = RawOutcome(), driver.keep()
    _prepare(driver, plan)
    driver.raw.hp_walks(seed, walks, length, byref(outcome))
    return _told(driver, outcome, began)


def _prepare(driver: Driver, plan: Plan) -> None:
    raw = RawPlan()
    raw.commands[: len(plan.commands)] = plan.commands
    raw.command_count, raw.scans, raw.removes, raw.freezes = len(plan.commands), plan.scans, plan.removes, plan.freezes
    raw.allocations_fail, raw.atomic = plan.allocations_fail, plan.atomic
    raw.offset, raw.hint_queue = CMD_ID, driver.hint_queue
    driver.raw.hp_set_plan(raw)
    driver.points(plan.points)


def _told(driver: Driver, outcome: RawOutcome, began: int) -> Explored:
    verdict = Verdict(outcome.verdict)
    fault = driver.fault().fault if verdict == Verdict.FAULTED else None
    found = verdict in (Verdict.FAULTED, Verdict.DEADLOCKED, Verdict.LEAKED)
    path = tuple(outcome.path[: min(outcome.path_length, 4096)]) if found else ()
    driver.recall(began)
    driver.forget_events()
    driver.points()
    return Explored(verdict, outcome.states, outcome.transitions, outcome.depth, path, fault)


@dataclass(frozen=True)
class Moved:
    """One move of a path: who, and, if it is a thread of the driver, the call that it made."""

    says: str
    call: Pending | None


def replay(driver: Driver, plan: Plan, path: tuple[int, ...]) -> tuple[list[Moved], Fault | None]:
    """The moves of a path in words, from the driver's present state, and the fault that it ends in, if it does."""
    _prepare(driver, plan)
    moved: list[Moved] = []
    try:
        for move in path:
            thread = move % _THREADS if move < Move.COMMAND else None
            call = driver.pending(thread) if thread is not None else None
            moved.append(Moved(_says(driver, move, call), call))
            if driver.raw.hp_move(move) < 0:
                return moved, driver.fault().fault
        return moved, None
    finally:
        driver.points()


def _says(driver: Driver, move: int, call: Pending | None) -> str:
    if call is not None:
        fails = " (fails)" if move >= _THREADS else ""
        return f"{call.entry.name.lower()}: {call.op.name.lower()}{fails} in {call.place}"
    if move < 32:
        return Move(move).name.lower()
    names = {number: name for name, number in driver.works().items()}
    return f"work starts: {names.get(move - 32, '?')}"
