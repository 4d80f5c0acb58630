"""The worlds that SPIN and our searches both search; ``benchmarks/`` has their Promela.

The first two are as they are checked. The others are one environment at 2, 3 and 4 blocks and a small ring, so that
one sees how time grows with blocks, with symmetry and without. The largest takes SPIN 9 GB and four minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

from hintspec.language.sizes import Sizes

#: Linux and QEMU with HINT_WAIT_ON_ACK as posted in January 2026; the shrinker in any order keeps blocks alike.
GROWING = "linux-6.1+qemu-7.2+kvm-auto+wait-on-ack+any-order"


@dataclass(frozen=True)
class Compared:
    """A world at fixed sizes, and how many states it has: SPIN's hash table is made for as many."""

    environment: str
    sizes: Sizes
    states: int

    @property
    def file(self) -> str:
        """The name of its Promela file."""
        return f"{self.environment}-{self.sizes}".replace(" ", "-").replace("=", "") + ".pml"


COMPARED: tuple[Compared, ...] = (
    Compared("linux-6.1+qemu-7.2+kvm-auto", Sizes(1, 3, 2), 868_028),
    Compared("virtio-1.3-driver+qemu-10+kvm-auto+any-order", Sizes(3, 3, 1), 28_748_344),
    Compared(GROWING, Sizes(2, 2, 1), 142_826),
    Compared(GROWING, Sizes(3, 2, 1), 4_555_007),
    Compared(GROWING, Sizes(4, 2, 1), 150_480_726),
)
