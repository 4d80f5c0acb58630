"""Liveness: on every fair run the condition is met again and again.

Fairness says which steps are taken at some time if they stay possible; all others may be put off for ever. Steps of
applications and of the user of the VM are never fair, nor is a step that a budget limits.
"""

from __future__ import annotations

from hintspec.language.declare import PROGRESS, Action, Fairness, collect, state_property
from hintspec.language.terms import EMPTY, Term, one_of
from hintspec.properties.safety import hinting_is_over, keeps_no_block
from hintspec.protocol import lifecycle
from hintspec.protocol.discarding_device import ask_for_no_more, show_done
from hintspec.protocol.driver import config_changed
from hintspec.protocol.historic_steps import config_changed_reading, out_of_memory, shrink_all
from hintspec.protocol.lifecycle import (
    freeze_releases,
    freeze_resets,
    remove_cancels_work,
    remove_releases,
    remove_resets,
)
from hintspec.protocol.migration import reap_ring
from hintspec.protocol.migration_end import abort_migration, unpause
from hintspec.protocol.rules import Waits
from hintspec.protocol.sending import send_reads, send_takes_cleared
from hintspec.protocol.shrinker import shrink_any, shrink_newest
from hintspec.protocol.state import DEVICE, DRIVER, HYPERVISOR, Binding, State, Worker
from hintspec.protocol.worlds import hinting

_INTERRUPTS = (config_changed, config_changed_reading)
_RECLAIM = (shrink_newest, shrink_any, shrink_all, out_of_memory)

WORKER = Fairness(
    "the worker",
    "a work item that can go on is let go on: its workqueue gets a CPU",
    by=DRIVER,
    but=(*_INTERRUPTS, *_RECLAIM, *collect(lifecycle, Action)),
)
INTERRUPT = Fairness("the config interrupt", "it is delivered, even while the worker spins", steps=_INTERRUPTS)
DEVICE_LOOP = Fairness("the device", "its loop, once awake, goes on as long as there is something to pop", by=DEVICE)
SENDING = Fairness(
    "the send of a page",
    "once begun it comes to its end, and bitmap_mutex is free again",
    steps=(send_takes_cleared, send_reads),
)
MIGRATION = Fairness(
    "the migration",
    "it goes on to its end, unless it is cancelled or fails",
    by=HYPERVISOR,
    but=(abort_migration, unpause, reap_ring, ask_for_no_more, show_done),
)
PAUSE = Fairness("the pause", "a VM that its user stopped is let run again", steps=(unpause,))
RECLAIM = Fairness(
    "the shrinker", "a guest that is short of memory asks it, or the OOM notifier, time and again", steps=_RECLAIM
)
REMOVAL = Fairness(
    "remove and suspend",
    "what has begun is brought to its end",
    steps=(remove_cancels_work, remove_releases, remove_resets, freeze_releases, freeze_resets),
)


def worker_is_not_stuck(s: State) -> Term:
    """It is idle or has just put a buffer on the ring; or no virtual CPU runs, which is not its fault."""
    return one_of(s.driver.at, Worker.IDLE, Worker.KICK_ID, Worker.KICK_PAGE) | ~s.vm.running


@state_property(
    PROGRESS,
    "a work item that never ends blocks rmmod and suspend; HINT_WAIT_ON_ACK: the driver waits for the device",
    hinting,
    fair=(WORKER, INTERRUPT, DEVICE_LOOP, SENDING),
)
def worker_gets_on(s: State) -> Term:
    """If the device pops, the worker neither spins nor waits for ever: time and again it ends, or posts a buffer."""
    return worker_is_not_stuck(s)


@state_property(
    PROGRESS,
    "a work item that never ends blocks rmmod and suspend, and takes a CPU",
    lambda w: w.hinting and w.driver.waits == Waits.NEVER,
    fair=(WORKER, INTERRUPT),
)
def worker_never_spins(s: State) -> Term:
    """Even if the device does nothing, the worker does not spin: time and again it ends, or posts another buffer.

    This holds for drivers that do not wait for the device. One that waits sleeps, and needs the device by design.
    """
    return worker_is_not_stuck(s)


@state_property(
    PROGRESS,
    "virtio 1.3 driver rule D10; QEMU dd8eeb9671fc (cancel and failure); Linux 6c22dc61c76b (remove)",
    hinting,
    fair=(WORKER, INTERRUPT, DEVICE_LOOP, MIGRATION, PAUSE, REMOVAL),
)
def blocks_return(s: State) -> Term:
    """Once hinting is over the driver gives all blocks back, with no help of a shrinker or another migration."""
    return ~hinting_is_over(s) | keeps_no_block(s)


@state_property(
    PROGRESS,
    "virtio 1.3 driver rule D7; Linux c9a6820fc0da, da10329cb057 (the shrinker counts hinted blocks)",
    hinting,
    fair=(WORKER, INTERRUPT, RECLAIM, REMOVAL),
)
def memory_can_be_had(s: State) -> Term:
    """However long the host takes, a guest that is short of memory does not run out of it for hinted blocks alone.

    Time and again a block is free, or the driver keeps none, or it is being removed; or no virtual CPU runs.
    """
    driver_takes_all = (s.memory.free == EMPTY) & ~(s.driver.held == EMPTY)
    return ~driver_takes_all | ~(s.driver.binding == Binding.BOUND) | ~s.vm.running
