"""The checks of a driver that the gate runs: in which worlds, at which sizes, how far."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from hintproof.linux.driver import DEFLATE_ON_OOM, NEW_FEATURES
from hintproof.linux.effects import model_with_code
from hintproof.linux.jobs import SPEC_DRIVER, Check, Kind
from hintspec.language.declare import ALWAYS, RECOVERABLE, STEP
from hintspec.language.sizes import Sizes

_QEMU, _MANUAL = "qemu-7.2+kvm-auto", "qemu-10+kvm-manual"
_ONE, _TWO = Sizes(1, 3, 1), Sizes(1, 3, 2)
_LEAVING = Sizes(1, 3, 1, removes=1)

#: Under a minute on two cores; the first one shows a START cell that rounds share. What it shows of stock Linux would
#: hide a second way to lose a write, so the same is asked of a device that waits for STOP before it issues the next id,
#: where stock Linux loses nothing. KVM's manual-clear log, the default of today, is asked of with and without the fault
#: of the hypervisor (``counterexamples/early-release``) for the same reason.
USUAL = (
    Check(Kind.PROPERTIES, _QEMU, _TWO, 5_000_000, deep=True),
    Check(Kind.PROPERTIES, f"{_QEMU}+issue-after-stop", _TWO, 5_000_000, deep=True),
    Check(Kind.PROPERTIES, _MANUAL, _ONE, 300_000),
    Check(Kind.PROPERTIES, f"{_MANUAL}+posted-after-clear", _ONE, 300_000),
    Check(Kind.INTERRUPTED, _QEMU, _ONE, 1_000_000),
    Check(Kind.LOCKSTEP, _QEMU, _ONE, 40_000),
    Check(Kind.LOCKSTEP, _QEMU, Sizes(1, 3, 1, removes=1, freezes=1), 40_000),
    Check(Kind.LOCKSTEP_RANDOM, _QEMU, Sizes(3, 4, 3), 40_000),
    Check(Kind.PROPERTIES, _QEMU, _LEAVING, 300_000),
    Check(Kind.PROPERTIES, "firecracker-1.14", _ONE, 300_000),
    Check(Kind.CODE_FAULTS, "", _TWO, 1_000_000),
    Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1, removes=1, freezes=1), 2_000_000),
    Check(Kind.ACCESSES, "", _ONE, 4_000_000),
    Check(Kind.RACES, "", Sizes(2, 4, 2, removes=1), 1_000_000),
    Check(Kind.SCENARIOS, "", Sizes(2, 4, 2), 60_000),
    Check(Kind.INTERLEAVED, "", Sizes(2, 4, 2), 200_000),
    # Linux 5.0 .. 5.6 has a shrinker only with this feature.
    Check(Kind.PROPERTIES, "firecracker-1.14", _ONE, 300_000, offers=(DEFLATE_ON_OOM,)),
    # What a patch does behind a feature bit of its own.
    Check(Kind.PROPERTIES, _QEMU, _TWO, 5_000_000, deep=True, offers=NEW_FEATURES),
    Check(Kind.PROPERTIES, "firecracker-1.14", _ONE, 300_000, offers=NEW_FEATURES),
    Check(Kind.PROPERTIES, _QEMU, _LEAVING, 300_000, offers=NEW_FEATURES),
    Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1, removes=1, freezes=1), 2_000_000, offers=NEW_FEATURES),
)

#: The checks that a thorough gate adds.
MORE = (
    Check(Kind.PROPERTIES, _QEMU, Sizes(2, 3, 1), 6_000_000, 1800.0, deep=True),
    Check(Kind.PROPERTIES, "virtio-1.3-device", _TWO, 6_000_000, 1800.0, deep=True),
    Check(Kind.PROPERTIES, _QEMU, Sizes(1, 3, 1, freezes=1), 6_000_000, 1800.0, deep=True),
    # An id that was read before a suspend, and is served after it.
    Check(Kind.PROPERTIES, _QEMU, Sizes(1, 2, 2, freezes=1), 6_000_000, 1800.0, deep=True),
    Check(Kind.LOCKSTEP, _QEMU, Sizes(2, 3, 1), 2_000_000, 1800.0, deep=True),
    Check(Kind.LOCKSTEP_RANDOM, _QEMU, Sizes(4, 6, 5), 400_000, 1800.0, deep=True),
    Check(Kind.CODE_FAULTS, "", Sizes(2, 4, 2, removes=1), 20_000_000, 1800.0, deep=True),
    Check(Kind.RACES, "", Sizes(2, 4, 2, removes=1, freezes=1), 2_000_000, 1800.0, deep=True),
)


@cache
def properties_of(world: str) -> tuple[str, ...]:
    """The properties that the gate checks of the code in a world: all but liveness.

    A promise that only steps of the text's driver make is none of the code: it never takes them.
    """
    model = model_with_code(f"{SPEC_DRIVER}+{world}")
    promised = {name for action in model.actions for name, _ in action.promises}
    checked = (p for p in model.properties if p.declared.kind in (ALWAYS, STEP, RECOVERABLE))
    return tuple(p.name for p in checked if p.declared.kind != STEP or p.name in promised)


def describe_sizes(checks: Iterable[Check]) -> str:
    """The worlds and sizes at which properties are checked, in words."""
    asked = (Kind.PROPERTIES, Kind.INTERRUPTED)
    return "; ".join(dict.fromkeys(str(check) for check in checks if check.kind in asked))
