"""Giving hinted blocks back: on DONE, and when the guest is short of memory, by the shrinker of Linux 5.7 and later."""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import EMPTY, NO_BLOCK, Term, choose, empty_list, just
from hintspec.protocol.memory import become_free
from hintspec.protocol.promises import OFF_ONCE_LEAVING
from hintspec.protocol.rules import Reclaim
from hintspec.protocol.state import DRIVER, Binding, State
from hintspec.protocol.worlds import hinting, keeps_order


def require_bound(s: State) -> None:
    """Interrupt and shrinker are there between probe and remove or freeze, and at no other time."""
    require(s.driver.binding == Binding.BOUND)
    promise(OFF_ONCE_LEAVING, s.driver.binding == Binding.BOUND)


def give_back(s: State, blocks: Term) -> None:
    """return_free_pages_to_mm(): all of free_page_list, or nothing, becomes free again."""
    s.driver.held = s.driver.held - blocks
    if keeps_order(s.world):
        s.driver.order = choose(blocks == EMPTY, s.driver.order, empty_list())
    become_free(s, blocks)


@action(
    by=DRIVER,
    step="SHR",
    where="virtio_balloon.c: virtio_balloon_shrinker_scan, return_free_pages_to_mm",
    when=keeps_order,
)
def shrink_newest(s: State) -> None:
    """The shrinker gives back the block hinted last: the one least likely to have been popped."""
    newest = s.driver.order.top
    require_bound(s)
    require(~(newest == NO_BLOCK))
    s.driver.held = s.driver.held - just(newest)
    s.driver.order = s.driver.order.pop()
    become_free(s, just(newest))


@action(
    by=DRIVER,
    step="SHR",
    where="virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7",
    when=lambda w: hinting(w) and w.driver.reclaim == Reclaim.SHRINKER and not keeps_order(w),
)
def shrink_any(s: State, block: Term) -> None:
    """The shrinker gives back some hinted block (more than the real order allows)."""
    require_bound(s)
    require(s.driver.held.has(block))
    give_back(s, just(block))
