"""Faults with memory and locks: hinted blocks, their list, reclaim, the classic balloon."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import FREE, GIVE, HEAD, LOCK, PUSH, SEND, SOUND, UNLOCK, Change, inside

_FILL = inside("fill_balloon")
_WAIT, _NO_WAIT = r"wait_event\(vb->acked, (?P<got>virtqueue_get_buf\([^;]*\))\);", HEAD + r"\g<got>;"
_LEAK = inside("leak_balloon")

BLOCKS = (
    Change(
        "kept-where-no-room",
        "keep a block that the ring has no room for",
        ((SEND + r"(?P<else>\} else \{\n.*?\*/\n\t\t)(?:free_pages|__free_pages)\([^;]*;", HEAD + r"\g<else>;"),),
        Outcome.REFUTED,
        falls=("blocks_come_back",),
    ),
    Change(
        "kept-where-a-hint-fails",
        "keep a block that can't be added",
        ((SEND + r"(?P<if>if \(unlikely\(err\)\) \{\n)\s+(?:free_pages|__free_pages)\([^;]*;", HEAD + r"\g<if>"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "freed-before-posted",
        "give a block back before it is hinted",
        ((SEND + r"(?=\t\terr = virtqueue_add_inbuf)",
          HEAD + "\t\t__free_pages(page, VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n"),),
        Outcome.REFUTED,
        falls=("hints_its_own", *SOUND),
    ),
    Change(
        "freed-with-another-order",
        "give blocks back as small pages",
        ((GIVE + FREE, HEAD + "__free_pages(page, 0);"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "freed-twice-on-done",
        "free each block twice when all are given back",
        ((GIVE + rf"(?P<free>{FREE})",
          HEAD + r"\g<free>" "\n\t\tif (num_to_return == ULONG_MAX)\n"
          "\t\t\t__free_pages(page, VIRTIO_BALLOON_HINT_BLOCK_ORDER);"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "shrinker-counts-zero",
        "count no page for reclaim",
        ((inside("virtio_balloon_shrinker_count") + r"return vb->num_free_page_blocks \* \w+;", HEAD + "return 0;"),),
        Outcome.REFUTED,
        falls=("reclaim_is_counted",),
    ),
    Change(
        "shrinker-frees-nothing",
        "free no page in reclaim",
        ((inside("virtio_balloon_shrinker_scan") + r"return shrink_free_pages\(vb, sc->nr_to_scan\);",
          HEAD + "return 0;"),),
        Outcome.REFUTED,
        falls=("reclaim_frees",),
    ),
)  # fmt: skip

LOCKS = (
    Change(
        "list-lock-taken-twice",
        "take the lock of the list twice",
        ((GIVE + rf"(?P<lock>{LOCK})", HEAD + r"\g<lock>" "\n\t" r"\g<lock>"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "sleeps-under-the-list-lock",
        "sleep before blocks are given back",
        ((GIVE + LOCK, HEAD + "spin_lock_irq(&vb->free_page_list_lock);\n\tmsleep(1);"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "lock-kept-on-one-way",
        "return at once where no block was given back",
        ((GIVE + r"(?=\tvb->num_free_page_blocks -= )", HEAD + "\tif (!num_returned)\n\t\treturn 0;\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "counted-outside-the-lock",
        "count a block once the lock is released",
        ((SEND + rf"\t\tvb->num_free_page_blocks\+\+;\n(?P<unlock>\t\t{UNLOCK}\n)",
          HEAD + "\\g<unlock>\t\tvb->num_free_page_blocks++;\n"),),
        Outcome.REFUTED,  # two threads may count at once
        falls=SOUND,
    ),
    Change(
        "listed-outside-the-lock",
        "put a block on the list before the lock is taken",
        ((SEND + rf"(?P<lock>\t\t{LOCK}\n)(?P<push>\t\t{PUSH}\n)", HEAD + r"\g<push>\g<lock>"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
)  # fmt: skip

BALLOON = (
    Change(
        "inflate-loses-a-page",
        "forget a page of each batch",
        ((_FILL + r"mutex_lock\(&vb->balloon_lock\);\n",
          HEAD + "if (!list_empty(&pages))\n\t\tlist_del(pages.next);\n\tmutex_lock(&vb->balloon_lock);\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "inflates-without-its-mutex",
        "inflate without the mutex that deflation has",
        ((_FILL + r"\tmutex_lock\(&vb->balloon_lock\);\n", HEAD),
         (_FILL + r"\tmutex_unlock\(&vb->balloon_lock\);\n", HEAD)),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "deflate-keeps-the-mutex",
        "leave with the mutex held",
        ((_LEAK + r"\tmutex_unlock\(&vb->balloon_lock\);\n", HEAD),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "deflate-waits-with-interrupts-off",
        "tell the host with interrupts off",
        ((_LEAK + r"(?P<told>if \(vb->num_pfns != 0\))\n\t\ttell_host\(vb, vb->deflate_vq\);\n",
          HEAD + "\\g<told> {\n\t\tspin_lock_irq(&vb->stop_update_lock);\n\t\ttell_host(vb, vb->deflate_vq);\n"
          "\t\tspin_unlock_irq(&vb->stop_update_lock);\n\t}\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "released-before-the-host-is-told",
        "release pages before the host is told of them",
        ((_LEAK + r"(?P<tell>\tif \(vb->num_pfns != 0\)\n\t\ttell_host\(vb, vb->deflate_vq\);\n)"
          r"(?P<release>\trelease_pages_balloon\(vb, &pages\);\n)", HEAD + r"\g<release>\g<tell>"),),
        Outcome.REFUTED,
        falls=("inflated_is_left_alone",),
    ),
    Change(
        "host-is-told-and-not-awaited",
        "tell the host of pages and go on",
        ((inside("tell_host") + _WAIT, _NO_WAIT),),
        Outcome.REFUTED,
        falls=("deflation_is_acknowledged",),
    ),
    Change(
        "actual-not-updated-when-memory-is-short",
        "leave actual as it is when memory is short",
        ((inside("virtio_balloon_oom_notify") + r"update_balloon_size\(vb\);", HEAD + ";"),),
        Outcome.REFUTED,
        falls=("actual_is_updated",),
    ),
    Change(
        "report-not-awaited",
        "report free pages and go on",
        ((inside("virtballoon_free_page_report") + _WAIT, _NO_WAIT),),
        Outcome.REFUTED,
        falls=("report_is_acknowledged",),
    ),
    Change(
        "oom-takes-the-mutex-twice",
        "hold the mutex over the whole notifier",
        ((inside("virtio_balloon_oom_notify") + r"(?P<leak>\t\*freed \+= [^;]*;\n)",
          HEAD + "\tmutex_lock(&vb->balloon_lock);\n\\g<leak>\tmutex_unlock(&vb->balloon_lock);\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "reports-on-the-hint-queue",
        "report free pages on the queue of hints",
        ((inside("virtballoon_free_page_report") + r"vq = vb->reporting_vq;", HEAD + "vq = vb->free_page_vq;"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
)  # fmt: skip

MEMORY_FAULTS = (*BLOCKS, *LOCKS, *BALLOON)
