"""How the device's loop over the hint queue goes to sleep, and how the device is reset."""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import STOP, Term, empty_ring
from hintspec.protocol.device import hint_in_progress
from hintspec.protocol.rules import World
from hintspec.protocol.state import DEVICE, DRIVER, PoisonVal, State, Status
from hintspec.protocol.worlds import discarding, has_poison_val, issue_waits, may_doze, may_lose_feature, skipping


def nothing_to_do(s: State) -> Term:
    """The loop runs, nothing is left on the ring, and hinting is off."""
    empty = s.ring.queue.waiting == 0
    return s.device.awake & empty & ~(s.device.status == Status.S_START)


@action(
    by=DEVICE,
    step="Q1",
    where="virtio-balloon.c (QEMU): virtio_ballloon_get_free_page_hints",
    when=lambda w: skipping(w) and w.device.rechecks_ring,
)
def loop_ends(s: State) -> None:
    """Nothing is left on the ring and hinting is off: sleep until the next kick."""
    require(nothing_to_do(s))
    s.device.awake = False


def kicks_at_start(w: World) -> bool:
    """Devices whose queues QEMU kicks itself, as ioeventfd starts, for what is on them already.

    EVENT_IDX does not keep that back. Source: QEMU virtio_device_start_ioeventfd_impl(), as the VM starts to run and
    as the driver sets DRIVER_OK.
    """
    return skipping(w) and w.device.kicks_at_start


def start_ioeventfd(s: State) -> None:
    """ioeventfd starts: the queues are kicked."""
    if kicks_at_start(s.world):
        s.device.awake = True
        if may_doze(s.world):
            s.device.dozing = False


def start_ioeventfd_if(s: State, starts: Term) -> None:
    """ioeventfd starts only where the condition holds."""
    if kicks_at_start(s.world):
        s.device.awake = s.device.awake | starts
        if may_doze(s.world):
            s.device.dozing = s.device.dozing & ~starts


@action(by=DEVICE, step="Q1 (empty)", where="virtio-balloon.c (QEMU): virtio_queue_set_notification", when=may_doze)
def loop_finds_nothing(s: State) -> None:
    """With EVENT_IDX: nothing is left on the ring and hinting is off ..."""
    require(nothing_to_do(s), ~s.device.dozing)
    s.device.dozing = True


@action(by=DEVICE, step="Q1 (sleep)", where="virtio-balloon.c (QEMU): virtio_queue_set_notification", when=may_doze)
def loop_sleeps(s: State) -> None:
    """... sleep until the next kick; what came in between was not kicked for, and is not looked for."""
    require(s.device.dozing)
    s.device.dozing = False
    s.device.awake = False


@action(by=DRIVER, step="L0", where="hw/virtio/virtio-pci.c: VIRTIO_PCI_GUEST_FEATURES", when=may_lose_feature)
def rewrite_features(s: State) -> None:
    """A legacy driver, buggy or malicious, turns the feature off with no reset; the ring stays in use."""
    require(s.device.negotiated, s.device.feature)
    s.device.feature = False


def reset_device(s: State) -> None:
    """A device reset: hinting stops, poison_val is forgotten, the ring is empty (H10).

    Source: QEMU virtio_balloon_device_reset(), virtio_reset(). It waits for free_page_lock.
    """
    w = s.world
    require(~hint_in_progress(s))
    s.device.negotiated = False
    s.ring.queue = empty_ring(s.ring.queue.sort)
    s.ghost.last_id = STOP
    s.ghost.open = False
    if discarding(w):
        s.device.shown = STOP
        s.device.guest_cmd = STOP
    else:
        s.device.status = Status.S_STOP
    if issue_waits(w):
        s.device.round_open = False
    if may_doze(w):
        s.device.dozing = False
    if may_lose_feature(w):
        s.device.feature = True
    if has_poison_val(w):
        s.device.poison_val = PoisonVal.ZERO
