"""Safety of data and blocks: each property with the clause or the reason behind it; and that a block can be skipped.

The properties of single steps are in :mod:`hintspec.protocol.promises`.
"""

from __future__ import annotations

from hintspec.language.declare import ALWAYS, RECOVERABLE, SOMETIMES, Property, state_property
from hintspec.language.terms import DONE, EMPTY, NO_BLOCK, Term, implies, just
from hintspec.protocol.device import config_shows
from hintspec.protocol.promises import HINT_IN_BATCH, HINT_IN_WINDOW, HINT_SPARES_NEW_WRITES, ID_AT_MOST_ONCE
from hintspec.protocol.rules import Fill, Job, World
from hintspec.protocol.state import Binding, Phase, PoisonVal, State, Worker
from hintspec.protocol.worlds import asks_for_hints, has_poison_val, hinting, turns_to_postcopy


def poisons(w: World) -> bool:
    """Worlds in which free blocks have content that is expected to stay (and no snapshot takes it earlier)."""
    return w.guest.fill != Fill.NOTHING and w.job != Job.SNAPSHOT


@state_property(
    ALWAYS,
    "the purpose of live migration; virtio 1.3 device rule V4",
    kept_with="block_conserved data_is_used hint_of_now_is_noted hinted_block_is_in_hand ids_are_known "
    "last_stage_is_stopped nothing_left_behind only_now_in_batch seen_is_merged shown_is_now "
    "snapshot_logs_nothing write_remembered",
)
def no_lost_write(s: State, block: Term) -> Term:
    """When migration is complete, the destination has the current content of every block that matters.

    With a discarding device: no content that an application relies on is ever taken.
    Of a background snapshot: it has the content that mattered as it began.
    """
    if not s.world.migrates:
        return ~(s.ghost.data.has(block) & s.ghost.wiped.has(block))
    matters = s.ghost.then if s.world.job == Job.SNAPSHOT else s.ghost.data
    lost = matters.has(block) & s.ghost.stale.has(block)
    return implies(s.migration.at == Phase.COMPLETE, ~lost)


@state_property(
    ALWAYS,
    "postcopy: a page that the destination asks for and that is not to be sent any more never comes",
    turns_to_postcopy,
    kept_with="has_come_or_will hints_are_off",
)
def page_can_come(s: State, block: Term) -> Term:
    """Once the guest runs at the destination, every block is there, is being sent, or is still to be sent."""
    there = s.migration.arrived | s.log.bitmap | just(s.migration.sending)
    return implies(s.migration.at == Phase.POSTCOPY, there.has(block))


@state_property(
    ALWAYS,
    "mm/page_poison.c: check_poison_mem; post_alloc_hook with init_on_free",
    poisons,
    kept_with="last_stage_is_stopped nothing_left_behind write_remembered",
)
def free_content_kept(s: State, block: Term) -> Term:
    """A free block keeps, over a migration, the poison or the zeros that the guest expects in it."""
    if not s.world.migrates:
        return ~(s.memory.free.has(block) & s.ghost.wiped.has(block))
    wrong = s.memory.free.has(block) & s.ghost.stale.has(block)
    return implies(s.migration.at == Phase.COMPLETE, ~wrong)


@state_property(
    ALWAYS,
    "virtio 1.3, page poison: the driver sets poison_val before DRIVER_OK",
    lambda w: poisons(w) and has_poison_val(w),
    kept_with="poison_val_is_zero",
)
def poison_val_agrees(s: State) -> Term:
    """While the driver is there, poison_val is what the guest expects in a free page."""
    pattern = s.world.guest.fill == Fill.POISON
    expected = PoisonVal.PATTERN if pattern else PoisonVal.ZERO
    ready = (s.driver.binding == Binding.BOUND) & s.device.negotiated
    return implies(ready, s.device.poison_val == expected)


@state_property(
    ALWAYS,
    "page allocator: a page is free, allocated by one user, or in the balloon",
    kept_with="hand_is_in_step order_is_held",
)
def block_conserved(s: State, block: Term) -> Term:
    """Each block is in exactly one place: free, used, in the worker's hand, hinted and held."""
    free, used = s.memory.free, s.memory.used
    if not s.world.hinting:
        return ~(free & used).has(block) & (free | used).has(block)
    held, hand = s.driver.held, just(s.driver.in_hand)
    twice = (free & used) | (held & hand) | ((free | used) & (held | hand))
    return ~twice.has(block) & (free | used | held | hand).has(block)


def guest_at_rest(s: State) -> Term:
    """The driver has nothing to do until the device says something new."""
    idle: Term = (s.driver.at == Worker.IDLE) & ~s.driver.queued & ~s.device.interrupt
    return idle & (s.driver.binding == Binding.BOUND)


def hinting_is_over(s: State) -> Term:
    """The migration is complete, cancelled or has failed; config shows DONE."""
    over = config_shows(s) == DONE
    if s.world.migrates:
        over = over | (s.migration.at == Phase.IDLE)
    return over


def keeps_no_block(s: State) -> Term:
    """The guest has all its blocks back."""
    return (s.driver.held == EMPTY) & (s.driver.in_hand == NO_BLOCK)


@state_property(
    ALWAYS,
    "virtio 1.3 driver rule D10; QEMU dd8eeb9671fc (cancel and failure); Linux 6c22dc61c76b (remove)",
    hinting,
    kept_with="bit_has_work done_has_work gone_keeps_nothing hand_is_in_step hinting_only_in_round "
    "last_stage_shows_done news_is_on_its_way nothing_kept_unasked worker_rests_while_away",
)
def blocks_come_back(s: State, block: Term) -> Term:
    """Once hinting is over and the driver at rest, or the driver is gone, it keeps no block.

    Over: the migration is complete, cancelled or has failed; config shows DONE.
    """
    gone = s.driver.binding == Binding.ABSENT
    kept = s.driver.held.has(block) | (s.driver.in_hand == block)
    return implies((guest_at_rest(s) & hinting_is_over(s)) | gone, ~kept)


@state_property(RECOVERABLE, "a work item that never ends blocks rmmod and suspend", hinting)
def worker_can_end(s: State) -> Term:
    """Whatever happened, the worker can still come to its end."""
    return s.driver.at == Worker.IDLE


@state_property(RECOVERABLE, "virtio 1.3 driver rule D10", hinting)
def blocks_can_come_back(s: State) -> Term:
    """Whatever happened, the guest can still get all its blocks back."""
    return keeps_no_block(s)


@state_property(
    SOMETIMES, "the purpose of the feature: without it nothing is gained and all else holds in vain", asks_for_hints
)
def free_block_skipped(s: State, block: Term) -> Term:
    """A block without content of value is left out of a migration (or taken by the device)."""
    if not s.world.migrates:
        return s.ghost.wiped.has(block) & ~s.ghost.data.has(block)
    left_out = s.ghost.stale.has(block) & ~s.ghost.data.has(block)
    return (s.migration.at == Phase.COMPLETE) & left_out


PROPERTIES: tuple[Property, ...] = (
    no_lost_write,
    page_can_come,
    HINT_IN_WINDOW,
    HINT_SPARES_NEW_WRITES,
    ID_AT_MOST_ONCE,
    HINT_IN_BATCH,
    block_conserved,
    free_content_kept,
    poison_val_agrees,
    blocks_come_back,
    worker_can_end,
    blocks_can_come_back,
    free_block_skipped,
)
