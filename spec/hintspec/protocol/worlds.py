"""Which worlds have what: conditions on the rules, for the ``when`` of variables, actions and properties."""

from __future__ import annotations

from hintspec.protocol.rules import (
    Fill,
    Honours,
    Issue,
    IssueWaits,
    Job,
    Kind,
    LogMode,
    Order,
    ReadsId,
    Reclaim,
    Release,
    StartCell,
    Waits,
    World,
)

# -- the feature, and what the hypervisor does ------------------------------------------------


def hinting(w: World) -> bool:
    """Worlds in which the feature is negotiated."""
    return w.hinting


def migrating(w: World) -> bool:
    """Worlds with live migration."""
    return w.migrates


def skipping(w: World) -> bool:
    """Worlds in which a hint leaves a block out of migration."""
    return w.hinting and w.migrates


def discarding(w: World) -> bool:
    """Worlds in which a hint takes a block's content at once."""
    return w.hinting and w.device.kind == Kind.DISCARDS


def copies_ram(w: World) -> bool:
    """Worlds with a live migration in rounds (a background snapshot has none)."""
    return w.migrates and w.job != Job.SNAPSHOT


def asks_for_hints(w: World) -> bool:
    """Worlds in which hints are asked for: not where the notifier is not called, or turns away at once."""
    asked = {Job.POSTCOPY: w.device.hints_in_postcopy, Job.SNAPSHOT: w.device.hints_in_snapshot}
    return w.hinting and asked.get(w.job, True)


def issues_ids(w: World) -> bool:
    """Worlds in which the hypervisor asks for hints by ids (devices that discard do so in their own steps)."""
    return skipping(w) and asks_for_hints(w)


def issues_under_lock(w: World) -> bool:
    """Worlds in which a new id and its status are one step: QEMU 5.1 and later."""
    return skipping(w) and w.device.issue == Issue.LOCKED


def turns_to_postcopy(w: World) -> bool:
    """Worlds with the capability postcopy-ram."""
    return w.migrates and w.job == Job.POSTCOPY


def takes_snapshot(w: World) -> bool:
    """Worlds with a background snapshot instead of a migration."""
    return w.migrates and w.job == Job.SNAPSHOT


# -- dirty log --------------------------------------------------------------------------------


def unlogged(w: World) -> bool:
    """Worlds in which some stores leave no mark."""
    ring = w.log.mode == LogMode.KVM_RING and not w.log.ring_arms_at_start
    return w.migrates and (w.log.mode == LogMode.TCG or ring)


def manual(w: World) -> bool:
    """Worlds with a manual-clear dirty log."""
    return w.migrates and w.log.is_manual


def clears_to_send(w: World) -> bool:
    """Worlds in which a send first clears the dirty log of its chunk."""
    return manual(w) and w.log.send_clears


def marks_before_store(w: World) -> bool:
    """Worlds in which a store is marked first and lands later: TCG before QEMU 4.2."""
    return w.migrates and not w.log.store_is_atomic


# -- driver -----------------------------------------------------------------------------------


def reads_in_worker(w: World) -> bool:
    """Drivers that read the id in the worker, and keep the one that they read last: Linux 5.0 and later."""
    return w.hinting and w.driver.reads_id == ReadsId.WORKER


def reads_in_interrupt(w: World) -> bool:
    """Drivers that read the id in the config interrupt: v36 and Linux 4.20."""
    return w.hinting and w.driver.reads_id == ReadsId.INTERRUPT


def allocates_blocks(w: World) -> bool:
    """Drivers that allocate a block to hint it: v36 and later."""
    return w.hinting and w.driver.holds_hinted


def releases_after_posting(w: World) -> bool:
    """Drivers that give all blocks back before STOP: v36."""
    return w.hinting and w.driver.release == Release.AFTER_POSTING


def keeps_order(w: World) -> bool:
    """Drivers whose shrinker asks for the order of free_page_list: Linux 5.7 and later."""
    return w.hinting and w.driver.order == Order.NEWEST_FIRST and w.driver.reclaim == Reclaim.SHRINKER


def has_cell_per_round(w: World) -> bool:
    """Drivers whose START points at a cell of its own round (repair F1)."""
    return w.hinting and w.driver.start_cell == StartCell.PER_ROUND


def stores_stop_in_cell(w: World) -> bool:
    """Drivers that write STOP over the id in the cell: the series up to v28."""
    return w.hinting and w.driver.start_cell == StartCell.SHARED_WITH_STOP


def waits_for_device(w: World) -> bool:
    """Drivers that wait until the device has used what they posted (HINT_WAIT_ON_ACK; the series of early 2018)."""
    return w.hinting and w.driver.waits != Waits.NEVER


def waits_for_each(w: World) -> bool:
    """Drivers that wait for each buffer, so that a hinted block stays in the worker's hand till then."""
    return w.hinting and w.driver.waits == Waits.EACH_BUFFER


def has_poison_val(w: World) -> bool:
    """Worlds whose guest expects content in free pages, and whose device has the field to say so."""
    return w.hinting and w.guest.fill != Fill.NOTHING and w.device.has_poison_val


def tells_poison(w: World) -> bool:
    """Worlds whose driver has a pattern to write into poison_val; after a reset a zero needs no writing."""
    return w.guest.fill == Fill.POISON and w.device.has_poison_val


# -- device -----------------------------------------------------------------------------------


def may_doze(w: World) -> bool:
    """Devices whose loop does not look at the ring again after it switched notifications on."""
    return skipping(w) and not w.device.rechecks_ring


def may_lose_feature(w: World) -> bool:
    """Devices whose feature a legacy driver may turn off with no reset."""
    return skipping(w) and not w.device.features_are_fixed


def returns_first(w: World) -> bool:
    """Devices that give a hint back to the driver before they honour it: QEMU before ae440bd14c."""
    return skipping(w) and not w.device.acts_before_return


def clears_in_two_steps(w: World) -> bool:
    """Devices whose hint clears the chunk's dirty log and then, a step later, the block's bit: QEMU 6.1 and later."""
    if w.device.honours != Honours.ALL or not w.device.acts_before_return:
        return False
    return skipping(w) and manual(w) and w.device.hint_clears_log


def honours_some(w: World) -> bool:
    """Repairs R2 and R3: a hint in a chunk that was not cleared yet only clears it."""
    return skipping(w) and manual(w) and w.device.honours != Honours.ALL


def marks_early_hints(w: World) -> bool:
    """Repair R3: an entry of the ring is marked when its chunk is cleared, and then not honoured."""
    return w.device.honours == Honours.POSTED_AFTER_CLEAR


def issue_waits(w: World) -> bool:
    """Repair F2: no new id before an entry of the last round was popped."""
    return skipping(w) and w.device.issue_waits != IssueWaits.NOTHING
