"""Changes that do no harm: other words, other code for the same, and another behaviour that breaks no rule."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import (
    FREE,
    GIVE,
    HEAD,
    LOCK,
    LOOP,
    PUSH,
    RECEIVED,
    ROUND,
    SEND,
    START,
    STOP,
    UNLOCK,
    WORK,
    Change,
)

_DRAIN = r"\t/\* Detach all the used buffers from the vq \*/\n\twhile \(virtqueue_get_buf\(vq, &unused\)\)\n\t\t;\n"
_ONE_LOOK = r"if \(unlikely\(cmd_id_active !=\s+virtio_balloon_cmd_id_received\(vb\)\)\)"

WORDS = (
    Change(
        "comment-at-the-head",
        "say what hints are",
        ((r"(?P<head>\n \*  Copyright 2008 [^\n]*\n)", HEAD + " *\n *  Free page hints: see virtio 1.3.\n"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "white-space",
        "put a condition on one line",
        ((LOOP + r"cmd_id_active !=\s+virtio_balloon_cmd_id_received",
          HEAD + "cmd_id_active != virtio_balloon_cmd_id_received"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "other-function-name",
        "call a STOP a sign",
        (
            (r"static int send_cmd_id_stop\(", "static int send_stop_sign("),
            (ROUND + r"send_cmd_id_stop\(vb\)", HEAD + "send_stop_sign(vb)"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "other-field-name",
        "call the count of blocks hinted_blocks",
        (
            (r"unsigned long num_free_page_blocks;", "unsigned long hinted_blocks;"),
            (r"vb->num_free_page_blocks -= ", "vb->hinted_blocks -= "),
            (r"vb->num_free_page_blocks\+\+;", "vb->hinted_blocks++;"),
            (r"return vb->num_free_page_blocks \*", "return vb->hinted_blocks *"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "other-macro-name",
        "name the pages of an OOM by what they are",
        (
            (r"#define VIRTIO_BALLOON_OOM_NR_PAGES ", "#define VIRTIO_BALLOON_PAGES_PER_OOM "),
            (r"leak_balloon\(vb, VIRTIO_BALLOON_OOM_NR_PAGES\)", "leak_balloon(vb, VIRTIO_BALLOON_PAGES_PER_OOM)"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "other-message",
        "say that START did not fit",
        ((ROUND + r"Failed to send a start id, err = ", HEAD + "There is no room for a start id: "),),
        Outcome.UNCHANGED,
    ),
    Change(
        "message-of-no-run",
        "say that an id is a special one",
        ((ROUND + r"(?=\t/\* Start by sending)",
          HEAD + '\tif (vb->cmd_id_received_cache == 12345)\n\t\tpr_info("a special id\\\\n");\n'),),
        Outcome.UNDECIDED,  # no device shows this id
    ),
    Change(
        "message-of-a-failure",
        "say that a hint did not fit",
        ((ROUND + r"Failed to send a free page, err = ", HEAD + "There is no room for a free page: "),),
        Outcome.UNCHANGED,
    ),
    Change(
        "debug-message",
        "say where a round begins",
        ((ROUND + r"(?=\t/\* Start by sending)", HEAD + '\tpr_debug("a round begins\\\\n");\n'),),
        Outcome.UNCHANGED,
    ),
)  # fmt: skip

CODE = (
    Change(
        "other-order-of-fields",
        "put the lock before its list",
        ((r"(?P<list>\tstruct list_head free_page_list;\n)(?P<lock>\tspinlock_t free_page_list_lock;\n)",
          r"\g<lock>\g<list>"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "helper-split-off",
        "take used buffers back in a function of its own",
        (
            (START + r"int err, unused;\n(?P<space>\n)" + _DRAIN, HEAD + r"int err;\n\g<space>\tdetach_used(vq);\n"),
            (STOP + r"int err, unused;\n(?P<space>\n)" + _DRAIN, HEAD + r"int err;\n\g<space>\tdetach_used(vq);\n"),
            (r"(?=static int send_cmd_id_start\()",
             "static void detach_used(struct virtqueue *vq)\n{\n\tint unused;\n\n"
             "\twhile (virtqueue_get_buf(vq, &unused))\n\t\t;\n}\n\n"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "for-instead-of-while",
        "write an endless loop as for",
        ((LOOP + r"while \(1\)", HEAD + "for (;;)"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "goto-instead-of-return",
        "leave by one way where no block is left",
        ((SEND + r"return -EINTR;(?P<rest>.*?\n\treturn 0;\n)\}",
          HEAD + "goto none;\\g<rest>\nnone:\n\treturn -EINTR;\n}"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "switch-instead-of-ifs",
        "tell the ids apart by a switch",
        ((WORK + r"if \(cmd_id_received == VIRTIO_BALLOON_CMD_ID_DONE\) \{.*?\n\t\}\n(?=\})",
          HEAD + "switch (cmd_id_received) {\n\tcase VIRTIO_BALLOON_CMD_ID_DONE:\n"
          "\t\treturn_free_pages_to_mm(vb, ULONG_MAX);\n\t\tbreak;\n\tcase VIRTIO_BALLOON_CMD_ID_STOP:\n\t\tbreak;\n"
          "\tdefault:\n\t\tif (cmd_id_received != virtio32_to_cpu(vb->vdev, vb->cmd_id_active))\n"
          "\t\t\tvirtio_balloon_report_free_page(vb);\n\t}\n"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "accessed-once",
        "mark the accesses to the id that interrupts change",
        (
            (RECEIVED + r"\t\t/\* Legacy.*?&vb->cmd_id_received_cache\);\n",
             HEAD + "\t\tu32 id;\n\n"
             "\t\tvirtio_cread_le(vb->vdev, struct virtio_balloon_config,\n\t\t\t\tfree_page_hint_cmd_id, &id);\n"
             "\t\tWRITE_ONCE(vb->cmd_id_received_cache, id);\n"),
            (RECEIVED + r"return vb->cmd_id_received_cache;", HEAD + "return READ_ONCE(vb->cmd_id_received_cache);"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "lock-by-a-guard",
        "release the lock of the list at the end of its scope",
        ((SEND + LOCK + rf"(?P<list>\n\t\t{PUSH}\n[^\n]*;\n)\t\t{UNLOCK}\n",
          HEAD + r"guard(spinlock_irq)(&vb->free_page_list_lock);\g<list>"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "lock-asserted",
        "say that the lock is held",
        ((SEND + r"(?=\t\tvb->num_free_page_blocks\+\+;)",
          HEAD + "\t\tlockdep_assert_held(&vb->free_page_list_lock);\n"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "wider-variable",
        "hold the id in 64 bits",
        ((WORK + r"\bu32 cmd_id_received;", HEAD + "u64 cmd_id_received;"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "counts-its-rounds",
        "count the rounds",
        (
            (r"(?P<head>\tunsigned long num_free_page_blocks;\n)", HEAD + "\tunsigned long num_rounds;\n"),
            (ROUND + r"(?=\t/\* Start by sending)", HEAD + "\tvb->num_rounds++;\n"),
        ),
        Outcome.UNCHANGED,
    ),
    Change(
        "little-endian-by-name",
        "store the id as a modern device reads it",
        ((START + r"cpu_to_virtio32\(vb->vdev,\s+virtio_balloon_cmd_id_received\(vb\)\)",
          HEAD + "cpu_to_le32(virtio_balloon_cmd_id_received(vb))"),),
        Outcome.CHANGED,  # the call by which the comparison knows that the id is stored is not made any more
    ),
)  # fmt: skip

BEHAVIOUR = (
    Change(
        "reads-the-id-each-time",
        "read the id whether or not an interrupt told of it",
        ((RECEIVED + r"if \(test_and_clear_bit\(.*?;\n\t\}\n",
          HEAD + "clear_bit(VIRTIO_BALLOON_CONFIG_READ_CMD_ID, &vb->config_read_bitmap);\n"
          "\tvirtio_cread_le(vb->vdev, struct virtio_balloon_config, free_page_hint_cmd_id,\n"
          "\t\t\t&vb->cmd_id_received_cache);\n"),),
        Outcome.CHANGED,
    ),
    Change(
        "looks-twice",
        "look for a new id twice before a block is taken",
        ((LOOP + _ONE_LOOK,
          HEAD + "if (unlikely(cmd_id_active != virtio_balloon_cmd_id_received(vb) ||\n"
          "\t\t\t     cmd_id_active != virtio_balloon_cmd_id_received(vb)))"),),
        Outcome.CHANGED,
    ),
    Change(
        "smaller-blocks",
        "hint blocks of half the size",
        ((r"(?P<head>#define VIRTIO_BALLOON_(?:HINT_BLOCK|FREE_PAGE)_ORDER )[^\n]*", HEAD + "9"),),
        Outcome.CHANGED,
    ),
    Change(
        "one-block-a-round",
        "end a round after one block",
        ((LOOP + r"(?P<last>\t\telse if \(unlikely\(err\)\)\n\t\t\treturn err;\n)", HEAD + "\\g<last>\t\tbreak;\n"),),
        Outcome.CHANGED,
    ),
    Change(
        "listed-last",
        "put a block at the end of the list",
        ((SEND + PUSH, HEAD + "list_add_tail(&page->lru, &vb->free_page_list);"),),
        Outcome.CHANGED,
    ),
    Change(
        "freed-outside-the-lock",
        "take blocks off the list under its lock, and free them with interrupts on",
        ((GIVE + r"(?P<declared>struct page \*page[^;]*;)", HEAD + r"\g<declared>" "\n\tLIST_HEAD(pages);"),
         (GIVE + FREE, HEAD + "list_add(&page->lru, &pages);"),
         (GIVE + UNLOCK,
          HEAD + "spin_unlock_irq(&vb->free_page_list_lock);\n\n"
          "\twhile ((page = list_first_entry_or_null(&pages, struct page, lru))) {\n\t\tlist_del(&page->lru);\n"
          "\t\t__free_pages(page, VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n\t}")),
        Outcome.CHANGED,
    ),
    Change(
        "oldest-first",
        "give the oldest block back first",
        (
            (GIVE + r"struct page \*page(?:, \*next)?;", HEAD + "struct page *page;"),
            (GIVE + rf"(?P<lock>{LOCK}\n).*?(?=\tvb->num_free_page_blocks -= )",
             HEAD + "\\g<lock>\tnum_returned = 0;\n"
             "\twhile (num_returned < num_to_return && !list_empty(&vb->free_page_list)) {\n"
             "\t\tpage = list_last_entry(&vb->free_page_list, struct page, lru);\n\t\tlist_del(&page->lru);\n"
             "\t\t__free_pages(page, VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n\t\tnum_returned++;\n\t}\n"),
        ),
        Outcome.CHANGED,
    ),
)  # fmt: skip

SOUND_CHANGES = (*WORDS, *CODE, *BEHAVIOUR)
