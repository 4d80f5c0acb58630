"""The shipped checks: each environment at fixed sizes, with the properties that it is known to violate.

``known`` names the defect behind each violation; every other property must hold. ``pins.json`` has the counts that go
with it (states, transitions, lengths of shortest runs, steps that never happen), so that a check notices a model that
was made smaller by mistake.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import compose
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import World
from hintspec.protocol.worlds import reads_in_worker, skipping


@dataclass(frozen=True)
class Record:
    """One shipped check: an environment, its sizes, the known violations, each with its defect.

    ``depth`` is how far the bounded search goes for a property that should hold; for a known violation it goes as far
    as the pinned length of the shortest run.
    """

    environment: str
    sizes: Sizes
    depth: int
    known: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the record in ``pins.json``."""
        return f"{self.environment} | {self.sizes}"


_TWICE = {"hint_in_batch": "id-read-twice"}
_CELL = {"id_at_most_once": "shared-start-cell", "hint_in_window": "shared-start-cell"}
_POISON = {"poison_val_agrees": "poison-not-restored"}
_FIRST = {
    "hint_in_batch": "no-check-before-round",
    "hint_in_window": "start-accepted-any-time",
    "id_at_most_once": "shared-start-cell",
}
_STALE = {"blocks_come_back": "stale-id-after-suspend"}
_LOST = {"no_lost_write": "shared-start-cell"}
_EARLY = dict.fromkeys(("no_lost_write", "hint_spares_new_writes"), "early-release")
_STUCK = dict.fromkeys(("blocks_come_back", "blocks_can_come_back", "no_deadlock"), "no-done-on-failure")
_SHORT = {"memory_can_be_had": "nobody-reclaims"}
_SPIN = {"worker_never_spins": "full-ring-spin"}
_LEAK = {"blocks_return": "no-done-on-failure"}
_ASLEEP = {"worker_gets_on": "asleep-at-destination"}
_WAITS = ("worker_can_end", "blocks_can_come_back", "blocks_return", "no_deadlock")
_AUTO = "linux-6.1+qemu-7.2+kvm-auto"
_MANUAL = "linux-6.1+qemu-7.2+kvm-manual+cell-per-round"
_CAREFUL = "virtio-1.3-driver+qemu-10+kvm-auto"

RECORDS: tuple[Record, ...] = (
    Record("virtio-1.3", Sizes(1, 3, 2), 20, _SPIN),
    Record("linux-6.1+virtio-1.3-device", Sizes(1, 3, 2), 20, _TWICE | _CELL | _LOST | _SPIN),
    Record("no-hint+qemu-7.2+kvm-auto", Sizes(2, 2, 2), 16),
    Record("no-hint+qemu-7.2+kvm-manual", Sizes(2, 2, 2), 16),
    Record("no-hint+qemu-7.2+tcg", Sizes(1, 2, 2), 16, {"no_lost_write": "tcg-hot-tlb"}),
    Record("no-hint+qemu-10+tcg", Sizes(1, 2, 2), 16),
    Record(
        "v36+qemu-4.0+kvm-auto",
        Sizes(1, 3, 2),
        20,
        _FIRST | dict.fromkeys(("hint_spares_new_writes", "no_lost_write"), "start-accepted-any-time") | _SPIN,
    ),
    Record("linux-4.20+qemu-4.0+kvm-auto", Sizes(1, 3, 2), 20, _FIRST | _STUCK | _LEAK | _SHORT | _SPIN),
    Record("linux-5.0+qemu-5.0+kvm-manual", Sizes(1, 3, 1), 20, _TWICE | _STUCK | _LEAK | _SHORT),
    Record(
        "linux-5.0+qemu-5.1+kvm-auto",
        Sizes(1, 3, 1, removes=1),
        20,
        _TWICE | dict.fromkeys(_STUCK | _LEAK, "remove-keeps-blocks") | _SHORT,
    ),
    Record(
        "linux-5.7+qemu-5.1+kvm-manual",
        Sizes(2, 3, 1, chunk=2),
        16,
        _TWICE | dict.fromkeys(_EARLY, "early-release-by-send") | _SPIN | {"blocks_return": "id-read-twice"},
    ),
    Record(_AUTO, Sizes(1, 3, 2), 25, _TWICE | _CELL | _LOST | _SPIN),
    Record(f"{_AUTO}+cell-per-round", Sizes(1, 3, 2), 22, _TWICE | _SPIN),
    Record(f"{_AUTO}+cell-per-round", Sizes(1, 3, 1, dma=1, pauses=1, removes=1), 18, _TWICE | _SPIN),
    Record(f"{_AUTO}+cell-per-round", Sizes(1, 3, 1, resizes=1), 18, _TWICE | _SPIN),
    Record(f"{_AUTO}+cell-per-round+poison", Sizes(1, 3, 1, freezes=1), 18, _TWICE | _POISON | _SPIN),
    Record("linux-6.1+qemu-7.2+kvm-manual", Sizes(1, 3, 1), 20, _TWICE | _EARLY | _SPIN),
    Record(_MANUAL, Sizes(1, 3, 1), 25, _TWICE | _EARLY | _SPIN),
    Record(f"{_MANUAL}+eager-clear", Sizes(1, 3, 2), 20, _TWICE | _SPIN),
    Record("linux-6.12+qemu-10+kvm-manual", Sizes(1, 3, 1), 20, _TWICE | _EARLY | _SPIN),
    Record("linux-6.12+qemu-10+kvm-ring+cell-per-round", Sizes(1, 3, 1), 20, _TWICE | _SPIN),
    Record(_CAREFUL, Sizes(2, 3, 1), 18, _SPIN),
    Record(f"{_CAREFUL}+ids-wrap", Sizes(1, 3, 2), 18, _SPIN),
    Record(
        "linux-6.1+firecracker-1.14",
        Sizes(1, 3, 1),
        21,
        _TWICE | {"no_lost_write": "discard-before-reuse-seen"} | _SPIN,
    ),
    Record("linux-6.1+firecracker-1.14+wait-on-ack", Sizes(1, 3, 2), 20, _TWICE),
    Record(f"{_AUTO}+wait-on-ack", Sizes(1, 3, 2), 20, _TWICE),
    Record(
        f"{_AUTO}+wait-on-ack+no-ioeventfd",
        Sizes(1, 3, 1),
        20,
        _TWICE | _ASLEEP | dict.fromkeys(_WAITS, "asleep-at-destination"),
    ),
    Record(f"{_AUTO}+cell-per-round+no-ioeventfd", Sizes(1, 3, 1, removes=1), 18, _TWICE | _SPIN | _ASLEEP),
)


#: The environments that are sound: their safety is proved for every size (see :mod:`hintspec.proof.lemmas`), but
#: for known violations without a loss.
PROVED: dict[str, dict[str, str]] = {
    "virtio-1.3": {},
    _CAREFUL: {},
    f"{_CAREFUL}+ids-wrap": {},
    f"{_CAREFUL}+poison": {},
    f"{_CAREFUL}+init-on-free": {},
    f"{_CAREFUL}+any-order": {},
    f"{_CAREFUL}+oom-notifier": {},
    "virtio-1.3-driver+qemu-10+tcg": {},
    "virtio-1.3-driver+qemu-10+kvm-ring": {},
    "virtio-1.3-driver+qemu-5.1+kvm-auto": {},
    "virtio-1.3-driver+qemu-7.2+kvm-manual-enable+eager-clear": {},
    "virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear": {},
    "virtio-1.3-driver+firecracker-1.14+wait-on-ack": {},
    "linux-6.1+firecracker-1.14+wait-on-ack": _TWICE,
    f"{_AUTO}+cell-per-round": _TWICE | _STALE,
    f"{_AUTO}+cell-per-round+forget-id-on-restore": _TWICE,
    f"{_AUTO}+cell-per-round+poison": _TWICE | _POISON | _STALE,
    f"{_AUTO}+cell-per-round+no-ioeventfd": _TWICE | _STALE,
    f"{_AUTO}+wait-at-end": _TWICE | _STALE,
    f"{_AUTO}+wait-on-ack": _TWICE | _STALE,
    f"{_AUTO}+wait-on-ack+no-ioeventfd": _TWICE | _STALE,
    f"{_MANUAL}+eager-clear": _TWICE | _STALE,
    "linux-6.1+qemu-7.2+kvm-manual+wait-on-ack": _TWICE | _STALE,
    "linux-6.12+qemu-10+kvm-ring+cell-per-round": _TWICE | _STALE,
    f"{_AUTO}+cell-per-round+read-id-once+stop-without-start": _STALE,
    f"{_AUTO}+cell-per-round+end-round-when-full": _TWICE | _STALE,
    f"{_AUTO}+cell-per-round+poison+tell-poison-again": _TWICE | _STALE,
    "linux-5.7+qemu-5.1+kvm-auto+cell-per-round": _TWICE | _STALE,
    "linux-5.7+qemu-5.1+kvm-auto+cell-per-round+forget-id-on-restore": _TWICE,
    "linux-5.7+qemu-5.1+kvm-manual+cell-per-round+eager-clear": _TWICE | _STALE,
    "virtio-1.3-driver+qemu-7.2+kvm-auto+postcopy": {},
    f"{_CAREFUL}+snapshot": {},
    f"{_CAREFUL}+wait-on-ack": {},
    "no-hint+qemu-7.2+kvm-auto": {},
    "no-hint+qemu-7.2+kvm-manual": {},
    "no-hint+qemu-7.2+kvm-ring": {},
    "no-hint+qemu-10+tcg": {},
}


#: The environment whose proof the docs show: Linux and QEMU with the one repair of the shared START cell.
WORKED_EXAMPLE = f"{_AUTO}+cell-per-round"


#: Sizes at which a cover report looks for what can happen: rounds, two migrations on a ring that fills up, every
#: kind of interference once, two blocks.
COVER_SIZES: tuple[Sizes, ...] = (
    Sizes(1, 3, 2),
    Sizes(1, 2, 2, migrations=2),
    Sizes(1, 2, 1, dma=1, pauses=1, resizes=1, removes=1, freezes=1),
    Sizes(2, 4, 1),
)


def known_at_any_size(environment: str) -> dict[str, str]:
    """The properties that an environment is known to violate at some size, each with its defect."""
    stale = _STALE | dict.fromkeys(_LEAK, "stale-id-after-suspend")
    known = stale if _serves_stale_ids(compose(environment)) else {}
    for record in records_of(environment):
        known |= record.known
    return known | PROVED.get(environment, {})


def known_at(environment: str, sizes: Sizes) -> dict[str, str]:
    """As :func:`known_at_any_size`, without the defects that need a suspend where these sizes have none."""
    known = known_at_any_size(environment)
    return {name: defect for name, defect in known.items() if sizes.freezes or not DEFECTS[defect].sizes.freezes}


def _serves_stale_ids(w: World) -> bool:
    """Worlds in which a suspend shows finding N7, whatever else they are; few of the sizes above have one."""
    return skipping(w) and reads_in_worker(w) and not w.driver.forgets_id_on_restore


def records_of(environment: str) -> tuple[Record, ...]:
    """All records of an environment, the one that a plain check uses first."""
    return tuple(record for record in RECORDS if record.environment == environment)


@cache
def pins() -> dict[str, dict[str, Any]]:
    """The pinned counts of all records, by :attr:`Record.key`."""
    loaded: dict[str, dict[str, Any]] = json.loads(files("hintspec.catalogue").joinpath("pins.json").read_text())
    return loaded
