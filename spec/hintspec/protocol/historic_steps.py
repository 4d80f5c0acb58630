"""Steps that only older systems have: series up to v36 and Linux 4.20; QEMU up to 5.0; TCG before QEMU 4.2.

Where the modern text calls for what they do otherwise is :mod:`hintspec.protocol.historic`.
"""

from __future__ import annotations

from hintspec.language.declare import action, require
from hintspec.language.terms import DONE, EMPTY, NO_BLOCK, STOP, Term, choose, is_issued, just
from hintspec.protocol.device import accepted_hint, config_shows, drop_from_bitmap, promise_hint_is_due
from hintspec.protocol.dirty_log import clear_chunk, migration_runs
from hintspec.protocol.driver import entry
from hintspec.protocol.historic import mutex_is_free
from hintspec.protocol.memory import store_is_marked, store_lands
from hintspec.protocol.migration import may_issue, new_id
from hintspec.protocol.rules import Issue, Reclaim, Release, World
from hintspec.protocol.shrinker import give_back, require_bound
from hintspec.protocol.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, Entry, Phase, State, Status, Worker
from hintspec.protocol.worlds import (
    hinting,
    issues_ids,
    manual,
    marks_before_store,
    migrating,
    reads_in_interrupt,
    releases_after_posting,
    returns_first,
)

# -- stores: TCG before QEMU 4.2 --------------------------------------------------------------


@action(
    by=APPLICATION, step="A2 (mark)", where="QEMU up to 4.1, TCG: notdirty_mem_write_prepare", when=marks_before_store
)
def store_begins(s: State, block: Term) -> None:
    """TCG before 4.2: a store is marked ..."""
    require(s.memory.used.has(block), s.memory.storing == NO_BLOCK)
    store_is_marked(s, just(block))
    s.memory.storing = block


@action(
    by=APPLICATION, step="A2 (store)", where="QEMU up to 4.1, TCG: the store after the mark", when=marks_before_store
)
def store_ends(s: State) -> None:
    """... and lands when the mark may have been read already."""
    require(~(s.memory.storing == NO_BLOCK))
    s.ghost.data = s.ghost.data | just(s.memory.storing)
    store_lands(s, just(s.memory.storing))
    s.memory.storing = NO_BLOCK


# -- driver: Linux 4.20, v36 and the series before it -----------------------------------------


@action(by=DRIVER, step="I1", where="virtio_balloon.c (4.20): virtballoon_changed", when=reads_in_interrupt)
def config_changed_reading(s: State) -> None:
    """The config interrupt as first merged: read the id at once, release on DONE, else queue the work."""
    require(s.device.interrupt)
    require_bound(s)
    shown = config_shows(s)
    s.device.interrupt = False
    s.driver.cache = shown
    if s.world.driver.release == Release.ON_DONE:
        give_back(s, choose(shown == DONE, s.driver.held, EMPTY))
        fresh = is_issued(shown) & ~(shown == s.driver.active)
    else:  # v36 knows no DONE
        fresh = ~(shown == STOP) & ~(shown == s.driver.active)
    s.driver.queued = s.driver.queued | fresh


@action(by=DRIVER, step="S1", where="virtio_balloon.c (4.20): send_cmd_id_start", when=reads_in_interrupt)
def round_begins_unchecked(s: State) -> None:
    """As first merged: the worker takes whatever id is there, with no check."""
    require(s.driver.at == Worker.RETEST)
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = Worker.SET_ID


@action(
    by=DRIVER,
    step="L3 L4",
    where="mm/page_alloc.c (series up to v35): walk_free_mem_block; virtio_balloon_send_free_pages",
    when=lambda w: hinting(w) and not w.driver.holds_hinted,
)
def hint_in_place(s: State, block: Term) -> None:
    """Up to v35: hint a block where it is, on the free list, without allocating it."""
    require(s.driver.at == Worker.ALLOC, s.memory.free.has(block), s.ring.queue.room > 1)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, block))
    s.driver.at = Worker.KICK_PAGE


@action(
    by=DRIVER,
    step="REL",
    where="v36 virtio_balloon.c: report_free_page_func, return_free_pages_to_mm",
    when=releases_after_posting,
)
def release_after_posting(s: State) -> None:
    """As posted in v36: all blocks go back once all are posted, popped or not, and before STOP."""
    require(s.driver.at == Worker.RELEASE)
    give_back(s, s.driver.held)
    s.driver.at = Worker.SEND_STOP


@action(
    by=DRIVER,
    step="SHR",
    where="v36 virtio_balloon.c: virtio_balloon_shrinker_scan",
    when=lambda w: hinting(w) and w.driver.reclaim == Reclaim.SHRINKER_ALL,
)
def shrink_all(s: State) -> None:
    """The shrinker as posted in v36: one scan gives all hinted blocks back."""
    require_bound(s)
    require(~(s.driver.held == EMPTY))
    give_back(s, s.driver.held)


@action(
    by=DRIVER,
    step="OOM",
    where="virtio_balloon.c before v36: virtballoon_oom_notify",
    when=lambda w: hinting(w) and w.driver.reclaim == Reclaim.OOM_NOTIFIER,
)
def out_of_memory(s: State) -> None:
    """No block is free any more: the OOM notifier gives all hinted blocks back.

    From 5.7 on the notifier is there again but leaves hinted blocks to the shrinker.
    """
    require_bound(s)
    require(s.memory.free == EMPTY, ~(s.driver.held == EMPTY))
    give_back(s, s.driver.held)


# -- device: QEMU before ae440bd14c -----------------------------------------------------------


@action(
    by=DEVICE,
    step="H8 (return)",
    where="virtio-balloon.c (QEMU before ae440bd14c): get_free_page_hints",
    when=returns_first,
)
def return_hint(s: State) -> None:
    """As first posted: the element goes back to the driver ..."""
    require(accepted_hint(s))
    promise_hint_is_due(s)
    s.device.acting = s.ring.queue.head("block")
    s.ring.queue = s.ring.queue.pop()


@action(
    by=DEVICE,
    step="H8 (late)",
    where="virtio-balloon.c (QEMU before ae440bd14c): get_free_page_hints",
    when=returns_first,
)
def honour_late(s: State) -> None:
    """... and only then is its block left out."""
    require(~(s.device.acting == NO_BLOCK), mutex_is_free(s))
    drop_from_bitmap(s, s.device.acting)
    if manual(s.world) and s.world.device.hint_clears_log:
        clear_chunk(s, s.device.acting)
    s.device.acting = NO_BLOCK


# -- a new id, and the dirty ring: QEMU up to 5.0, and up to 7.1 ------------------------------


def issues_unlocked(w: World) -> bool:
    """Worlds in which a new id and its status are two steps: QEMU up to 5.0."""
    return issues_ids(w) and w.device.issue != Issue.LOCKED


def half_of_issue(s: State, first_if: Issue) -> None:
    """Without the lock the new id and its status are two steps; after both the config interrupt is raised."""
    if s.world.device.issue == first_if:
        require(s.migration.at == Phase.SYNC_PUBLISH, may_issue(s))
        s.migration.at = Phase.SYNC_STATUS
    else:
        require(s.migration.at == Phase.SYNC_STATUS)
        s.device.interrupt = True
        s.migration.at = Phase.ROUND


@action(
    by=HYPERVISOR,
    step="H1 (id)",
    where="virtio-balloon.c (QEMU up to 5.0): virtio_balloon_free_page_start",
    when=issues_unlocked,
)
def count_id(s: State) -> None:
    """Up to 5.0, without the lock: the id changes."""
    half_of_issue(s, Issue.ID_FIRST)
    new_id(s)


@action(
    by=HYPERVISOR,
    step="H1 (status)",
    where="virtio-balloon.c (QEMU up to 5.0): virtio_balloon_free_page_start",
    when=issues_unlocked,
)
def request_hints(s: State) -> None:
    """Up to 5.0, without the lock: the status changes."""
    half_of_issue(s, Issue.STATUS_FIRST)
    s.device.status = Status.S_REQUESTED


@action(
    by=HYPERVISOR,
    step="M7 (torn)",
    where="accel/kvm/kvm-all.c (QEMU before 4802bf910e): dirty_gfn_is_dirtied, kvm_dirty_ring_reap_one",
    when=lambda w: migrating(w) and w.log.ring_loses_entries,
)
def reap_torn_entry(s: State, block: Term) -> None:
    """Without a barrier the entry is read before it is whole: another page is marked, and this one armed anew."""
    require(migration_runs(s), s.log.kernel.has(block))
    s.log.kernel = s.log.kernel - just(block)
