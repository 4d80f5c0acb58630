"""The whole text: every part, step and claim, in reading order."""

from __future__ import annotations

from hintspec.language.declare import Action, Text, collect
from hintspec.proof.lemmas import ASSUMPTIONS, LEMMAS
from hintspec.properties.liveness import PROGRESS_PROPERTIES
from hintspec.properties.protocol_rules import CONDUCT
from hintspec.properties.reachability import COVERS
from hintspec.properties.safety import PROPERTIES
from hintspec.properties.transitions import CHANGES, CLAIMS_OF_CHANGE
from hintspec.protocol import (
    device,
    device_loop,
    discarding_device,
    driver,
    lifecycle,
    memory,
    migration,
    migration_end,
    postcopy_snapshot,
    sending,
    shrinker,
)
from hintspec.protocol.promises import CLAIMS_OF_CONDUCT
from hintspec.protocol.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, State

#: Sizes that limit a finite search, beside the numbers of blocks and ring slots.
BUDGETS = ("rounds", "migrations", "dma", "pauses", "resizes", "removes", "freezes")

_IN_ORDER = (
    memory,
    driver,
    shrinker,
    lifecycle,
    device,
    device_loop,
    discarding_device,
    migration,
    sending,
    migration_end,
    postcopy_snapshot,
)

PROTOCOL = Text(
    state=State,
    actors=(APPLICATION, DRIVER, DEVICE, HYPERVISOR),
    actions=tuple(step for module in _IN_ORDER for step in collect(module, Action)),
    properties=(*PROPERTIES, *CLAIMS_OF_CONDUCT, *CONDUCT, *CLAIMS_OF_CHANGE, *PROGRESS_PROPERTIES),
    lemmas=LEMMAS,
    assumptions=ASSUMPTIONS,
    covers=COVERS,
    changes=CHANGES,
    budgets=BUDGETS,
)
