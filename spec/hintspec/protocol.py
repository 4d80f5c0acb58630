"""The whole text: every part, step and claim, in reading order."""

from __future__ import annotations

from hintspec import (
    device,
    device_loop,
    discard,
    driver,
    ending,
    guest,
    lifecycle,
    migration,
    otherjobs,
    reclaim,
    sending,
)
from hintspec.changes import CHANGES, CLAIMS_OF_CHANGE
from hintspec.claims import CLAIMS_OF_CONDUCT
from hintspec.conduct import CONDUCT
from hintspec.covers import COVERS
from hintspec.lemmas import ASSUMPTIONS, LEMMAS
from hintspec.progress import PROGRESS_PROPERTIES
from hintspec.properties import PROPERTIES
from hintspec.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, PARTS
from hintspec.text import Action, Text, collect

#: Sizes that limit a finite search, beside the numbers of blocks and ring slots.
BUDGETS = ("rounds", "migrations", "dma", "pauses", "resizes", "removes", "freezes")

_IN_ORDER = (guest, driver, reclaim, lifecycle, device, device_loop, discard, migration, sending, ending, otherjobs)

PROTOCOL = Text(
    parts=PARTS,
    actors=(APPLICATION, DRIVER, DEVICE, HYPERVISOR),
    actions=tuple(step for module in _IN_ORDER for step in collect(module, Action)),
    properties=(*PROPERTIES, *CLAIMS_OF_CONDUCT, *CONDUCT, *CLAIMS_OF_CHANGE, *PROGRESS_PROPERTIES),
    lemmas=LEMMAS,
    assumptions=ASSUMPTIONS,
    covers=COVERS,
    changes=CHANGES,
    budgets=BUDGETS,
)
