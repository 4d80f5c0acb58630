"""Steering: each step of a run is done on the rig, and what can be seen of the real system is compared after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hintproof.qemu.balloon import DONE, SHARED_CELL, STOP, STOP_CELL
from hintproof.qemu.layout import PAGE
from hintproof.qemu.operations import Operations
from hintproof.qemu.outcome import Differs, Unsteerable
from hintproof.qemu.rig import BlockDifference, Rig
from hintspec.protocol.rules import Fill, StartCell, World

#: A state of the model, as :meth:`hintproof.interpret.concrete.Concrete.show` gives it.
Shown = dict[str, Any]


@dataclass(frozen=True)
class Arrival:
    """A migration that completed: the blocks that differ, those that are stale in the model, those that matter."""

    differences: tuple[BlockDifference, ...]
    stale: frozenset[int]
    matters: frozenset[int]

    @property
    def lost(self) -> tuple[BlockDifference, ...]:
        """The blocks that matter and did not arrive."""
        return tuple(d for d in self.differences if d.block in self.matters)

    @property
    def problem(self) -> str:
        """How the destination's memory differs from the model; empty if it does not."""
        really = {d.block for d in self.differences}
        if really == self.stale:
            return ""
        return f"blocks {sorted(really)} are not as at the source, in the model {sorted(self.stale)}"


@dataclass(frozen=True)
class Step:
    """A step of the model, with the states before and after it. ``block`` is 0 for a step that takes none."""

    name: str
    block: int
    before: Shown
    after: Shown


#: Steps that the rig does without a look at the model.
_ON_RIG: dict[str, Callable[[Rig], object]] = {
    "kick_start": lambda rig: rig.balloon.kick(),
    "kick_hint": lambda rig: rig.balloon.kick(),
    "probe": lambda rig: rig.balloon.start(),
    "restore": lambda rig: rig.balloon.start(),
    "resume": lambda rig: rig.resume(),
    "pause": lambda rig: rig.machine.qmp("stop"),
    "unpause": lambda rig: rig.machine.qmp("cont"),
    "resize_balloon": lambda rig: rig.machine.qmp("balloon", value=rig.machine.ram.size // 2),
}


class Steering:
    """Plays the steps of a world's runs on a rig. ``stores``: writes are stores of the virtual CPU.

    ``strict``: the run ends where a hint does otherwise than in the model. Else it goes on, as no guest can see that,
    and ``otherwise`` describes the first time.
    """

    def __init__(self, rig: Rig, world: World, stores: bool, strict: bool = True) -> None:
        self._rig = rig
        self._world = world
        self._stores = stores
        self._strict = strict
        self.otherwise = ""
        self.arrivals: list[Arrival] = []
        self._operations = Operations()
        self._sync: Callable[[], object] = rig.sync
        self._cell = SHARED_CELL
        self._ids: dict[str, int] = {"STOP": STOP, "DONE": DONE}
        self._sending = 0
        self._was_reset = False
        self._differences: tuple[BlockDifference, ...] = ()

    def play(self, name: str, block: int | None, before: Shown, after: Shown) -> None:
        """Do a step that leads from one state of the model to another.

        Raises :class:`Unsteerable` if it can't be done, :class:`Differs` if the real system is then in another state.
        """
        step = Step(name, block or 0, before, after)
        self._operations.check(name)
        filled = self._filled(before, after)
        if filled:
            self._operations.check("write")
        if self._operations.acts_at(name):
            self._act(step)
        for free in sorted(filled):
            self._write(free)
        self._operations.follow(name)

    def _act(self, step: Step) -> None:
        act: Callable[[Step], None] | None = getattr(self, f"_do_{step.name}", None)
        if act is not None:
            act(step)
        elif step.name in _ON_RIG:
            _ON_RIG[step.name](self._rig)
        else:
            raise Unsteerable(f"this QEMU has no step {step.name}, or the rig can't bring it about")

    def _filled(self, before: Shown, after: Shown) -> set[int]:
        """The blocks that the guest fills as they become free (poison or zeros), or as they are allocated."""
        was_free, is_free = {*before["memory.free"]}, {*after["memory.free"]}
        freed = is_free - was_free if self._world.guest.fill != Fill.NOTHING else set[int]()
        return freed | (was_free - is_free if self._world.guest.init_on_alloc else set[int]())

    # -- guest and driver ------------------------------------------------------------------

    def _write(self, block: int) -> None:
        if self._stores:
            self._rig.write(block)
        else:
            self._rig.dma_write(block)

    def _do_write(self, step: Step) -> None:
        self._write(step.block)

    def _do_dma_write(self, step: Step) -> None:
        self._rig.dma_write(step.block)

    def _do_read_config(self, step: Step) -> None:
        if self._world.driver.swaps_bytes:
            raise Unsteerable("the rig has no driver that swaps the bytes of an id")
        self._expect_config(step.after["driver.cache"])

    def _do_config_changed(self, step: Step) -> None:
        self._expect_interrupt(True)
        self._rig.balloon.device.acknowledge()

    def _do_config_changed_reading(self, step: Step) -> None:
        self._do_config_changed(step)
        self._expect_config(step.after["driver.cache"])

    def _do_set_active_id(self, step: Step) -> None:
        if self._world.driver.start_cell == StartCell.PER_ROUND:
            self._cell = self._rig.balloon.new_cell()
        self._rig.balloon.set_cell(self._cell, self._ids[step.after["driver.active"]])

    def _do_post_start(self, step: Step) -> None:
        self._rig.balloon.post_cell(self._cell)

    def _do_post_stop(self, step: Step) -> None:
        shared = self._world.driver.start_cell == StartCell.SHARED_WITH_STOP
        cell = SHARED_CELL if shared else STOP_CELL
        self._rig.balloon.set_cell(cell, STOP)
        self._rig.balloon.post_cell(cell)
        self._rig.balloon.kick()

    def _do_post_hint(self, step: Step) -> None:
        self._rig.balloon.post_hint(self._rig.layout.address(step.block or step.before["driver.in_hand"]), PAGE)

    _do_hint_in_place = _do_post_hint

    def _do_remove_resets(self, step: Step) -> None:
        self._rig.balloon.reset()
        self._was_reset = True

    _do_freeze_resets = _do_remove_resets

    # -- device ----------------------------------------------------------------------------

    def _do_pop_start(self, step: Step) -> None:
        migrates = step.after["migration.at"] == "ROUND"
        remaining = self._rig.running.remaining if migrates else 0
        self._rig.device.pop()
        self._expect_config_of(step.after)
        if migrates:
            dropped = len(step.before["log.bitmap"]) - len(step.after["log.bitmap"])
            really = remaining - self._rig.running.remaining
            if dropped != really:
                self._differ(f"{really} pages were taken out of the bitmap, in the model {dropped}")

    _do_pop_stop = _do_ignore_out_buffer = _do_honour_hint = _do_hint_drops_block = _do_ignore_hint = _do_pop_start

    def _do_loop_ends(self, step: Step) -> None:
        if not step.before["vm.running"]:
            raise Unsteerable("a stopped VM holds the device's loop where it would look at the queue")
        self._rig.device.sleep()

    # -- hypervisor ------------------------------------------------------------------------

    def _do_migrate(self, step: Step) -> None:
        self._sync = self._rig.migrate

    def _do_next_sync(self, step: Step) -> None:
        self._sync = self._rig.sync

    def _do_sync_get(self, step: Step) -> None:
        self._sync()

    def _do_publish_id(self, step: Step) -> None:
        shown, newest = self._rig.balloon.command_id, max(self._ids.values())
        if shown in (STOP, DONE) or (newest != DONE and shown != newest + 1):
            raise Differs(f"a new id was to be issued, and config shows {shown:#x}")
        self._ids[step.after["device.cmd_id"]] = shown

    def _do_publish_nothing(self, step: Step) -> None:
        self._expect_config_of(step.after)

    _do_publish_done = _do_publish_nothing

    def _do_send_takes(self, step: Step) -> None:
        self._sending = step.block

    _do_send_clears = _do_send_takes

    def _do_send_reads(self, step: Step) -> None:
        self._rig.send(self._sending)

    def _do_stop_vm(self, step: Step) -> None:
        """The rest is QEMU's: it sends the blocks of the bitmap, and nobody writes in between."""
        self._differences = tuple(self._rig.finish())

    def _do_complete(self, step: Step) -> None:
        stale, matters = (frozenset(step.after[name]) for name in ("ghost.stale", "ghost.data"))
        if self._world.guest.fill != Fill.NOTHING:
            matters |= frozenset(step.after["memory.free"])
        self.arrivals.append(Arrival(self._differences, stale, matters))
        self._expect_config_of(step.after)

    def _do_abort_migration(self, step: Step) -> None:
        self._rig.cancel()
        self._expect_config_of(step.after)

    # -- comparing -------------------------------------------------------------------------

    def _differ(self, how: str) -> None:
        """The host does otherwise where no guest can see it."""
        if self._strict:
            raise Differs(how)
        self.otherwise = self.otherwise or how

    def _expect_config(self, wanted: str) -> None:
        shown = self._rig.balloon.command_id
        if self._ids.get(wanted) != shown:
            raise Differs(f"config shows {shown:#x}, in the model {wanted}")

    def _expect_config_of(self, state: Shown) -> None:
        if state.get("device.negotiated"):
            self._expect_config(config_id(state))
            self._expect_interrupt(state["device.interrupt"])

    def _expect_interrupt(self, wanted: bool) -> None:
        """Compare outside of a sync only: there the model's interrupts come one by one.

        A reset makes the device forget an interrupt that the model remembers.
        """
        pending = self._rig.balloon.device.config_changed
        if not self._operations.open and not self._was_reset and pending != wanted:
            raise Differs(f"a config interrupt is {'' if pending else 'not '}pending")


def config_id(state: Shown) -> str:
    """The command id in config in a state of the model, by its name there.

    Source: QEMU hw/virtio/virtio-balloon.c, virtio_balloon_get_config().
    """
    status = state["device.status"]
    return {"S_REQUESTED": str(state["device.cmd_id"]), "S_DONE": "DONE"}.get(status, "STOP")
