"""The virtio-balloon driver of Linux 5.7 and later, step by step: config interrupt and worker.

Read it beside drivers/virtio/virtio_balloon.c (line numbers shift; functions are named as there). The labels of the
worker's places say what it does next; the step letters W1 .. T1 are those of the docs, page "The protocol". One worker
exists at a time; everything else may happen between any two of its steps. Where an older or a repaired driver does
otherwise, a step calls :mod:`~hintspec.protocol.historic` or :mod:`~hintspec.protocol.repairs`.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.sorts import Label
from hintspec.language.terms import DONE, NO_BLOCK, STOP, Liftable, Term, choose, is_issued, just, one_of
from hintspec.protocol import historic, repairs
from hintspec.protocol.device import config_shows
from hintspec.protocol.memory import become_free, store
from hintspec.protocol.promises import HINT_UNDER_LAST_ID, KEPT_TILL_DONE, SIGNS_ARE_SENT
from hintspec.protocol.shrinker import give_back, require_bound
from hintspec.protocol.state import DRIVER, Binding, Entry, State, Worker
from hintspec.protocol.worlds import allocates_blocks, hinting, keeps_order, reads_in_worker

# -- config interrupt -------------------------------------------------------------------------


@action(by=DRIVER, step="I1", where="virtio_balloon.c: virtballoon_changed", when=reads_in_worker)
def config_changed(s: State) -> None:
    """The config interrupt: set the bit; if it was clear, queue the work."""
    require(s.device.interrupt)
    require_bound(s)
    s.device.interrupt = False
    s.driver.queued = s.driver.queued | ~s.driver.read_bit
    s.driver.read_bit = True


# -- the worker: what is it to do -------------------------------------------------------------


@action(by=DRIVER, step="W0", where="kernel/workqueue.c: process_one_work", when=hinting)
def work_starts(s: State) -> None:
    """The work item stops being pending and its function begins, unless the workqueue is frozen."""
    binding = s.driver.binding
    require(s.driver.at == Worker.IDLE, s.driver.queued)
    require(one_of(binding, Binding.BOUND, Binding.REMOVE))
    s.driver.queued = False
    s.driver.at = historic.first_place(s.world)


#: Where virtio_balloon_cmd_id_received() is called from: where it reads config, and where it returns to.
CMD_ID_RECEIVED = {
    Worker.TEST_BIT: (Worker.READ_ID, Worker.CHECK_ID),
    Worker.RETEST: (Worker.REREAD, Worker.SET_ID),
    Worker.POLL_BIT: (Worker.POLL_ID, Worker.COMPARE),
}


@action(by=DRIVER, step="W1 S2 L1 (a)", where="virtio_balloon.c: virtio_balloon_cmd_id_received", when=reads_in_worker)
def test_read_bit(s: State) -> None:
    """Test and clear the bit: is there an id to be read, or will the cached one do?"""
    at = s.driver.at
    require(one_of(at, *CMD_ID_RECEIVED))
    read, cached = (pick(at, {place: ends[n] for place, ends in CMD_ID_RECEIVED.items()}) for n in (0, 1))
    s.driver.at = choose(s.driver.read_bit, read, cached)
    s.driver.read_bit = False


@action(by=DRIVER, step="W1 S2 L1 (b)", where="virtio_balloon.c: virtio_balloon_cmd_id_received", when=reads_in_worker)
def read_config(s: State) -> None:
    """Read the command id from config into the cache."""
    at = s.driver.at
    read = dict(CMD_ID_RECEIVED.values())
    require(one_of(at, *read))
    s.driver.cache = historic.decode(s.world, config_shows(s))
    s.driver.at = pick(at, read)


def pick(at: Term, table: dict[Label, Label]) -> Liftable:
    """The entry of the place where the worker stands, which is one of the table's."""
    *others, (_, last) = table.items()
    picked: Liftable = last
    for place, label in reversed(others):
        picked = choose(at == place, label, picked)
    return picked


@action(by=DRIVER, step="W2", where="virtio_balloon.c: report_free_page_func", when=reads_in_worker)
def nothing_new(s: State) -> None:
    """STOP, or the id that was served last: the work ends."""
    require(s.driver.at == Worker.CHECK_ID, ~(s.driver.cache == DONE))
    require((s.driver.cache == STOP) | historic.is_served(s))
    s.driver.at = Worker.IDLE


@action(
    by=DRIVER,
    step="W2 REL",
    where="virtio_balloon.c: report_free_page_func, return_free_pages_to_mm",
    when=reads_in_worker,
)
def release_on_done(s: State) -> None:
    """DONE: give all hinted blocks back, under the list's lock in one go."""
    require(s.driver.at == Worker.CHECK_ID, s.driver.cache == DONE)
    promise(KEPT_TILL_DONE, s.driver.cache == DONE)
    give_back(s, s.driver.held)
    s.driver.at = Worker.IDLE


@action(
    by=DRIVER,
    step="W2 S1",
    where="virtio_balloon.c: report_free_page_func, virtio_balloon_report_free_page, send_cmd_id_start",
    when=reads_in_worker,
)
def round_begins(s: State) -> None:
    """A new id: send_cmd_id_start() takes the used buffers back (virtqueue_get_buf) before it asks for the id again."""
    require(s.driver.at == Worker.CHECK_ID)
    require(is_issued(s.driver.cache), ~historic.is_served(s))
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = repairs.before_start(s.world)


# -- START ------------------------------------------------------------------------------------


@action(by=DRIVER, step="S3", where="virtio_balloon.c: send_cmd_id_start", when=hinting)
def set_active_id(s: State) -> None:
    """Store the id in cmd_id_active: the cell that START descriptors still on the ring point at, too."""
    require(s.driver.at == Worker.SET_ID)
    s.driver.active = s.driver.cache
    historic.store_in_cell(s, stop=False)
    s.driver.at = Worker.ADD_ID


def entry(s: State, kind: Label, block: Term = NO_BLOCK, cell: Term = STOP) -> dict[str, Liftable]:
    """An entry of the hint queue, with the fields that this world's entries have."""
    fields = repairs.fields_of_entry(s.world, cell)
    return {"kind": kind, "block": block, "governed_by": s.driver.active, **fields}


@action(by=DRIVER, step="S4", where="virtio_balloon.c: send_cmd_id_start, virtqueue_add_outbuf", when=hinting)
def post_start(s: State) -> None:
    """Put a START that points at the cell on the hint queue."""
    require(s.driver.at == Worker.ADD_ID, s.ring.queue.room > 0)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.START, cell=s.driver.active))
    s.driver.at = Worker.KICK_ID


@action(by=DRIVER, step="S4", where="virtio_balloon.c: send_cmd_id_start, -ENOSPC", when=hinting)
def start_does_not_fit(s: State) -> None:
    """No entry is left for START: logged only, and the round goes on."""
    require(s.driver.at == Worker.ADD_ID, ~(s.ring.queue.room > 0))
    promise(SIGNS_ARE_SENT, ~(s.ring.queue.room > 0))
    s.driver.at = repairs.after_lost_start(s.world)


@action(by=DRIVER, step="S5", where="virtio_balloon.c: send_cmd_id_start, virtqueue_kick", when=hinting)
def kick_start(s: State) -> None:
    """Kick the device after START."""
    require(s.driver.at == Worker.KICK_ID)
    s.device.awake = True
    s.driver.at = repairs.after_start(s.world)


# -- the loop over free blocks ----------------------------------------------------------------


@action(by=DRIVER, step="L1", where="virtio_balloon.c: send_free_pages", when=hinting)
def leave_loop(s: State) -> None:
    """The id changed under the worker: stop hinting."""
    require(s.driver.at == Worker.COMPARE, ~(s.driver.cache == s.driver.active))
    s.driver.at = historic.after_loop(s.world)


@action(by=DRIVER, step="L1 L2", where="virtio_balloon.c: send_free_pages, get_free_page_and_send", when=hinting)
def stay_in_loop(s: State) -> None:
    """The id is still the same: take the used buffers back and go on to the next block."""
    require(s.driver.at == Worker.COMPARE, s.driver.cache == s.driver.active)
    s.ring.queue = s.ring.queue.detach()
    s.driver.at = Worker.ALLOC


@action(by=DRIVER, step="L3", where="virtio_balloon.c: get_free_page_and_send, alloc_pages", when=allocates_blocks)
def take_block(s: State, block: Term) -> None:
    """Allocate a free block of the largest order."""
    require(s.driver.at == Worker.ALLOC, s.memory.free.has(block))
    promise(HINT_UNDER_LAST_ID, s.driver.cache == s.driver.active)
    s.memory.free = s.memory.free - just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))
    s.driver.in_hand = block
    s.driver.at = Worker.ADD_PAGE


@action(by=DRIVER, step="L3", where="virtio_balloon.c: get_free_page_and_send, -EINTR", when=hinting)
def no_block_left(s: State) -> None:
    """The allocation fails (no block is free, or none that the flags allow): the round ends."""
    require(s.driver.at == Worker.ALLOC)
    s.driver.at = historic.after_loop(s.world)


@action(
    by=DRIVER, step="L4", where="virtio_balloon.c: get_free_page_and_send, virtqueue_add_inbuf", when=allocates_blocks
)
def post_hint(s: State) -> None:
    """Put the block on the hint queue; one entry stays reserved for a command id."""
    require(s.driver.at == Worker.ADD_PAGE, s.ring.queue.room > 1)
    s.ring.queue = s.ring.queue.post(**entry(s, Entry.HINT, s.driver.in_hand))
    s.driver.at = Worker.KICK_PAGE


@action(by=DRIVER, step="L4", where="virtio_balloon.c: get_free_page_and_send, free_pages", when=allocates_blocks)
def hint_does_not_fit(s: State) -> None:
    """No entry is left for a hint: free the block and try again (a busy loop while the ring is full)."""
    require(s.driver.at == Worker.ADD_PAGE, ~(s.ring.queue.room > 1))
    become_free(s, just(s.driver.in_hand))
    s.driver.in_hand = NO_BLOCK
    s.driver.at = repairs.after_full_ring(s.world)


@action(by=DRIVER, step="L5", where="virtio_balloon.c: get_free_page_and_send, virtqueue_kick", when=hinting)
def kick_hint(s: State) -> None:
    """Kick the device after a hint. The shrinker can't see the block yet."""
    require(s.driver.at == Worker.KICK_PAGE)
    s.device.awake = True
    s.driver.at = repairs.after_hint(s.world, historic.after_hint(s.world))


@action(
    by=DRIVER, step="L6", where="virtio_balloon.c: get_free_page_and_send, balloon_page_push", when=allocates_blocks
)
def keep_hinted(s: State) -> None:
    """Put the block on free_page_list; from now on the shrinker may give it back."""
    require(s.driver.at == Worker.PUSH_PAGE)
    s.driver.held = s.driver.held | just(s.driver.in_hand)
    if keeps_order(s.world):
        s.driver.order = s.driver.order.push(s.driver.in_hand)
    s.driver.in_hand = NO_BLOCK
    s.driver.at = historic.loop_head(s.world)


# -- the end of a round -----------------------------------------------------------------------


@action(by=DRIVER, step="T1", where="virtio_balloon.c: send_cmd_id_stop", when=hinting)
def post_stop(s: State) -> None:
    """Take the used buffers back, post STOP, kick: the round ends."""
    queue = s.ring.queue.detach()
    require(s.driver.at == Worker.SEND_STOP, queue.room > 0)
    s.ring.queue = queue.post(**entry(s, Entry.STOP_SIGN))
    historic.store_in_cell(s, stop=True)
    s.device.awake = True
    s.driver.at = repairs.after_stop(s.world)


@action(by=DRIVER, step="T1", where="virtio_balloon.c: send_cmd_id_stop, -ENOSPC", when=hinting)
def stop_does_not_fit(s: State) -> None:
    """No entry is left for STOP: logged only; the round ends without one."""
    queue = s.ring.queue.detach()
    require(s.driver.at == Worker.SEND_STOP, ~(queue.room > 0))
    promise(SIGNS_ARE_SENT, ~(queue.room > 0))
    s.ring.queue = queue
    s.driver.at = Worker.IDLE
