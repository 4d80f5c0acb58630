"""The calls of the C code that make up each step of the spec's driver.

A step of the spec is a group of calls. Nobody else can see the effect of a lock, a message and the like; such calls go
with the step before or after them. The drain of used buffers belongs to the step after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hintproof.linux.anyhost import SHOWS
from hintproof.linux.binding import WORKS
from hintproof.linux.driver import CMD_ID, NO_BLOCK, Deviation, Driver, Setup
from hintproof.linux.operations import PAST_DRAIN, PAST_FREES, SEEN, UNSEEN, Entry, Op, mask_of
from hintspec.language.sizes import Sizes

#: Steps of the worker, once it runs.
WORKER = {
    *("test_read_bit", "read_config", "nothing_new", "release_on_done", "round_begins", "set_active_id", "post_start"),
    *("start_does_not_fit", "kick_start", "leave_loop", "stay_in_loop", "take_block", "no_block_left", "post_hint"),
    *("hint_does_not_fit", "kick_hint", "keep_hinted", "post_stop", "stop_does_not_fit"),
}

#: The largest order: 1024 pages of 4 kB.
BLOCK_PAGES, BLOCK_BYTES = 1024, 4 << 20

#: Issued ids of the spec are numbered from 2; on the wire they are QEMU's.
_FIRST_ID = 1 << 31


def on_the_wire(command_id: int) -> int:
    """A command id of the spec as the 32 bits that a device shows."""
    return command_id if command_id < 2 else _FIRST_ID + command_id


def from_the_wire(value: int, sizes: Sizes) -> int:
    """The command id of the spec for 32 bits of the device.

    Bits that no device of these sizes ever shows give DONE, which no device takes for an id.
    """
    number = value - _FIRST_ID
    return value if value < 2 else number if 2 <= number <= sizes.last_id else 1


@dataclass(frozen=True)
class Observation:
    """A driver seen from outside, be it the spec's or the code.

    ``ring`` has a block's number for a hint, and minus one minus the payload for an out buffer, oldest first.
    """

    ring: tuple[int, ...]
    used: int
    owned: int
    queued: bool
    works: bool
    listens: bool
    leaving: Entry


class Code:
    """The C driver; it takes steps of the spec by name. Its methods raise :class:`~hintproof.linux.driver.Deviation`
    if the code does not make the calls of a step, and :class:`~hintproof.linux.driver.DriverFault` for its faults.
    """

    def __init__(self, driver: Driver, sizes: Sizes) -> None:
        self.driver = driver
        self.raw = driver.raw
        self.sizes = sizes
        self.hint_work = 0
        self._steps = self._table_of_steps()
        self._block: int | None = None
        self._shown = 0
        driver.points()

    def start(self) -> int:
        """Bind the driver to its device in a fresh machine; the number of that state."""
        status = self.driver.start(Setup(self.driver.offers, self.sizes.ring, blocks=self.sizes.blocks))
        if status:
            raise Deviation(f"probe() fails with {status}")
        self.hint_work = self.driver.hint_work
        self.run_classic_work()
        return self.driver.keep()

    def take(self, step: str, block: int | None, shown: int) -> None:
        """Make the calls of this step; ``shown`` is the id (of the spec) in config."""
        self.driver.forget_events()
        self._block, self._shown = block, shown
        self._steps[step]()

    def _table_of_steps(self) -> dict[str, Callable[[], object]]:
        """All steps that take part in the comparison, and a scan that frees what it will.

        In some the code makes no call.
        """
        step, spawn, until = self._step, self.driver.spawn, self.until
        return {
            **dict.fromkeys((*SHOWS, "leave_loop"), lambda: None),
            "pop": self._pop,
            "config_changed": self._change_config,
            "interrupt_begins": lambda: spawn(Entry.CHANGED),
            "used_interrupt": lambda: self.driver.interrupt(Entry.CALLBACK, self.driver.hint_queue),
            "work_starts": lambda: spawn(Entry.WORK, self.hint_work),
            "test_read_bit": lambda: step(Op.TEST_CLEAR),
            "read_config": self._read_config,
            "nothing_new": lambda: step(Op.RETURN),
            "release_on_done": self._release,
            **dict.fromkeys(("round_begins", "stay_in_loop"), lambda: until(self._reach(Op.GET_BUF), PAST_DRAIN)),
            "set_active_id": self._set_active_id,
            "post_start": lambda: self._add(True, True),
            "start_does_not_fit": lambda: self._add(True, False),
            "take_block": lambda: self._allocate((self._block or 0) - 1),
            "no_block_left": lambda: self._allocate(NO_BLOCK),
            "post_hint": lambda: self._add(False, True),
            "hint_does_not_fit": lambda: step(Op.FREE),
            **dict.fromkeys(("kick_start", "kick_hint"), lambda: step(Op.KICK)),
            "keep_hinted": lambda: until(self.worker(), SEEN),
            "post_stop": lambda: self._stop(True),
            "stop_does_not_fit": lambda: self._stop(False),
            "scan": lambda: self.driver.call(Entry.SCAN, 1),
            "shrink_newest": lambda: self._scan(BLOCK_PAGES),
            "shrink_nothing": lambda: self._scan(0),
            "remove_begins": self._begin_remove,
            "remove_cancels_work": lambda: step(Op.CANCEL, Entry.REMOVE),
            "remove_releases": lambda: until(self.driver.thread_of(Entry.REMOVE), PAST_FREES),
            "remove_resets": lambda: self._reset(Entry.REMOVE),
            "probe": lambda: self._bind(Entry.PROBE),
            "freeze_begins": lambda: spawn(Entry.FREEZE),
            "freeze_releases": lambda: until(self.driver.thread_of(Entry.FREEZE), PAST_FREES),
            "freeze_resets": lambda: self._reset(Entry.FREEZE),
            "restore": lambda: self._bind(Entry.RESTORE),
        }

    # -- pieces of steps -----------------------------------------------------------------------

    def worker(self) -> int:
        """The thread of the worker."""
        return self.driver.thread_of(Entry.WORK, self.hint_work)

    def _reach(self, op: Op, entry: Entry = Entry.WORK) -> int:
        """Bring a thread before this call, with unseen calls alone on the way; the thread."""
        thread = self.worker() if entry == Entry.WORK else self.driver.thread_of(entry)
        while (pending := self.raw.hp_pending(thread)) != op:
            if not UNSEEN >> pending & 1:
                call = self.driver.pending(thread)
                raise Deviation(f"the code calls {call.op.name} where {op.name} was due", call.place)
            self.driver.step(thread)
        return thread

    def _step(self, op: Op, entry: Entry = Entry.WORK) -> None:
        """Bring a thread before this call, and make the call."""
        self.driver.step(self._reach(op, entry))

    def until(self, thread: int, stops: int) -> None:
        """Run to the next call of a mask, or to the end of the thread."""
        if not stops >> self.raw.hp_pending(thread) & 1:
            self.driver.run_until(thread, stops)

    # -- the worker ----------------------------------------------------------------------------

    def _read_config(self) -> None:
        thread = self._reach(Op.CONFIG_READ)
        call = self.driver.view().threads[thread]
        if (call.a, call.b) != (CMD_ID, 4):
            raise Deviation(f"the code reads config at {call.a}, {call.b} bytes", self.driver.pending(thread).place)
        self.driver.config(CMD_ID, on_the_wire(self._shown))
        self.driver.step(thread)
        self.driver.config(CMD_ID, 0)

    def _set_active_id(self) -> None:
        """The id is stored after a call that sees to its byte order (up to 5.8, by mistake, the opposite one)."""
        thread = self.worker()
        if self.raw.hp_pending(thread) != Op.FROM_VIRTIO:
            self._reach(Op.TO_VIRTIO)
        self.driver.step(thread)

    def _release(self) -> None:
        self.until(self.worker(), PAST_FREES)
        self._step(Op.RETURN)

    def _allocate(self, choice: int) -> None:
        self.driver.next_block(choice)
        self._step(Op.ALLOC)

    def _add(self, out: bool, fits: bool) -> None:
        thread = self._reach(Op.ADD)
        call = self.driver.view().threads[thread]
        if (call.a >> 8 & 1) != out or call.a & 0xFF != self.driver.hint_queue:
            raise Deviation("the code adds another buffer than was due", self.driver.pending(thread).place)
        if call.c != (4 if out else BLOCK_BYTES) or call.a >> 16 & 0xFFFF != 1:
            raise Deviation(f"the code's buffer has {call.c} bytes", self.driver.pending(thread).place)
        self.driver.step(thread)
        if self.driver.last_event(Op.ADD).a >> 32 & 1 == fits:
            raise Deviation(f"the buffer {'does not fit' if fits else 'fits'} on the code's queue")

    def _stop(self, fits: bool) -> None:
        self.until(self._reach(Op.GET_BUF), PAST_DRAIN)
        self._add(True, fits)
        if fits:
            self._step(Op.KICK)
        self._step(Op.RETURN)

    # -- other threads -------------------------------------------------------------------------

    def _change_config(self) -> None:
        self.driver.call(Entry.CHANGED)
        self.run_classic_work()

    def run_classic_work(self) -> None:
        """Run the work of the classic balloon at once: it has nothing to do here."""
        pending = self.driver.view().pending & ~(1 << self.hint_work)
        for number in range(WORKS):
            if pending >> number & 1:
                self.driver.call(Entry.WORK, number)

    def _pop(self) -> None:
        if not self.pop():
            raise Deviation("nothing is on the code's queue")

    def pop(self) -> bool:
        """Use the oldest buffer of the code's queue, as the device does; False if there is none."""
        queue = self.driver.hint_queue
        return not (self.raw.hp_pop(queue) or self.raw.hp_use(queue, 0))

    def _scan(self, expected: int) -> None:
        freed = self.driver.call(Entry.SCAN, 1)
        if freed != expected:
            raise Deviation(f"a scan of the code's shrinker frees {freed} pages")

    def _begin_remove(self) -> None:
        """Run remove() up to the cancel of the work that hints."""
        thread = self.driver.spawn(Entry.REMOVE)
        while True:
            self.until(thread, mask_of(Op.CANCEL, Op.FREE, Op.RESET))
            call = self.driver.view().threads[thread]
            if call.op != Op.CANCEL or call.b == self.hint_work:
                return
            self.driver.step(thread)

    def _reset(self, entry: Entry) -> None:
        self.driver.finish(self._reach(Op.RESET, entry))

    def _bind(self, entry: Entry) -> None:
        status = self.driver.bind(entry)
        if status:
            raise Deviation(f"{entry.name.lower()} of the code fails with {status}")
        self.run_classic_work()

    # -- from outside --------------------------------------------------------------------------

    def observe(self) -> Observation:
        """The code as others see it now."""
        view = self.driver.view()
        queue = view.queues[self.driver.hint_queue]
        first = queue.used + queue.taken
        elements = (queue.elements[i] for i in range(first, first + queue.available))
        leaving = next((Entry(t.entry) for t in view.threads if t.entry in (Entry.REMOVE, Entry.FREEZE)), Entry.NONE)
        hint = 1 << self.hint_work
        return Observation(
            ring=tuple(-1 - e.payload if e.out else e.block for e in elements),
            used=queue.used,
            owned=view.driver,
            queued=bool(view.pending & hint),
            works=bool(view.running & hint),
            listens=bool(view.listening),
            leaving=leaving,
        )
