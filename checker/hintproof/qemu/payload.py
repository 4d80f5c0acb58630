"""What the guest's virtual CPU runs: it stores a word wherever it is told to, and nothing else.

It is a firmware of one segment, in real mode, which needs no set-up: RAM of this guest ends below 1 MiB. It writes
no page but its mailbox's and those that it is told to write, so that it leaves no mark in a dirty log by itself.
"""

from __future__ import annotations

#: Bytes of a firmware: the least that QEMU takes.
SIZE = 65536

#: The mailbox: a word each for the order's number, the number of the order carried out, segment, offset; the value.
ORDER, DONE, SEGMENT, OFFSET, VALUE = 0x500, 0x502, 0x504, 0x506, 0x508

_POLLING = (
    bytes([0xFA])                                # cli
    + bytes([0x31, 0xC0])                        # xor ax, ax
    + bytes([0x8E, 0xD8])                        # mov ds, ax
    # look:
    + bytes([0xF3, 0x90])                        # pause
    + bytes([0xA1]) + ORDER.to_bytes(2, "little")            # mov ax, [ORDER]
    + bytes([0x3B, 0x06]) + DONE.to_bytes(2, "little")       # cmp ax, [DONE]
    + bytes([0x74, 0xF5])                        # je look
    + bytes([0x8E, 0x06]) + SEGMENT.to_bytes(2, "little")    # mov es, [SEGMENT]
    + bytes([0x8B, 0x3E]) + OFFSET.to_bytes(2, "little")     # mov di, [OFFSET]
    + bytes([0x66, 0x8B, 0x1E]) + VALUE.to_bytes(2, "little")  # mov ebx, [VALUE]
    + bytes([0x66, 0x26, 0x89, 0x1D])            # mov es:[di], ebx
    + bytes([0xA3]) + DONE.to_bytes(2, "little")             # mov [DONE], ax
    + bytes([0xEB, 0xDF])                        # jmp look
)  # fmt: skip

_SLEEPING = bytes([
    0xFA,        # cli
    0xF4,        # sleep: hlt
    0xEB, 0xFD,  # jmp sleep
])  # fmt: skip

#: Where the code lies: in the last page, so that the others are zero and sent at once.
_CODE = SIZE - 4096

#: Where the CPU begins: 16 bytes before the firmware's end.
_RESET = SIZE - 16


def firmware(stores: bool) -> bytes:
    """The firmware: a CPU that polls the mailbox, or one that sleeps for ever and costs nothing."""
    code = _POLLING if stores else _SLEEPING
    jump = bytes([0xE9]) + ((_CODE - _RESET - 3) & 0xFFFF).to_bytes(2, "little")  # jmp to the code
    return (bytes(_CODE) + code).ljust(_RESET, b"\0") + jump.ljust(16, b"\0")
