"""Lemmas of memory, dirty log and hints: what remembers a write, and what a hint may drop."""

from __future__ import annotations

from hintspec.language.declare import lemma
from hintspec.language.terms import NO_BLOCK, Term, implies, is_issued, one_of
from hintspec.proof.vocabulary import by_age, hinting_on, is_hint, late_hints_only, matters, posted_under
from hintspec.protocol.dirty_log import remembered_elsewhere
from hintspec.protocol.historic import mutex_is_free
from hintspec.protocol.rules import Job, LogMode
from hintspec.protocol.state import Entry, Phase, Sending, State, Status, Worker
from hintspec.protocol.worlds import clears_in_two_steps, discarding, manual, migrating, skipping, waits_for_each

# -- memory and dirty log ----------------------------------------------------------------------


@lemma()
def data_is_used(s: State, block: Term) -> Term:
    """Only used blocks have data."""
    return implies(s.ghost.data.has(block), s.memory.used.has(block))


@lemma(
    migrating,
    leans_on="block_conserved data_is_used half_a_hint hint_of_now_is_fresh hinted_block_is_in_hand "
    "hot_is_logged late_hint_is_remembered only_now_in_batch seen_is_merged write_since_issue",
)
def write_remembered(s: State, block: Term) -> Term:
    """Data that the destination lacks is remembered: in the bitmap, further up the log, or just being sent."""
    missing = matters(s, block) & s.ghost.stale.has(block) & ~(s.migration.at == Phase.IDLE)
    being_sent = (s.migration.sending == block) & (s.migration.send_step == Sending.TAKEN)
    return implies(missing, s.log.bitmap.has(block) | remembered_elsewhere(s, block) | being_sent)


@lemma(migrating)
def sending_is_in_step(s: State) -> Term:
    """A block is being sent if and only if a send is under way, and only while sending goes on."""
    none = s.migration.sending == NO_BLOCK
    idle = s.migration.send_step == Sending.NOTHING
    phase = one_of(s.migration.at, Phase.ROUND, Phase.LAST)
    if s.world.job == Job.POSTCOPY:
        phase = phase | (s.migration.at == Phase.POSTCOPY)
    return (~none | idle) & (none | ~idle) & (none | phase)


@lemma(migrating)
def last_stage_is_stopped(s: State) -> Term:
    """In the last stage the virtual CPUs stand still, and only then may migration complete."""
    at = s.migration.at
    only_last = one_of(at, Phase.SYNC_STOP, Phase.LAST)
    if s.world.job != Job.SNAPSHOT:  # which is complete while the guest runs on
        only_last = only_last | one_of(at, Phase.COMPLETE, Phase.POSTCOPY)
    outside = one_of(at, Phase.IDLE, Phase.ROUND)
    return implies(s.migration.last, ~s.vm.running & ~outside) & implies(only_last, s.migration.last)


@lemma(migrating, leans_on="last_stage_is_stopped")
def nothing_left_behind(s: State, block: Term) -> Term:
    """After the last sync nothing is left further up the log."""
    at = s.migration.at
    read = one_of(at, Phase.SYNC_MERGE, Phase.SYNC_CLEAR)
    merged = one_of(at, Phase.SYNC_DRAIN, Phase.SYNC_PUBLISH, Phase.LAST, Phase.POSTCOPY, Phase.COMPLETE)
    if s.world.log.is_manual:
        merged = merged | (at == Phase.SYNC_CLEAR)
    own = implies(s.migration.last & merged, ~s.log.own.has(block))
    if s.world.log.mode == LogMode.TCG:
        return own
    noted = ~s.log.kernel.has(block)
    if s.world.log.is_manual:
        noted = noted | s.log.seen.has(block)
    return own & implies(s.migration.last & (read | merged), noted)


@lemma(lambda w: w.migrates and w.log.mode == LogMode.TCG)
def hot_is_logged(s: State, block: Term) -> Term:
    """TCG: a page that can be written without a trace has its trace in QEMU's own log already."""
    return implies(s.log.hot.has(block), s.log.own.has(block))


@lemma(manual, leans_on="half_a_hint hinting_only_in_round nothing_is_owed sending_is_in_step")
def seen_is_merged(s: State, block: Term) -> Term:
    """What GET returned is merged, and its clear owed; a block leaves the bitmap after its seen bit was cleared."""
    merging, seen = s.migration.at == Phase.SYNC_MERGE, s.log.seen.has(block)
    merged = implies(merging & seen, s.log.own.has(block)) & implies(~merging & seen, s.log.bitmap.has(block))
    merged = merged & implies(~merging & seen, s.log.owed.has(block))
    leaving = ~(s.migration.send_step == Sending.NOTHING) & (s.migration.sending == block)
    if clears_in_two_steps(s.world):
        leaving = leaving | (s.device.clearing == block)
    return merged & implies(leaving, ~seen)


@lemma(lambda w: manual(w) and w.device.eager_clear)
def nothing_is_owed(s: State, block: Term) -> Term:
    """Eager clear: outside a sync nothing is seen and uncleared, so every page is armed when an id is published."""
    merging, clearing = s.migration.at == Phase.SYNC_MERGE, s.migration.at == Phase.SYNC_CLEAR
    return implies(~merging & ~clearing, ~s.log.seen.has(block)) & implies(~clearing, ~s.log.owed.has(block))


@lemma(clears_in_two_steps, leans_on="hinting_only_in_round last_stage_is_stopped")
def half_a_hint(s: State) -> Term:
    """Between the two steps of a hint it is still the oldest entry, hinting is on and the VM runs.

    The loop runs, too, and it has bitmap_mutex.
    """
    queue = s.ring.queue
    same = (queue.head("kind") == Entry.HINT) & (queue.head("block") == s.device.clearing)
    on = (s.device.status == Status.S_START) & (s.migration.at == Phase.ROUND) & s.vm.running
    works = s.device.awake & mutex_is_free(s)
    return implies(~(s.device.clearing == NO_BLOCK), ~(queue.waiting == 0) & same & on & works)


# -- what a hint may drop ----------------------------------------------------------------------


@lemma(skipping, leans_on="hints_are_off")
def hinting_only_in_round(s: State) -> Term:
    """Hinting is requested or on only between a sync and the next, with a driver that is there."""
    between = one_of(s.migration.at, Phase.ROUND, Phase.SYNC_STOP)
    return implies(hinting_on(s), between & s.device.negotiated)


@lemma(by_age, leans_on="hinting_only_in_round hot_is_logged nothing_is_owed")
def write_since_issue(s: State, block: Term) -> Term:
    """Data written since the id was issued is remembered further up the log until the next sync reads it."""
    fresh = s.ghost.written.has(block) & hinting_on(s)
    return implies(fresh, remembered_elsewhere(s, block))


@lemma(by_age, leans_on="block_conserved data_is_used hinting_only_in_round hints_are_off slots_are_known")
def hint_of_now_is_fresh(s: State, slot: Term) -> Term:
    """A hint under the current id: if its block has data that the destination lacks, it was written since."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.cmd_id)
    missing = matters(s, block) & s.ghost.stale.has(block) & hinting_on(s)
    return implies(now & missing, s.ghost.written.has(block))


@lemma(late_hints_only, leans_on="block_conserved data_is_used hinting_only_in_round slots_are_known")
def late_hint_is_remembered(s: State, slot: Term) -> Term:
    """A hint under the current id, posted after its chunk was cleared: what was written since is remembered."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.cmd_id) & hinting_on(s)
    late = ~s.ring.queue.at(slot, "early") & ~s.log.owed.has(block)
    missing = matters(s, block) & s.ghost.stale.has(block)
    return implies(now & late & missing, remembered_elsewhere(s, block))


@lemma(late_hints_only, leans_on="sending_is_in_step")
def taken_bit_is_clear(s: State) -> Term:
    """Once the bit of the block being sent was taken, it stays clear until the block was read."""
    return implies(s.migration.send_step == Sending.TAKEN, ~s.log.bitmap.has(s.migration.sending))


@lemma(late_hints_only, leans_on="hinting_only_in_round taken_bit_is_clear")
def unsent_write_is_missing(s: State, block: Term) -> Term:
    """What was written since the id was issued and is still to be sent, the destination lacks."""
    unsent = s.ghost.written.has(block) & s.log.bitmap.has(block)
    return implies(hinting_on(s) & unsent, s.ghost.stale.has(block))


@lemma(
    lambda w: discarding(w) and w.device.checks_writes and not waits_for_each(w),
    leans_on="block_conserved data_is_used slots_are_known",
)
def hint_of_now_is_noted(s: State, slot: Term) -> Term:
    """A hint under the id that is shown: if its block has data, the device knows that it was written since."""
    block = s.ring.queue.at(slot, "block")
    now = is_hint(s, slot) & (posted_under(s, slot) == s.device.shown) & is_issued(s.device.shown)
    return implies(now & s.ghost.data.has(block), s.device.written.has(block))


@lemma(waits_for_each)
def hinted_block_is_in_hand(s: State, slot: Term) -> Term:
    """A driver that waits has each hint's block in its hand until the device has used the hint."""
    waiting = one_of(s.driver.at, Worker.KICK_PAGE, Worker.WAIT_PAGE)
    return implies(is_hint(s, slot), waiting & (s.ring.queue.at(slot, "block") == s.driver.in_hand))
