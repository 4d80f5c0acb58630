"""The checks of a driver, as jobs for a process of its own.

A check and its answer are plain records, which go to the child and back as JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from hintproof.engines.limits import Limits
from hintproof.linux.coverage import Lines, lines_run
from hintproof.linux.direct import DirectStep, Refuted, check_code, explore_code
from hintproof.linux.driver import (
    FEATURES,
    FREE_PAGE_HINT,
    NEW_FEATURES,
    Deviation,
    Driver,
    DriverFault,
    Fault,
    Setup,
)
from hintproof.linux.explore import Plan, Verdict, explore, find_race, replay, walk
from hintproof.linux.interleaving import interleave
from hintproof.linux.lockstep import Comparison, Pairing, compare, compare_random
from hintproof.linux.scenarios import MOVES, SETUPS, LoggedCall, calls_of_walk, walk_scenarios
from hintproof.linux.symbols import NOWHERE, Place
from hintproof.story.build import build_story
from hintproof.story.model import Story
from hintspec.language.sizes import Sizes

#: The driver of the spec to compare the code with. As the spec has it, the driver has not changed since 5.7.
SPEC_DRIVER = "linux-6.1"

#: Steps of a random walk through the code by itself, and of a random run through code and everybody else.
_WALK, _RUN = 400, 100


class Kind(Enum):
    """The kinds of checks, in words for the reader."""

    CODE_FAULTS = "all states of the code by itself"
    SCENARIOS = "random walks of the whole driver, with each feature"
    INTERLEAVED = "two calls of the code at a time, in every order, with a point at each access to memory"
    ACCESSES = "all states of the code by itself, with a point at each access to memory"
    RACES = "random walks with a point at each access to memory"
    LOCKSTEP = "all steps, beside those of the spec's driver"
    LOCKSTEP_RANDOM = "random steps, beside those of the spec's driver"
    PROPERTIES = "all states of the code and everybody else"
    INTERRUPTED = "all states of the code and everybody else, with the config interrupt in steps"
    PROPERTIES_RANDOM = "random runs of the code and everybody else"


#: Those that run the driver in a build that tells of each access to memory.
BY_ACCESS = (Kind.CODE_FAULTS, Kind.INTERLEAVED, Kind.ACCESSES, Kind.RACES)


class Check(msgspec.Struct, frozen=True):
    """One check of a driver. ``world`` is an environment without its driver, empty for the code by itself.

    ``most`` limits its states (its steps, where they are random) and ``seconds`` its time. It ends as soon as the
    property ``until`` is violated, if one is named. A ``deep`` one takes longer than the others together. Beyond
    free page hinting the device ``offers`` these features.
    """

    kind: Kind
    world: str
    sizes: Sizes
    most: int = 1_000_000
    seconds: float = 300.0
    until: str | None = None
    deep: bool = False
    offers: tuple[int, ...] = ()

    @property
    def environment(self) -> str:
        """The world with the driver of the spec."""
        return f"{SPEC_DRIVER}+{self.world}"

    def __str__(self) -> str:
        how = ", interrupt in steps" if self.kind == Kind.INTERRUPTED else ""
        names = "new features" if self.offers == NEW_FEATURES else " ".join(FEATURES[bit] for bit in self.offers)
        offers = f", {names} offered" if names else ""
        return f"{self.world} {self.sizes}{how}{offers}".strip()


#: Steps of a run that are shown from its beginning, and from its end: a random walk has hundreds.
_SHOWN = 60


class CodeFault(msgspec.Struct, frozen=True):
    """A fault of the code, its place, and the run to it, a line a step; of a long one ``left_out`` steps are missing.

    ``kind`` names a member of ``operations.FaultKind``, or of ``explore.Verdict`` where nothing broke; or is PROBE, or
    the rule of virtio that was broken (:mod:`hintproof.linux.rules`).
    """

    kind: str
    says: str
    place: Place
    run: list[str]
    left_out: int = 0

    @property
    def steps(self) -> int:
        """The length of the run."""
        return len(self.run) + self.left_out - bool(self.left_out)


class CodeFaults(msgspec.Struct, frozen=True):
    """The states of a driver in a small world of its own; ``verdict`` names a member of ``explore.Verdict``.

    Of walks that are the same for every driver ``logs`` are hashes of the calls made in each, and ``broken``
    are the rules of virtio that it broke. ``takes_none``: the driver takes none of the features that are offered
    beyond, so that its answer is that of the check without them.
    """

    verdict: str
    states: int
    transitions: int
    fault: CodeFault | None
    cut_short: bool = False
    logs: list[str] = []
    broken: list[CodeFault] = []
    takes_none: bool = False
    lines: Lines = Lines()

    @property
    def complete(self) -> bool:
        """Whether all was explored that the check asked for."""
        return self.verdict != Verdict.LIMITED.name


class Violation(msgspec.Struct, frozen=True):
    """A violated property: the length of a shortest run, and its story."""

    name: str
    length: int
    story: Story


class Properties(msgspec.Struct, frozen=True):
    """The code under the spec's properties. ``stuck``: why the harness can't follow the code.

    ``stopped_by`` and ``cut_short`` are those of :class:`~hintproof.linux.direct.Direct`, ``takes_none`` is that of
    :class:`CodeFaults`.
    """

    pairs: int
    transitions: int
    complete: bool
    violated: list[Violation]
    fault: CodeFault | None
    stuck: str | None = None
    stopped_by: str = ""
    cut_short: bool = False
    takes_none: bool = False
    lines: Lines = Lines()


class Told(msgspec.Struct, frozen=True):
    """A walk of the whole driver: what the device offers, in words, and the calls that are compared."""

    offers: str
    calls: list[LoggedCall]


Answer = CodeFaults | Comparison | Properties


#: The answers about drivers that take no feature that is offered beyond.
TAKES_NONE: dict[type[Answer], Answer] = {
    Properties: Properties(0, 0, True, [], None, takes_none=True),
    CodeFaults: CodeFaults(Verdict.EXHAUSTED.name, 0, 0, None, takes_none=True),
}


def run_check(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: a library's path and a :class:`Check` give the check's answer."""
    check = msgspec.convert(arguments["check"], Check)
    job, kind = CHECKS[check.kind]
    driver = Driver(Path(arguments["library"]), (FREE_PAGE_HINT, *check.offers))
    try:
        answer = job(driver, check)
    except DriverFault as problem:  # of its probe: the faults of all others are found where they are searched for
        answer = _broken_probe(kind, problem.fault)
    built: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(answer, lines=lines_run(driver.library)))
    return built


def _broken_probe(kind: type[Answer], fault: Fault) -> Answer:
    """The answer about a driver that no check can bind to its device."""
    found = _code_fault(fault, ["probe"])
    if kind is Properties:
        return Properties(0, 0, True, [], found)
    return CodeFaults(Verdict.FAULTED.name, 0, 0, found)


def takes_one(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: whether a driver takes one of the features that are offered beyond, or breaks before that is known."""
    offers = tuple(arguments["offers"])
    driver = Driver(Path(arguments["library"]), (FREE_PAGE_HINT, *offers))
    try:
        return {"takes": bool(driver.start()) or driver.takes(*offers)}
    except DriverFault:
        return {"takes": True}


def _check_faults(driver: Driver, check: Check) -> CodeFaults:
    """Search for faults. Of the sizes it takes blocks and ring, and rounds, removes and freezes as budgets.

    At each access to memory there are many more states, so that DONE comes in no search of all of them.
    """
    sizes, by_access = check.sizes, check.kind != Kind.CODE_FAULTS
    commands: tuple[int, ...] = tuple(7 + n for n in range(sizes.rounds))
    if check.kind != Kind.ACCESSES:
        commands = (*commands, 1)
    plan = Plan(commands, scans=1, removes=sizes.removes, freezes=sizes.freezes, atomic=not by_access)
    status = driver.start(Setup(driver.offers, sizes.ring, blocks=sizes.blocks))
    if status:
        return CodeFaults("FAULTED", 0, 0, CodeFault("PROBE", f"probe() fails with {status}", NOWHERE, []))
    if check.kind == Kind.RACES:
        found = walk(driver, plan, max(1, check.most // _WALK), _WALK)
    else:
        found = explore(driver, plan, check.most, check.seconds, by_section=not by_access)
    fault = None
    if found.path:
        moved, broken = replay(driver, plan, found.path, by_section=not by_access)
        fault = _code_fault(broken or found.fault, moved, found.verdict)
        if found.verdict == Verdict.RACED and (race := find_race(driver)):
            fault = CodeFault(Verdict.RACED.name, race.text, race.place, moved)
    return CodeFaults(found.verdict.name, found.states, found.transitions, fault, found.cut_short)


def _walks_of(check: Check) -> int:
    """How many walks with each setup: ``most`` limits the moves, about."""
    return max(1, check.most // (len(SETUPS) * MOVES))


def tell_walk(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: a library's path, a :class:`Check` and the number of one of its walks give the walk as a :class:`Told`."""
    check = msgspec.convert(arguments["check"], Check)
    told = Told(*calls_of_walk(Driver(Path(arguments["library"])), _walks_of(check), arguments["number"]))
    built: dict[str, Any] = msgspec.to_builtins(told)
    return built


def _walk_scenarios(driver: Driver, check: Check) -> CodeFaults:
    found = walk_scenarios(driver, _walks_of(check))
    fault = _code_fault(*found.fault) if found.fault else None
    verdict = Verdict.FAULTED if fault else Verdict.EXHAUSTED
    broken = [CodeFault(name, b.says, b.place, *_shown(run)) for name, (b, run) in found.broken.items()]
    return CodeFaults(verdict.name, found.moves, found.moves, fault, logs=found.logs, broken=broken)


def _check_interleaved(driver: Driver, check: Check) -> CodeFaults:
    found = interleave(driver, check.most)
    fault = _code_fault(*found.fault) if found.fault else None
    ended = Verdict.EXHAUSTED if found.complete else Verdict.LIMITED
    return CodeFaults((Verdict.FAULTED if fault else ended).name, found.states, found.states, fault)


def _code_fault(fault: Fault | None, run: list[str], verdict: Verdict = Verdict.FAULTED) -> CodeFault:
    if fault is None:
        says = "nothing can go on" if verdict == Verdict.DEADLOCKED else "memory is left behind after remove"
        return CodeFault(verdict.name, says, NOWHERE, run)
    return CodeFault(fault.kind.name, str(fault), fault.place, *_shown(run))


def _shown(run: list[str]) -> tuple[list[str], int]:
    """The beginning and the end of a long run, and how many steps between them are left out."""
    left_out = len(run) - 2 * _SHOWN
    if left_out <= 1:
        return run, 0
    return [*run[:_SHOWN], f"... {left_out:,} more steps ...", *run[-_SHOWN:]], left_out


def _check_lockstep(driver: Driver, check: Check) -> Comparison:
    pairing = Pairing(driver, check.environment, check.sizes)
    if check.kind == Kind.LOCKSTEP_RANDOM:
        return compare_random(pairing, check.most)
    return compare(pairing, check.most, check.seconds)


def _check_properties(driver: Driver, check: Check) -> Properties:
    try:
        if check.kind == Kind.PROPERTIES_RANDOM:
            runs = max(1, check.most // _RUN)
            found = explore_code(driver, check.environment, check.sizes, runs, check.seconds)
        else:
            limits = Limits(check.most, check.seconds)
            by_step = check.kind == Kind.INTERRUPTED
            found = check_code(driver, check.environment, check.sizes, check.until, limits, by_step)
    except Deviation as problem:
        return Properties(0, 0, False, [], None, str(problem))
    fault = None
    if found.fault:
        fault = _code_fault(found.fault[0], [_describe_step(step) for step in found.fault[1]])
    violated = [_violation(refuted) for refuted in found.refuted.values()]
    size = found.pairs, found.transitions
    return Properties(*size, found.complete, violated, fault, stopped_by=found.stopped_by, cut_short=found.cut_short)


def _describe_step(step: DirectStep) -> str:
    return f"{step} at line {step.place.line}" if step.place.line else str(step)


def _violation(refuted: Refuted) -> Violation:
    return Violation(refuted.name, len(refuted.steps), build_story(refuted.trace()))


#: The job and the answer of each kind of check.
CHECKS: dict[Kind, tuple[Callable[[Driver, Check], Answer], type[Answer]]] = {
    Kind.CODE_FAULTS: (_check_faults, CodeFaults),
    Kind.SCENARIOS: (_walk_scenarios, CodeFaults),
    Kind.INTERLEAVED: (_check_interleaved, CodeFaults),
    Kind.ACCESSES: (_check_faults, CodeFaults),
    Kind.RACES: (_check_faults, CodeFaults),
    Kind.LOCKSTEP: (_check_lockstep, Comparison),
    Kind.LOCKSTEP_RANDOM: (_check_lockstep, Comparison),
    Kind.PROPERTIES: (_check_properties, Properties),
    Kind.INTERRUPTED: (_check_properties, Properties),
    Kind.PROPERTIES_RANDOM: (_check_properties, Properties),
}
