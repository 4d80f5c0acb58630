"""The driver comes and goes: remove and probe (module unload and load), freeze and restore (suspend).

The virtio core holds config interrupts back while the driver is away and delivers them when it is back.
"""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.sorts import Label
from hintspec.language.terms import STOP
from hintspec.protocol import repairs
from hintspec.protocol.device_loop import reset_device, start_ioeventfd
from hintspec.protocol.shrinker import give_back
from hintspec.protocol.state import DRIVER, Binding, PoisonVal, State, Worker
from hintspec.protocol.worlds import hinting, reads_in_worker, tells_poison


def release_all(s: State, here: Label, then: Label) -> None:
    """remove_common(): all hinted blocks go back, popped or not, before the reset (up to Linux 5.5: they leak)."""
    require(s.driver.binding == here)
    if s.world.driver.releases_on_remove:
        give_back(s, s.driver.held)
    s.driver.binding = then


def reset(s: State, here: Label, then: Label) -> None:
    """remove_common(), virtio_reset_device(): the device is reset, its queues are deleted."""
    require(s.driver.binding == here)
    reset_device(s)
    s.driver.binding = then


def become_ready(s: State, here: Label) -> None:
    """DRIVER_OK: the features are negotiated, ioeventfd starts, the driver is bound to the device."""
    require(s.driver.binding == here)
    s.driver.binding = Binding.BOUND
    s.device.negotiated = True
    start_ioeventfd(s)


@action(by=DRIVER, step="R1", where="virtio_balloon.c: virtballoon_remove", when=hinting, budgets=("removes",))
def remove_begins(s: State) -> None:
    """rmmod: the shrinker is unregistered and stop_update keeps new work from being queued."""
    require(s.driver.binding == Binding.BOUND)
    s.driver.binding = Binding.REMOVE


@action(by=DRIVER, step="R2", where="virtio_balloon.c: virtballoon_remove, cancel_work_sync", when=hinting)
def remove_cancels_work(s: State) -> None:
    """Pending work is dropped, running work is waited for."""
    require(s.driver.binding == Binding.REMOVE, s.driver.at == Worker.IDLE)
    s.driver.queued = False
    s.driver.binding = Binding.REMOVE_RELEASE


@action(by=DRIVER, step="R3", where="virtio_balloon.c: remove_common", when=hinting)
def remove_releases(s: State) -> None:
    """All hinted blocks go back, before the reset, popped or not (up to 5.5: they are forgotten)."""
    release_all(s, Binding.REMOVE_RELEASE, Binding.REMOVE_RESET)


@action(by=DRIVER, step="R4", where="virtio_balloon.c: remove_common, virtio_reset_device", when=hinting)
def remove_resets(s: State) -> None:
    """The device is reset, the queues are deleted, the driver's state is freed."""
    reset(s, Binding.REMOVE_RESET, Binding.ABSENT)


@action(by=DRIVER, step="P1", where="virtio_balloon.c: virtballoon_probe", when=hinting)
def probe(s: State) -> None:
    """modprobe: fresh state, poison_val, DRIVER_OK. An id that is there already is not looked at."""
    become_ready(s, Binding.ABSENT)
    s.driver.cache = STOP
    s.driver.active = STOP
    if reads_in_worker(s.world):
        s.driver.read_bit = False
    if tells_poison(s.world):
        s.device.poison_val = PoisonVal.PATTERN


@action(by=DRIVER, step="F1", where="virtio_balloon.c: virtballoon_freeze", when=hinting, budgets=("freezes",))
def freeze_begins(s: State) -> None:
    """Suspend: the freezable workqueue has come to rest; what is pending stays pending."""
    require(s.driver.binding == Binding.BOUND, s.driver.at == Worker.IDLE)
    s.driver.binding = Binding.FREEZE_RELEASE


@action(by=DRIVER, step="F2", where="virtio_balloon.c: virtballoon_freeze, remove_common", when=hinting)
def freeze_releases(s: State) -> None:
    """All hinted blocks go back, as on remove."""
    release_all(s, Binding.FREEZE_RELEASE, Binding.FREEZE_RESET)


@action(by=DRIVER, step="F3", where="virtio_balloon.c: remove_common, virtio_reset_device", when=hinting)
def freeze_resets(s: State) -> None:
    """The device is reset. The bit, the pending work, the cache and the cell keep their values."""
    reset(s, Binding.FREEZE_RESET, Binding.FROZEN)


@action(by=DRIVER, step="F4", where="virtio_balloon.c: virtballoon_restore", when=hinting)
def restore(s: State) -> None:
    """Resume: features and queues again, DRIVER_OK. Linux does not write poison_val again, and keeps the id it read."""
    become_ready(s, Binding.FROZEN)
    repairs.restore_more(s)
