"""A modern virtio-mmio device by its registers, over qtest. Source: virtio 1.3, section 4.2."""

from __future__ import annotations

from hintproof.qemu.outcome import Unsteerable
from hintproof.qemu.qtest import Qtest

#: Where microvm has its transports.
_FIRST, _STEP, _MOST = 0xFEB00000, 0x200, 32

_MAGIC = 0x74726976
_BALLOON = 5

_DEVICE_FEATURES, _DEVICE_FEATURES_SELECT = 0x10, 0x14
_DRIVER_FEATURES, _DRIVER_FEATURES_SELECT = 0x20, 0x24
_QUEUE_SELECT, _QUEUE_SIZE, _QUEUE_READY, _QUEUE_NOTIFY = 0x30, 0x38, 0x44, 0x50
_INTERRUPTS, _ACKNOWLEDGE = 0x60, 0x64
_STATUS = 0x70
_QUEUE_DESCRIPTORS, _QUEUE_AVAILABLE, _QUEUE_USED = 0x80, 0x90, 0xA0
_CONFIG = 0x100

#: The interrupt of a change in config.
CONFIG_CHANGED = 2

ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK = 1, 2, 4, 8


class MmioDevice:
    """The balloon's transport. Raises :class:`Unsteerable` if the machine has none."""

    def __init__(self, qtest: Qtest) -> None:
        self._qtest = qtest
        for self._base in range(_FIRST + (_MOST - 1) * _STEP, _FIRST - 1, -_STEP):
            if self._get(0) == _MAGIC and self._get(8) == _BALLOON:
                break
        else:
            raise Unsteerable("the machine has no virtio balloon on virtio-mmio")
        if self._get(4) != 2:
            raise Unsteerable("the balloon's transport is a legacy one")

    def _get(self, register: int) -> int:
        return self._qtest.read32(self._base + register)

    def _set(self, register: int, value: int) -> None:
        self._qtest.write32(self._base + register, value)

    @property
    def status(self) -> int:
        """The device status; writing 0 is a reset."""
        return self._get(_STATUS)

    @status.setter
    def status(self, value: int) -> None:
        self._set(_STATUS, value)

    def offered(self) -> int:
        """The features that the device offers."""
        words = []
        for number in (0, 1):
            self._set(_DEVICE_FEATURES_SELECT, number)
            words.append(self._get(_DEVICE_FEATURES))
        return words[1] << 32 | words[0]

    def accept(self, features: int) -> None:
        """The features that the driver accepts."""
        for number in (0, 1):
            self._set(_DRIVER_FEATURES_SELECT, number)
            self._set(_DRIVER_FEATURES, features >> 32 * number & 0xFFFFFFFF)

    def set_up_queue(self, number: int, size: int, descriptors: int, available: int, used: int) -> None:
        """Tell where a queue lies."""
        self._set(_QUEUE_SELECT, number)
        self._set(_QUEUE_SIZE, size)
        parts = {_QUEUE_DESCRIPTORS: descriptors, _QUEUE_AVAILABLE: available, _QUEUE_USED: used}
        for register, address in parts.items():
            self._set(register, address & 0xFFFFFFFF)
            self._set(register + 4, address >> 32)
        self._set(_QUEUE_READY, 1)

    @property
    def config_changed(self) -> bool:
        """Whether an interrupt for a change in config is pending."""
        return bool(self._get(_INTERRUPTS) & CONFIG_CHANGED)

    def acknowledge(self) -> None:
        """Acknowledge the interrupt for a change in config."""
        self._set(_ACKNOWLEDGE, CONFIG_CHANGED)

    def notify(self, queue: int) -> None:
        """Kick a queue."""
        self._set(_QUEUE_NOTIFY, queue)

    def config32(self, offset: int) -> int:
        """A word of the device's config."""
        return self._get(_CONFIG + offset)
