"""The real driver, step by step: the kernel calls it, the device answers, and a scheduler picks who goes on.

A thread of the driver stands before a call of the kernel's interface; a step is the call's effect, and what the
driver does up to its next call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hintproof.linux.binding import BLOCKS, HINT_ELEMENTS, SMALL_PAGES, THREADS, Library, QueueView, Settings, View
from hintproof.linux.operations import EVERY_CALL, Entry, FaultKind, Op, mask_of
from hintproof.linux.symbols import Place, Symbols
from hintproof.system.errors import BadInput

#: Feature bits of the device, and the offsets of its config fields.
MUST_TELL_HOST, STATS_VQ, DEFLATE_ON_OOM, FREE_PAGE_HINT, PAGE_POISON, REPORTING = range(6)
INDIRECT_DESC, ACCESS_PLATFORM = 28, 33
NUM_PAGES, ACTUAL, CMD_ID, POISON_VAL = 0, 4, 8, 12

#: Command ids with a meaning of their own.
STOP_ID, DONE_ID = 0, 1

#: Allocation policies beside the number of a block.
LOWEST_FREE, NO_BLOCK = -2, -1

#: The work item that hints, from Linux 4.20 on, and those of the classic balloon.
_HINTS = "report_free_page_func"
_CLASSIC = ("update_balloon_stats_func", "update_balloon_size_func")

#: Calls that no function of a sound driver makes without an end.
_LIMIT = 20_000


@dataclass(frozen=True)
class Setup:
    """The machine that a driver is probed in. Sizes are numbers of entries, blocks and pages."""

    features: tuple[int, ...] = (FREE_PAGE_HINT,)
    ring: int = 4
    other_rings: int = 64
    blocks: int = 2
    small_pages: int = 8
    page_poisoning: bool = False
    init_on_free: bool = False

    def __post_init__(self) -> None:
        """Refuse what the shim has no room for."""
        most = (BLOCKS, SMALL_PAGES, HINT_ELEMENTS)
        if not (0 < self.blocks <= most[0] and 0 <= self.small_pages <= most[1] and 0 < self.ring <= most[2]):
            raise BadInput(f"a machine of {self.blocks} blocks, {self.small_pages} pages and ring {self.ring}: "
                           f"give 1 .. {most[0]} blocks, 0 .. {most[1]} pages, a ring of 1 .. {most[2]}")  # fmt: skip

    def settings(self) -> Settings:
        """The same as a record for the shim."""
        bits = sum(1 << bit for bit in set(self.features))
        return Settings(bits, self.ring, self.other_rings, self.blocks, self.small_pages, self.page_poisoning,
                        self.init_on_free)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What ended a thread of the driver: a broken rule, a signal of the processor, an endless loop."""

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


class Stuck(Exception):
    """A thread can't go on (it waits for something), or goes on for ever with calls of the kernel's interface."""


@dataclass(frozen=True)
class Pending:
    """The call that a thread stands before, not yet made. What a, b and c are depends on the call."""

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


@dataclass(frozen=True)
class Buffer:
    """A buffer on a queue. ``payload`` is what the device would read from an out buffer NOW; blocks count from 1."""

    out: bool
    payload: int
    block: int
    address: int
    length: int


class Driver:
    """One compiled driver in one machine."""

    def __init__(self, library: Path) -> None:
        self.library = Library(library)
        self.raw = self.library.raw
        self.symbols = Symbols(library, self.library.base())
        self.setup = Setup()

    # -- coming and going ----------------------------------------------------------------------

    def start(self, setup: Setup | None = None) -> int:
        """A fresh machine, and probe() in it up to its end; what probe() returned (0, or minus an errno)."""
        self.fresh(setup)
        return self.call(Entry.PROBE)

    def fresh(self, setup: Setup | None = None) -> None:
        """A machine with no driver bound to the device."""
        self.setup = setup or Setup()
        if self.raw.hp_reset_machine(self.setup.settings()):
            raise BadInput("the machine for the driver can't be made: no memory")
        self.raw.hp_forget_snapshots()

    def call(self, entry: Entry, argument: int = 0) -> int:
        """The kernel calls the driver, and nothing else happens until it returns; what it returned."""
        before = self.library.event_count.value
        self.finish(self.spawn(entry, argument))
        return self._returned(before)

    def _returned(self, before: int) -> int:
        for event in reversed(self.events(before)):
            if event.op == Op.RETURN:
                return event.b - (1 << 64) if event.b >> 63 else event.b
        raise Stuck("the function did not return")

    # -- threads -------------------------------------------------------------------------------

    def spawn(self, entry: Entry, argument: int = 0) -> int:
        """The kernel calls the driver: a new thread, which stands before its first call. Its number."""
        number: int = self.raw.hp_spawn(entry, argument)
        if number == -2:
            raise self.fault()
        if number < 0:
            raise Stuck(f"the kernel would not call {entry.name.lower()} now")
        return number

    def step(self, thread: int) -> None:
        """The effect of the call that a thread stands before, and on to its next one."""
        status = self.raw.hp_step(thread)
        if status < 0:
            raise self.fault()
        if status:
            raise Stuck(f"thread {thread} can't go on: {self.pending(thread).op.name}")

    def run(self, thread: int, *until: Op, limit: int = _LIMIT) -> bool:
        """Steps until the thread stands before one of the calls ``until``; False if it ended before."""
        status: int = self.raw.hp_run(thread, mask_of(*until), limit)
        if status < 0:
            raise self.fault()
        if status == 2:
            raise Stuck(f"thread {thread} is blocked: {self.pending(thread).op.name} at {self.pending(thread).place}")
        if status == 3:
            raise Stuck(f"thread {thread} made {limit} calls and did not get there")
        return status == 0

    def finish(self, thread: int, limit: int = _LIMIT) -> None:
        """Steps until the thread's function has returned."""
        self.run(thread, limit=limit)

    def enabled(self) -> list[int]:
        """The threads that can go on."""
        mask = self.raw.hp_enabled()
        return [i for i in range(THREADS) if mask >> i & 1]

    def pending(self, thread: int) -> Pending:
        """The call that a thread stands before."""
        t = self.view().threads[thread]
        (place,) = self.symbols.places([t.site])
        return Pending(thread, Entry(t.entry), Op(t.op), t.a, t.b, t.c, place, bool(t.enabled))

    def fault(self) -> DriverFault:
        """What the last step that failed came to."""
        raw = self.library.fault
        (place,) = self.symbols.places([raw.pc])
        text = raw.text.decode(errors="replace")
        if raw.kind == FaultKind.SIGNAL:
            text = f"{text} (address {raw.address:#x})"
        return DriverFault(Fault(FaultKind(raw.kind), Entry(raw.op), text, place))

    def points(self, mask: int = EVERY_CALL) -> None:
        """Which calls are points; at others a thread stops only if it is blocked there."""
        self.raw.hp_set_mask(mask)

    # -- work items ----------------------------------------------------------------------------

    def works(self, state: str = "known") -> dict[str, int]:
        """Numbers of work items by the name of their function: those that are ``known``, ``pending`` or ``running``."""
        mask = getattr(self.view(), state)
        names = {i: self.raw.hp_work_name(i) for i in range(8) if mask >> i & 1}
        return {name.decode(): i for i, name in names.items()}

    @property
    def hint_work(self) -> int:
        """The number of the work item that hints: Linux' own, or else the one that is not the classic balloon's."""
        works = self.works()
        if _HINTS in works:
            return works[_HINTS]
        found = [number for name, number in works.items() if name not in _CLASSIC]
        if len(found) != 1:
            raise BadInput(f"which work item hints is not clear: the driver has {', '.join(works) or 'none'}")
        return found[0]

    # -- the device's side ---------------------------------------------------------------------

    def view(self) -> View:
        """The machine as it is now."""
        return self.library.view()

    @property
    def hint_queue(self) -> int:
        """The number of the queue for hints: queues are counted over those that exist."""
        return 2 + (STATS_VQ in self.setup.features)

    def queue(self, number: int | None = None) -> QueueView:
        """A queue, by default the one for hints."""
        queue: QueueView = self.view().queues[self.hint_queue if number is None else number]
        return queue

    def waiting(self, number: int | None = None) -> list[Buffer]:
        """The buffers of a queue that the device may take, oldest first."""
        queue = self.queue(number)
        first = queue.used + queue.taken
        return list(_buffers(queue, first, first + queue.available))

    def pop(self, number: int | None = None) -> Buffer | None:
        """The device takes the oldest buffer; None if there is none."""
        at = self.hint_queue if number is None else number
        found = self.waiting(at)
        if not found:
            return None
        self.raw.hp_pop(at)
        return found[0]

    def use(self, number: int | None = None, taken: int = 0) -> None:
        """The device is through with a buffer that it took, counted from the oldest."""
        if self.raw.hp_use(self.hint_queue if number is None else number, taken):
            raise Stuck("the device has no such buffer")

    def consume(self, number: int | None = None) -> Buffer | None:
        """Take the oldest buffer and give it back at once."""
        buffer = self.pop(number)
        if buffer:
            self.use(number)
        return buffer

    def config(self, offset: int, value: int) -> None:
        """The device changes a config field of 32 bits. The interrupt for it is :attr:`Entry.CHANGED`."""
        self.raw.hp_set_config(offset, 4, value)

    def config_value(self, offset: int) -> int:
        """A config field of 32 bits."""
        return int.from_bytes(bytes(self.view().config[offset : offset + 4]), "little")

    def command(self, value: int) -> None:
        """The device shows another command id, and its interrupt is handled up to the end."""
        self.config(CMD_ID, value)
        self.call(Entry.CHANGED)

    def next_block(self, choice: int) -> None:
        """What the next allocation gets: a block (counted from 0), :data:`LOWEST_FREE` or :data:`NO_BLOCK`."""
        self.raw.hp_set_next_block(choice)

    # -- what happened, and copies -------------------------------------------------------------

    def events(self, first: int = 0) -> list[Event]:
        """The calls made since the last :meth:`forget_events`, from number ``first`` on (at most 4096 are kept)."""
        count = min(self.library.event_count.value, 4096)
        raw = self.library.events
        return [Event(Op(raw[i].op), raw[i].thread, raw[i].a, raw[i].b, raw[i].c, raw[i].site)
                for i in range(first, count)]  # fmt: skip

    def forget_events(self) -> None:
        """Begin a new list of events."""
        self.raw.hp_clear_events()

    def keep(self) -> int:
        """Keep the machine as it is; a number, the same for equal states."""
        number: int = self.raw.hp_keep()
        return number

    def recall(self, number: int) -> None:
        """Back to a state that was kept."""
        if self.raw.hp_recall(number):
            raise BadInput(f"no state {number} was kept")


def _buffers(queue: QueueView, first: int, end: int) -> Iterator[Buffer]:
    for i in range(first, end):
        e = queue.elements[i]
        yield Buffer(bool(e.out), e.payload, e.block, e.address, e.length)
