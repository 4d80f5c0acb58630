"""The rules of virtio 1.3 for the driver's other parts: inflation and deflation, page poison, free page reporting.

Random walks (:mod:`hintproof.linux.scenarios`) watch them on the calls of the code. Those of hinting are duties
(:mod:`hintproof.linux.duties`), which a search of all states watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from hintproof.linux.driver import ACTUAL, MUST_TELL_HOST, PAGE_POISON, POISON_VAL, Driver, Event, Setup
from hintproof.linux.operations import Entry, Op
from hintproof.linux.symbols import NOWHERE, Place
from hintspec.language.declare import Property, step_property

INFLATED_IS_LEFT_ALONE = step_property(
    "inflated_is_left_alone",
    "virtio 1.3 balloon, Device Operation: a page of the balloon is used only once the deflateq told the device of it, "
    "and neither used nor asked back before the device has acknowledged its inflation",
    "The code frees no page of the balloon that it did not ask back, and none whose inflation is not acknowledged.",
)
DEFLATION_IS_ACKNOWLEDGED = step_property(
    "deflation_is_acknowledged",
    "virtio 1.3 balloon, Device Operation: with VIRTIO_BALLOON_F_MUST_TELL_HOST the driver uses no page of the balloon "
    "until the device has acknowledged the deflate request",
    "Where the device must be told, the code frees a page of the balloon only once its deflation is acknowledged.",
)
ACTUAL_IS_UPDATED = step_property(
    "actual_is_updated",
    "virtio 1.3 balloon, Device Operation: the driver updates actual after changing the number of pages in the balloon",
    "While the code is at rest, actual is the number of pages in the balloon.",
)
POISON_IS_TOLD = step_property(
    "poison_is_told",
    "virtio 1.3 balloon, Page Poison: the driver populates poison_val before DRIVER_OK, and does not modify it then",
    "poison_val is what free pages of the guest are filled with, from before the code is ready.",
)
REPORT_IS_ACKNOWLEDGED = step_property(
    "report_is_acknowledged",
    "virtio 1.3 balloon, Free Page Reporting: the driver uses no reported page until the device has acknowledged it",
    "The code gives reported pages back only once the device has used their buffer.",
)

EVERY_BLOCK_COMES_BACK = step_property(
    "every_block_comes_back",
    "virtio 1.3 balloon, Free Page Hinting: DONE indicates that the driver may release the pages that it hinted",
    "At rest, when config has shown DONE, the code has none of the blocks that it hinted, however many they were.",
)

EVERY_QUEUE_IS_KICKED = step_property(
    "every_queue_is_kicked",
    "virtio 1.3, Notifying The Device: the driver notifies the device of buffers that it made available",
    "At rest, the code has kicked each queue since it added the last buffer to it.",
)

RULES: tuple[Property, ...] = (
    INFLATED_IS_LEFT_ALONE,
    DEFLATION_IS_ACKNOWLEDGED,
    ACTUAL_IS_UPDATED,
    POISON_IS_TOLD,
    REPORT_IS_ACKNOWLEDGED,
    EVERY_BLOCK_COMES_BACK,
    EVERY_QUEUE_IS_KICKED,
)

_INFLATE, _DEFLATE = 0, 1
_PAGE_SHIFT = 12

#: Bytes of a list of pages: Linux sends 1024 at most.
_LONGEST = 1 << 16

#: The byte with which page poisoning fills free pages (include/linux/poison.h: PAGE_POISON), as a field of config.
_PATTERN = 0xAAAAAAAA


class _Page(Enum):
    """The state of a page of the balloon, as the device has been told."""

    INFLATING = "its inflation is not acknowledged"
    INFLATED = "the device was not told"
    DEFLATING = "its deflation is not acknowledged"
    DEFLATED = "its deflation is acknowledged"


_ACKNOWLEDGED = {_Page.INFLATING: _Page.INFLATED, _Page.DEFLATING: _Page.DEFLATED}


@dataclass(frozen=True)
class Breach:
    """A rule that a step broke, by its name, and how; ``place`` is that of the call."""

    rule: str
    says: str
    place: Place = NOWHERE


class _Buffer(NamedTuple):
    """A buffer on a queue: the thread that reports with it (-1: another one added it), and the pages of the balloon."""

    reporter: int
    pages: tuple[int, ...]


@dataclass
class Watcher:
    """What the device has been told and has acknowledged; each method yields the rules that a step breaks."""

    driver: Driver
    setup: Setup
    _pages: dict[int, _Page] = field(default_factory=dict)
    #: The buffers of each queue that the device has not taken yet, and those that it took and has not used.
    _available: dict[int, list[_Buffer]] = field(default_factory=dict)
    _taken: dict[int, list[_Buffer]] = field(default_factory=dict)
    #: The blocks that the code allocated since the last reset, and still has.
    _blocks: set[int] = field(default_factory=set)
    #: The queues that were not kicked since a buffer was added, each with the place of that.
    _unkicked: dict[int, Place] = field(default_factory=dict)

    def see(self, events: Iterable[Event]) -> Iterator[Breach]:
        """Calls of the code, in their order."""
        for event in events:
            if event.op == Op.RESET:
                for told in (self._pages, self._available, self._taken, self._blocks, self._unkicked):
                    told.clear()
            for rule, says in self._breaches(event):
                yield Breach(rule.name, says, self.driver.symbols.place(event.site) if event.site else NOWHERE)

    def pop(self, queue: int) -> None:
        """The device takes the oldest buffer of a queue."""
        if self._available.get(queue):
            self._taken.setdefault(queue, []).append(self._available[queue].pop(0))

    def use(self, queue: int, number: int) -> None:
        """The device has used one of the buffers that it took, counted from the oldest."""
        if number < len(self._taken.get(queue, ())):
            for page in self._taken[queue].pop(number).pages:
                if page in self._pages:
                    self._pages[page] = _ACKNOWLEDGED.get(self._pages[page], self._pages[page])

    def is_ready(self) -> Iterator[Breach]:
        """The driver has been bound to its device."""
        told, right = self.driver.field(POISON_VAL), self._poison()
        if self.driver.takes(PAGE_POISON) and told != right:
            says = f"poison_val is {told:#x} when the driver is ready, and free pages hold {right:#x}"
            yield Breach(POISON_IS_TOLD.name, says)

    def is_at_rest(self, done: bool) -> Iterator[Breach]:
        """Nothing of the driver runs; ``done``: config shows DONE, and the driver was told."""
        view, actual = self.driver.view(), self.driver.field(ACTUAL)
        inside = sum(state in (_Page.INFLATING, _Page.INFLATED) for state in self._pages.values())
        if view.ready and actual != inside:
            yield Breach(ACTUAL_IS_UPDATED.name, f"actual is {actual}, and {inside} pages are in the balloon")
        if done and view.ready and self._blocks:
            says = f"config shows DONE, and the driver keeps {len(self._blocks)} blocks"
            yield Breach(EVERY_BLOCK_COMES_BACK.name, says)
        # Where some buffers can't be added, the one that would have come with the kick may be missing.
        for queue, place in self._unkicked.items() if view.ready and not self.setup.add_fails else ():
            yield Breach(EVERY_QUEUE_IS_KICKED.name, f"queue {queue} was not kicked since a buffer was added", place)

    def _poison(self) -> int:
        return 0 if self.setup.init_on_free and self.driver.knows_init_on_free else _PATTERN

    def _breaches(self, event: Event) -> Iterator[tuple[Property, str]]:
        if event.op == Op.ADD and not event.a >> 32:
            yield from self._added(event)
        elif event.op == Op.KICK:
            self._unkicked.pop(event.a & 0xFF, None)
        elif event.op == Op.ALLOC and event.b:
            self._blocks.add(event.b)
        elif event.op == Op.FREE:
            self._blocks.discard(event.b)
        elif event.op == Op.SMALL_FREE:
            yield from self._freed(event.b >> _PAGE_SHIFT)
        elif event.op == Op.CONFIG_WRITE and event.a == POISON_VAL and self.driver.view().ready:
            yield POISON_IS_TOLD, "poison_val is written while the driver is ready"
        elif event.op == Op.RETURN and event.a == Entry.REPORT:
            buffers = (buffer for queues in (self._available, self._taken) for row in queues.values() for buffer in row)
            if any(buffer.reporter == event.thread for buffer in buffers):
                yield REPORT_IS_ACKNOWLEDGED, "reported pages are given back before the device has used their buffer"

    def _added(self, event: Event) -> Iterator[tuple[Property, str]]:
        queue, length = event.a & 0xFF, event.c & 0xFFFFFFFF
        reports = self.driver.view().threads[event.thread].entry == Entry.REPORT
        is_list = queue in (_INFLATE, _DEFLATE) and not length % 4 and length <= _LONGEST
        pages = self.driver.words(event.b, length) if is_list else ()
        self._unkicked[queue] = self.driver.symbols.place(event.site)
        self._available.setdefault(queue, []).append(_Buffer(event.thread if reports else -1, pages))
        for page in pages:
            if queue == _INFLATE:
                self._pages[page] = _Page.INFLATING
            elif page in self._pages:
                if self._pages[page] == _Page.INFLATING:
                    yield INFLATED_IS_LEFT_ALONE, f"page {page:#x} is asked back, and {_Page.INFLATING.value}"
                self._pages[page] = _Page.DEFLATING

    def _freed(self, page: int) -> Iterator[tuple[Property, str]]:
        state = self._pages.pop(page, _Page.DEFLATED)
        says = f"page {page:#x} of the balloon is freed, and {state.value}"
        if state in (_Page.INFLATING, _Page.INFLATED):
            yield INFLATED_IS_LEFT_ALONE, says
        elif state == _Page.DEFLATING and self.driver.takes(MUST_TELL_HOST):
            yield DEFLATION_IS_ACKNOWLEDGED, says
