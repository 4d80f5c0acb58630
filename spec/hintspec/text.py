"""The whole text: every part, step and claim, in reading order."""

from __future__ import annotations

from hintspec.language.declare import Action, Property, Reachable, Text, TransitionInvariant, collect
from hintspec.proof.lemmas import ASSUMPTIONS, LEMMAS
from hintspec.properties import liveness, protocol_rules, reachability, transitions
from hintspec.properties.safety import PROPERTIES
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
    promises,
    sending,
    shrinker,
)
from hintspec.protocol import historic_steps as old
from hintspec.protocol import repair_steps as repaired
from hintspec.protocol.state import APPLICATION, DEVICE, DRIVER, HYPERVISOR, State

#: Sizes that limit a finite search, beside the numbers of blocks and ring slots.
BUDGETS = ("rounds", "migrations", "dma", "pauses", "resizes", "removes", "freezes")

#: The modules of the modern text, in the order in which they are read.
_MODERN = (
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

#: Each step of an older or a repaired system stands behind a modern step, which it replaces, follows or resembles. The
#: order of the steps numbers the places of a recorded world and decides between shortest runs of equal length.
_STANDS_BEHIND: dict[Action, tuple[Action, ...]] = {
    memory.write: (old.store_begins, old.store_ends),
    driver.config_changed: (old.config_changed_reading,),
    driver.round_begins: (old.round_begins_unchecked,),
    driver.take_block: (old.hint_in_place,),
    driver.keep_hinted: (old.release_after_posting,),
    driver.stop_does_not_fit: (repaired.used_by_device,),
    shrinker.shrink_any: (old.shrink_all, old.out_of_memory),
    device.hint_drops_block: (
        old.return_hint,
        old.honour_late,
        repaired.hint_only_arms,
        repaired.ignore_early_hint,
    ),
    migration.sync_merge: (repaired.sync_clear, repaired.drain_ring),
    migration.publish_id: (old.count_id, old.request_hints),
    migration.reap_ring: (old.reap_torn_entry,),
}

ACTIONS: tuple[Action, ...] = tuple(
    action
    for module in _MODERN
    for modern in collect(module, Action)
    for action in (modern, *_STANDS_BEHIND.get(modern, ()))
)

#: The properties of data and blocks come first, then promises, rules of the protocol, transitions, progress.
_PROPERTIES: tuple[Property, ...] = tuple(
    dict.fromkeys(
        [*PROPERTIES]
        + [item for part in (promises, protocol_rules, transitions, liveness) for item in collect(part, Property)]
    )
)

PROTOCOL = Text(
    state=State,
    actors=(APPLICATION, DRIVER, DEVICE, HYPERVISOR),
    actions=ACTIONS,
    properties=_PROPERTIES,
    lemmas=LEMMAS,
    assumptions=ASSUMPTIONS,
    reachable=tuple(collect(reachability, Reachable)),
    transition_invariants=tuple(collect(transitions, TransitionInvariant)),
    budgets=BUDGETS,
)
