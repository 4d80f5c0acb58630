"""The worlds and sizes in which a mutant of the text is searched."""

from __future__ import annotations

from hintspec.catalogue.expected import WORKED_EXAMPLE
from hintspec.language.sizes import Sizes

#: Small sizes: every kind of interference by itself, on a ring that fills up.
_SMALL: tuple[Sizes, ...] = (
    Sizes(1, 2, 1),
    Sizes(1, 2, 1, removes=1),
    Sizes(1, 2, 1, dma=1, pauses=1),
    Sizes(1, 2, 1, freezes=1),
    Sizes(1, 2, 1, resizes=1),
)

#: Other worlds that share steps with it. The text is one for all of them, so a mutant that is noticed there is noticed:
#: above all one that hides a known loss.
_ELSEWHERE: tuple[tuple[str, Sizes], ...] = (
    ("no-hint+qemu-7.2+kvm-auto", Sizes(2, 2, 2, migrations=2)),
    ("no-hint+qemu-7.2+kvm-auto", Sizes(2, 2, 2, dma=1, pauses=1)),
    ("linux-6.1+qemu-7.2+kvm-manual+cell-per-round", Sizes(1, 2, 1, dma=1)),
    (f"{WORKED_EXAMPLE}+poison", Sizes(1, 2, 1, freezes=1)),
    ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 1, removes=1, resizes=1)),
    ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 2)),
)

#: Two rounds in two migrations; in a world whose driver waits there are fewer states.
_MIGRATED_TWICE = ("linux-6.1+qemu-7.2+kvm-auto+wait-on-ack", Sizes(1, 2, 2, migrations=2))

#: A ring on which a driver that is removed may wait for room; a second round, and two blocks.
_LARGE: tuple[Sizes, ...] = (Sizes(1, 3, 1, removes=1), Sizes(1, 2, 2), Sizes(2, 2, 1))


def stages_for(environment: str) -> tuple[tuple[str, Sizes], ...]:
    """The worlds and sizes at which mutants of an environment are searched, the cheapest first."""
    return (
        *((environment, sizes) for sizes in _SMALL),
        *(stage for stage in (*_ELSEWHERE, _MIGRATED_TWICE) if stage[0] != environment),
        *((environment, sizes) for sizes in _LARGE),
    )
