"""A trace replayed on a stock QEMU: is what the model says is lost really lost?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from hintproof.errors import BadInput
from hintproof.qemu.binary import Qemu
from hintproof.qemu.child import HypervisorDied, Unsteerable
from hintproof.qemu.layout import Layout
from hintproof.qemu.machine import Setup
from hintproof.qemu.rig import Difference, rig
from hintproof.qemu.steering import Steering
from hintproof.trace import Trace
from hintspec.environments import compose
from hintspec.rules import Kind, LogMode, World
from hintspec.sizes import Sizes


class Result(StrEnum):
    """What became of a replay."""

    LOST = "lost on the real system"
    KEPT = "not lost"
    NOT_STEERED = "could not be steered"
    DIED = "the hypervisor died"


@dataclass(frozen=True)
class Replayed:
    """One replay: what matters and did not arrive; the step at which something went wrong, and why."""

    result: Result
    lost: tuple[Difference, ...] = ()
    step: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        if self.result == Result.LOST:
            return f"{self.result}: {'; '.join(str(d) for d in self.lost)}"
        return f"{self.result} at step {self.step}: {self.reason}" if self.reason else str(self.result)


def setup_for(trace: Trace, qemu: Qemu, accelerator: str | None = None) -> Setup:
    """What a trace is to be replayed on: by default KVM if it is about KVM and that is there, else TCG.

    Raises :class:`BadInput` if the trace's host is no QEMU, or the accelerator can't be used.
    """
    world = compose(trace.environment)
    if world.device.kind != Kind.SKIPS:
        raise BadInput(f"the host of {trace.environment} is no QEMU: this trace can't be replayed on one")
    if accelerator is None:
        about_kvm = world.log.mode != LogMode.TCG
        accelerator = "kvm" if about_kvm and not qemu.refusal("kvm") else "tcg"
    if refusal := qemu.refusal(accelerator):
        raise BadInput(refusal)
    ring = 4096 if accelerator == "kvm" and world.log.mode == LogMode.KVM_RING else 0
    return Setup(qemu, accelerator, stores_by_cpu(world, accelerator), ring)


def stores_by_cpu(world: World, accelerator: str) -> bool:
    """Whether writes are the virtual CPU's: not under TCG, which loses some of them by itself before QEMU 9.0.

    Unless the trace is about just that. Writes over qtest stand for them: they are marked as they are made, which is
    what TCG was meant to do, too.
    """
    return accelerator == "kvm" or (world.log.mode == LogMode.TCG and not world.log.rearms_at_sync)


def replay(trace: Trace, setup: Setup) -> Replayed:
    """Replay a trace once, on a machine of its own."""
    step = 0
    try:
        with rig(setup, layout_for(trace.sizes, setup)) as running:
            steering = Steering(running, compose(trace.environment), setup.vcpu_stores)
            for step, taken in enumerate(trace.steps, 1):
                steering.play(taken.action.name, taken.block, trace.states[step - 1], trace.states[step])
    except Unsteerable as problem:
        return Replayed(Result.NOT_STEERED, step=step, reason=str(problem))
    except HypervisorDied as problem:
        return Replayed(Result.DIED, step=step, reason=str(problem))
    matters = trace.states[-1]["ghost.data"]
    lost = tuple(d for d in steering.differences if d.block in matters)
    return Replayed(Result.LOST if lost else Result.KEPT, lost)


def layout_for(sizes: Sizes, setup: Setup) -> Layout:
    """A chunk is a chunk of the dirty log only where that is cleared by chunk; else all blocks lie side by side."""
    return Layout(sizes.blocks, sizes.chunk if setup.lazy else sizes.blocks)


def replays(trace: Trace, setup: Setup, times: int) -> Iterator[Replayed]:
    """Replay a trace so many times, each on a new machine."""
    for _ in range(times):
        yield replay(trace, setup)
