"""The gate for patches to QEMU: the same runs are played on the build under review and on the one before it.

Played are the known counterexamples, and random runs of the model. What the model says has no part in the verdict: a
build that repairs something does otherwise than the model, and that is told as a difference of behaviour.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from hintproof.gate.checker import DriverVerdict, Fall, Question, Render, TraceLine
from hintproof.gate.gate import compare, outcome_of
from hintproof.gate.report import GateReport, PatchReport
from hintproof.gate.watched import Place
from hintproof.qemu.binary import Qemu
from hintproof.qemu.conformance import SIZES, course_of, world_of
from hintproof.qemu.map_threads import map_threads
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played, judge_loss, play, setup_for
from hintproof.story.build import build_story
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Outcome
from hintproof.trace.document import load
from hintproof.trace.replay import Trace

#: Where QEMU has the device: for forms that want a place.
DEVICE = Place("hw/virtio/virtio-balloon.c", 1)

_LOST = "no_lost_write"

#: Properties of what arrives at the destination: there the memory of both sides has the word.
_OF_ARRIVAL = frozenset({_LOST, "free_content_kept"})

_LIVES = "hypervisor_lives"
_LIVES_SAYS = "No run makes the hypervisor crash, or stop to answer."

_ACCELERATORS = ("kvm", "tcg")

Watch = Callable[[str], None]


@dataclass(frozen=True)
class Amount:
    """How much is played: ``times`` each counterexample, ``runs`` random runs with each accelerator."""

    times: int = 3
    runs: int = 40


USUAL, THOROUGH = Amount(), Amount(10, 300)


@dataclass(frozen=True, eq=False)
class _Ask:
    """A run that is played on both: what to call it, the claim that it is about, its trace if it has one."""

    name: str
    claim: str
    accelerator: str
    course: Course
    times: int = 1
    trace: Trace | None = None

    @property
    def world(self) -> str:
        return f"{self.name}, {self.accelerator}"


Results = Mapping[_Ask, Sequence[Played]]


def run_gate_on_qemu(
    build: Qemu,
    base: Qemu,
    traces: Path,
    render: Render,
    amount: Amount = USUAL,
    accelerators: Sequence[str] = _ACCELERATORS,
    watch: Watch | None = None,
) -> GateReport:
    """Compare a build with the one before it. ``traces`` is a folder of counterexamples, NAME/trace.json.

    ``render`` writes a trace as text; ``watch`` is told what is played. Raises :class:`BadInput` if the base can't be
    used, or there are no traces.
    """
    began = time.monotonic()
    usable = [a for a in accelerators if not (base.refusal(a) or build.refusal(a))]
    refused = [base.refusal(a) or build.refusal(a) for a in accelerators if a not in usable]
    if not usable:
        raise BadInput("; ".join(refused))
    asks = [*_of_traces(traces, usable, base, amount.times), *_random(usable, base, amount.runs)]
    notes = [f"not all was played: {refusal}" for refusal in refused]
    if problem := _problem(base, asks[0]):
        raise BadInput(f"{base.path} can't be asked: {problem}; name another --base")
    if problem := _problem(build, asks[0]):
        patch = replace(_report(build, Outcome.UNDECIDED, "the build can't be asked"), details=(problem,))
    else:
        before = _played(base, asks, watch)
        same = Path(build.path).samefile(base.path)
        patch = _compared(build, before, before if same else _played(build, asks, watch), amount, render)
        notes += ["the build is the base: it was played once"] if same else []
    seconds = time.monotonic() - began
    return GateReport(
        base.path, base.version_text, (replace(patch, seconds=seconds),), seconds, tuple(notes), system="QEMU"
    )


# -- what is played ---------------------------------------------------------------------------


def _of_traces(folder: Path, accelerators: Sequence[str], base: Qemu, times: int) -> Iterator[_Ask]:
    """Each trace of a world with QEMU, with the accelerator whose dirty log that world has, if it can be used."""
    files = sorted(folder.glob("*/trace.json"))
    if not files:
        raise BadInput(f"{folder} has no NAME/trace.json: name the folder counterexamples of the sources with --traces")
    for file in files:
        trace = load(file)
        try:
            wanted = setup_for(trace.environment, base).accelerator
        except BadInput:
            continue  # its host is no QEMU
        accelerator = wanted if wanted in accelerators else accelerators[0]
        yield _Ask(file.parent.name, trace.property_name, accelerator, Course.of(trace), times, trace)


def _random(accelerators: Sequence[str], base: Qemu, runs: int) -> Iterator[_Ask]:
    for accelerator in accelerators:
        world = world_of(base, accelerator)
        lazy = setup_for(world, base, accelerator).lazy
        for seed in range(runs):
            yield _Ask(f"random run {seed}", _LOST, accelerator, course_of(world, SIZES, lazy, seed))


def _play(ask: _Ask, qemu: Qemu) -> Played:
    setup = setup_for(ask.course.environment, qemu, ask.accelerator)
    return judge_loss(play(ask.course, setup, strict=False))


def _problem(qemu: Qemu, ask: _Ask) -> str:
    """Why a machine of this QEMU can't be used; empty if it can: a run of no steps is played."""
    course = ask.course
    nothing = Course(course.environment, course.sizes, (), course.states[:1])
    played = _play(_Ask("nothing", _LOST, ask.accelerator, nothing), qemu)
    return "" if played.result == Result.FOLLOWED else str(played)


def _played(qemu: Qemu, asks: Sequence[_Ask], watch: Watch | None) -> Results:
    if watch is not None:
        watch(f"{sum(ask.times for ask in asks)} runs on {qemu}, {qemu.path}")
    every = [ask for ask in asks for _ in range(ask.times)]
    results: dict[_Ask, list[Played]] = {ask: [] for ask in asks}
    for place, played in map_threads(lambda ask: _play(ask, qemu), every):
        results[every[place]].append(played)
    return results


# -- what it comes to -------------------------------------------------------------------------


def _compared(build: Qemu, before: Results, after: Results, amount: Amount, render: Render) -> PatchReport:
    steered = [ask for ask in before if not (_undecided(before[ask]) and _undecided(after[ask]))]
    left_out = [ask.world for ask in before if ask not in steered]
    was, now = (verdict({ask: results[ask] for ask in steered}, render) for results in (before, after))
    findings = compare(was, now)
    same = was.behaviour == now.behaviour
    outcome, reason = outcome_of(findings, same)
    traced = len({ask.name for ask in steered if ask.trace})
    return replace(
        _report(build, outcome, reason),
        findings=findings,
        held=tuple(sorted(str(question) for question in now.holds)),
        difference=() if same else tuple(_difference(steered, before, after)),
        notes=(f"neither could be steered along: {'; '.join(left_out)}",) if left_out else (),
        sizes=f"{traced} counterexamples, each {amount.times} times; {len(steered) - traced} random runs",
    )


def _report(build: Qemu, outcome: Outcome, reason: str) -> PatchReport:
    return PatchReport(build.path, f"{build}, {build.path}", "", outcome, reason, place=DEVICE)


def verdict(results: Results, render: Render) -> DriverVerdict:
    """What falls and what holds on one QEMU, in the words of the gate."""
    falls: dict[Question, Fall] = {}
    holds: set[Question] = set()
    undecided: dict[Question, str] = {}
    for ask, played in results.items():
        about = Question(ask.claim, ask.world)
        kinds = {p.result: p for p in reversed(played)}
        if died := kinds.get(Result.DIED):
            falls[Question(_LIVES, ask.world)] = _fall(ask, died, render, "QEMU", _LIVES_SAYS)
            undecided[about] = str(died)
        else:
            holds.add(Question(_LIVES, ask.world))
            if lost := kinds.get(Result.LOST):
                falls[about if ask.claim in _OF_ARRIVAL else Question(_LOST, ask.world)] = _fall(ask, lost, render)
            elif why := _undecided(played):
                undecided[about] = why
            elif ask.claim in _OF_ARRIVAL:
                holds.add(about)
            else:
                falls[about] = _fall(ask, played[0], render)
    return DriverVerdict(falls, frozenset(holds), undecided, _behaviour(results))


def _undecided(played: Sequence[Played]) -> str:
    """Why a run says nothing: it could not be followed to its end, at least once, and nothing was lost."""
    told = [str(p) for p in played if p.result in (Result.NOT_STEERED, Result.DIFFERS)]
    return told[0] if told and not any(p.result in (Result.LOST, Result.DIED) for p in played) else ""


def _fall(ask: _Ask, played: Played, render: Render, clause: str = "", says: str = "") -> Fall:
    lines = _lines(ask, render) + (f"on the real system: {played}",)
    return Fall(tuple(TraceLine(line) for line in lines), len(ask.course.run), "QEMU", None, clause, says)


def _lines(ask: _Ask, render: Render) -> tuple[str, ...]:
    if ask.trace is not None:
        return tuple(render(build_story(ask.trace)).splitlines())
    return (f"environment: {ask.course.environment}", f"sizes:       {ask.course.sizes}", *_steps(ask))


def _steps(ask: _Ask) -> Iterator[str]:
    for number, (name, block) in enumerate(ask.course.run, 1):
        yield f"{number:3} {name}" + (f"({block})" if block is not None else "")


def _behaviour(results: Results) -> str:
    """The same for two between which no difference was seen."""
    told = [(ask.world, sorted({_seen(p) for p in played})) for ask, played in results.items()]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def _seen(played: Played) -> str:
    """What was seen in a run, without what may be otherwise the next time."""
    if played.result == Result.NOT_STEERED:
        return ""
    reason = "" if played.result == Result.DIED else f"{played.reason} {played.otherwise}"
    return f"{played.result} {played.step} {reason} {[[d.block for d in a.differences] for a in played.arrivals]}"


def _difference(asks: Sequence[_Ask], before: Results, after: Results) -> Iterator[str]:
    """The first run in which the two do otherwise, in lines: the shortest."""
    for ask in sorted(asks, key=lambda ask: len(ask.course.run)):
        for was, now in zip(before[ask], after[ask], strict=True):
            if _seen(was) and _seen(now) and _seen(was) != _seen(now):
                yield from (f"{ask.world}:", f"  before: {was}", f"  after:  {now}")
                yield from () if ask.trace else chain(("  in the run",), (f"  {step}" for step in _steps(ask)))
                return
