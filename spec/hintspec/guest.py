"""The guest's memory: applications allocate, write and free; every store leaves its mark in the dirty log.

Free blocks have content too: with page poisoning or init_on_free the guest fills a block as it becomes
free, and expects to find that filling later.
"""

from __future__ import annotations

from hintspec.claims import FREED_ONCE
from hintspec.dirtylog import migration_runs
from hintspec.rules import Fill, LogMode, World, migrating
from hintspec.sorts import EMPTY, Term, choose, just
from hintspec.state import APPLICATION, HYPERVISOR
from hintspec.text import StateView, action, promise, require

S = StateView[World]


def store(s: S, blocks: Term) -> None:
    """The CPU stores into ``blocks``: content changes, and the dirty log notices if they are armed.

    KVM: the kernel's bit is set (a block whose bit is set already is not armed, and nothing more
    happens). TCG: the slow path marks QEMU's own log, and only through a TLB entry that is not hot.
    Source: host.md 1.2 and 3.3; KVM mark_page_dirty_in_slot(), QEMU notdirty_write().
    """
    w = s.world
    if not w.migrates:
        s.ghost.wiped = s.ghost.wiped - blocks
        if w.device.checks_writes:
            s.device.written = s.device.written | blocks
        return
    logged = choose(migration_runs(s), blocks, EMPTY)
    s.ghost.stale = s.ghost.stale | logged
    if w.hinting:
        s.ghost.written = s.ghost.written | logged
    if w.log.mode == LogMode.TCG:
        s.log.own = s.log.own | (logged - s.log.hot)
        s.log.hot = s.log.hot | logged
    else:
        s.log.kernel = s.log.kernel | logged


def become_free(s: S, blocks: Term) -> None:
    """Free ``blocks``; where free pages have content (poison, init_on_free), it is written now.

    Source: free_pages_prepare() with kernel_poison_pages() or clear_highpages_kasan_tagged().
    """
    promise(FREED_ONCE, (blocks & s.memory.free) == EMPTY)
    s.memory.free = s.memory.free | blocks
    if s.world.guest.fill != Fill.NOTHING:
        store(s, blocks)


@action(by=APPLICATION, step="A1", where="mm/page_alloc.c: get_page_from_freelist, post_alloc_hook")
def allocate(s: S, block: Term) -> None:
    """An application gets a free block. With init_on_free it may rely on the zeros it finds there."""
    require(s.memory.free.has(block))
    s.memory.free = s.memory.free - just(block)
    s.memory.used = s.memory.used | just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))
    if s.world.guest.init_on_alloc or s.world.guest.fill == Fill.ZERO:
        s.ghost.data = s.ghost.data | just(block)


@action(by=APPLICATION, step="A2", where="a store by a virtual CPU")
def write(s: S, block: Term) -> None:
    """An application writes into a block of its own, and relies on it from now on."""
    require(s.memory.used.has(block))
    s.ghost.data = s.ghost.data | just(block)
    store(s, just(block))


@action(by=APPLICATION, step="A3", where="mm/page_alloc.c: free_unref_page, __free_pages_ok")
def free(s: S, block: Term) -> None:
    """An application frees a block; its content is nobody's any more."""
    require(s.memory.used.has(block))
    s.memory.used = s.memory.used - just(block)
    s.ghost.data = s.ghost.data - just(block)
    become_free(s, just(block))


@action(
    by=HYPERVISOR,
    step="A4",
    where="QEMU: address_space_write, invalidate_and_set_dirty",
    when=migrating,
    budgets=("dma",),
)
def dma_write(s: S, block: Term) -> None:
    """The hypervisor writes into guest memory itself: marked in QEMU's own log, not in the kernel's."""
    require(s.vm.running, s.memory.used.has(block))
    logged = choose(migration_runs(s), just(block), EMPTY)
    s.ghost.data = s.ghost.data | just(block)
    s.ghost.stale = s.ghost.stale | logged
    if s.world.hinting:
        s.ghost.written = s.ghost.written | logged
    s.log.own = s.log.own | logged
