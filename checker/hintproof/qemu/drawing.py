"""Random runs of a world that a real QEMU can be steered along.

What QEMU does at once is drawn as a whole: a sync with its new id, the send of a page, a hint with its clear, the last
stage. Blocks are sent in the order in which QEMU scans its memory.
"""

from __future__ import annotations

from random import Random

from hintproof.engines.report import Run
from hintproof.interpret.concrete import Concrete, State

#: How often an actor is drawn, and how often a step that ends or changes much, compared to others.
_ACTORS = {"guest": 2, "driver": 12, "device": 4, "hypervisor": 1}
_STEPS = {
    "stop_vm": 0.1, "abort_migration": 0.15, "next_sync": 0.7, "pause": 0.2, "resize_balloon": 0.4,
    "remove_begins": 0.01, "freeze_begins": 0.01, "no_block_left": 0.15, "allocate": 0.5, "migrate": 5.0,
}

#: Steps that are drawn only as what follows another.
_FOLLOWING = ("sync_", "publish_", "last_sync", "complete", "send_takes_cleared", "send_reads", "hint_drops_block")
_NEVER = ("reap_ring",)

#: What follows by itself: while one of these is possible after the step, it is taken.
_AFTER = {
    "migrate": ("sync_get", "sync_merge", "publish_id", "publish_done", "publish_nothing"),
    "next_sync": ("sync_get", "sync_merge", "publish_id", "publish_done", "publish_nothing"),
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


class Drawing:
    """A run being drawn. ``lazy``: the dirty log is cleared by chunk, as pages are sent."""

    def __init__(self, concrete: Concrete, lazy: bool, choice: Random) -> None:
        self._concrete = concrete
        self._lazy = lazy
        self._choice = choice
        self._names = [v.name for v in concrete.model.vars]
        self.state: State = concrete.initial
        self.run: Run = []
        self._position = 0  # the block that was sent last
        self._wrapped = False  # in this round, the scan has been at the end of memory
        self._syncs_unsent = 0

    def draw(self, steps: int) -> Run:
        """So many steps, or fewer if none is left; a migration that runs then is completed."""
        while len(self.run) < steps:
            options = self._options()
            if not options:
                break
            actor = self._weighted(sorted({a for a, _, _ in options}), _ACTORS)
            names = sorted({name for a, name, _ in options if a == actor})
            name = self._weighted(names, _STEPS)
            block = self._choice.choice([b for a, n, b in options if (a, n) == (actor, name)])
            self._take(name, block)
        if self._value("migration.at") == self._round:
            self._take("stop_vm", None)
        return self.run

    @property
    def _round(self) -> int:
        return self._labels("migration.at").index("ROUND")

    def _labels(self, variable: str) -> tuple[str, ...]:
        sort = self._concrete.model.vars[self._names.index(variable)].sort
        labels: tuple[str, ...] = sort.labels  # type: ignore[attr-defined]
        return labels

    def _value(self, variable: str) -> int:
        value: int = self.state[self._names.index(variable)]
        return value

    def _weighted(self, among: list[str], weights: dict[str, float] | dict[str, int]) -> str:
        return self._choice.choices(among, [weights.get(item, 1) for item in among])[0]

    def _options(self) -> list[tuple[str, str, int | None]]:
        """Actor, step and block of all steps that may be drawn now."""
        found = []
        for number, after, _ in self._concrete.successors(self.state):
            instance = self._concrete.instances[number]
            name = instance.action.name
            if not name.startswith(_FOLLOWING) and name not in _NEVER and self._may(name, instance.block, after):
                found.append((instance.action.action.actor.name, name, instance.block))
        return found

    def _may(self, name: str, block: int | None, after: State) -> bool:
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


def draw(concrete: Concrete, lazy: bool, seed: int, steps: int) -> Run:
    """The run of a seed. ``lazy``: the dirty log is cleared by chunk, as pages are sent."""
    return Drawing(concrete, lazy, Random(seed)).draw(steps)
