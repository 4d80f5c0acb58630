"""How large a finite search is: blocks, ring slots, and how often the bounded steps may happen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from hintspec.language.errors import SpecError

#: The largest value of each size that a finite search accepts; beyond it is surely a mistake.
LIMITS = {"blocks": 1 << 22, "ring": 1024, "chunk": 1 << 22, "rounds": 1 << 20}


@dataclass(frozen=True)
class Sizes:
    """The finite sizes of a check.

    ``blocks`` of guest memory in clear chunks of ``chunk`` blocks, ``ring`` entries of the hint queue
    (virtio: at least 2), and budgets: how many ``rounds`` (syncs that publish an id), ``migrations``,
    writes by the hypervisor (``dma``), ``pauses`` of the VM, ``resizes`` of the balloon, ``removes`` and
    ``freezes`` of the driver may happen.
    """

    blocks: int = 1
    ring: int = 4
    rounds: int = 2
    migrations: int = 1
    chunk: int = 1
    dma: int = 0
    pauses: int = 0
    resizes: int = 0
    removes: int = 0
    freezes: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing, with a :class:`SpecError` that says what would."""
        for item in fields(self):
            value, least = getattr(self, item.name), _LEAST.get(item.name, 0)
            most = LIMITS.get(item.name, 1 << 10)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise SpecError(f"size {item.name}={value!r} is impossible: give {least} .. {most}")

    @property
    def last_id(self) -> int:
        """The last id of the window that ids are issued from; STOP is 0, DONE is 1, the window starts at 2."""
        return 2 + self.rounds

    def blocks_for(self, takes_block: bool) -> Sequence[int | None]:
        """The blocks for which an action or a claim is made: each one, or None if it takes no block."""
        return range(1, self.blocks + 1) if takes_block else (None,)

    def of(self, budget: str) -> int:
        """The size of a budget by its name."""
        value: int = getattr(self, budget)
        return value

    def __str__(self) -> str:
        always = ("blocks", "ring", "rounds")
        plain = asdict(Sizes())
        shown = [f"{k}={v}" for k, v in asdict(self).items() if k in always or v != plain[k]]
        return " ".join(shown)


_LEAST = {"blocks": 1, "ring": 2, "rounds": 1, "chunk": 1}
