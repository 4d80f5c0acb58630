"""Which calls of the C code are which step of the spec's driver.

A step of the spec is a group of calls. Locks, messages and the like are calls that nobody else can see the result
of; they go with the step before or after them. The drain of used buffers belongs to the step after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from hintproof.linux.anyhost import SHOWS
from hintproof.linux.driver import CMD_ID, NO_BLOCK, Driver, Pending, Setup
from hintproof.linux.operations import EVERY_CALL, Entry, Op, mask_of
from hintspec.language.sizes import Sizes

#: Calls whose effect nobody else sees by itself.
UNSEEN = mask_of(
    *(Op.LOCK, Op.UNLOCK, Op.BIT, Op.SAY, Op.WARN, Op.WAKE, Op.KZALLOC, Op.CONFIG_WRITE, Op.DESTROY, Op.FROM_VIRTIO)
)

_SEEN = EVERY_CALL & ~UNSEEN
_FREES = _SEEN & ~mask_of(Op.FREE)
_DRAINED = EVERY_CALL & ~mask_of(Op.GET_BUF)
_LIMIT = 10_000

_ENDED, _BLOCKED, _ENDLESS = 1, 2, 3

#: Steps of the worker, once it runs.
WORKER = frozenset(
    (
        *("test_read_bit", "read_config", "nothing_new", "release_on_done", "round_begins", "set_active_id"),
        *("post_start", "start_does_not_fit", "kick_start", "leave_loop", "stay_in_loop", "take_block"),
        *("no_block_left", "post_hint", "hint_does_not_fit", "kick_hint", "keep_hinted", "post_stop"),
        "stop_does_not_fit",
    )
)

#: The largest order: 1024 pages of 4 kB.
BLOCK_BYTES = 4 << 20

#: Issued ids of the spec are numbered from 2; on the wire they are QEMU's.
_FIRST_ID = 1 << 31


def on_the_wire(command_id: int) -> int:
    """A command id of the spec as the 32 bits that a device shows."""
    return command_id if command_id < 2 else _FIRST_ID + command_id


#: The calls of a step, given its block and the id that config shows.
Step = Callable[[int | None, int], object]


def from_the_wire(value: int, sizes: Sizes) -> int:
    """The command id of the spec; for 32 bits that no device of these sizes ever shows that of DONE, which no device
    takes for an id."""
    number = value - _FIRST_ID
    return value if value < 2 else number if 2 <= number <= sizes.last_id else 1


class Unlike(Exception):
    """The code does something else than the step of the spec that it was asked for."""

    def __init__(self, says: str, call: Pending | None = None) -> None:
        super().__init__(f"{says} at {call.place}" if call else says)
        self.call = call


@dataclass(frozen=True)
class Seen:
    """What is seen of a driver from outside; the same of the spec's driver and of the code.

    ``ring`` has a block's number for a hint, and minus one minus the payload for an out buffer, oldest first.
    """

    ring: tuple[int, ...]
    used: int
    owned: int
    queued: bool
    works: bool
    listens: bool
    leaving: Entry

    def unlike(self, other: Seen) -> list[str]:
        """The names of what differs."""
        return [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]


class Code:
    """The C driver, asked for steps of the spec by name."""

    def __init__(self, driver: Driver, sizes: Sizes) -> None:
        self.driver = driver
        self.raw = driver.raw
        self.sizes = sizes
        self.steps = self._steps()
        self.hint_work = 0
        driver.points()

    def start(self) -> int:
        """A fresh machine with the driver bound to its device; the number of that state."""
        status = self.driver.start(Setup(ring=self.sizes.ring, blocks=self.sizes.blocks))
        if status:
            raise Unlike(f"probe() fails with {status}")
        self.hint_work = self.driver.hint_work
        self._classic_work()
        return self.driver.keep()

    # -- one step ------------------------------------------------------------------------------

    def take(self, step: str, block: int | None, shown: int) -> None:
        """The calls that are this step; ``shown`` is the id (of the spec) in config.

        Raises :class:`Unlike` if the code does not make them, :class:`~hintproof.linux.driver.DriverFault` if it
        comes to grief.
        """
        self.driver.forget_events()
        self.steps[step](block, shown)

    def _steps(self) -> dict[str, Step]:
        """All steps that take part in the comparison."""
        at, until = self._at, self.until

        def quiet(block: int | None, shown: int) -> None:
            """The code does nothing that could be seen."""

        def one(op: Op) -> Step:
            return lambda block, shown: self.one(at(op))

        return {
            **dict.fromkeys(SHOWS, quiet),
            "pop": lambda block, shown: self._pop(),
            "config_changed": lambda block, shown: self._config_changed(shown),
            "work_starts": lambda block, shown: self._spawn(Entry.WORK, self.hint_work),
            "test_read_bit": one(Op.TEST_CLEAR),
            "read_config": lambda block, shown: self._read_config(shown),
            "nothing_new": lambda block, shown: self._ends(),
            "release_on_done": lambda block, shown: self._release(),
            "round_begins": lambda block, shown: until(at(Op.GET_BUF), _DRAINED),
            "set_active_id": lambda block, shown: self._set_active_id(),
            "post_start": lambda block, shown: self._add(True, True),
            "start_does_not_fit": lambda block, shown: self._add(True, False),
            "kick_start": one(Op.KICK),
            "leave_loop": quiet,
            "stay_in_loop": lambda block, shown: until(at(Op.GET_BUF), _DRAINED),
            "take_block": lambda block, shown: self._allocate((block or 0) - 1),
            "no_block_left": lambda block, shown: self._allocate(NO_BLOCK),
            "post_hint": lambda block, shown: self._add(False, True),
            "hint_does_not_fit": one(Op.FREE),
            "kick_hint": one(Op.KICK),
            "keep_hinted": lambda block, shown: until(self.worker(), _SEEN),
            "post_stop": lambda block, shown: self._stop(True),
            "stop_does_not_fit": lambda block, shown: self._stop(False),
            "shrink_newest": lambda block, shown: self._scan(1024),
            "shrink_nothing": lambda block, shown: self._scan(0),
            "remove_begins": lambda block, shown: self._remove_begins(),
            "remove_cancels_work": lambda block, shown: self._cancel(),
            "remove_releases": lambda block, shown: self._leave_releases(Entry.REMOVE),
            "remove_resets": lambda block, shown: self._leave_resets(Entry.REMOVE),
            "probe": lambda block, shown: self._probe(Entry.PROBE),
            "freeze_begins": lambda block, shown: self._spawn(Entry.FREEZE),
            "freeze_releases": lambda block, shown: self._leave_releases(Entry.FREEZE),
            "freeze_resets": lambda block, shown: self._leave_resets(Entry.FREEZE),
            "restore": lambda block, shown: self._probe(Entry.RESTORE),
        }

    # -- pieces --------------------------------------------------------------------------------

    def _spawn(self, entry: Entry, argument: int = 0) -> int:
        number: int = self.raw.hp_spawn(entry, argument)
        if number == -2:
            raise self.driver.fault()
        if number < 0:
            raise Unlike(f"the kernel would not call {entry.name.lower()} of the code now")
        return number

    def _thread(self, entry: Entry, argument: int = -1) -> int:
        number: int = self.raw.hp_thread_of(entry, argument)
        if number < 0:
            raise Unlike(f"{entry.name.lower()} of the code is not running")
        return number

    def worker(self) -> int:
        """The thread of the worker."""
        return self._thread(Entry.WORK, self.hint_work)

    def _at(self, op: Op, entry: Entry = Entry.WORK) -> int:
        """The thread, brought before this call; only unseen calls may be in between."""
        thread = self.worker() if entry == Entry.WORK else self._thread(entry)
        while (pending := self.raw.hp_pending(thread)) != op:
            if not UNSEEN >> pending & 1:
                call = self.driver.pending(thread)
                raise Unlike(f"the code calls {call.op.name} where {op.name} was due", call)
            self.one(thread)
        return thread

    def one(self, thread: int) -> None:
        """One call, and on to the next."""
        status = self.raw.hp_step(thread)
        if status:
            self._fails(thread, _BLOCKED if status == 1 else status)

    def until(self, thread: int, stops: int) -> None:
        """On to the next call of some, or to the end."""
        if not stops >> self.raw.hp_pending(thread) & 1:
            status = self.raw.hp_run(thread, stops, _LIMIT)
            if status not in (0, _ENDED):
                self._fails(thread, status)

    def to_the_end(self, thread: int) -> None:
        """On to the end of a thread."""
        status = self.raw.hp_run(thread, 0, _LIMIT)
        if status != _ENDED:
            self._fails(thread, status)

    def called(self, entry: Entry) -> None:
        """The kernel calls the code, and it comes to its end; rmmod and suspend only begin."""
        calls: dict[Entry, Callable[[], object]] = {
            Entry.CHANGED: lambda: self._config_changed(0),
            Entry.SCAN: lambda: self._whole(Entry.SCAN, 1),
            Entry.REMOVE: self._remove_begins,
            Entry.FREEZE: lambda: self._spawn(Entry.FREEZE),
        }
        calls.get(entry, lambda: self._probe(entry))()

    def _fails(self, thread: int, status: int) -> None:
        if status < 0:
            raise self.driver.fault()
        call = self.driver.pending(thread)
        raise Unlike("the code waits" if status == _BLOCKED else "the code goes round for ever", call)

    def _ends(self) -> None:
        self.one(self._at(Op.RETURN))

    # -- the worker ----------------------------------------------------------------------------

    def _read_config(self, shown: int) -> None:
        thread = self._at(Op.CONFIG_READ)
        call = self.driver.view().threads[thread]
        if (call.a, call.b) != (CMD_ID, 4):
            raise Unlike(f"the code reads config at {call.a}, {call.b} bytes", self.driver.pending(thread))
        self.raw.hp_set_config(CMD_ID, 4, on_the_wire(shown))
        self.one(thread)
        self.raw.hp_set_config(CMD_ID, 4, 0)

    def _set_active_id(self) -> None:
        """The id is stored after a call that sees to its byte order (up to 5.8, by mistake, the opposite one)."""
        thread = self.worker()
        if self.raw.hp_pending(thread) != Op.FROM_VIRTIO:
            self._at(Op.TO_VIRTIO)
        self.one(thread)

    def _release(self) -> None:
        thread = self.worker()
        self.until(thread, _FREES)
        self._ends()

    def _allocate(self, choice: int) -> None:
        thread = self._at(Op.ALLOC)
        self.raw.hp_set_next_block(choice)
        self.one(thread)

    def _add(self, out: bool, fits: bool) -> None:
        thread = self._at(Op.ADD)
        call = self.driver.view().threads[thread]
        if (call.a >> 8 & 1) != out or call.a & 0xFF != self.driver.hint_queue:
            raise Unlike("the code adds another buffer than was due", self.driver.pending(thread))
        if call.c != (4 if out else BLOCK_BYTES) or call.a >> 16 & 0xFFFF != 1:
            raise Unlike(f"the code's buffer has {call.c} bytes", self.driver.pending(thread))
        self.one(thread)
        if self._last(Op.ADD) >> 32 & 1 == fits:
            raise Unlike(f"the buffer {'does not fit' if fits else 'fits'} on the code's queue")

    def _last(self, op: Op) -> int:
        """What the last call of a kind was given as ``a``."""
        count = min(self.driver.library.event_count.value, 4096)
        for number in range(count - 1, -1, -1):
            event = self.driver.library.events[number]
            if event.op == op:
                return int(event.a)
        raise Unlike(f"the code did not call {op.name}")

    def _stop(self, fits: bool) -> None:
        self.until(self._at(Op.GET_BUF), _DRAINED)
        self._add(True, fits)
        if fits:
            self.one(self._at(Op.KICK))
        self._ends()

    # -- the others ----------------------------------------------------------------------------

    def _whole(self, entry: Entry, argument: int = 0) -> int:
        """A call of the driver from its beginning to its end; what it returned."""
        thread = self._spawn(entry, argument)
        if self.raw.hp_thread_of(entry, argument) == thread:
            status = self.raw.hp_run(thread, 0, _LIMIT)
            if status != _ENDED:
                self._fails(thread, status)
        events, count = self.driver.library.events, self.driver.library.event_count.value
        return int(events[min(count, 4096) - 1].b)

    def _config_changed(self, shown: int) -> None:
        self._whole(Entry.CHANGED)
        self._classic_work()

    def _classic_work(self) -> None:
        """The classic balloon's work, which has nothing to do here, comes and goes at once."""
        pending = self.driver.view().pending & ~(1 << self.hint_work)
        for number in range(8):
            if pending >> number & 1:
                self._whole(Entry.WORK, number)

    def _pop(self) -> None:
        queue = self.driver.hint_queue
        if self.raw.hp_pop(queue) or self.raw.hp_use(queue, 0):
            raise Unlike("nothing is on the code's queue")

    def _scan(self, expected: int) -> None:
        freed = self._whole(Entry.SCAN, 1)
        if freed != expected:
            raise Unlike(f"a scan of the code's shrinker frees {freed} pages")

    def _remove_begins(self) -> None:
        """Up to the cancel of the work that hints."""
        thread = self._spawn(Entry.REMOVE)
        while True:
            self.until(thread, mask_of(Op.CANCEL, Op.FREE, Op.RESET))
            call = self.driver.view().threads[thread]
            if call.op != Op.CANCEL or call.b == self.hint_work:
                return
            self.one(thread)

    def _cancel(self) -> None:
        thread = self._at(Op.CANCEL, Entry.REMOVE)
        self.one(thread)

    def _leave_releases(self, entry: Entry) -> None:
        self.until(self._thread(entry), _FREES)

    def _leave_resets(self, entry: Entry) -> None:
        self.to_the_end(self._at(Op.RESET, entry))

    def _probe(self, entry: Entry) -> None:
        status = self._whole(entry)
        if status:
            raise Unlike(f"{entry.name.lower()} of the code fails with {status - (1 << 64)}")
        self._classic_work()

    # -- what is seen --------------------------------------------------------------------------

    def count(self) -> int:
        """What the code's shrinker counts, in pages."""
        return self._whole(Entry.SHRINK_COUNT)

    def seen(self) -> Seen:
        """What is seen of the code now."""
        view = self.driver.view()
        queue = view.queues[self.driver.hint_queue]
        first = queue.used + queue.taken
        elements = (queue.elements[i] for i in range(first, first + queue.available))
        leaving = next((Entry(t.entry) for t in view.threads if t.entry in (Entry.REMOVE, Entry.FREEZE)), Entry.NONE)
        hint = 1 << self.hint_work
        return Seen(
            ring=tuple(-1 - e.payload if e.out else e.block for e in elements),
            used=queue.used,
            owned=view.driver,
            queued=bool(view.pending & hint),
            works=bool(view.running & hint),
            listens=bool(view.listening),
            leaving=leaving,
        )
