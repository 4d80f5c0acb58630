"""The gate for patches to QEMU: it plays the same runs on the build under review and on the one before it.

It plays the known counterexamples, and random runs of the model. The model has no part in the verdict: a build that
repairs something differs from the model, and the report calls that a difference of behaviour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hintproof.gate.checker import DriverVerdict, Place, Question, TraceLine, Violation
from hintproof.gate.gate import judge
from hintproof.gate.report import GateReport, PatchReport
from hintproof.qemu.binary import Qemu
from hintproof.qemu.conformance import course_of, world_of
from hintproof.qemu.map_threads import map_threads
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played, judge_loss, play, setup_for
from hintproof.story.build import build_story
from hintproof.system.clock import Clock
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Outcome
from hintproof.trace.document import load
from hintproof.trace.replay import Trace

#: The place of the device in QEMU, for forms that want a place.
DEVICE = Place("hw/virtio/virtio-balloon.c", 1)

_LOST = "no_lost_write"

#: Properties of the data that arrives at the destination: the memory of both sides decides them.
_OF_ARRIVAL = frozenset({_LOST, "free_content_kept"})

_LIVES = "hypervisor_lives"
_LIVES_SAYS = "No run makes the hypervisor crash, or stop to answer."

_ACCELERATORS = ("kvm", "tcg")

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Amount:
    """How much to play: each counterexample ``times`` times, and ``runs`` random runs with each accelerator."""

    times: int = 3
    runs: int = 40


USUAL, THOROUGH = Amount(), Amount(10, 300)


@dataclass(frozen=True, eq=False)
class _Scenario:
    """A run to play on both: its name, the property that it is about, its trace if it has one."""

    name: str
    property_name: str
    accelerator: str
    course: Course
    times: int = 1
    trace: Trace | None = None

    @property
    def world(self) -> str:
        return f"{self.name}, {self.accelerator}"


Results = Mapping[_Scenario, Sequence[Played]]


def run_gate_on_qemu(
    build: Qemu,
    base: Qemu,
    traces: Path,
    amount: Amount = USUAL,
    accelerators: Sequence[str] = _ACCELERATORS,
    watch: Watch | None = None,
) -> GateReport:
    """Compare a build with the one before it. ``traces`` is a folder of counterexamples, NAME/trace.json, or one trace.

    ``watch`` is called with a line after each run. Raises :class:`BadInput` if the base can't be used,
    or there are no traces.
    """
    clock = Clock(None)
    usable = [a for a in accelerators if not (base.refusal(a) or build.refusal(a))]
    refused = [base.refusal(a) or build.refusal(a) for a in accelerators if a not in usable]
    if not usable:
        raise BadInput("; ".join(refused))
    scenarios = [*_load_scenarios(traces, usable, base, amount.times), *_random_scenarios(usable, base, amount.runs)]
    notes = [f"not all was played: {refusal}" for refusal in refused]
    if problem := _find_problem(base, scenarios[0]):
        raise BadInput(f"{base.path} can't be asked: {problem}; name another --base")
    if problem := _find_problem(build, scenarios[0]):
        patch = replace(_report(build, Outcome.UNDECIDED, "the build can't be asked"), details=(problem,))
    else:
        before = _play_all(base, scenarios, watch)
        same = Path(build.path).samefile(base.path)
        patch = _compare_builds(build, before, before if same else _play_all(build, scenarios, watch), amount)
        notes += ["the build is the base: it was played once"] if same else []
    patch = replace(patch, seconds=clock.seconds)
    return GateReport(base.path, base.version_text, (patch,), clock.seconds, tuple(notes), system="QEMU")


# -- the runs to play ------------------------------------------------------------------------


def _load_scenarios(folder: Path, accelerators: Sequence[str], base: Qemu, times: int) -> Iterator[_Scenario]:
    """Each trace of a world with QEMU, with the accelerator whose dirty log that world has, if it can be used."""
    files = [folder] if folder.is_file() else sorted(folder.glob("*/trace.json"))
    if not files:
        raise BadInput(f"{folder} has no NAME/trace.json: name the folder counterexamples of the sources with --traces")
    for file in files:
        trace = load(file)
        try:
            wanted = setup_for(trace.environment, base).accelerator
        except BadInput:
            continue  # its host is no QEMU
        accelerator = wanted if wanted in accelerators else accelerators[0]
        yield _Scenario(file.parent.name, trace.property_name, accelerator, Course.of(trace), times, trace)


def _random_scenarios(accelerators: Sequence[str], base: Qemu, runs: int) -> Iterator[_Scenario]:
    for accelerator in accelerators:
        world = world_of(base, accelerator)
        lazy = setup_for(world, base, accelerator).lazy
        for seed in range(runs):
            yield _Scenario(f"random run {seed}", _LOST, accelerator, course_of(world, lazy, seed))


def _play(scenario: _Scenario, qemu: Qemu) -> Played:
    setup = setup_for(scenario.course.environment, qemu, scenario.accelerator)
    return judge_loss(play(scenario.course, setup, strict=False))


def _find_problem(qemu: Qemu, scenario: _Scenario) -> str:
    """Why a machine of this QEMU can't be used; empty if it can: a run of no steps is played."""
    nothing = replace(scenario.course, run=(), states=scenario.course.states[:1])
    played = _play(replace(scenario, course=nothing), qemu)
    return "" if played.result == Result.FOLLOWED else str(played)


def _play_all(qemu: Qemu, scenarios: Sequence[_Scenario], watch: Watch | None) -> Results:
    every = [scenario for scenario in scenarios for _ in range(scenario.times)]
    results: dict[_Scenario, list[Played]] = {scenario: [] for scenario in scenarios}
    for done, (place, played) in enumerate(map_threads(lambda scenario: _play(scenario, qemu), every), 1):
        results[every[place]].append(played)
        if watch is not None:
            watch(f"{done} of {len(every)} runs on {qemu}, {qemu.path}")
    return results


# -- the verdict -----------------------------------------------------------------------------


def _compare_builds(build: Qemu, before: Results, after: Results, amount: Amount) -> PatchReport:
    steered = [scenario for scenario in before if not (_undecided(before[scenario]) and _undecided(after[scenario]))]
    left_out = [scenario.world for scenario in before if scenario not in steered]
    was, now = (to_verdict({scenario: results[scenario] for scenario in steered}) for results in (before, after))
    traced = len({scenario.name for scenario in steered if scenario.trace})
    report = judge(_report(build, Outcome.UNCHANGED, ""), was, now, lambda: _difference(steered, before, after))
    return replace(
        report,
        notes=(f"neither could be steered along: {'; '.join(left_out)}",) if left_out else (),
        sizes=f"{traced} counterexamples, each {amount.times} times; {len(steered) - traced} random runs",
    )


def _report(build: Qemu, outcome: Outcome, reason: str) -> PatchReport:
    return PatchReport(build.path, f"{build}, {build.path}", "", outcome, reason, place=DEVICE)


def to_verdict(results: Results) -> DriverVerdict:
    """The verdict on one QEMU, in the terms of the gate."""
    violated: dict[Question, Violation] = {}
    holds: set[Question] = set()
    undecided: dict[Question, str] = {}
    for scenario, played in results.items():
        arrival = scenario.property_name in _OF_ARRIVAL
        about, lives = (Question(name, scenario.world) for name in (scenario.property_name, _LIVES))
        first = {p.result: p for p in reversed(played)}
        if died := first.get(Result.DIED):
            violated[lives] = _violation(scenario, died, "QEMU", _LIVES_SAYS)
            undecided[about] = str(died)
            continue
        holds.add(lives)
        if lost := first.get(Result.LOST):
            violated[about if arrival else Question(_LOST, scenario.world)] = _violation(scenario, lost)
        elif why := _undecided(played):
            undecided[about] = why
        elif arrival:
            holds.add(about)
        else:
            violated[about] = _violation(scenario, played[0])
    return DriverVerdict(violated, frozenset(holds), undecided, _fingerprint(results))


def _undecided(played: Sequence[Played]) -> str:
    """Why a run decides nothing: at least once it could not be followed to its end, and nothing was lost."""
    reasons = [str(p) for p in played if p.result in (Result.NOT_STEERED, Result.DIFFERS)]
    return reasons[0] if reasons and not any(p.result in (Result.LOST, Result.DIED) for p in played) else ""


def _violation(scenario: _Scenario, played: Played, clause: str = "", says: str = "") -> Violation:
    course, lines = scenario.course, [f"on the real system: {played}"]
    if scenario.trace is None:
        lines = [f"environment: {course.environment}", f"sizes:       {course.sizes}", *_steps(scenario), *lines]
    story = build_story(scenario.trace) if scenario.trace else None
    return Violation(tuple(map(TraceLine, lines)), len(course.run), "QEMU", None, clause, says, story)


def _steps(scenario: _Scenario) -> Iterator[str]:
    for number, (name, block) in enumerate(scenario.course.run, 1):
        yield f"{number:3} {name}" + (f"({block})" if block is not None else "")


def _fingerprint(results: Results) -> str:
    """A hash of the behaviour: equal for two QEMUs between which no difference was seen."""
    behaviour = [(scenario.world, sorted({_observe(p) for p in played})) for scenario, played in results.items()]
    return hashlib.sha256(repr(behaviour).encode()).hexdigest()


def _observe(played: Played) -> str:
    """The observation of a run, without all that may vary from one time to the next."""
    if played.result == Result.NOT_STEERED:
        return ""
    reason = "" if played.result == Result.DIED else f"{played.reason} {played.otherwise}"
    return f"{played.result} {played.step} {reason} {[[d.block for d in a.differences] for a in played.arrivals]}"


def _difference(scenarios: Sequence[_Scenario], before: Results, after: Results) -> Iterator[str]:
    """The shortest run in which the two differ, in lines."""
    for scenario in sorted(scenarios, key=lambda scenario: len(scenario.course.run)):
        for was, now in zip(before[scenario], after[scenario], strict=True):
            if _observe(was) and _observe(now) and _observe(was) != _observe(now):
                yield from (f"{scenario.world}:", f"  before: {was}", f"  after:  {now}")
                if not scenario.trace:
                    yield from ("  in the run", *(f"  {step}" for step in _steps(scenario)))
                return
