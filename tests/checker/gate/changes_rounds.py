"""Faults of the protocol: ids, rounds, kicks, and when hinted blocks are given back."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import HEAD, LOOP, QUEUE, RECEIVED, ROUND, SEND, SOUND, START, STOP, WORK, Change, inside

_NEWS = ("news_is_acted_upon",)

NEWS = (
    Change(
        "bit-set-after-queueing",
        "note that config has changed once the work is queued",
        ((QUEUE + r"\t/\* No need to queue [^\n]*\n\tif \(test_and_set_bit\([^;]*\)\)\s+return;\n\n"
          r"(?P<queue>\tqueue_work\([^;]*;\n)",
          HEAD + "\\g<queue>\tset_bit(VIRTIO_BALLOON_CONFIG_READ_CMD_ID, &vb->config_read_bitmap);\n"),),
        Outcome.REFUTED,
        falls=_NEWS,
    ),
    Change(
        "pending-work-for-the-bit",
        "do nothing while the work is pending, whatever config shows",
        ((QUEUE + r"if \(test_and_set_bit\([^;]*\)\)\s+return;\n",
          HEAD + "if (work_pending(&vb->report_free_page_work))\n\t\treturn;\n\n"
          "\tset_bit(VIRTIO_BALLOON_CONFIG_READ_CMD_ID, &vb->config_read_bitmap);\n"),),
        Outcome.REFUTED,  # work is still pending as it begins to run
        falls=("blocks_come_back",),
    ),
    Change(
        "some-back-on-done",
        "give 64 blocks back on DONE",
        ((WORK + r"return_free_pages_to_mm\(vb, ULONG_MAX\)", HEAD + "return_free_pages_to_mm(vb, 64)"),),
        Outcome.REFUTED,
        falls=("every_block_comes_back",),
    ),
    Change(
        "interrupt-queues-no-work",
        "let the config interrupt queue the work of the balloon's size alone",
        ((inside("virtballoon_changed") + r"virtio_balloon_queue_free_page_work\(vb\);", HEAD + ";"),),
        Outcome.REFUTED,
        falls=_NEWS,
    ),
    Change(
        "bit-never-cleared",
        "test the bit alone when the id is read",
        ((RECEIVED + r"test_and_clear_bit\(", HEAD + "test_bit("),),
        Outcome.REFUTED,  # no work is queued while the bit is set
        falls=_NEWS,
    ),
    Change(
        "id-read-once-only",
        "read the id until there is one",
        ((RECEIVED + r"if \(test_and_clear_bit\(",
          HEAD + "if (vb->cmd_id_received_cache == VIRTIO_BALLOON_CMD_ID_STOP &&\n\t    test_and_clear_bit("),),
        Outcome.REFUTED,
        falls=_NEWS,
    ),
    Change(
        "reads-another-field",
        "read the poison value for the id",
        ((RECEIVED + r"free_page_hint_cmd_id,", HEAD + "poison_val,"),),
        Outcome.REFUTED,
        falls=_NEWS,
    ),
)  # fmt: skip

SIGNS = (
    Change(
        "start-of-eight-bytes",
        "send the id with the STOP behind it",
        ((START + r"sizeof\(vb->cmd_id_active\)", HEAD + "2 * sizeof(vb->cmd_id_active)"),),
        Outcome.REFUTED,
        falls=("out_buffer_is_an_id",),
    ),
    Change(
        "start-not-kicked",
        "leave the kick to the first hint",
        ((START + r"\tif \(!err\)\n\t\tvirtqueue_kick\(vq\);\n", HEAD),),
        Outcome.REFUTED,
        falls=("added_is_kicked",),
    ),
    Change(
        "hints-not-kicked",
        "leave the kick to STOP",
        ((SEND + r"\t\tvirtqueue_kick\(vq\);\n", HEAD),),
        Outcome.CHANGED,  # an entry is kept for STOP, so that its kick comes before the driver is at rest
    ),
    Change(
        "stop-not-kicked",
        "do not kick the device for STOP",
        ((STOP + r"\tif \(!err\)\n\t\tvirtqueue_kick\(vq\);\n", HEAD),),
        Outcome.REFUTED,
        falls=("added_is_kicked",),
    ),
    Change(
        "id-stored-after-start",
        "store the id once START is on the ring",
        ((START + r"int err, unused;\n(?P<drain>.*?)vb->cmd_id_active = (?P<post>.*?GFP_KERNEL\);\n)",
          HEAD + "int err, unused;\n\t__virtio32 id;\n\\g<drain>id = \\g<post>\tvb->cmd_id_active = id;\n"),),
        Outcome.REFUTED,
        falls=_NEWS,
    ),
    Change(
        "stop-in-the-cell-of-start",
        "need no cell for STOP",
        ((STOP + r"sg_init_one\(&sg, &vb->cmd_id_stop, sizeof\(vb->cmd_id_stop\)\);",
          HEAD + "vb->cmd_id_active = vb->cmd_id_stop;\n"
          "\tsg_init_one(&sg, &vb->cmd_id_active, sizeof(vb->cmd_id_active));"),),
        Outcome.REFUTED,
        falls=("id_at_most_once",),
    ),
    Change(
        "start-on-the-stack",
        "send the id from a local variable",
        ((START + r"int err, unused;\n(?P<drain>.*?)sg_init_one\(&sg, &vb->cmd_id_active, [^;]*;",
          HEAD + "int err, unused;\n\t__virtio32 id;\n\\g<drain>id = vb->cmd_id_active;\n"
          "\tsg_init_one(&sg, &id, sizeof(id));"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "stop-on-the-stack",
        "send STOP from a local variable",
        ((STOP + r"int err, unused;\n(?P<drain>.*?)sg_init_one\(&sg, &vb->cmd_id_stop, sizeof\(vb->cmd_id_stop\)\);",
          HEAD + "int err, unused;\n\t__virtio32 stop = vb->cmd_id_stop;\n\\g<drain>"
          "sg_init_one(&sg, &stop, sizeof(stop));"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
)  # fmt: skip

ROUNDS = (
    Change(
        "serves-an-id-twice",
        "begin a round whenever the work runs",
        ((WORK + r" &&\s+cmd_id_received !=\s+virtio32_to_cpu\(vb->vdev, vb->cmd_id_active\)\) \{", HEAD + ") {"),),
        Outcome.REFUTED,
        falls=("id_at_most_once",),
    ),
    Change(
        "goes-round-without-blocks",
        "wait for a block when none is free",
        ((LOOP + r"if \(err == -EINTR\)\s+break;", HEAD + "if (err == -EINTR)\n\t\t\tcontinue;"),),
        Outcome.REFUTED,  # once the driver leaves no interrupt tells the worker to end
        falls=("worker_can_end",),
    ),
    Change(
        "hints-on-another-queue",
        "hint on the queue of the balloon",
        ((SEND + r"virtqueue_add_inbuf\(vq,", HEAD + "virtqueue_add_inbuf(vb->deflate_vq,"),),
        Outcome.REFUTED,  # nobody takes them from there, and there is no room for more than a few
        falls=SOUND,
    ),
    Change(
        "done-taken-for-an-id",
        "begin a round for every id but STOP",
        ((WORK + r"if \(cmd_id_received == VIRTIO_BALLOON_CMD_ID_DONE\) \{.*?\} else if \(",
          HEAD + "if ("),),
        Outcome.REFUTED,
        falls=("blocks_come_back",),
    ),
    Change(
        "stop-taken-for-done",
        "give blocks back on STOP, too",
        ((WORK + r"if \(cmd_id_received == VIRTIO_BALLOON_CMD_ID_DONE\)",
          HEAD + "if (cmd_id_received == VIRTIO_BALLOON_CMD_ID_DONE ||\n"
          "\t    cmd_id_received == VIRTIO_BALLOON_CMD_ID_STOP)"),),
        Outcome.REFUTED,
        falls=("kept_till_done",),
    ),
    Change(
        "released-at-each-round",
        "begin a round with every block",
        ((ROUND + r"(?=\t/\* Start by sending)", HEAD + "\treturn_free_pages_to_mm(vb, ULONG_MAX);\n\n"),),
        Outcome.REFUTED,
        falls=("kept_till_done",),
    ),
)  # fmt: skip

ROUND_FAULTS = (*NEWS, *SIGNS, *ROUNDS)
