"""A little driver of our own, a few lines of C, to be made faulty: it hints one block whenever config changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hintproof.linux.build import build
from hintproof.linux.source import DRIVER, HEADER, Source
from tests.checker.linux.device import DriverUnderTest

HEADER_TEXT = """
#include <linux/types.h>
#define VIRTIO_BALLOON_F_FREE_PAGE_HINT 3
struct virtio_balloon_config { __le32 num_pages, actual, free_page_hint_cmd_id, poison_val; };
"""

TEXT = r"""
#include <linux/virtio.h>
#include <linux/virtio_balloon.h>
#include <linux/workqueue.h>

struct little { struct virtqueue *vq[3]; struct work_struct work; struct workqueue_struct *queue;
                spinlock_t one, two; struct page *page; u32 id, command; unsigned long bits; };

static int deeper(struct little *l, int depth)
{
	volatile char frame[512];

	frame[depth % 512] = depth;
	return deeper(l, depth + 1) + frame[0] + l->id;
}

static void hint(struct work_struct *work)
{
	struct little *l = container_of(work, struct little, work);
	struct scatterlist sg;
	unsigned int length;

	@WORK@
	sg_init_one(&sg, &l->id, sizeof(l->id));
	while (virtqueue_get_buf(l->vq[2], &length))
		;
	if (!virtqueue_add_outbuf(l->vq[2], &sg, 1, l, GFP_KERNEL))
		virtqueue_kick(l->vq[2]);
}

static void changed(struct virtio_device *vdev)
{
	struct little *l = vdev->priv;

	virtio_cread_le(vdev, struct virtio_balloon_config, free_page_hint_cmd_id, &l->command);
	@CHANGED@
	queue_work(l->queue, &l->work);
}

static int probe(struct virtio_device *vdev)
{
	struct little *l = kzalloc(sizeof(*l), GFP_KERNEL);
	vq_callback_t *callbacks[3] = { NULL };
	const char *names[3] = { "inflate", "deflate", "hints" };

	vdev->priv = l;
	INIT_WORK(&l->work, hint);
	spin_lock_init(&l->one);
	spin_lock_init(&l->two);
	l->queue = alloc_workqueue("little", WQ_FREEZABLE, 0);
	return virtio_find_vqs(vdev, 3, l->vq, callbacks, names, NULL);
}

static void remove(struct virtio_device *vdev)
{
	struct little *l = vdev->priv;

	@REMOVE@
	destroy_workqueue(l->queue);
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
	kfree(l);
}

static unsigned int features[] = { VIRTIO_BALLOON_F_FREE_PAGE_HINT };

static struct virtio_driver little = { .driver.name = "little", .feature_table = features, .feature_table_size = 1,
                                       .probe = probe, .remove = remove, .config_changed = changed };
module_virtio_driver(little);
"""


def little_source(work: str = "", changed: str = "", remove: str = "cancel_work_sync(&l->work);") -> Source:
    text = TEXT.replace("@WORK@", work).replace("@CHANGED@", changed).replace("@REMOVE@", remove)
    return Source("little", {DRIVER: text, HEADER: HEADER_TEXT})


def with_top(top: str, original: Source) -> Source:
    """The little driver with declarations before its first function."""
    text = original.files[DRIVER].replace("static int deeper", f"{top}\nstatic int deeper", 1)
    return replace(original, files={**original.files, DRIVER: text})


def little(
    directory: Path, work: str = "", changed: str = "", remove: str = "cancel_work_sync(&l->work);",
    accesses: bool = False,
) -> DriverUnderTest:  # fmt: skip
    """The little driver with statements put into its functions, compiled, probed, and asked to work."""
    driver = DriverUnderTest(build(little_source(work, changed, remove), directory, accesses))
    assert driver.start() == 0
    return driver
