"""Properties of steps: the actions that could break one promise it, see :func:`hintspec.language.declare.promise`."""

from __future__ import annotations

from hintspec.language.declare import step_property
from hintspec.protocol.rules import Release
from hintspec.protocol.worlds import copies_ram, hinting, migrating, reads_in_worker, skipping

HINT_IN_WINDOW = step_property(
    "hint_in_window",
    "virtio 1.3 device rule V3; QEMU c13c4153f76d: stop hinting before the bitmap is synchronised",
    "A hint is honoured only while the id that it was posted under is the current one and, in a "
    "migration, only between the sync that issued this id and the next.",
    hinting,
    follows_from="half_a_hint hinting_only_in_round ids_are_known last_stage_is_stopped only_now_in_batch shown_is_now",
)
ID_AT_MOST_ONCE = step_property(
    "id_at_most_once",
    "virtio 1.3 driver rule D3: the current id is carried by one output buffer and no other",
    "The device sees each id in at most one out buffer.",
    hinting,
    follows_from="start_reads_as_posted starts_are_new stop_reads_as_stop",
)
HINT_IN_BATCH = step_property(
    "hint_in_batch",
    "virtio 1.3 driver rules D2 and D6: an id opens a batch, STOP closes it",
    "As the device sees the queue, hints come only after an id and before the STOP that follows it.",
    hinting,
    follows_from="device_is_in_step half_a_hint shown_is_now start_is_of_now",
)
HINT_SPARES_NEW_WRITES = step_property(
    "hint_spares_new_writes",
    "virtio 1.3 device rule V4: leave alone what was written after the hint's id was issued",
    "When a hint drops a block from the bitmap, no data written since the id was issued goes with it: "
    "the dirty log still has that write.",
    skipping,
    follows_from="block_conserved data_is_used half_a_hint hinted_block_is_in_hand late_hint_is_remembered "
    "only_now_in_batch unsent_write_is_missing write_since_issue",
)

SYNC_OF_MIGRATION = step_property(
    "sync_of_migration",
    "QEMU ram.c: the bitmaps are there from ram_save_setup to ram_save_cleanup; before that no block was sent",
    "A further sync is one of a migration that has begun, and so has all blocks sent or hinted.",
    copies_ram,
)
GUEST_STANDS_STILL = step_property(
    "guest_stands_still",
    "QEMU vm_stop: no virtual CPU runs after it, so neither guest RAM nor a ring changes by the guest's doing",
    "While the VM is stopped no step of the guest happens: its driver's state and the ring are guest RAM, too.",
    migrating,
)
DEVICE_STANDS_STILL = step_property(
    "device_stands_still",
    "QEMU virtio_balloon_set_status, block_iothread: guest RAM must not change after the VM was stopped",
    "While the VM is stopped the device pops nothing: giving an entry back would write into guest RAM.",
    skipping,
    follows_from="half_a_hint",
)
POPS_WHAT_IS_THERE = step_property(
    "pops_what_is_there",
    "virtio 1.3, virtqueues: the device must not use a buffer that the driver did not make available",
    "The device acts on entries that are on the ring: on an output buffer as one, on a hint as one.",
    hinting,
    follows_from="half_a_hint",
)


HINT_UNDER_LAST_ID = step_property(
    "hint_under_last_id",
    "virtio 1.3 driver rule D5: cease hinting when the field no longer holds the id",
    "The driver takes a block for hinting only while the id that it read last is the one that it serves.",
    reads_in_worker,
    follows_from="loop_is_of_last_id",
)
KEPT_TILL_DONE = step_property(
    "kept_till_done",
    "virtio 1.3 driver rule D10, and its text on STOP: hinted pages are kept out of use till DONE",
    "The worker gives hinted blocks back when it has read DONE, and not before.",
    lambda w: reads_in_worker(w) and w.driver.release == Release.ON_DONE,
)
OFF_ONCE_LEAVING = step_property(
    "off_once_leaving",
    "virtio_balloon.c: virtballoon_remove (shrinker, stop_update); virtio.c holds interrupts back",
    "Neither the config interrupt nor the reclaim of memory touches a driver that is being removed or suspended.",
    hinting,
)
SIGNS_ARE_SENT = step_property(
    "signs_are_sent",
    "virtio 1.3 driver rules D2 and D6: an output buffer opens a batch, another closes it",
    "START and STOP are left out only where the ring has no room for them.",
    hinting,
)
FREED_ONCE = step_property(
    "freed_once",
    "mm/page_alloc.c: free_page_is_bad; a page that is freed twice is given to two users",
    "A block that becomes free was not free before.",
    follows_from="block_conserved order_is_held",
)
