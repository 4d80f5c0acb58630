"""Repairs of known faults: the shared START cell, and the id that outlives a suspend. Two of them do half of it."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import HEAD, ROUND, SEND, STALE_ID, START, STOP, Change, inside

_DRAIN = r"while \(virtqueue_get_buf\(vq, &unused\)\)\s+;"
_NO_ID = "vb->cmd_id_received_cache = VIRTIO_BALLOON_CMD_ID_STOP;\n"

#: Take used buffers back; cells of START among them are no longer needed. A drain is one row of calls.
_CELLS = """struct start_cell {
	struct list_head list;
	__virtio32 id;
};

static void free_cells(struct list_head *cells)
{
	struct start_cell *cell, *next;

	list_for_each_entry_safe(cell, next, cells, list) {
		list_del(&cell->list);
		kfree(cell);
	}
}

static void detach_used(struct virtio_balloon *vb)
{
	struct start_cell *cell, *next;
	unsigned int unused;
	LIST_HEAD(used);
	void *token;

	while ((token = virtqueue_get_buf(vb->free_page_vq, &unused)))
		list_for_each_entry_safe(cell, next, &vb->start_cells, list)
			if (cell == token)
				list_move(&cell->list, &used);
	free_cells(&used);
}

"""

MORE_REPAIRS = (
    Change(
        "forgets-the-id-at-suspend",
        "forget the id when the device is reset for a suspend",
        ((inside("virtballoon_freeze") + r"\tremove_common\(vb\);\n", HEAD + "\tremove_common(vb);\n\t" + _NO_ID),),
        Outcome.CHANGED,  # it takes a suspend between two rounds to tell what it mends
    ),
    Change(
        "forgets-both-ids-at-resume",
        "begin anew after a suspend",
        ((inside("virtballoon_restore") + r"(?=\tvirtio_device_ready\(vdev\);)",
          HEAD + "\t" + _NO_ID + "\tvb->cmd_id_active = cpu_to_virtio32(vb->vdev, VIRTIO_BALLOON_CMD_ID_STOP);\n\n"),),
        Outcome.CHANGED,
    ),
    Change(
        "cell-allocated-per-round",
        "allocate a cell for each START",
        (
            (r"(?P<head>\t__virtio32 cmd_id_active;\n)", HEAD + "\t/* The cells of STARTs on the ring */\n"
             "\tstruct list_head start_cells;\n"),
            (START + r"int err, unused;\n.*?\t" + _DRAIN + r"\n",
             HEAD + "struct start_cell *cell;\n\tint err;\n\n\tdetach_used(vb);\n"
             "\tcell = kmalloc(sizeof(*cell), GFP_KERNEL);\n\tif (!cell)\n\t\treturn -ENOMEM;\n"),
            (START + r"sg_init_one\(.*?\n\}",
             HEAD + "cell->id = vb->cmd_id_active;\n\tsg_init_one(&sg, &cell->id, sizeof(cell->id));\n"
             "\terr = virtqueue_add_outbuf(vq, &sg, 1, cell, GFP_KERNEL);\n\tif (err) {\n\t\tkfree(cell);\n"
             "\t\treturn err;\n\t}\n\tlist_add_tail(&cell->list, &vb->start_cells);\n\tvirtqueue_kick(vq);\n"
             "\treturn 0;\n}"),
            (STOP + r"int err, unused;(?P<space>\n.*?)" + _DRAIN, HEAD + r"int err;\g<space>detach_used(vb);"),
            (SEND + r"int err, unused;(?P<space>\n.*?)" + _DRAIN, HEAD + r"int err;\g<space>detach_used(vb);"),
            (r"(?=static int send_cmd_id_start\()", _CELLS),
            (inside("virtballoon_probe") + r"(?=\t\tINIT_LIST_HEAD\(&vb->free_page_list\);)",
             HEAD + "\t\tINIT_LIST_HEAD(&vb->start_cells);\n"),
            (inside("remove_common") + r"virtio_reset_device\(vb->vdev\);\n",
             HEAD + "virtio_reset_device(vb->vdev);\n"
             "\tif (virtio_has_feature(vb->vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT))\n"
             "\t\tfree_cells(&vb->start_cells);\n"),
        ),
        Outcome.CHANGED,
        mends=STALE_ID,
    ),
    Change(
        "drains-before-each-round",
        "take used buffers back before a round",  # START takes them back, too
        ((ROUND + r"(?P<dev>struct device \*dev = &vb->vdev->dev;\n)",
          HEAD + "\\g<dev>\tunsigned int unused;\n\n\twhile (virtqueue_get_buf(vb->free_page_vq, &unused))\n\t\t;\n"),),
        Outcome.UNCHANGED,
    ),
    Change(
        "asks-for-room-first",
        "keep the id where START does not fit",
        ((START + r"(?=\tvb->cmd_id_active = )", HEAD + "\tif (!vq->num_free)\n\t\treturn -ENOSPC;\n\n"),),
        Outcome.REFUTED,  # nobody asks again for the id that did not fit
        falls=("news_is_acted_upon",),
    ),
    Change(
        "waits-and-comes-back",
        "begin a round when the device has used all of the last one; ask again until then",
        (
            (START + r"(?=\tvb->cmd_id_active = )",
             HEAD + "\tif (vq->num_free < virtqueue_get_vring_size(vq))\n\t\treturn -EBUSY;\n\n"),
            (ROUND + r"err = send_cmd_id_start\(vb\);",
             HEAD + "err = send_cmd_id_start(vb);\n\tif (err == -EBUSY) {\n"
             "\t\tqueue_work(vb->balloon_wq, &vb->report_free_page_work);\n\t\treturn;\n\t}"),
        ),
        Outcome.CHANGED,
        mends=STALE_ID,
    ),
)  # fmt: skip
