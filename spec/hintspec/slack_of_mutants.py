"""How hard a mutant of the text is looked at: in which worlds, at which sizes."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hintspec.records import WORKED_EXAMPLE
from hintspec.sizes import Sizes

#: Small sizes: every kind of interference by itself, on a ring that fills up.
_SMALL: tuple[Sizes, ...] = (
    Sizes(1, 2, 1),
    Sizes(1, 2, 1, removes=1),
    Sizes(1, 2, 1, dma=1, pauses=1),
    Sizes(1, 2, 1, freezes=1),
    Sizes(1, 2, 1, resizes=1),
)

#: Other worlds that have the same words in their steps. The text is one for all of them, so what is noticed
#: there is noticed: where a loss is known, above all, that the mutant hides it.
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

#: A second round, and two blocks.
_LARGE: tuple[Sizes, ...] = (Sizes(1, 2, 2), Sizes(2, 2, 1))


def stages_for(environment: str) -> tuple[tuple[str, Sizes], ...]:
    """The worlds and sizes at which mutants of an environment are searched, the cheapest first."""
    return (
        *((environment, sizes) for sizes in _SMALL),
        *(stage for stage in (*_ELSEWHERE, _MIGRATED_TWICE) if stage[0] != environment),
        *((environment, sizes) for sizes in _LARGE),
    )


#: Why a mutant may survive, by the names of the mutants (``*`` stands for anything).
REASONS: dict[str, tuple[str, ...]] = {}


def why_it_survives(name: str) -> str:
    """The reason for the survival of a mutant of that name; "" if there is none."""
    return next((why for why, names in REASONS.items() if any(fnmatchcase(name, n) for n in names)), "")


def stale_reasons(surviving: Iterable[str]) -> tuple[str, ...]:
    """What is written for mutants none of which survives: a reason, and the names that are out of date."""
    names = list(surviving)
    return tuple(
        f"{pattern}: {why}"
        for why, patterns in REASONS.items()
        for pattern in patterns
        if not any(fnmatchcase(name, pattern) for name in names)
    )
