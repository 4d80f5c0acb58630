"""Random runs of a world along which a real QEMU can be steered.

An operation of QEMU is drawn as a whole: a sync with its new id, the send of a page, a hint with its clear, the last
stage. Blocks are sent in the order in which QEMU scans its memory.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from hintproof.engines.report import Run
from hintproof.interpret.concrete import Concrete, State

#: How often an actor is drawn: one of these, drawn anew for each run, so that in some the device is very slow.
_ACTORS = {"guest": (0.5, 2), "driver": (6, 20), "device": (0.1, 1, 4), "hypervisor": (0.1, 0.5)}

#: How often a step is drawn that ends or changes much, compared to other steps of its actor.
_STEPS = {
    "stop_vm": 0.1,
    "abort_migration": 0.1,
    "next_sync": 0.5,
    "pause": 0.1,
    "resize_balloon": 0.2,
    "remove_begins": 0.01,
    "freeze_begins": 0.01,
    "no_block_left": 0.15,
    "allocate": 0.5,
    "send_takes": 0.4,
    "send_clears": 0.4,
    "dma_write": 0.3,
}

#: How much oftener a step is drawn that breaks a promise of the text: it makes a run worth while.
_BREAKS = 20.0

#: How much oftener a block is used whose hint is still on the queue, and a guest acts that has such a block.
_ON_QUEUE = {"shrink_newest": 4.0, "allocate": 10.0, "write": 10.0, "take_block": 0.1, "free": 0.1}
_TAKEN_BACK = 20.0

#: Steps that are drawn only as what follows another.
_FOLLOWING = ("sync_", "publish_", "last_sync", "complete", "send_takes_cleared", "send_reads", "hint_drops_block")
_NEVER = ("reap_ring",)

#: Steps that follow another one by themselves: while one of these is possible, it is taken.
_SYNC = ("sync_get", "sync_merge", "publish_id", "publish_done", "publish_nothing")
_AFTER = {
    "migrate": _SYNC,
    "next_sync": _SYNC,
    "send_clears": ("send_takes_cleared", "send_reads"),
    "send_takes": ("send_reads",),
    "hint_clears_chunk": ("hint_drops_block",),
    "stop_vm": (
        *("last_sync", "sync_get", "sync_merge", "publish_done", "publish_nothing"),
        *("send_takes_cleared", "send_reads", "send_clears", "send_takes", "complete"),
    ),
}

#: Syncs that can be forced while nothing of the model's chunks was sent, if these may not be sent for a sync's sake.
_SYNCS_UNSENT = 1


@dataclass(frozen=True)
class _Option:
    """A step that may be drawn; ``breaks``: it breaks a promise of the text."""

    actor: str
    name: str
    block: int | None
    weight: float
    breaks: bool


class RunGenerator:
    """A run in the making. ``lazy``: the dirty log is cleared by chunk, as pages are sent."""

    def __init__(self, concrete: Concrete, lazy: bool, choice: Random) -> None:
        self._concrete = concrete
        self._lazy = lazy
        self._choice = choice
        self._actors = {actor: choice.choice(weights) for actor, weights in _ACTORS.items()}
        self._names = [v.name for v in concrete.model.vars]
        self.state: State = concrete.initial
        self.run: Run = []
        self._position = 0  # the block that was sent last
        self._wrapped = False  # in this round, the scan has been at the end of memory
        self._syncs_unsent = 0

    def generate(self, steps: int) -> Run:
        """So many steps, or fewer if none is left; a migration that runs then is completed."""
        while len(self.run) < steps:
            options = self._options()
            if not options:
                break
            sums: dict[str, float] = defaultdict(float)
            for option in options:
                sums[option.actor] += option.weight
            share = {actor: self._actors[actor] / sums[actor] for actor in sums}
            if any(o.name == "migrate" for o in options):  # nothing much happens without a migration
                share["hypervisor"] = max(self._actors.values()) / sums["hypervisor"]
            if self._hinted() - self._held():
                share["guest"] = share.get("guest", 0) * _TAKEN_BACK
            weights = [share[o.actor] * o.weight * (_BREAKS if o.breaks else 1) for o in options]
            chosen = self._choice.choices(options, weights)[0]
            self._take(chosen.name, chosen.block)
        if self._concrete.show(self.state)["migration.at"] == "ROUND":
            self._take("stop_vm", None)
        return self.run

    def _value(self, variable: str) -> Any:
        return self.state[self._names.index(variable)]

    def _options(self) -> list[_Option]:
        """All steps that may be drawn now."""
        found = []
        hinted = self._hinted()
        for number, _, broken in self._concrete.successors(self.state):
            instance = self._concrete.instances[number]
            name = instance.action.name
            if not name.startswith(_FOLLOWING) and name not in _NEVER and self._may(name, instance.block):
                weight = _STEPS.get(name, 1.0)
                if (name == "shrink_newest" and hinted) or instance.block in hinted:
                    weight *= _ON_QUEUE.get(name, 1.0)
                found.append(_Option(instance.action.action.actor.name, name, instance.block, weight, bool(broken)))
        return found

    def _hinted(self) -> set[int]:
        """The blocks whose hints are on the queue and not popped."""
        _, entries = self._value("ring.queue")
        return {entry[1] for entry in entries} - {0}

    def _held(self) -> set[int]:
        """The blocks that the driver holds, or is about to hold."""
        held, in_hand = self._value("driver.held"), self._value("driver.in_hand")
        return {block for block in range(1, self._concrete.sizes.blocks + 1) if held >> block - 1 & 1} | {in_hand}

    def _may(self, name: str, block: int | None) -> bool:
        """Whether the real system can be made to take a step that the model allows."""
        bitmap = self._value("log.bitmap")
        if name in ("send_clears", "send_takes"):
            assert block
            left = bitmap & ~(1 << block - 1)
            return block == self._next_sent(bitmap) and (left != 0 or not self._wraps(block))
        if name in ("honour_hint", "hint_clears_chunk"):
            return not self._wrapped or bitmap.bit_count() > 1
        if name == "loop_ends":  # a stopped VM holds the loop where it would look at the queue
            return bool(self._value("vm.running"))
        if name == "next_sync":
            return not self._lazy or self._syncs_unsent < _SYNCS_UNSENT
        return True

    def _wraps(self, block: int) -> bool:
        """Whether the scan passes the end of memory before it finds the block."""
        return self._wrapped or block <= self._position

    def _next_sent(self, bitmap: int) -> int:
        """The block that QEMU's scan of the bitmap finds next."""
        blocks = [b for b in range(1, self._concrete.sizes.blocks + 1) if bitmap >> b - 1 & 1]
        return next((b for b in blocks if b > self._position), blocks[0])

    def _take(self, name: str, block: int | None) -> None:
        self._step(name, block)
        if name in ("send_clears", "send_takes"):
            assert block
            self._wrapped, self._position, self._syncs_unsent = self._wraps(block), block, 0
        if name in ("migrate", "next_sync"):
            self._wrapped = False
            self._syncs_unsent += 1
        if name == "migrate":
            self._position, self._syncs_unsent = 0, 0
        follows = _AFTER.get(name, ())
        while follows:
            possible = {
                self._concrete.instances[number].action.name: self._concrete.instances[number].block
                for number, _, _ in reversed(self._concrete.successors(self.state))
            }
            following = next((n for n in follows if n in possible), None)
            if following is None:
                return
            self._step(following, possible[following])
            if (following.startswith("publish_") and name != "stop_vm") or following == "complete":
                return

    def _step(self, name: str, block: int | None) -> None:
        self.state, _ = self._concrete.apply(self.state, self._concrete.action_named(name), block)
        self.run.append((name, block))


def generate_run(concrete: Concrete, lazy: bool, seed: int, steps: int) -> Run:
    """The run of a seed. ``lazy``: the dirty log is cleared by chunk, as pages are sent."""
    return RunGenerator(concrete, lazy, Random(seed)).generate(steps)
