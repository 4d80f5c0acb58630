"""The hinting part of a guest's balloon driver: features, the hint queue in guest memory, the config space.

It takes no decision: the caller posts, kicks and reads. Source: virtio 1.3, sections 2.7 and 5.5.
"""

from __future__ import annotations

from hintproof.qemu.layout import CELL_PAGE, PAGE, QUEUE_PAGE
from hintproof.qemu.memory import Ram
from hintproof.qemu.mmio import ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, MmioDevice
from hintproof.qemu.outcome import Unsteerable

FREE_PAGE_HINT, VERSION_1 = 1 << 3, 1 << 32

#: QEMU's number of the hint queue, whatever was negotiated.
HINT_QUEUE = 3

#: Values of the config field free_page_hint_cmd_id that are no ids.
STOP, DONE = 0, 1

_CMD_ID = 8

#: Entries of the queue; where its parts lie. The model's ring is never longer.
SIZE = 64
_DESCRIPTORS = QUEUE_PAGE * PAGE
_AVAILABLE = _DESCRIPTORS + 16 * SIZE
_USED = _AVAILABLE + 1024

_DEVICE_WRITES = 2

#: The cell that all STARTs share, that of the STOP sign; those of single rounds follow.
SHARED_CELL, STOP_CELL, _OWN_CELLS = 0, 1, 2
_CELLS = PAGE // 8


class Balloon:
    """The driver's side of the ``device``; :meth:`start` gets it going."""

    def __init__(self, device: MmioDevice, ram: Ram) -> None:
        self.device = device
        self._ram = ram
        self._own_cells = 0
        self._posted = 0

    def start(self) -> None:
        """Reset the device, and get it ready with the feature. Raises :class:`Unsteerable` if it has not got it."""
        device = self.device
        device.status = 0
        device.status = ACKNOWLEDGE | DRIVER
        wanted = FREE_PAGE_HINT | VERSION_1
        if device.offered() & wanted != wanted:
            raise Unsteerable(f"the balloon does not offer free page hints: {device.offered():#x}")
        device.accept(wanted)
        device.status = ACKNOWLEDGE | DRIVER | FEATURES_OK
        if not device.status & FEATURES_OK:
            raise Unsteerable("the balloon does not accept the features that it offered")
        self._ram.write(_DESCRIPTORS, bytes(PAGE))
        self._posted = 0
        device.set_up_queue(HINT_QUEUE, SIZE, _DESCRIPTORS, _AVAILABLE, _USED)
        device.status = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK

    def reset(self) -> None:
        """Reset the device, as a driver that leaves; the queue is no more."""
        self.device.status = 0
        self._posted = self.used

    @property
    def command_id(self) -> int:
        """The command id in config: STOP, DONE or an id."""
        return self.device.config32(_CMD_ID)

    @property
    def used(self) -> int:
        """Entries that the device has given back since the start (it wraps at 65536)."""
        return self._ram.get(_USED + 2, 2)

    @property
    def waiting(self) -> int:
        """Entries posted and not given back."""
        return (self._posted - self.used) & 0xFFFF

    def set_cell(self, cell: int, value: int) -> None:
        """Write a command id into a cell; STARTs that point at it read it when they are popped."""
        self._ram.put(self._cell(cell), 4, value)

    def new_cell(self) -> int:
        """A cell that nothing on the queue points at."""
        self._own_cells += 1
        return _OWN_CELLS + self._own_cells % (_CELLS - _OWN_CELLS)

    def post_cell(self, cell: int) -> None:
        """Put an out buffer that points at a cell on the queue, with no kick."""
        self._post(self._cell(cell), 4, 0)

    def post_hint(self, address: int, size: int) -> None:
        """Put an in buffer, a hint, on the queue, with no kick."""
        self._post(address, size, _DEVICE_WRITES)

    def kick(self) -> None:
        """Notify the device of the hint queue."""
        self.device.notify(HINT_QUEUE)

    def _cell(self, cell: int) -> int:
        return CELL_PAGE * PAGE + 8 * cell

    def _post(self, address: int, size: int, flags: int) -> None:
        if self.waiting >= SIZE:
            raise Unsteerable(f"the hint queue has room for {SIZE} entries only")
        slot, ram = self._posted % SIZE, self._ram
        ram.put(_DESCRIPTORS + 16 * slot, 16, address | size << 64 | flags << 96)
        ram.put(_AVAILABLE + 4 + 2 * slot, 2, slot)
        self._posted = (self._posted + 1) & 0xFFFF
        ram.put(_AVAILABLE + 2, 2, self._posted)
