"""A run of the protocol, step by step on the rig; what can be seen of the real system is compared after each step.

A few steps of the text are one operation of QEMU: a sync with its new id, the send of a page, a hint with its clear.
Such an operation is done at one of its steps, and whatever of others comes in its middle can't be steered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hintproof.qemu.balloon import DONE, SHARED_CELL, STOP, STOP_CELL
from hintproof.qemu.layout import PAGE
from hintproof.qemu.outcome import Differs, Unsteerable
from hintproof.qemu.rig import Difference, Rig
from hintspec.protocol.rules import Fill, StartCell, World

Shown = dict[str, Any]

#: Steps of guest and driver that nothing outside of the guest sees.
INSIDE_GUEST = frozenset(
    {
        *("allocate", "free", "work_starts", "test_read_bit", "nothing_new", "release_on_done"),
        *("round_begins", "round_begins_unchecked", "leave_loop", "stay_in_loop", "take_block", "no_block_left"),
        *("hint_does_not_fit", "start_does_not_fit", "stop_does_not_fit", "keep_hinted", "release_after_posting"),
        *("shrink_newest", "shrink_any", "shrink_all", "out_of_memory", "used_by_device"),
        *("remove_begins", "remove_cancels_work", "remove_releases", "freeze_begins", "freeze_releases"),
    }
)

#: Steps that are part of an operation done at another step.
_PARTS = frozenset({"sync_merge", "send_takes_cleared", "reap_ring"})

#: What the driver may do in the middle of any operation.
_ANYWHERE = INSIDE_GUEST | {"config_changed"}

#: What may come between the steps of an operation: by the step that opens it.
_SENDS = frozenset({"send_takes_cleared", "send_reads"})
_SYNC_HEAD = _ANYWHERE | {
    *("write", "dma_write", "set_active_id", "post_start", "post_hint", "hint_in_place", "post_stop"),
    *("kick_start", "kick_hint", "read_config", "sync_get"),
}
_SYNC_REST = _SYNC_HEAD - {"write", "dma_write", "sync_get"} | {
    *("sync_merge", "publish_id", "publish_nothing", "publish_done"),
}
_LAST_STAGE = _PARTS | {
    *(
        "last_sync",
        "sync_get",
        "send_clears",
        "send_takes",
        "send_reads",
        "publish_done",
        "publish_nothing",
        "complete",
    ),
}
_MAY_FOLLOW: dict[str, frozenset[str]] = {
    "send_clears": _SENDS,
    "send_takes": _SENDS,
    "hint_clears_chunk": frozenset({"hint_drops_block"}),
    "migrate": _SYNC_HEAD - {"write", "dma_write"},
    "next_sync": _SYNC_HEAD,
    "sync_get": _SYNC_REST,
    "stop_vm": _LAST_STAGE,
}
#: The steps that end an operation, with those that may have begun it.
_CLOSES: dict[str, tuple[str, ...]] = {
    "send_reads": ("send_clears", "send_takes"),
    "hint_drops_block": ("hint_clears_chunk",),
    "publish_id": ("sync_get",),
    "publish_nothing": ("sync_get",),
    "publish_done": ("sync_get",),
    "complete": ("stop_vm",),
}


@dataclass(frozen=True)
class Arrival:
    """A migration that was completed: the blocks that differ, those that are stale in the model, those that matter."""

    differences: tuple[Difference, ...]
    stale: frozenset[int]
    matters: frozenset[int]

    @property
    def lost(self) -> tuple[Difference, ...]:
        """What matters and did not arrive."""
        return tuple(d for d in self.differences if d.block in self.matters)

    @property
    def problem(self) -> str:
        """In what the destination's memory is not as in the model; empty if it is."""
        really = {d.block for d in self.differences}
        if really == self.stale:
            return ""
        return f"blocks {sorted(really)} are not as at the source, in the model {sorted(self.stale)}"


class Steering:
    """Plays the steps of a world's runs on a rig. ``stores`` is whether writes are the virtual CPU's.

    ``strict``: the run ends where a hint does otherwise than in the model; else it goes on, as no guest can see that,
    and ``otherwise`` tells of the first time.
    """

    def __init__(self, rig: Rig, world: World, stores: bool, strict: bool = True) -> None:
        self._rig = rig
        self._world = world
        self._stores = stores
        self._strict = strict
        self.otherwise = ""
        self._open = ""
        self._sync = ""
        self._cell = SHARED_CELL
        self._ids: dict[str, int] = {"STOP": STOP, "DONE": DONE}
        self._sending = 0
        self._was_reset = False
        self._differences: tuple[Difference, ...] = ()
        self.arrivals: list[Arrival] = []

    def play(self, name: str, block: int | None, before: Shown, after: Shown) -> None:
        """Do a step that leads from one state of the model to another.

        Raises :class:`Unsteerable` if it can't be done, :class:`Differs` if the real system is then in another state.
        """
        self._refuse_in_the_middle(name)
        filled = self._filled(before, after)
        if filled:
            self._refuse_in_the_middle("write")
        if name not in INSIDE_GUEST and name not in _PARTS and (self._open != "stop_vm" or name == "complete"):
            act: Callable[[int | None, Shown, Shown], None] | None = getattr(self, f"_do_{name}", None)
            if act is None:
                raise Unsteerable(f"this QEMU has no step {name}, or the rig can't bring it about")
            act(block, before, after)
        for free in sorted(filled):
            self._do_write(free, before, after)
        if name in _MAY_FOLLOW and self._open != "stop_vm":
            self._open = name
        if self._open in _CLOSES.get(name, ()):
            self._open = ""

    def _filled(self, before: Shown, after: Shown) -> set[int]:
        """The blocks that the guest fills as they become free (poison or zeros), or as they are allocated."""
        was_free, is_free = {*before["memory.free"]}, {*after["memory.free"]}
        freed = is_free - was_free if self._world.guest.fill != Fill.NOTHING else set[int]()
        return freed | (was_free - is_free if self._world.guest.init_on_alloc else set[int]())

    def _refuse_in_the_middle(self, name: str) -> None:
        if self._open and name not in _MAY_FOLLOW[self._open] and name not in _ANYWHERE:
            raise Unsteerable(f"{name} comes in the middle of what QEMU does at once (it began with {self._open})")

    # -- guest and driver ------------------------------------------------------------------

    def _do_write(self, block: int | None, before: Shown, after: Shown) -> None:
        assert block
        if self._stores:
            self._rig.write(block)
        else:
            self._rig.dma_write(block)

    def _do_dma_write(self, block: int | None, before: Shown, after: Shown) -> None:
        assert block
        self._rig.dma_write(block)

    def _do_read_config(self, block: int | None, before: Shown, after: Shown) -> None:
        if self._world.driver.swaps_bytes:
            raise Unsteerable("the rig has no driver that swaps the bytes of an id")
        self._expect_config(after["driver.cache"])

    def _do_config_changed(self, block: int | None, before: Shown, after: Shown) -> None:
        self._expect_interrupt(True)
        self._rig.balloon.take_interrupt()

    def _do_config_changed_reading(self, block: int | None, before: Shown, after: Shown) -> None:
        self._do_config_changed(block, before, after)
        self._expect_config(after["driver.cache"])

    def _do_set_active_id(self, block: int | None, before: Shown, after: Shown) -> None:
        if self._world.driver.start_cell == StartCell.PER_ROUND:
            self._cell = self._rig.balloon.new_cell()
        self._rig.balloon.set_cell(self._cell, self._ids[after["driver.active"]])

    def _do_post_start(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.balloon.post_cell(self._cell)

    def _do_post_stop(self, block: int | None, before: Shown, after: Shown) -> None:
        shared = self._world.driver.start_cell == StartCell.SHARED_WITH_STOP
        cell = SHARED_CELL if shared else STOP_CELL
        self._rig.balloon.set_cell(cell, STOP)
        self._rig.balloon.post_cell(cell)
        self._rig.balloon.kick()

    def _do_post_hint(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.balloon.post_hint(self._rig.layout.address(before["driver.in_hand"]), PAGE)

    def _do_hint_in_place(self, block: int | None, before: Shown, after: Shown) -> None:
        assert block
        self._rig.balloon.post_hint(self._rig.layout.address(block), PAGE)

    def _do_kick_start(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.balloon.kick()

    _do_kick_hint = _do_kick_start

    def _do_remove_resets(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.balloon.reset()
        self._was_reset = True

    _do_freeze_resets = _do_remove_resets

    def _do_probe(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.balloon.start()

    _do_restore = _do_probe

    # -- device ----------------------------------------------------------------------------

    def _do_pop_start(self, block: int | None, before: Shown, after: Shown) -> None:
        migrates = after["migration.at"] == "ROUND"
        remaining = self._rig.running.remaining if migrates else 0
        self._rig.device.pop()
        self._expect_config_of(after)
        if migrates:
            taken = len(before["log.bitmap"]) - len(after["log.bitmap"])
            really = remaining - self._rig.running.remaining
            if taken != really:
                self._differs(f"{really} pages were taken out of the bitmap, in the model {taken}")

    _do_pop_stop = _do_ignore_out_buffer = _do_honour_hint = _do_hint_drops_block = _do_ignore_hint = _do_pop_start

    def _do_hint_clears_chunk(self, block: int | None, before: Shown, after: Shown) -> None:
        """Done with what must follow it."""

    def _do_loop_ends(self, block: int | None, before: Shown, after: Shown) -> None:
        if not before["vm.running"]:
            raise Unsteerable("a stopped VM holds the device's loop where it would look at the queue")
        self._rig.device.sleep()

    # -- hypervisor ------------------------------------------------------------------------

    def _do_migrate(self, block: int | None, before: Shown, after: Shown) -> None:
        self._sync = "migrate"

    def _do_next_sync(self, block: int | None, before: Shown, after: Shown) -> None:
        self._sync = "next_sync"

    def _do_sync_get(self, block: int | None, before: Shown, after: Shown) -> None:
        if self._sync == "migrate":
            self._rig.migrate()
        else:
            self._rig.sync()

    def _do_publish_id(self, block: int | None, before: Shown, after: Shown) -> None:
        shown, newest = self._rig.balloon.command_id, max(self._ids.values())
        if shown in (STOP, DONE) or (newest != DONE and shown != newest + 1):
            raise Differs(f"a new id was to be issued, and config shows {shown:#x}")
        self._ids[after["device.cmd_id"]] = shown

    def _do_publish_nothing(self, block: int | None, before: Shown, after: Shown) -> None:
        self._expect_config_of(after)

    _do_publish_done = _do_publish_nothing

    def _do_send_takes(self, block: int | None, before: Shown, after: Shown) -> None:
        assert block
        self._sending = block

    _do_send_clears = _do_send_takes

    def _do_send_reads(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.send(self._sending)

    def _do_stop_vm(self, block: int | None, before: Shown, after: Shown) -> None:
        """The rest is QEMU's: what the bitmap has is sent, with nobody to write in between."""
        self._differences = tuple(self._rig.finish())

    def _do_complete(self, block: int | None, before: Shown, after: Shown) -> None:
        stale, matters = (frozenset(after[name]) for name in ("ghost.stale", "ghost.data"))
        if self._world.guest.fill != Fill.NOTHING:
            matters |= frozenset(after["memory.free"])
        self.arrivals.append(Arrival(self._differences, stale, matters))
        self._expect_config_of(after)

    def _do_abort_migration(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.cancel()
        self._expect_config_of(after)

    def _do_resume(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.resume()

    def _do_pause(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.machine.qmp("stop")

    def _do_unpause(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.machine.qmp("cont")

    def _do_resize_balloon(self, block: int | None, before: Shown, after: Shown) -> None:
        self._rig.machine.qmp("balloon", value=self._rig.machine.ram.size // 2)

    def _differs(self, told: str) -> None:
        """That the host does otherwise where no guest can see it."""
        if self._strict:
            raise Differs(told)
        self.otherwise = self.otherwise or told

    def _expect_config(self, wanted: str) -> None:
        shown = self._rig.balloon.command_id
        if self._ids.get(wanted) != shown:
            raise Differs(f"config shows {shown:#x}, in the model {wanted}")

    def _expect_config_of(self, state: Shown) -> None:
        if state.get("device.negotiated"):
            self._expect_config(shown_id(state))
            self._expect_interrupt(state["device.interrupt"])

    def _expect_interrupt(self, wanted: bool) -> None:
        """Outside of a sync, of which the model's interrupts come one by one. A reset forgets what the model keeps."""
        pending = self._rig.balloon.config_changed
        if not self._open and not self._was_reset and pending != wanted:
            raise Differs(f"a config interrupt is {'' if pending else 'not '}pending")


def shown_id(state: Shown) -> str:
    """What config shows in a state of the model, by the id's name there. Source: host.md 2.2."""
    status = state["device.status"]
    return {"S_REQUESTED": str(state["device.cmd_id"]), "S_DONE": "DONE"}.get(status, "STOP")
