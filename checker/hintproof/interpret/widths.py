"""How many bits a value takes at given sizes."""

from __future__ import annotations

from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, Enum, Sort


def width_of(largest: int) -> int:
    """Bits that hold a number up to this one."""
    return max(1, largest.bit_length())


def width_of_sort(sort: Sort, sizes: Sizes, name: str = "") -> int:
    """Bits of a value that is one number, so of any sort but rings and lists; of a budget, by its name."""
    if isinstance(sort, Enum):
        return width_of(len(sort.labels) - 1)
    if sort == COUNT:
        return width_of(sizes.of(name.split(".")[1]))
    largest = {BOOL: 1, ID: sizes.last_id, BLOCK: sizes.blocks, BLOCKS: (1 << sizes.blocks) - 1}
    return width_of(largest[sort])
