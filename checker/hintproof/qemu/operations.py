"""Operations of QEMU that are several steps of the text: a sync with its new id, a send, a hint with its clear.

The rig does such an operation at one of its steps. A run in which another step comes in its middle can't be steered.
"""

from __future__ import annotations

from hintproof.qemu.outcome import Unsteerable

#: Steps of guest and driver that nothing outside of the guest sees.
INSIDE_GUEST = {
    *("allocate", "free", "work_starts", "test_read_bit", "nothing_new", "release_on_done"),
    *("round_begins", "round_begins_unchecked", "leave_loop", "stay_in_loop", "take_block", "no_block_left"),
    *("hint_does_not_fit", "start_does_not_fit", "stop_does_not_fit", "keep_hinted", "release_after_posting"),
    *("shrink_newest", "shrink_any", "shrink_all", "out_of_memory", "used_by_device"),
    *("remove_begins", "remove_cancels_work", "remove_releases", "freeze_begins", "freeze_releases"),
}

#: Steps that are part of an operation done at another step.
_PARTS = {"sync_merge", "send_takes_cleared", "reap_ring"}

#: Steps at which nothing is done.
_NOTHING_TO_DO = INSIDE_GUEST | _PARTS | {"hint_clears_chunk"}

#: Steps of the driver that may come in the middle of any operation.
_ANYWHERE = INSIDE_GUEST | {"config_changed"}

#: Steps that may come between the steps of an operation, by the step that opens it.
_SENDS = {"send_takes_cleared", "send_reads"}
_PUBLISHES = {"publish_id", "publish_nothing", "publish_done"}
_IN_SYNC = {
    *("set_active_id", "post_start", "post_hint", "hint_in_place", "post_stop", "kick_start", "kick_hint"),
    *("read_config", *_ANYWHERE),
}
_MAY_FOLLOW: dict[str, set[str]] = {
    "send_clears": _SENDS,
    "send_takes": _SENDS,
    "hint_clears_chunk": {"hint_drops_block"},
    "migrate": {"sync_get", *_IN_SYNC},
    "next_sync": {"write", "dma_write", "sync_get", *_IN_SYNC},
    "sync_get": {"sync_merge", *_PUBLISHES, *_IN_SYNC},
    "stop_vm": {
        *("last_sync", "sync_get", "send_clears", "send_takes", "send_reads", *_PARTS),
        *("publish_done", "publish_nothing", "complete"),
    },
}

#: The steps that end an operation, each with those that may have begun it.
_CLOSES = {
    "send_reads": ("send_clears", "send_takes"),
    "hint_drops_block": ("hint_clears_chunk",),
    **dict.fromkeys(_PUBLISHES, ("sync_get",)),
    "complete": ("stop_vm",),
}


class Operations:
    """Follows a run. ``open`` is the step that began the operation in whose middle the run is, "" if it is in none."""

    def __init__(self) -> None:
        self.open = ""

    def check(self, name: str) -> None:
        """Raise :class:`Unsteerable` for a step in the middle of what QEMU does at once."""
        if self.open and name not in _MAY_FOLLOW[self.open] and name not in _ANYWHERE:
            raise Unsteerable(f"{name} comes in the middle of what QEMU does at once (it began with {self.open})")

    def acts_at(self, name: str) -> bool:
        """Whether the rig acts at a step. From ``stop_vm`` to ``complete`` QEMU goes on by itself."""
        return name not in _NOTHING_TO_DO and (self.open != "stop_vm" or name == "complete")

    def follow(self, name: str) -> None:
        """The step is done."""
        if name in _MAY_FOLLOW and self.open != "stop_vm":
            self.open = name
        if self.open in _CLOSES.get(name, ()):
            self.open = ""
