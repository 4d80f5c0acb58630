"""The guest's memory: applications allocate, write and free; every store leaves its mark in the dirty log.

Free blocks have content too: with page poisoning or init_on_free the guest fills a block as it becomes
free, and expects to find that filling later.
"""

from __future__ import annotations

from hintspec.language.declare import action, promise, require
from hintspec.language.terms import EMPTY, Term, choose, just
from hintspec.protocol.dirty_log import migration_runs
from hintspec.protocol.historic import require_landed
from hintspec.protocol.promises import FREED_ONCE
from hintspec.protocol.rules import Fill, Job, LogMode
from hintspec.protocol.state import APPLICATION, HYPERVISOR, State
from hintspec.protocol.worlds import copies_ram, unlogged


def store(s: State, blocks: Term) -> None:
    """The CPU stores into ``blocks``: content changes, and the dirty log notices if they are armed.

    KVM: the kernel's bit is set (a block whose bit is set already is not armed, and nothing more
    happens). TCG: the slow path marks QEMU's own log, and only through a TLB entry that is not hot.
    A background snapshot logs nothing: the first store into a block waits until the block was saved.
    Source: KVM mark_page_dirty_in_slot(), QEMU notdirty_write().
    """
    w = s.world
    if not w.migrates:
        s.ghost.wiped = s.ghost.wiped - blocks
        if w.device.checks_writes:
            s.device.written = s.device.written | blocks
    elif w.job == Job.SNAPSHOT:
        saved = choose(migration_runs(s), blocks, EMPTY) & (s.log.bitmap | just(s.migration.sending))
        s.ghost.stale = s.ghost.stale - saved
        s.log.bitmap = s.log.bitmap - saved
    else:
        store_lands(s, blocks)
        store_is_marked(s, blocks)


def store_lands(s: State, blocks: Term) -> None:
    """The content of ``blocks`` changes."""
    changed = choose(migration_runs(s), blocks, EMPTY)
    s.ghost.stale = s.ghost.stale | changed
    if s.world.hinting:
        s.ghost.written = s.ghost.written | changed


def store_is_marked(s: State, blocks: Term) -> None:
    """The dirty log notices a store into ``blocks``."""
    w = s.world
    marked = choose(migration_runs(s), blocks, EMPTY)
    if w.log.mode == LogMode.TCG:
        s.log.own = s.log.own | (marked - s.log.hot)
        s.log.hot = s.log.hot | marked
    elif unlogged(w):
        s.log.kernel = s.log.kernel | (marked - s.log.hot)
    else:
        s.log.kernel = s.log.kernel | marked


def become_free(s: State, blocks: Term) -> None:
    """Free ``blocks``; where free pages have content (poison, init_on_free), it is written now.

    Source: free_pages_prepare() with kernel_poison_pages() or clear_highpages_kasan_tagged().
    """
    promise(FREED_ONCE, (blocks & s.memory.free) == EMPTY)
    s.memory.free = s.memory.free | blocks
    if s.world.guest.fill != Fill.NOTHING:
        store(s, blocks)


@action(by=APPLICATION, step="A1", where="mm/page_alloc.c: get_page_from_freelist, post_alloc_hook")
def allocate(s: State, block: Term) -> None:
    """An application gets a free block. With init_on_free it may rely on the zeros it finds there."""
    require(s.memory.free.has(block))
    s.memory.free = s.memory.free - just(block)
    s.memory.used = s.memory.used | just(block)
    if s.world.guest.init_on_alloc:
        store(s, just(block))
    if s.world.guest.init_on_alloc or s.world.guest.fill == Fill.ZERO:
        s.ghost.data = s.ghost.data | just(block)


@action(by=APPLICATION, step="A2", where="a store by a virtual CPU", when=lambda w: w.log.store_is_atomic)
def write(s: State, block: Term) -> None:
    """An application writes into a block of its own, and relies on it from now on."""
    require(s.memory.used.has(block))
    s.ghost.data = s.ghost.data | just(block)
    store(s, just(block))


@action(by=APPLICATION, step="A3", where="mm/page_alloc.c: free_unref_page, __free_pages_ok")
def free(s: State, block: Term) -> None:
    """An application frees a block; its content is nobody's any more."""
    require(s.memory.used.has(block))
    require_landed(s, block)
    s.memory.used = s.memory.used - just(block)
    s.ghost.data = s.ghost.data - just(block)
    become_free(s, just(block))


@action(
    by=HYPERVISOR,
    step="A4",
    where="QEMU: address_space_write, invalidate_and_set_dirty",
    when=copies_ram,
    budgets=("dma",),
)
def dma_write(s: State, block: Term) -> None:
    """The hypervisor writes into guest memory itself: marked in QEMU's own log, not in the kernel's."""
    require(s.vm.running, s.memory.used.has(block))
    s.ghost.data = s.ghost.data | just(block)
    store_lands(s, just(block))
    s.log.own = s.log.own | choose(migration_runs(s), just(block), EMPTY)
