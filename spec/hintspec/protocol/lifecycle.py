"""The driver comes and goes: remove and probe (module unload and load), freeze and restore (suspend).

The virtio core holds config interrupts back while the driver is away and delivers them when it is back.
"""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import STOP
from hintspec.protocol.device_loop import reset_device, start_ioeventfd
from hintspec.protocol.rules import Fill, ReadsId, World, hinting
from hintspec.protocol.shrinker import give_back
from hintspec.protocol.state import DRIVER, Binding, PoisonVal, State, Worker

S = State


@action(by=DRIVER, step="R1", where="virtio_balloon.c: virtballoon_remove", when=hinting, budgets=("removes",))
def remove_begins(s: S) -> None:
    """rmmod: the shrinker is unregistered and stop_update keeps new work from being queued."""
    require(s.driver.binding == Binding.BOUND)
    s.driver.binding = Binding.REMOVE


@action(by=DRIVER, step="R2", where="virtio_balloon.c: virtballoon_remove, cancel_work_sync", when=hinting)
def remove_cancels_work(s: S) -> None:
    """Pending work is dropped, running work is waited for."""
    require(s.driver.binding == Binding.REMOVE, s.driver.at == Worker.IDLE)
    s.driver.queued = False
    s.driver.binding = Binding.REMOVE_RELEASE


@action(by=DRIVER, step="R3", where="virtio_balloon.c: remove_common", when=hinting)
def remove_releases(s: S) -> None:
    """All hinted blocks go back, before the reset, popped or not (up to 5.5: they are forgotten)."""
    require(s.driver.binding == Binding.REMOVE_RELEASE)
    if s.world.driver.releases_on_remove:
        give_back(s, s.driver.held)
    s.driver.binding = Binding.REMOVE_RESET


@action(by=DRIVER, step="R4", where="virtio_balloon.c: remove_common, virtio_reset_device", when=hinting)
def remove_resets(s: S) -> None:
    """The device is reset, the queues are deleted, the driver's state is freed."""
    require(s.driver.binding == Binding.REMOVE_RESET)
    reset_device(s)
    s.driver.binding = Binding.ABSENT


@action(by=DRIVER, step="P1", where="virtio_balloon.c: virtballoon_probe", when=hinting)
def probe(s: S) -> None:
    """modprobe: fresh state, poison_val, DRIVER_OK. An id that is there already is not looked at."""
    require(s.driver.binding == Binding.ABSENT)
    s.driver.binding = Binding.BOUND
    s.driver.cache = STOP
    s.driver.active = STOP
    if s.world.driver.reads_id == ReadsId.WORKER:
        s.driver.read_bit = False
    s.device.negotiated = True
    start_ioeventfd(s)
    if tells_poison(s.world):
        s.device.poison_val = PoisonVal.PATTERN


def tells_poison(w: World) -> bool:
    """Whether the driver has a pattern to tell; a zero needs no telling after a reset."""
    return w.guest.fill == Fill.POISON and w.device.has_poison_val


@action(by=DRIVER, step="F1", where="virtio_balloon.c: virtballoon_freeze", when=hinting, budgets=("freezes",))
def freeze_begins(s: S) -> None:
    """Suspend: the freezable workqueue has come to rest; what is pending stays pending."""
    require(s.driver.binding == Binding.BOUND, s.driver.at == Worker.IDLE)
    s.driver.binding = Binding.FREEZE_RELEASE


@action(by=DRIVER, step="F2", where="virtio_balloon.c: virtballoon_freeze, remove_common", when=hinting)
def freeze_releases(s: S) -> None:
    """All hinted blocks go back, as on remove."""
    require(s.driver.binding == Binding.FREEZE_RELEASE)
    if s.world.driver.releases_on_remove:
        give_back(s, s.driver.held)
    s.driver.binding = Binding.FREEZE_RESET


@action(by=DRIVER, step="F3", where="virtio_balloon.c: remove_common, virtio_reset_device", when=hinting)
def freeze_resets(s: S) -> None:
    """The device is reset. The bit, the pending work, the cache and the cell keep their values."""
    require(s.driver.binding == Binding.FREEZE_RESET)
    reset_device(s)
    s.driver.binding = Binding.FROZEN


@action(by=DRIVER, step="F4", where="virtio_balloon.c: virtballoon_restore", when=hinting)
def restore(s: S) -> None:
    """Resume: features and queues again, DRIVER_OK. Linux does not write poison_val again, and keeps the id it read."""
    require(s.driver.binding == Binding.FROZEN)
    s.driver.binding = Binding.BOUND
    if s.world.driver.forgets_id_on_restore:
        s.driver.cache = STOP
    s.device.negotiated = True
    start_ioeventfd(s)
    if tells_poison(s.world) and s.world.driver.tells_poison_on_restore:
        s.device.poison_val = PoisonVal.PATTERN
