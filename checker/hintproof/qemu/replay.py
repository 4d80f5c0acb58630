"""A run of the protocol on a stock QEMU: does it lose the data that the model loses?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hintproof.engines.report import Run
from hintproof.qemu.binary import Qemu
from hintproof.qemu.layout import Layout
from hintproof.qemu.machine import Setup
from hintproof.qemu.map_threads import map_threads
from hintproof.qemu.outcome import Result, RunEnded, TooBusy
from hintproof.qemu.rig import BlockDifference, rig
from hintproof.qemu.steering import Arrival, Shown, Steering
from hintproof.system.errors import BadInput
from hintproof.trace.replay import Trace, follow, prepare
from hintspec.catalogue.environments import compose
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import Kind, LogMode, World

#: Entries of KVM's dirty ring, where a world has one.
_RING = 4096

#: How often a run is begun that a busy machine upsets.
_TRIES = 3


@dataclass(frozen=True)
class Course:
    """A run of a world, to be played: its steps, and the states before, between and after them."""

    environment: str
    sizes: Sizes
    run: tuple[tuple[str, int | None], ...]
    states: tuple[Shown, ...]

    @classmethod
    def of(cls, trace: Trace) -> Course:
        """The run of a trace."""
        return cls(trace.environment, trace.sizes, tuple(trace.run), trace.states)

    @classmethod
    def along(cls, environment: str, sizes: Sizes, run: Run) -> Course:
        """A run by its bare steps. Raises :class:`BadInput` if the world does not allow it."""
        concrete = prepare(environment, sizes)
        states, _ = follow(concrete, run)
        return cls(environment, sizes, tuple(run), tuple(concrete.show(state) for state in states))


@dataclass(frozen=True)
class Played:
    """The result of a run: the migrations that completed; the step at which it ended early, and the reason.

    ``otherwise`` says where the real system did otherwise than the model, and the run went on all the same.
    """

    result: Result
    arrivals: tuple[Arrival, ...] = ()
    step: int | None = None
    reason: str = ""
    otherwise: str = ""

    @property
    def lost(self) -> tuple[BlockDifference, ...]:
        """The blocks that matter and did not arrive."""
        return tuple(d for arrival in self.arrivals for d in arrival.lost)

    def __str__(self) -> str:
        text = f"{self.result} at step {self.step}: {self.reason}" if self.reason else str(self.result)
        if self.result == Result.LOST:
            text = f"{self.result}: {'; '.join(str(d) for d in self.lost)}"
        return f"{text} ({self.otherwise})" if self.otherwise else text


def setup_for(environment: str, qemu: Qemu, accelerator: str | None = None) -> Setup:
    """The system on which a world's runs are replayed: KVM if that is there and the world has its log, else TCG.

    ``accelerator`` overrides that.

    Raises :class:`BadInput` if the world's host is no QEMU, or the accelerator can't be used.
    """
    world = compose(environment)
    if world.device.kind != Kind.SKIPS:
        raise BadInput(f"the host of {environment} is no QEMU: its runs can't be replayed on one")
    if accelerator is None:
        about_kvm = world.log.mode != LogMode.TCG
        accelerator = "kvm" if about_kvm and not qemu.refusal("kvm") else "tcg"
    if refusal := qemu.refusal(accelerator):
        raise BadInput(refusal)
    ring = _RING if accelerator == "kvm" and world.log.mode == LogMode.KVM_RING else 0
    return Setup(qemu, accelerator, stores_by_cpu(world, accelerator), ring)


def stores_by_cpu(world: World, accelerator: str) -> bool:
    """Whether writes are the virtual CPU's: not under TCG, which loses some of them by itself before QEMU 9.0.

    Unless the run is about just that. Writes over qtest stand for them: they are marked as they are made, which is
    what TCG was meant to do, too.
    """
    return accelerator == "kvm" or (world.log.mode == LogMode.TCG and not world.log.rearms_at_sync)


def layout_for(sizes: Sizes, setup: Setup) -> Layout:
    """A chunk is a chunk of the dirty log only where that is cleared by chunk; else all blocks lie side by side."""
    return Layout(sizes.blocks, sizes.chunk if setup.lazy else sizes.blocks)


def play(course: Course, setup: Setup, strict: bool = True) -> Played:
    """Play a run on a machine of its own; on a busy machine, a few times if need be.

    ``strict``: it ends where a hint does otherwise than in the model.
    """
    for _ in range(_TRIES):
        try:
            return _play(course, setup, strict)
        except TooBusy as problem:
            busy = Played(Result.NOT_STEERED, reason=str(problem))
    return busy


def _play(course: Course, setup: Setup, strict: bool) -> Played:
    step, arrivals, otherwise = 0, [], ""
    try:
        with rig(setup, layout_for(course.sizes, setup)) as running:
            steering = Steering(running, compose(course.environment), setup.vcpu_stores, strict)
            arrivals = steering.arrivals
            for step, (name, block) in enumerate(course.run, 1):
                steering.play(name, block, course.states[step - 1], course.states[step])
                if steering.otherwise and not otherwise:
                    otherwise = f"at step {step} {steering.otherwise}"
        result, reason = Result.FOLLOWED, ""
    except TooBusy:
        raise
    except RunEnded as problem:
        result, reason = problem.result, str(problem)
    return Played(result, tuple(arrivals), step, reason, otherwise)


def replay(trace: Trace, setup: Setup) -> Played:
    """Replay a trace once, and look for what is lost."""
    return judge_loss(play(Course.of(trace), setup, strict=False))


def judge_loss(played: Played) -> Played:
    """Decide by the blocks that arrived whether data is lost."""
    if played.lost:
        return replace(played, result=Result.LOST)
    if played.result == Result.FOLLOWED and played.arrivals:
        return replace(played, result=Result.KEPT)
    return played


def count_results(played: Sequence[Played]) -> dict[str, int]:
    """The number of times that each result came."""
    return {str(result): number for result, number in Counter(p.result for p in played).items()}


def replay_all(courses: Sequence[Course], setup: Setup, at_a_time: int | None = None) -> list[Played]:
    """Replay runs, many at a time, each on a machine of its own; the results in the order of the runs."""
    played = dict(map_threads(lambda course: judge_loss(play(course, setup, strict=False)), courses, at_a_time))
    return [played[place] for place in range(len(courses))]
