"""Changes of the real driver: repairs, faults, and harmless ones. Each is some patterns with their replacements.

EVERY has those of the modules beside this one, too.
"""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import GIVE, HEAD, LOCK, LOOP, PUSH, SEND, SOUND, STALE_ID, START, UNLOCK, WORK, Change
from tests.checker.gate.changes_features import FEATURES
from tests.checker.gate.changes_lifecycle import LIFECYCLE_FAULTS
from tests.checker.gate.changes_memory import MEMORY_FAULTS
from tests.checker.gate.changes_repairs import MORE_REPAIRS
from tests.checker.gate.changes_rounds import ROUND_FAULTS
from tests.checker.gate.changes_sound import SOUND_CHANGES

__all__ = ["EVERY", "FAULTS", "FORGETS", "HARMLESS", "REPAIRS", "STALE_ID", "Change"]


REPAIRS = (
    Change(
        "waits-for-the-last-round",
        "begin a round when the device has used all of the last one",
        (
            (START + r"(?=\tvb->cmd_id_active = )",
             HEAD + "\tif (vq->num_free < virtqueue_get_vring_size(vq))\n\t\treturn -EBUSY;\n\n"),
            (r"(?P<head>static void virtio_balloon_report_free_page\(.*?send_cmd_id_start\(vb\);)",
             HEAD + "\n\tif (err == -EBUSY)\n\t\treturn;"),
        ),
        Outcome.REFUTED,  # it mends, and it forgets the id that it did not begin a round for
        falls=("news_is_acted_upon",),
        mends=STALE_ID,
    ),
    Change(
        "cell-per-round",
        "give each START a cell of its own",
        (
            (r"(?P<head>\t__virtio32 cmd_id_active;\n)",
             HEAD + "\t__virtio32 cells[64];\n\tunsigned int next_cell;\n"),
            (START + r"sg_init_one\(&sg, &vb->cmd_id_active, sizeof\(vb->cmd_id_active\)\);",
             HEAD + "vb->cells[++vb->next_cell % 64] = vb->cmd_id_active;\n"
             "\tsg_init_one(&sg, &vb->cells[vb->next_cell % 64], sizeof(vb->cells[0]));"),
        ),
        Outcome.CHANGED,
        mends=STALE_ID,
    ),
    Change(
        "reads-the-id-once",
        "send the id that was checked",
        ((START + r"virtio_balloon_cmd_id_received\(vb\)", HEAD + "vb->cmd_id_received_cache"),),
        Outcome.CHANGED,
        mends=("hint_in_batch",),
    ),
)  # fmt: skip

FAULTS = (
    Change(
        "keeps-blocks-on-done",
        "do not give blocks back on DONE",
        ((WORK + r"return_free_pages_to_mm\(vb, ULONG_MAX\);", HEAD + ";"),),
        Outcome.REFUTED,
        falls=("blocks_come_back",),
    ),
    Change(
        "never-looks-for-a-new-id",
        "go on with a round whatever the host says",
        ((LOOP + r"if \(unlikely\(cmd_id_active !=\s+virtio_balloon_cmd_id_received\(vb\)\)\)\s+break;", HEAD),),
        Outcome.REFUTED,
        falls=("hinting_ceases",),
    ),
    Change(
        "no-stop",
        "do not say where a round ends",
        ((r"(?P<head>static void virtio_balloon_report_free_page\(.*?)err = send_cmd_id_stop\(vb\);",
          HEAD + "err = 0;"),),
        Outcome.REFUTED,
        falls=("stop_is_sent",),
    ),
    Change(
        "no-entry-kept-for-stop",
        "use the last entry of the ring for a hint",
        ((SEND + r"vq->num_free > 1\)", HEAD + "vq->num_free > 0)"),),
        Outcome.REFUTED,
        falls=("room_for_stop",),
    ),
    Change(
        "released-when-posted",
        "give blocks back as soon as all are posted",
        ((r"(?P<head>static void virtio_balloon_report_free_page\(.*?)(?=\terr = send_cmd_id_stop)",
          HEAD + "\treturn_free_pages_to_mm(vb, ULONG_MAX);\n"),),
        Outcome.REFUTED,
        falls=("kept_till_done",),
    ),
    Change(
        "list-without-its-lock",
        "take no lock for the list of blocks",
        ((SEND + LOCK + r"(?P<rest>.*?)" + UNLOCK,
          HEAD + r"\g<rest>"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "lock-kept",
        "leave with the lock held",
        ((GIVE + r"spin_unlock_irq\(&vb->free_page_list_lock\);", HEAD),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "freed-twice",
        "free a block that the list still has",
        ((SEND + r"(?=vb->num_free_page_blocks\+\+)",
          HEAD + "free_pages((unsigned long)p, VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n\t\t"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "forgotten-by-the-list",
        "do not remember a block that was hinted",
        ((SEND + PUSH, HEAD),),
        Outcome.REFUTED,
        falls=("blocks_come_back",),
    ),
    Change(
        "count-not-taken-down",
        "leave the count as it is when blocks are given back",
        ((GIVE + r"vb->num_free_page_blocks -= num_returned;", HEAD),),
        Outcome.REFUTED,
        falls=("reclaim_is_counted",),
    ),
    Change(
        "used-buffers-stay",
        "take no used buffers back while blocks are posted",
        ((SEND + r"while \(virtqueue_get_buf\(vq, &unused\)\)\s+;", HEAD + "unused = 0;"),),
        Outcome.REFUTED,  # a full ring stays full, the worker goes round, and rmmod waits for it
        falls=("code_is_sound",),
    ),
    Change(
        "kept-on-remove",
        "keep hinted blocks when the driver leaves",
        ((r"(?P<head>static void remove_common\(.*?)return_free_pages_to_mm\(vb, ULONG_MAX\);", HEAD + ";"),),
        Outcome.REFUTED,
        falls=("blocks_come_back",),
    ),
    Change(
        "work-not-cancelled",
        "do not wait for the work when the driver leaves",
        (
            (r"cancel_work_sync\(&vb->report_free_page_work\);", ";"),
            (r"(?P<head>static void virtballoon_remove\(.*?)destroy_workqueue\(vb->balloon_wq\);", HEAD + ";"),
        ),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "listed-before-posted",
        "let the shrinker have a block before the device was told",
        ((SEND + r"(?P<post>err = virtqueue_add_inbuf\(.*?virtqueue_kick\(vq\);\n)"
          r"(?P<list>\t\t" + LOCK + ".*?" + UNLOCK + r"\n)",
          HEAD + r"\n\g<list>\t\t\g<post>"),),
        Outcome.REFUTED,
        falls=("hints_its_own", "no_lost_write"),
    ),
)  # fmt: skip

HARMLESS = (
    Change(
        "other-words",
        "say it otherwise",
        ((START + r"/\* Detach all the used buffers from the vq \*/", HEAD + "/* Take back what was used */"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "other-order-of-lines",
        "set a pointer earlier",
        ((SEND + r"\tp = page_address\(page\);\n\tsg_init_one\(&sg, p, (?P<size>\w+)\);",
          HEAD + "\tp = page_address(page);\n\terr = 0;\n\tsg_init_one(&sg, p, \\g<size>);"),),
        Outcome.UNCHANGED,
    ),
)  # fmt: skip

#: The repair of finding N7. It takes a suspend between two rounds to tell it, which not every gate looks at.
FORGETS = Change(
    "forgets-the-id",
    "forget the id that was read before a suspend",
    ((r"(?=ret = init_vqs\(vdev->priv\);)", "vb->cmd_id_received_cache = VIRTIO_BALLOON_CMD_ID_STOP;\n\t"),),
    Outcome.CHANGED,
    mends=("blocks_come_back",),
)

EVERY = (
    *(*REPAIRS, *FAULTS, *HARMLESS),
    *(*MORE_REPAIRS, *ROUND_FAULTS, *MEMORY_FAULTS, *LIFECYCLE_FAULTS, *SOUND_CHANGES),
    *FEATURES,
)
