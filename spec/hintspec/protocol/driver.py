"""The virtio-balloon driver of Linux, step by step: config interrupt, worker, shrinker.

Read it beside drivers/virtio/virtio_balloon.c (line numbers shift; functions are named as in 5.7 and
later). The steps W1 .. T1 are those of the docs, page "The protocol". One worker exists at a time;
everything else may happen between any two of its steps.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.sorts import Label
from hintspec.language.terms import (
    DONE,
    EMPTY,
    FALSE,
    NO_BLOCK,
    OLDEST_ID,
    STOP,
    Liftable,
    Term,
    choose,
    is_issued,
    just,
    one_of,
)
from hintspec.protocol.device import config_shows
from hintspec.protocol.memory import become_free, store
from hintspec.protocol.promises import HINT_UNDER_LAST_ID, KEPT_TILL_DONE, OFF_ONCE_LEAVING, SIGNS_ARE_SENT
from hintspec.protocol.rules import Honours, ReadsId, Release, StartCell, Waits, World, hinting
from hintspec.protocol.shrinker import give_back, keeps_order
from hintspec.protocol.state import DRIVER, Binding, Entry, State, Worker

S = State


def in_worker(w: World) -> bool:
    """Drivers that read the id in the worker: Linux 5.0 and later."""
    return w.hinting and w.driver.reads_id == ReadsId.WORKER


def in_interrupt(w: World) -> bool:
    """Drivers that read the id in the config interrupt: v36 and Linux 4.20."""
    return w.hinting and w.driver.reads_id == ReadsId.INTERRUPT


# -- config interrupt -------------------------------------------------------------------------


@action(by=DRIVER, step="I1", where="virtio_balloon.c: virtballoon_changed", when=in_worker)
def config_changed(s: S) -> None:
    """The config interrupt: set the bit; if it was clear, queue the work."""
    require(s.device.interrupt, s.driver.binding == Binding.BOUND)
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    s.device.interrupt = False
    s.driver.queued = s.driver.queued | ~s.driver.read_bit
    s.driver.read_bit = True


@action(by=DRIVER, step="I1", where="virtio_balloon.c (4.20): virtballoon_changed", when=in_interrupt)
def config_changed_reading(s: S) -> None:
    """The config interrupt as first merged: read the id at once, release on DONE, else queue the work."""
    require(s.device.interrupt, s.driver.binding == Binding.BOUND)
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    shown = config_shows(s)
    s.device.interrupt = False
    s.driver.cache = shown
    if s.world.driver.release == Release.ON_DONE:
        give_back(s, choose(shown == DONE, s.driver.held, EMPTY))
        fresh = is_issued(shown) & ~(shown == s.driver.active)
    else:  # v36 knows no DONE
        fresh = ~(shown == STOP) & ~(shown == s.driver.active)
    s.driver.queued = s.driver.queued | fresh


# -- the worker: what is it to do -------------------------------------------------------------


@action(by=DRIVER, step="W0", where="kernel/workqueue.c: process_one_work", when=hinting)
def work_starts(s: S) -> None:
    """The work item stops being pending and its function begins, unless the workqueue is frozen."""
    binding = s.driver.binding
    require(s.driver.at == Worker.IDLE, s.driver.queued)
    require(one_of(binding, Binding.BOUND, Binding.REMOVE))
    s.driver.queued = False
    s.driver.at = Worker.TEST_BIT if s.world.driver.reads_id == ReadsId.WORKER else Worker.RETEST


@action(by=DRIVER, step="W1 S2 L1 (a)", where="virtio_balloon.c: virtio_balloon_cmd_id_received", when=in_worker)
def test_read_bit(s: S) -> None:
    """Test and clear the bit: is there an id to be read, or will the cached one do?"""
    at = s.driver.at
    require(one_of(at, Worker.TEST_BIT, Worker.RETEST, Worker.POLL_BIT))
    read = choose(at == Worker.TEST_BIT, Worker.READ_ID, choose(at == Worker.RETEST, Worker.REREAD, Worker.POLL_ID))
    cached = choose(at == Worker.TEST_BIT, Worker.CHECK_ID, choose(at == Worker.RETEST, Worker.SET_ID, Worker.COMPARE))
    s.driver.at = choose(s.driver.read_bit, read, cached)
    s.driver.read_bit = False


@action(by=DRIVER, step="W1 S2 L1 (b)", where="virtio_balloon.c: virtio_balloon_cmd_id_received", when=in_worker)
def read_config(s: S) -> None:
    """Read the command id from config into the cache."""
    at = s.driver.at
    require(one_of(at, Worker.READ_ID, Worker.REREAD, Worker.POLL_ID))
    s.driver.cache = decoded(s, config_shows(s))
    s.driver.at = choose(
        at == Worker.READ_ID, Worker.CHECK_ID, choose(at == Worker.REREAD, Worker.SET_ID, Worker.COMPARE)
    )


def decoded(s: S, shown: Term) -> Term:
    """The id as the driver understands it; in the wrong byte order DONE and every id look like one never issued.

    Source: Linux 168c358af2f8, on legacy devices of big-endian guests.
    """
    if s.world.driver.swaps_bytes:
        return choose(shown == STOP, STOP, OLDEST_ID)
    return shown


def served(s: S) -> Term:
    """The id is the one that was served last (a defect of the series before v25: it is served again)."""
    return s.driver.cache == s.driver.active if s.world.driver.skips_served_id else FALSE


@action(by=DRIVER, step="W2", where="virtio_balloon.c: report_free_page_func", when=in_worker)
def nothing_new(s: S) -> None:
    """STOP, or the id that was served last: the work ends."""
    require(s.driver.at == Worker.CHECK_ID, ~(s.driver.cache == DONE))
    require((s.driver.cache == STOP) | served(s))
    s.driver.at = Worker.IDLE


@action(
    by=DRIVER,
    step="W2 REL",
    where="virtio_balloon.c: report_free_page_func, return_free_pages_to_mm",
    when=in_worker,
)
def release_on_done(s: S) -> None:
    """DONE: give all hinted blocks back, under the list's lock in one go."""
    require(s.driver.at == Worker.CHECK_ID, s.driver.cache == DONE)
    if s.world.driver.release == Release.ON_DONE:
        promise(KEPT_TILL_DONE, s.driver.cache == DONE)
    give_back(s, s.driver.held)
    s.driver.at = Worker.IDLE


@action(by=DRIVER, step="W2 S1", where="virtio_balloon.c: virtio_balloon_report_free_page", when=in_worker)
def round_begins(s: S) -> None:
    """A new id: take the used buffers back and go on to send START."""
    require(s.driver.at == Worker.CHECK_ID)
    require(is_issued(s.driver.cache), ~served(s))
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = Worker.RETEST if s.world.driver.rereads_id_for_start else Worker.SET_ID


# -- START ------------------------------------------------------------------------------------


@action(by=DRIVER, step="S1", where="virtio_balloon.c (4.20): send_cmd_id_start", when=in_interrupt)
def round_begins_unchecked(s: S) -> None:
    """As first merged: the worker takes whatever id is there, with no check."""
    require(s.driver.at == Worker.RETEST)
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = Worker.SET_ID


@action(by=DRIVER, step="S3", where="virtio_balloon.c: send_cmd_id_start", when=hinting)
def set_active_id(s: S) -> None:
    """Store the id in cmd_id_active: the cell that START descriptors still on the ring point at, too."""
    require(s.driver.at == Worker.SET_ID)
    s.driver.active = s.driver.cache
    if s.world.driver.start_cell == StartCell.SHARED_WITH_STOP:
        s.driver.stop_in_cell = False
    s.driver.at = Worker.ADD_ID


def entry(s: S, kind: Label, block: Term, cell: Term) -> dict[str, Liftable]:
    """An entry of the hint queue, with the fields that this world's entries have."""
    fields: dict[str, Liftable] = {"kind": kind, "block": block, "governed_by": s.driver.active}
    if s.world.driver.start_cell == StartCell.PER_ROUND:
        fields["cell"] = cell
    if s.world.device.honours == Honours.POSTED_AFTER_CLEAR:
        fields["early"] = False
    return fields


@action(by=DRIVER, step="S4", where="virtio_balloon.c: send_cmd_id_start, virtqueue_add_outbuf", when=hinting)
def post_start(s: S) -> None:
    """Put a START that points at the cell on the hint queue."""
    require(s.driver.at == Worker.ADD_ID, s.ring.queue.room > 0)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.START, NO_BLOCK, s.driver.active))
    s.driver.at = Worker.KICK_ID


@action(by=DRIVER, step="S4", where="virtio_balloon.c: send_cmd_id_start, -ENOSPC", when=hinting)
def start_does_not_fit(s: S) -> None:
    """No entry is left for START: logged only, and the round goes on (v36: the round ends)."""
    require(s.driver.at == Worker.ADD_ID, ~(s.ring.queue.room > 0))
    promise(SIGNS_ARE_SENT, ~(s.ring.queue.room > 0))
    s.driver.at = loop_head(s.world) if s.world.driver.goes_on_without_start else Worker.IDLE


@action(by=DRIVER, step="S5", where="virtio_balloon.c: send_cmd_id_start, virtqueue_kick", when=hinting)
def kick_start(s: S) -> None:
    """Kick the device after START."""
    require(s.driver.at == Worker.KICK_ID)
    s.device.awake = True
    s.driver.at = Worker.WAIT_ID if s.world.driver.waits == Waits.EACH_BUFFER else loop_head(s.world)


def loop_head(w: World) -> Label:
    """Where the loop over the free blocks begins: with received(), or with the cache if there is none."""
    return Worker.POLL_BIT if w.driver.reads_id == ReadsId.WORKER else Worker.COMPARE


def after_loop(w: World) -> Label:
    """What follows when no more blocks are hinted: STOP, in v36 the release of all blocks first."""
    return Worker.RELEASE if w.driver.release == Release.AFTER_POSTING else Worker.SEND_STOP


# -- the loop over free blocks ----------------------------------------------------------------


@action(by=DRIVER, step="L1", where="virtio_balloon.c: send_free_pages", when=hinting)
def leave_loop(s: S) -> None:
    """The id changed under the worker: stop hinting."""
    require(s.driver.at == Worker.COMPARE, ~(s.driver.cache == s.driver.active))
    s.driver.at = after_loop(s.world)


@action(by=DRIVER, step="L1 L2", where="virtio_balloon.c: send_free_pages, get_free_page_and_send", when=hinting)
def stay_in_loop(s: S) -> None:
    """The id is still the same: take the used buffers back and go on to the next block."""
    require(s.driver.at == Worker.COMPARE, s.driver.cache == s.driver.active)
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = Worker.ALLOC


def allocating(w: World) -> bool:
    """Drivers that allocate a block to hint it: v36 and later."""
    return w.hinting and w.driver.holds_hinted


@action(by=DRIVER, step="L3", where="virtio_balloon.c: get_free_page_and_send, alloc_pages", when=allocating)
def take_block(s: S, block: Term) -> None:
    """Allocate a free block of the largest order."""
    require(s.driver.at == Worker.ALLOC, s.memory.free.has(block))
    if in_worker(s.world):
        promise(HINT_UNDER_LAST_ID, s.driver.cache == s.driver.active)
    s.memory.free = s.memory.free - just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))
    s.driver.in_hand = block
    s.driver.at = Worker.ADD_PAGE


@action(
    by=DRIVER,
    step="L3 L4",
    where="mm/page_alloc.c (series up to v35): walk_free_mem_block; virtio_balloon_send_free_pages",
    when=lambda w: w.hinting and not w.driver.holds_hinted,
)
def hint_in_place(s: S, block: Term) -> None:
    """Up to v35: hint a block where it is, on the free list, without allocating it."""
    require(s.driver.at == Worker.ALLOC, s.memory.free.has(block), s.ring.queue.room > 1)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, block, STOP))
    s.driver.at = Worker.KICK_PAGE


@action(by=DRIVER, step="L3", where="virtio_balloon.c: get_free_page_and_send, -EINTR", when=hinting)
def no_block_left(s: S) -> None:
    """The allocation fails (no block is free, or none that the flags allow): the round ends."""
    require(s.driver.at == Worker.ALLOC)
    s.driver.at = after_loop(s.world)


@action(by=DRIVER, step="L4", where="virtio_balloon.c: get_free_page_and_send, virtqueue_add_inbuf", when=allocating)
def post_hint(s: S) -> None:
    """Put the block on the hint queue; one entry stays reserved for a command id."""
    require(s.driver.at == Worker.ADD_PAGE, s.ring.queue.room > 1)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, s.driver.in_hand, STOP))
    s.driver.at = Worker.KICK_PAGE


@action(by=DRIVER, step="L4", where="virtio_balloon.c: get_free_page_and_send, free_pages", when=allocating)
def hint_does_not_fit(s: S) -> None:
    """No entry is left for a hint: free the block and try again (a busy loop while the ring is full)."""
    require(s.driver.at == Worker.ADD_PAGE, ~(s.ring.queue.room > 1))
    become_free(s, just(s.driver.in_hand))
    s.driver.in_hand = NO_BLOCK
    s.driver.at = after_loop(s.world) if s.world.driver.ends_round_when_full else loop_head(s.world)


@action(by=DRIVER, step="L5", where="virtio_balloon.c: get_free_page_and_send, virtqueue_kick", when=hinting)
def kick_hint(s: S) -> None:
    """Kick the device after a hint. The shrinker can't see the block yet."""
    require(s.driver.at == Worker.KICK_PAGE)
    s.device.awake = True
    posted = Worker.PUSH_PAGE if s.world.driver.holds_hinted else loop_head(s.world)
    s.driver.at = Worker.WAIT_PAGE if s.world.driver.waits == Waits.EACH_BUFFER else posted


@action(by=DRIVER, step="L6", where="virtio_balloon.c: get_free_page_and_send, balloon_page_push", when=allocating)
def keep_hinted(s: S) -> None:
    """Put the block on free_page_list; from now on the shrinker may give it back."""
    require(s.driver.at == Worker.PUSH_PAGE)
    s.driver.held = s.driver.held | just(s.driver.in_hand)
    if keeps_order(s.world):
        s.driver.order = s.driver.order.push(s.driver.in_hand)
    s.driver.in_hand = NO_BLOCK
    s.driver.at = loop_head(s.world)


# -- the end of a round -----------------------------------------------------------------------


@action(
    by=DRIVER,
    step="REL",
    where="v36 virtio_balloon.c: report_free_page_func, return_free_pages_to_mm",
    when=lambda w: w.hinting and w.driver.release == Release.AFTER_POSTING,
)
def release_after_posting(s: S) -> None:
    """As posted in v36: all blocks go back once all are posted, popped or not, and before STOP."""
    require(s.driver.at == Worker.RELEASE)
    give_back(s, s.driver.held)
    s.driver.at = Worker.SEND_STOP


@action(by=DRIVER, step="T1", where="virtio_balloon.c: send_cmd_id_stop", when=hinting)
def post_stop(s: S) -> None:
    """Take the used buffers back, post STOP, kick: the round ends."""
    queue = s.ring.queue.detach()
    require(s.driver.at == Worker.SEND_STOP, queue.room > 0)
    s.ring.queue = queue.post(**entry(s, Entry.STOP_SIGN, NO_BLOCK, STOP))
    if s.world.driver.start_cell == StartCell.SHARED_WITH_STOP:
        s.driver.stop_in_cell = True
    s.device.awake = True
    s.driver.at = Worker.IDLE if s.world.driver.waits == Waits.NEVER else Worker.WAIT_STOP


@action(by=DRIVER, step="T1", where="virtio_balloon.c: send_cmd_id_stop, -ENOSPC", when=hinting)
def stop_does_not_fit(s: S) -> None:
    """No entry is left for STOP: logged only; the round ends without one."""
    queue = s.ring.queue.detach()
    require(s.driver.at == Worker.SEND_STOP, ~(queue.room > 0))
    promise(SIGNS_ARE_SENT, ~(queue.room > 0))
    s.ring.queue = queue
    s.driver.at = Worker.IDLE


@action(
    by=DRIVER,
    step="WAIT",
    where="RFC of 2026-01-19, HINT_WAIT_ON_ACK; pre-merge series of 2018: wait at the end of a round",
    when=lambda w: w.hinting and w.driver.waits != Waits.NEVER,
)
def used_by_device(s: S) -> None:
    """The device has used all that was posted: the driver, which waited for it, goes on."""
    at = s.driver.at
    require(one_of(at, Worker.WAIT_ID, Worker.WAIT_PAGE, Worker.WAIT_STOP))
    require(s.ring.queue.waiting == 0)
    s.ring.queue = s.ring.queue.detach()
    after_start = choose(at == Worker.WAIT_ID, loop_head(s.world), Worker.IDLE)
    s.driver.at = choose(at == Worker.WAIT_PAGE, Worker.PUSH_PAGE, after_start)
