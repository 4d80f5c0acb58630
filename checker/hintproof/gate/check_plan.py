"""What the gate asks of a driver: in which worlds, at which sizes, how far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hintspec.catalogue.environments import compose
from hintspec.language.declare import ALWAYS, RECOVERABLE, STEP
from hintspec.language.recording import record
from hintspec.language.sizes import Sizes
from hintspec.text import PROTOCOL


class Kind(Enum):
    """What is looked at."""

    FAULTS = "all states of the code by itself"
    RACES = "random walks with a point at each access to memory"
    LIKENESS = "all steps, beside those of the spec's driver"
    WANDERING = "random steps, beside those of the spec's driver"
    VERDICTS = "all states of the code and everybody else"


@dataclass(frozen=True)
class Ask:
    """One question. ``world`` is an environment without its driver, "" for the code by itself.

    ``most`` is in states (or steps, where they are random) and ``seconds`` a limit.
    """

    kind: Kind
    world: str
    sizes: Sizes
    most: int
    seconds: float = 300.0

    def __str__(self) -> str:
        return f"{self.world} {self.sizes}".strip()


#: The driver of the spec that the code is compared with. From 5.7 on the driver has not changed in what the spec says.
DRIVER_WORD = "linux-6.1"

_ONE, _TWO = Sizes(1, 3, 1), Sizes(1, 3, 2)
_LEAVING = Sizes(1, 3, 1, removes=1)

#: Under a minute on two cores; the last one is what shows a START cell that rounds share.
USUAL = (
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto", _TWO, 5_000_000),
    Ask(Kind.LIKENESS, "qemu-7.2+kvm-auto", _ONE, 40_000),
    Ask(Kind.LIKENESS, "qemu-7.2+kvm-auto", Sizes(1, 3, 1, removes=1, freezes=1), 40_000),
    Ask(Kind.WANDERING, "qemu-7.2+kvm-auto", Sizes(3, 4, 3), 40_000),
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto", _LEAVING, 300_000),
    Ask(Kind.VERDICTS, "firecracker-1.14", _ONE, 300_000),
    Ask(Kind.FAULTS, "", _TWO, 1_000_000),
    Ask(Kind.FAULTS, "", Sizes(1, 3, 1, removes=1, freezes=1), 2_000_000),
    Ask(Kind.RACES, "", Sizes(2, 4, 2, removes=1), 200_000),
)

#: What is asked besides where there is time.
MORE = (
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto", Sizes(2, 3, 1), 6_000_000, 1800.0),
    Ask(Kind.VERDICTS, "virtio-1.3-device", _TWO, 6_000_000, 1800.0),
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto+issue-after-stop", _TWO, 6_000_000, 1800.0),
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto", Sizes(1, 3, 1, freezes=1), 6_000_000, 1800.0),
    # An id that was read before a suspend, and is served after it.
    Ask(Kind.VERDICTS, "qemu-7.2+kvm-auto", Sizes(1, 2, 2, freezes=1), 6_000_000, 1800.0),
    Ask(Kind.LIKENESS, "qemu-7.2+kvm-auto", Sizes(2, 3, 1), 2_000_000, 1800.0),
    Ask(Kind.WANDERING, "qemu-7.2+kvm-auto", Sizes(4, 6, 5), 400_000, 1800.0),
    Ask(Kind.FAULTS, "", Sizes(2, 4, 2, removes=1), 20_000_000, 1800.0),
    Ask(Kind.RACES, "", Sizes(2, 4, 2, removes=1, freezes=1), 2_000_000, 1800.0),
)


def properties_of(world: str) -> tuple[str, ...]:
    """The properties that are asked of the code in a world; of progress nothing is asked."""
    model = record(PROTOCOL, compose(f"{DRIVER_WORD}+{world}"))
    return tuple(p.name for p in model.properties if p.declared.kind in (ALWAYS, STEP, RECOVERABLE))


def told_sizes(asks: tuple[Ask, ...]) -> str:
    """How far was looked, in words."""
    return "; ".join(dict.fromkeys(str(ask) for ask in asks if ask.kind == Kind.VERDICTS))
