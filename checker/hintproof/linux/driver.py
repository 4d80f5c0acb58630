"""The real driver, step by step: the kernel calls it, the device answers, and a scheduler picks the thread to run.

A thread of the driver stands before a call of the kernel's interface. A step is the effect of that call, and all that
the driver does up to its next call.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

from hintproof.linux.binding import (
    BLOCKS,
    HINT_ELEMENTS,
    QUEUES,
    SMALL_PAGES,
    THREADS,
    WORKS,
    Library,
    RawEvent,
    Settings,
    View,
)
from hintproof.linux.operations import EVERY_CALL, Entry, FaultKind, Op
from hintproof.linux.symbols import Place, Symbols
from hintproof.system.errors import BadInput

#: Feature bits of the device, and their names.
MUST_TELL_HOST, STATS_VQ, DEFLATE_ON_OOM, FREE_PAGE_HINT, PAGE_POISON, REPORTING = range(6)
FEATURES = ("MUST_TELL_HOST", "STATS_VQ", "DEFLATE_ON_OOM", "FREE_PAGE_HINT", "PAGE_POISON", "REPORTING")
NEW_FEATURES = tuple(range(REPORTING + 1, 28))  # device features that no driver of Linux 7.3 knows
INDIRECT_DESC, ACCESS_PLATFORM = 28, 33

#: Offsets of config fields.
NUM_PAGES, ACTUAL, CMD_ID, POISON_VAL = 0, 4, 8, 12

#: The choice of :meth:`Driver.next_block` that makes the allocation fail.
NO_BLOCK = -1

#: The work item that hints, from Linux 4.20 on, and those of the classic balloon.
_HINTS = "report_free_page_func"
_CLASSIC = ("update_balloon_stats_func", "update_balloon_size_func")

#: A function of a driver that makes more calls than this has no end.
LIMIT = 10_000

#: How often a probe may wait.
_MOST_WAITS = 100

#: Status of hp_step; of hp_run, which also gives 3 where it meets its limit.
_BLOCKED, _RUN_ENDED, _RUN_BLOCKED = 1, 1, 2


@dataclass(frozen=True)
class Setup:
    """The machine of a driver. Sizes are numbers of entries, blocks and pages.

    ``fail_at``: of the calls of probe and restore that may fail, the one that does, from 1; 0: none.
    ``add_fails``: each so-manieth buffer can't be added to its queue; 0: none.
    """

    features: tuple[int, ...] = (FREE_PAGE_HINT,)
    ring: int = 4
    other_rings: int = 64
    blocks: int = 2
    small_pages: int = 8
    page_poisoning: bool = False
    init_on_free: bool = False
    fail_at: int = 0
    add_fails: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that the shim has no room for."""
        if not (0 < self.blocks <= BLOCKS and 0 <= self.small_pages <= SMALL_PAGES and 0 < self.ring <= HINT_ELEMENTS):
            given = f"a machine of {self.blocks} blocks, {self.small_pages} pages and ring {self.ring}"
            most = f"1 .. {BLOCKS} blocks, 0 .. {SMALL_PAGES} pages, a ring of 1 .. {HINT_ELEMENTS}"
            raise BadInput(f"{given}: give {most}")

    def settings(self) -> Settings:
        """The record that the shim takes."""
        bits = sum(1 << bit for bit in set(self.features))
        return Settings(bits, self.ring, self.other_rings, self.blocks, self.small_pages, self.page_poisoning,
                        self.init_on_free, self.fail_at, self.add_fails)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """The end of a thread by a fault: a broken rule, a signal of the processor, an endless loop."""

    kind: FaultKind
    entry: Entry
    text: str
    place: Place

    def __str__(self) -> str:
        return f"{self.entry.name.lower()}, {self.place}: {self.text}"


class DriverFault(Exception):
    """The driver broke a rule of the kernel, crashed, or hangs. The machine can only be restored or reset."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.place = fault.place


class Deviation(Exception):
    """The driver does not do what was asked of it. ``place`` is the call that the thread stands before, if any."""

    def __init__(self, says: str, place: Place | None = None) -> None:
        super().__init__(f"{says} at {place}" if place else says)
        self.place = place


@dataclass(frozen=True)
class Pending:
    """The call that a thread stands before, not yet made. The meaning of a, b and c depends on the call."""

    thread: int
    entry: Entry
    op: Op
    a: int
    b: int
    c: int
    place: Place
    enabled: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A call that was made, with its result."""

    op: Op
    thread: int
    a: int
    b: int
    c: int
    site: int


class Driver:
    """One compiled driver in one machine. Its device ``offers`` these features, unless a :class:`Setup` says others."""

    def __init__(self, library: Path, offers: tuple[int, ...] = (FREE_PAGE_HINT,)) -> None:
        self.library = Library(library)
        self.offers = offers
        self.raw = self.library.raw
        self.symbols = Symbols(library, self.library.base())
        self.setup = Setup(offers)

    # -- machine and calls ---------------------------------------------------------------------

    def start(self, setup: Setup | None = None) -> int:
        """Run probe() in a fresh machine. Its return value: 0, or minus an errno."""
        self.fresh(setup)
        return self.bind()

    def fresh(self, setup: Setup | None = None) -> None:
        """Make a fresh machine, with no driver bound to the device."""
        self.setup = setup or Setup(self.offers)
        if self.raw.hp_reset_machine(self.setup.settings()):
            raise BadInput("the machine for the driver can't be made: no memory")
        self.raw.hp_forget_snapshots()

    def bind(self, entry: Entry = Entry.PROBE) -> int:
        """Run probe() or restore(), and where it waits the work and the device that it may wait for. Its return value.

        Raises :class:`DriverFault`, also for one that has no end.
        """
        before = self.library.event_count.value
        thread = self.spawn(entry)
        for _ in range(_MOST_WAITS):
            status = _RUN_ENDED if self.raw.hp_pending(thread) == Op.NONE else self.raw.hp_run(thread, 0, LIMIT)
            if status == _RUN_ENDED:
                return self._returned(before)
            if status < 0:
                raise self.fault()
            if status != _RUN_BLOCKED:
                raise self._hangs(thread, "it goes round for ever")
            if not self._go_on_beside(thread):
                break
        raise self._hangs(thread, "it waits for what never comes")

    def _hangs(self, thread: int, says: str) -> DriverFault:
        call = self.pending(thread)
        return DriverFault(Fault(FaultKind.HANG, call.entry, says, call.place))

    def _go_on_beside(self, waiting: int) -> bool:
        """Run what a thread may wait for: another thread, a work item, a device that is ready; whether there is one."""
        view = self.view()
        there = [n for n in self.enabled() if n != waiting]
        ready = view.pending & ~view.running
        queues = [n for n in range(QUEUES) if view.ready and view.queues[n].available + view.queues[n].taken]
        if not there and ready:
            there = [self.spawn(Entry.WORK, next(n for n in range(WORKS) if ready >> n & 1))]
        elif not there and queues:
            for number in queues:
                self.use_all(number)
                if (told := self.try_spawn(Entry.CALLBACK, number)) is not None:
                    there.append(told)
        for thread in there:
            self._run_on(thread)
        return bool(there)

    def call(self, entry: Entry, argument: int = 0) -> int:
        """Call the driver as the kernel does, and let nothing else happen until it returns. Its return value."""
        before = self.library.event_count.value
        thread = self.spawn(entry, argument)
        if self.raw.hp_pending(thread) != Op.NONE:  # else it has returned already
            self.finish(thread)
        return self._returned(before)

    def _returned(self, before: int) -> int:
        """The value of the last return since the event of a number."""
        value = self.last_event(Op.RETURN, before).b
        return value - (1 << 64) if value >> 63 else value

    def interrupt(self, entry: Entry, argument: int = 0) -> None:
        """Call the driver as the kernel does in an interrupt: it returns, or waits for a lock as a thread."""
        self._run_on(self.spawn(entry, argument))

    def try_interrupt(self, entry: Entry, argument: int = 0) -> bool:
        """Call the driver as :meth:`interrupt` does; False where the kernel would not call it so now."""
        thread = self.try_spawn(entry, argument)
        if thread is not None:
            self._run_on(thread)
        return thread is not None

    def _run_on(self, thread: int) -> None:
        """Run a thread until it has returned or waits."""
        if self.raw.hp_pending(thread) != Op.NONE and self.raw.hp_run(thread, 0, LIMIT) < 0:
            raise self.fault()

    # -- threads -------------------------------------------------------------------------------

    def spawn(self, entry: Entry, argument: int = 0) -> int:
        """Call the driver as the kernel does: the number of a new thread, which stands before its first call."""
        number = self.try_spawn(entry, argument)
        if number is None:
            raise Deviation(f"the kernel would not call {entry.name.lower()} of the code now")
        return number

    def try_spawn(self, entry: Entry, argument: int = 0) -> int | None:
        """Spawn a thread as :meth:`spawn` does; None where the kernel would not call the driver so now."""
        number: int = self.raw.hp_spawn(entry, argument)
        if number == -2:
            raise self.fault()
        return number if number >= 0 else None

    def thread_of(self, entry: Entry, argument: int = -1) -> int:
        """The thread that runs in this entry."""
        number: int = self.raw.hp_thread_of(entry, argument)
        if number < 0:
            raise Deviation(f"{entry.name.lower()} of the code is not running")
        return number

    def step(self, thread: int) -> None:
        """Make the call that a thread stands before, and run the thread to its next one."""
        if status := self.raw.hp_step(thread):
            raise self._failure(thread, status == _BLOCKED, status)

    def run_until(self, thread: int, stops: int) -> bool:
        """Step at least once, until the thread stands before a call of the mask; False if it ended before."""
        status: int = self.raw.hp_run(thread, stops, LIMIT)
        if status not in (0, _RUN_ENDED):
            raise self._failure(thread, status == _RUN_BLOCKED, status)
        return status == 0

    def finish(self, thread: int) -> None:
        """Step until the thread's function has returned."""
        self.run_until(thread, 0)

    def _failure(self, thread: int, blocked: bool, status: int) -> Exception:
        if status < 0:
            return self.fault()
        return Deviation("the code waits" if blocked else "the code goes round for ever", self.pending(thread).place)

    def enabled(self) -> list[int]:
        """The threads that can go on."""
        mask = self.raw.hp_enabled()
        return [i for i in range(THREADS) if mask >> i & 1]

    def pending(self, thread: int) -> Pending:
        """The call that a thread stands before."""
        t = self.view().threads[thread]
        place = self.symbols.place(t.site)
        return Pending(thread, Entry(t.entry), Op(t.op), t.a, t.b, t.c, place, bool(t.enabled))

    def fault(self) -> DriverFault:
        """The fault of the last step. What the harness noticed is at the last line of the driver that ran."""
        raw = self.library.fault
        place = self.symbols.place(raw.pc)
        place = place if place.line else self.symbols.place(self.library.last_place.value)
        text = raw.text.decode(errors="replace")
        if raw.kind == FaultKind.SIGNAL:
            text = f"{text} (address {raw.address:#x})"
        return DriverFault(Fault(FaultKind(raw.kind), Entry(raw.op), text, place))

    @property
    def has_accesses(self) -> bool:
        """Whether it was built to tell of each access to memory; known once it ran."""
        return bool(self.library.accesses.value)

    def points(self, mask: int = EVERY_CALL, through_locks: bool = False) -> None:
        """Choose the calls at which threads stop; at others a thread stops only if it is blocked there.

        ``through_locks``: nor does one stop that holds a spinlock, so that no other comes to wait for that.
        """
        self.raw.hp_set_mask(mask, through_locks)

    # -- work items ----------------------------------------------------------------------------

    def works(self, state: str = "known") -> dict[str, int]:
        """Numbers of the work items that are ``known``, ``pending`` or ``running``, by the name of their function."""
        mask = getattr(self.view(), state)
        return {self.raw.hp_work_name(i).decode(): i for i in range(WORKS) if mask >> i & 1}

    @property
    def hint_work(self) -> int:
        """The number of the work item that hints: Linux' own, or else the one that is not the classic balloon's."""
        works = self.works()
        if _HINTS in works:
            return works[_HINTS]
        found = [number for name, number in works.items() if name not in _CLASSIC]
        if len(found) != 1:
            raise Deviation(f"which work item hints is not clear: the driver has {', '.join(works) or 'none'}")
        return found[0]

    # -- the device's side ---------------------------------------------------------------------

    def view(self) -> View:
        """The machine as it is now."""
        return self.library.view()

    @property
    def hint_queue(self) -> int:
        """The number of the queue for hints: queues are counted over those that exist."""
        return 2 + (STATS_VQ in self.setup.features)

    def takes(self, *features: int) -> bool:
        """Whether driver and device agreed on one of these features."""
        mask = self.view().features
        return any(mask >> bit & 1 for bit in features)

    def words(self, address: int, size: int) -> tuple[int, ...]:
        """The 32-bit words in ``size`` bytes of the driver's memory; none where nothing is there."""
        found = ctypes.create_string_buffer(size)
        return () if self.raw.hp_read_at(address, size, found) else tuple(memoryview(found.raw).cast("I"))

    def field(self, offset: int) -> int:
        """A config field of 32 bits, as it is now."""
        return int.from_bytes(bytes(self.view().config[offset : offset + 4]), "little")

    @property
    def knows_init_on_free(self) -> bool:
        """Whether the driver ever asked if the kernel zeroes free pages; one of before Linux 5.3 can't."""
        return bool(self.library.init_on_free_is_known.value)

    def use_all(self, queue: int) -> None:
        """The device takes and uses every buffer of a queue; it does not tell of that."""
        while not self.raw.hp_pop(queue):
            pass
        while not self.raw.hp_use(queue, 0):
            pass

    def config(self, offset: int, value: int) -> None:
        """Change a config field of 32 bits, as the device does. The interrupt for it is :attr:`Entry.CHANGED`."""
        self.raw.hp_set_config(offset, 4, value)

    def next_block(self, choice: int) -> None:
        """Choose the block (counted from 0) that the next allocation gets; :data:`NO_BLOCK` makes it fail."""
        self.raw.hp_set_next_block(choice)

    # -- past calls, and snapshots -------------------------------------------------------------

    def events(self) -> list[Event]:
        """The calls made since the last :meth:`forget_events` (the first 4096 of them)."""
        count = min(self.library.event_count.value, 4096)
        return [_event(self.library.events[number]) for number in range(count)]

    def last_event(self, op: Op, first: int = 0) -> Event:
        """The last call of a kind, from number ``first`` on."""
        for number in reversed(range(first, min(self.library.event_count.value, 4096))):
            if self.library.events[number].op == op:
                return _event(self.library.events[number])
        raise Deviation(f"the code did not call {op.name}")

    def forget_events(self) -> None:
        """Begin a new list of calls."""
        self.raw.hp_clear_events()

    def keep(self) -> int:
        """Take a snapshot of the machine; equal states have equal numbers."""
        return int(self.raw.hp_keep())

    def recall(self, number: int) -> None:
        """Restore the machine from a snapshot."""
        if self.raw.hp_recall(number):
            raise BadInput(f"there is no snapshot {number}")


def _event(raw: RawEvent) -> Event:
    return Event(Op(raw.op), raw.thread, raw.a, raw.b, raw.c, raw.site)
