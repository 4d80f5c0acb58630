"""Changes behind a feature bit of their own, which no device of today offers: what they do with it, and without."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import HEAD, SEND, SOUND, STALE_ID, START, STOP, Change, inside

_OFFERED = "virtio_has_feature(vb->vdev, 7)"

_TAKEN = (
    r"(?P<head>static unsigned int features\[\] = \{.*?VIRTIO_BALLOON_F_REPORTING,\n)",
    HEAD + "\t7, /* a new feature */\n",
)

_TOLD = (
    inside("init_vqs") + r"vb->free_page_vq = vqs\[VIRTIO_BALLOON_VQ_FREE_PAGE\];",
    HEAD + "{\n\t\tvb->free_page_vq = vqs[VIRTIO_BALLOON_VQ_FREE_PAGE];\n"
    f"\t\tif ({_OFFERED})\n\t\t\tvb->free_page_vq->callback = balloon_ack;\n\t}}",
)

_KICK = r"if \(!err\)\s+virtqueue_kick\(vq\);"
_WAIT = f"\t\tif ({_OFFERED})\n\t\t\twait_event(vb->acked, virtqueue_get_buf(vq, &unused));\n"

_WAITS = (
    *((sign + _KICK, HEAD + "if (!err) {\n\t\tvirtqueue_kick(vq);\n" + _WAIT + "\t}") for sign in (START, STOP)),
    (SEND + r"virtqueue_kick\(vq\);\n", HEAD + "virtqueue_kick(vq);\n" + _WAIT),
)

FEATURES = (
    Change(
        "feature-waits",
        "wait for the device where it offers a new feature",
        (_TAKEN, _TOLD, *_WAITS),
        Outcome.CHANGED,
        mends=STALE_ID,
    ),
    Change(
        "feature-waits-and-nobody-wakes",
        "wait for the device where it offers a new feature, without its interrupt",
        (_TAKEN, *_WAITS),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "feature-frees-at-once",
        "give a block back once it is hinted, where the device offers a new feature",
        (
            _TAKEN,
            (
                SEND + r"virtqueue_kick\(vq\);\n",
                HEAD + f"virtqueue_kick(vq);\n\t\tif ({_OFFERED}) {{\n"
                "\t\t\tfree_pages((unsigned long)page_address(page), VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n"
                "\t\t\treturn 0;\n\t\t}\n",
            ),
        ),
        Outcome.REFUTED,
        falls=("kept_till_done",),
    ),
    Change(
        "feature-taken-only",
        "take a new feature and do nothing with it",
        (_TAKEN,),
        Outcome.CHANGED,
    ),
)
