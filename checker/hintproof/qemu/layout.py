"""Where everything lies in the memory of the guest: a tiny one, so that a migration takes no time.

The first chunks of the dirty log (64 pages each, the least that QEMU takes) have what the driver and the virtual CPU
need, and fillers; the others are the model's, with blocks at their ends. The migration scans pages upwards, so nothing
of the model's is sent before it is wanted. A block is one page.
"""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.qemu.outcome import Unsteerable

PAGE = 4096

#: Pages of a chunk with ``x-clear-bitmap-shift=6``.
CHUNK = 64

#: Pages of the first chunk, after that of mailbox and interrupt table: the hint queue; cells of command ids.
QUEUE_PAGE, CELL_PAGE = 1, 2

#: RAM of the guest ends below the firmware's image at 0xe0000: three chunks.
_CHUNKS = 3


@dataclass(frozen=True)
class Layout:
    """``blocks`` of the model, each a page, ``chunk`` of them in a chunk of the dirty log."""

    blocks: int
    chunk: int

    def __post_init__(self) -> None:
        """Refuse what has no room. Raises :class:`Unsteerable`."""
        if self.chunks >= _CHUNKS or self.chunk > CHUNK:
            raise Unsteerable(f"{self.blocks} blocks in chunks of {self.chunk} have no room in this guest")

    @property
    def chunks(self) -> int:
        """Chunks of the model."""
        return -(-self.blocks // self.chunk)

    @property
    def pages(self) -> int:
        """All pages of RAM."""
        return CHUNK * _CHUNKS

    @property
    def begin(self) -> int:
        """The first page of the model's chunks."""
        return self.pages - CHUNK * self.chunks

    @property
    def fillers(self) -> range:
        """Zero pages that may be made dirty, so that a sync finds enough to go on."""
        return range(CELL_PAGE + 1, self.begin - 1)

    def page(self, block: int) -> int:
        """The page of a block; blocks are numbered from 1."""
        chunk, place = divmod(block - 1, self.chunk)
        return self.begin + CHUNK * (1 + chunk) - self.chunk + place

    def address(self, block: int) -> int:
        """The guest-physical address of a block."""
        return self.page(block) * PAGE

    def guard(self, lazy: bool) -> int:
        """The last page to be sent as a migration begins; it has content, so that sends of zero pages end there.

        ``lazy``: the send of a page clears the log of its chunk, so that nothing of the model's chunks may be sent.
        """
        return self.begin - 1 if lazy else self.page(1) - 1

    def block(self, page: int) -> int | None:
        """The block of a page; None for a page that is none of the model's."""
        chunk, place = divmod(page - self.begin, CHUNK)
        number = chunk * self.chunk + place - (CHUNK - self.chunk) + 1
        return number if chunk >= 0 and place >= CHUNK - self.chunk and number <= self.blocks else None
