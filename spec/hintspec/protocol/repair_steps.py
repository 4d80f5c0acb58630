"""Steps that only a repaired system has; :mod:`hintspec.protocol.repairs` has what the repairs change in others."""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import EMPTY, choose, one_of
from hintspec.protocol.device import accepted_hint, pop_unhonoured
from hintspec.protocol.dirty_log import clear_chunk
from hintspec.protocol.historic import loop_head
from hintspec.protocol.repairs import before_issue, mark_early
from hintspec.protocol.state import DEVICE, DRIVER, HYPERVISOR, Phase, State, Worker
from hintspec.protocol.worlds import honours_some, manual, marks_early_hints, skipping, waits_for_device


@action(
    by=DRIVER,
    step="WAIT",
    where="RFC of 2026-01-19, HINT_WAIT_ON_ACK; pre-merge series of 2018: wait at the end of a round",
    when=waits_for_device,
)
def used_by_device(s: State) -> None:
    """The device has used all that was posted: the driver, which waited for it, goes on."""
    at = s.driver.at
    require(one_of(at, Worker.WAIT_ID, Worker.WAIT_PAGE, Worker.WAIT_STOP))
    require(s.ring.queue.waiting == 0)
    s.ring.queue = s.ring.queue.detach()
    after_start = choose(at == Worker.WAIT_ID, loop_head(s.world), Worker.IDLE)
    s.driver.at = choose(at == Worker.WAIT_PAGE, Worker.PUSH_PAGE, after_start)


@action(by=DEVICE, step="H8 (arm)", where="repairs R2 and R3 of the docs", when=honours_some)
def hint_only_arms(s: State) -> None:
    """Repaired: a hint in a chunk that is still to be cleared clears it and is otherwise ignored."""
    block = s.ring.queue.head("block")
    require(accepted_hint(s), s.log.owed.has(block))
    pop_unhonoured(s, mark_early(s, block))
    clear_chunk(s, block)


@action(by=DEVICE, step="H9", where="repair R3 of the docs", when=lambda w: honours_some(w) and marks_early_hints(w))
def ignore_early_hint(s: State) -> None:
    """Repaired: a hint that was posted before its chunk was cleared is ignored."""
    require(accepted_hint(s), s.ring.queue.head("early"), ~s.log.owed.has(s.ring.queue.head("block")))
    pop_unhonoured(s, s.ring.queue)


@action(by=HYPERVISOR, step="M6 (R1)", where="repair R1 of the docs", when=lambda w: manual(w) and w.device.eager_clear)
def sync_clear(s: State) -> None:
    """Repaired: clear, and so arm, all chunks inside the sync, before the id is published."""
    require(s.migration.at == Phase.SYNC_CLEAR)
    s.log.kernel = s.log.kernel - s.log.seen
    s.log.seen = EMPTY
    s.log.owed = EMPTY
    s.migration.at = before_issue(s.world)


@action(
    by=HYPERVISOR,
    step="M6 (F3)",
    where="repair F3 of the docs",
    when=lambda w: skipping(w) and w.device.drains_before_issue,
)
def drain_ring(s: State) -> None:
    """Repaired: whatever is still on the hint queue is given back unread, before the id is published."""
    require(s.migration.at == Phase.SYNC_DRAIN)
    s.ring.queue = s.ring.queue.flush()
    s.migration.at = Phase.SYNC_PUBLISH
