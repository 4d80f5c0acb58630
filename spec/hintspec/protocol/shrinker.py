"""Giving hinted blocks back: on DONE, and when the guest is short of memory, by shrinker or OOM notifier."""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import EMPTY, NO_BLOCK, Term, choose, empty_list, just
from hintspec.protocol.memory import become_free
from hintspec.protocol.promises import OFF_ONCE_LEAVING
from hintspec.protocol.rules import Order, Reclaim, World
from hintspec.protocol.state import DRIVER, Binding, State

S = State


def keeps_order(w: World) -> bool:
    """Whether the order of free_page_list matters in this world."""
    return w.driver.order == Order.NEWEST_FIRST and w.driver.reclaim == Reclaim.SHRINKER


def give_back(s: S, blocks: Term) -> None:
    """return_free_pages_to_mm(): all of free_page_list, or nothing, becomes free again."""
    s.driver.held = s.driver.held - blocks
    if keeps_order(s.world):
        s.driver.order = choose(blocks == EMPTY, s.driver.order, empty_list())
    become_free(s, blocks)


@action(
    by=DRIVER,
    step="SHR",
    where="virtio_balloon.c: virtio_balloon_shrinker_scan, return_free_pages_to_mm",
    when=lambda w: w.hinting and w.driver.reclaim == Reclaim.SHRINKER and keeps_order(w),
)
def shrink_newest(s: S) -> None:
    """The shrinker gives back the block hinted last: the one least likely to have been popped."""
    newest = s.driver.order.top
    require(s.driver.binding == Binding.BOUND, ~(newest == NO_BLOCK))
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    s.driver.held = s.driver.held - just(newest)
    s.driver.order = s.driver.order.pop()
    become_free(s, just(newest))


@action(
    by=DRIVER,
    step="SHR",
    where="virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7",
    when=lambda w: w.hinting and w.driver.reclaim == Reclaim.SHRINKER and not keeps_order(w),
)
def shrink_any(s: S, block: Term) -> None:
    """The shrinker gives back some hinted block (more than the real order allows)."""
    require(s.driver.binding == Binding.BOUND, s.driver.held.has(block))
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    s.driver.held = s.driver.held - just(block)
    become_free(s, just(block))


@action(
    by=DRIVER,
    step="SHR",
    where="v36 virtio_balloon.c: virtio_balloon_shrinker_scan",
    when=lambda w: w.hinting and w.driver.reclaim == Reclaim.SHRINKER_ALL,
)
def shrink_all(s: S) -> None:
    """The shrinker as posted in v36: one scan gives all hinted blocks back."""
    require(s.driver.binding == Binding.BOUND, ~(s.driver.held == EMPTY))
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    give_back(s, s.driver.held)


@action(
    by=DRIVER,
    step="OOM",
    where="virtio_balloon.c before v36: virtballoon_oom_notify",
    when=lambda w: w.hinting and w.driver.reclaim == Reclaim.OOM_NOTIFIER,
)
def out_of_memory(s: S) -> None:
    """No block is free any more: the OOM notifier gives all hinted blocks back.

    From 5.7 on the notifier is there again but leaves hinted blocks to the shrinker.
    """
    require(s.driver.binding == Binding.BOUND, s.memory.free == EMPTY, ~(s.driver.held == EMPTY))
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)
    give_back(s, s.driver.held)
