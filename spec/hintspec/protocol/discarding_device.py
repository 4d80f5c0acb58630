"""Devices that take a hinted block's content at once: Firecracker, and the strongest device of the clauses.

Firecracker (src/vmm/src/devices/virtio/balloon/device.rs) gives the memory back with MADV_DONTNEED.
The device of the virtio clauses may do no more than that, and must leave alone what the guest wrote
since the hint's id was issued (V4); it is the hardest device that a conforming driver can meet.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import DONE, EMPTY, STOP, Term, choose, is_issued, just, next_id
from hintspec.protocol.device import hint, out_buffer, payload, pop_out_buffer, pop_unhonoured, promise_hint_in_batch
from hintspec.protocol.promises import HINT_IN_WINDOW
from hintspec.protocol.state import DEVICE, HYPERVISOR, State
from hintspec.protocol.worlds import discarding


@action(
    by=HYPERVISOR,
    step="D1",
    where="virtio 1.3, free page hinting; Firecracker: start_hinting",
    when=discarding,
    budgets=("rounds",),
)
def ask_for_hints(s: State) -> None:
    """The host asks for hints: a new id shows in config."""
    fresh = next_id(s.device.cmd_id)
    s.device.cmd_id = fresh
    s.device.shown = fresh
    s.device.interrupt = True
    if s.world.device.checks_writes:
        s.device.written = EMPTY


@action(
    by=HYPERVISOR,
    step="D2",
    where="virtio 1.3 device rule V1: STOP when hints are of no use",
    when=lambda w: discarding(w) and w.device.checks_writes,
)
def ask_for_no_more(s: State) -> None:
    """The host shows STOP: it has no use for hints now, and may ask again."""
    require(is_issued(s.device.shown))
    s.device.shown = STOP
    s.device.interrupt = True


@action(by=HYPERVISOR, step="D3", where="virtio 1.3 device rule V6; Firecracker: stop_hinting", when=discarding)
def show_done(s: State) -> None:
    """The host shows DONE: the guest may have its blocks back."""
    require(~(s.device.shown == DONE))
    s.device.shown = DONE
    s.device.interrupt = True


@action(
    by=DEVICE,
    step="D4",
    where="virtio 1.3 device rule V3; Firecracker: process_free_page_hinting_queue",
    when=discarding,
)
def pop_command(s: State) -> None:
    """An out buffer: the id of what follows. A STOP may end the whole run with DONE."""
    require(out_buffer(s))
    sent = payload(s)
    pop_out_buffer(s)
    s.device.guest_cmd = sent
    if s.world.device.acknowledges_stop:
        ends = ~is_issued(sent) & ~(s.device.shown == DONE)
        s.device.shown = choose(ends, DONE, s.device.shown)
        s.device.interrupt = s.device.interrupt | ends


def matches(s: State) -> Term:
    """Whether hints at the head belong to the id that config shows."""
    return is_issued(s.device.shown) & (s.device.guest_cmd == s.device.shown)


@action(by=DEVICE, step="D5", where="virtio 1.3 device rules V3, V4; Firecracker: discard_range", when=discarding)
def discard(s: State) -> None:
    """A hint under the current id: the block's content goes (V4: unless written since the id was issued)."""
    block = s.ring.queue.head("block")
    require(hint(s), matches(s))
    promise_hint_in_batch(s)
    promise(HINT_IN_WINDOW, s.ring.queue.head("governed_by") == s.device.shown)
    spared = s.device.written if s.world.device.checks_writes else EMPTY
    s.ghost.wiped = s.ghost.wiped | (just(block) - spared)
    s.ring.queue = s.ring.queue.pop()


@action(
    by=DEVICE,
    step="D6",
    where="virtio 1.3 device rule V3; Firecracker: process_free_page_hinting_queue",
    when=discarding,
)
def ignore_unasked_hint(s: State) -> None:
    """A hint under any other id: given back unread."""
    require(hint(s), ~matches(s))
    pop_unhonoured(s, s.ring.queue)
