"""The firmware that the guest's virtual CPU runs: it sleeps, and when an NMI wakes it, stores a word at an address.

It is a firmware of one segment, in real mode, which needs no set-up: RAM of this guest ends below 1 MiB. It writes
no page but its mailbox's (its stack is there, too) and those of the stores, so that it leaves no mark in a dirty log by
itself. The NMI is a message of a device to the local APIC, sent over qtest.
"""

from __future__ import annotations

#: Bytes of a firmware: the least that QEMU takes.
SIZE = 65536

#: The mailbox: words for the order's number, the number of the order carried out, segment, offset; the value.
ORDER, DONE, SEGMENT, OFFSET, VALUE = 0x500, 0x502, 0x504, 0x506, 0x508
_STACK = 0x600

#: Where a device writes to send a message to the first CPU, and the message that is an NMI.
MESSAGE_ADDRESS, NMI_MESSAGE = 0xFEE00000, 0x400

#: The NMI's entry in the interrupt table: offset, segment.
NMI_VECTOR = 8
_SEGMENT_OF_CODE = 0xF000

#: Where the code lies: in the last page, so that the others are zero and sent at once.
_CODE = SIZE - 4096

#: Where the CPU begins: 16 bytes before the firmware's end.
_RESET = SIZE - 16


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")


_SLEEP = (
    bytes([0xFA])                    # cli
    + bytes([0x31, 0xC0])            # xor ax, ax
    + bytes([0x8E, 0xD8])            # mov ds, ax
    + bytes([0x8E, 0xD0])            # mov ss, ax
    + bytes([0xBC]) + _word(_STACK)  # mov sp, _STACK
    + bytes([0xF4])                  # sleep: hlt
    + bytes([0xEB, 0xFD])            # jmp sleep
)  # fmt: skip

_STORE = (
    bytes([0x8E, 0x06]) + _word(SEGMENT)        # mov es, [SEGMENT]
    + bytes([0x8B, 0x3E]) + _word(OFFSET)       # mov di, [OFFSET]
    + bytes([0x66, 0x8B, 0x1E]) + _word(VALUE)  # mov ebx, [VALUE]
    + bytes([0x66, 0x26, 0x89, 0x1D])           # mov es:[di], ebx
    + bytes([0xA1]) + _word(ORDER)              # mov ax, [ORDER]
    + bytes([0xA3]) + _word(DONE)               # mov [DONE], ax
    + bytes([0xCF])                             # iret
)  # fmt: skip


def firmware() -> bytes:
    """The firmware."""
    code = bytes(_CODE) + _SLEEP + _STORE
    jump = bytes([0xE9]) + _word((_CODE - _RESET - 3) & 0xFFFF)  # jmp to the code
    return code.ljust(_RESET, b"\0") + jump.ljust(16, b"\0")


def nmi_entry() -> bytes:
    """The NMI's entry in the interrupt table."""
    return _word(_CODE + len(_SLEEP)) + _word(_SEGMENT_OF_CODE)
