"""Faults of a driver that comes, sleeps and leaves: probe, freeze, restore, remove."""

from __future__ import annotations

from hintproof.tasks.verdict import Outcome
from tests.checker.gate.change import HEAD, SOUND, Change, inside

_STATS = inside("stats_request")
_PROBE = inside("virtballoon_probe")
_REMOVE = inside("virtballoon_remove")
_FREEZE = inside("virtballoon_freeze")

LIFECYCLE_FAULTS = (
    Change(
        "no-lock-init",
        "leave the lock of the list as it was allocated",
        ((_PROBE + r"\t\tspin_lock_init\(&vb->free_page_list_lock\);\n", HEAD),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "no-list-init",
        "leave the list as it was allocated",
        ((_PROBE + r"\t\tINIT_LIST_HEAD\(&vb->free_page_list\);\n", HEAD),),
        Outcome.REFUTED,
        falls=("code_is_sound",),
    ),
    Change(
        "memory-not-cleared",
        "allocate the driver's own memory as it comes",
        ((_PROBE + r"\bkzalloc(?P<what>_obj)?\(", HEAD + r"kmalloc\g<what>("),),
        Outcome.REFUTED,  # whether updates are stopped, and the pages of the balloon, are read before they are written
    ),
    Change(
        "probe-forgets-its-memory",
        "return at once where the queues can't be had",
        ((_PROBE + r"(?P<label>out_free_vb:\n(?:\tmutex_destroy\(&vb->balloon_lock\);\n)?)\tkfree\(vb\);\n",
          HEAD + r"\g<label>"),),
        Outcome.REFUTED,
        falls=("code_is_sound",),
    ),
    Change(
        "freed-by-a-probe-that-succeeds",
        "free the driver's own memory when probe succeeds, too",
        ((_PROBE + r"(?P<told>towards_target\(vb\)\)\s+virtballoon_changed\(vdev\);\n)",
          HEAD + "\\g<told>\tkfree(vb);\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "workqueue-outlives-a-failed-probe",
        "leave the workqueue as it is where the shrinker can't be had",
        ((_PROBE + r"goto out_del_balloon_wq;", HEAD + "goto out_del_vqs;"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "queues-gone-before-the-reset",
        "delete the queues before the device is reset",
        ((inside("remove_common") + r"(?P<reset>\t(?:virtio_reset_device\(vb->vdev\)|[^\n]*->reset\(vb->vdev\));\n\n?)"
          r"(?P<del>\t[^\n]*del_vqs\(vb->vdev\);\n)", HEAD + r"\g<del>\g<reset>"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "statistics-not-kicked",
        "do not kick the device for statistics",
        ((inside("stats_handle_request") + r"virtqueue_kick\(vq\);", HEAD + ";"),),
        Outcome.REFUTED,
        falls=("every_queue_is_kicked",),
    ),
    Change(
        "poison-value-not-told",
        "leave the poison value at 0",
        ((_PROBE + r"virtio_cwrite_le\(vb->vdev, struct virtio_balloon_config,\s+poison_val, &poison_val\);",
          HEAD + "poison_val = 0;"),),
        Outcome.REFUTED,
        falls=("poison_is_told",),
    ),
    Change(
        "shrinker-stays-registered",
        "keep the shrinker when the driver leaves",
        ((inside("virtballoon_remove|virtballoon_quiesce") + r"virtio_balloon_unregister_shrinker\(vb\);",
          HEAD + ";"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "workqueue-gone-first",
        "destroy the workqueue before updates are stopped",
        (
            (_REMOVE + r"(?:\tif \(virtio_has_feature\(vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT\)\)\n)?"
             r"\t\tdestroy_workqueue\(vb->balloon_wq\);\n", HEAD),
            (_REMOVE + r"(?P<first>struct virtio_balloon \*vb = vdev->priv;\n)",
             HEAD + "\\g<first>\n\tif (virtio_has_feature(vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT)) {\n"
             "\t\tcancel_work_sync(&vb->report_free_page_work);\n\t\tdestroy_workqueue(vb->balloon_wq);\n\t}\n"),
        ),
        Outcome.CHANGED,  # the core holds interrupts back before it calls remove: nobody queues work any more
    ),
    Change(
        "workqueue-gone-after-suspend",
        "destroy the workqueue at suspend",
        ((_FREEZE + r"(?=\tremove_common\(vb\);)",
          HEAD + "\tif (virtio_has_feature(vdev, VIRTIO_BALLOON_F_FREE_PAGE_HINT)) {\n"
          "\t\tcancel_work_sync(&vb->report_free_page_work);\n\t\tdestroy_workqueue(vb->balloon_wq);\n\t}\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "kept-on-suspend",
        "keep the balloon and the hinted blocks over a suspend",
        ((_FREEZE + r"remove_common\(vb\);",
          HEAD + "virtio_reset_device(vdev);\n\tvdev->config->del_vqs(vdev);"),),
        Outcome.CHANGED,  # what is kept is given back later, on DONE or by remove
    ),
    Change(
        "used-after-it-is-freed",
        "free the driver's own memory before the device is reset",
        ((_REMOVE + r"\tremove_common\(vb\);\n(?P<lock>\tmutex_destroy\(&vb->balloon_lock\);\n)?\tkfree\(vb\);\n",
          HEAD + "\\g<lock>\tkfree(vb);\n\tremove_common(vb);\n"),),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "asks-the-flag-without-its-lock",
        "look at the flag that stops statistics without its lock",
        ((_STATS + r"spin_lock\(&vb->stop_update_lock\);", HEAD),
         (_STATS + r"spin_unlock\(&vb->stop_update_lock\);", HEAD),
         (_STATS + r"if \(!vb->stop_update\)", HEAD + "if (!READ_ONCE(vb->stop_update))")),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "lock-made-when-the-device-may-call",
        "make a lock of the callbacks after the device was told that all is ready",
        ((r"\tspin_lock_init\(&vb->stop_update_lock\);\n", ""),
         (_PROBE + r"\tvirtio_device_ready\(vdev\);\n",
          HEAD + "\tvirtio_device_ready(vdev);\n\tspin_lock_init(&vb->stop_update_lock);\n")),
        Outcome.REFUTED,
        falls=SOUND,
    ),
    Change(
        "callback-saves-the-flags",
        "take the lock of the callback in a way that is right everywhere",
        ((_STATS + r"\n\tspin_lock\(&vb->stop_update_lock\);",
          HEAD + "\tunsigned long flags;\n\n\tspin_lock_irqsave(&vb->stop_update_lock, flags);"),
         (_STATS + r"spin_unlock\(&vb->stop_update_lock\);",
          HEAD + "spin_unlock_irqrestore(&vb->stop_update_lock, flags);")),
        Outcome.UNCHANGED,
    ),
)  # fmt: skip
