"""The spec's driver seen from outside, as the record that the C code gives, too."""

from __future__ import annotations

from collections.abc import Callable

from hintproof.interpret.concrete import Concrete, State
from hintproof.linux.calls import Observation, on_the_wire
from hintproof.linux.operations import Entry
from hintspec.language.recording import Model
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import Ring
from hintspec.protocol.device import config_shows
from hintspec.protocol.rules import StartCell, World
from hintspec.protocol.state import Binding, Worker
from hintspec.protocol.state import Entry as Kind
from hintspec.protocol.state import State as StateOfText

#: The bindings in which a thread of the kernel is in the driver, and how it was called.
_LEAVING = {
    **{b.index: Entry.REMOVE for b in (Binding.REMOVE, Binding.REMOVE_RELEASE, Binding.REMOVE_RESET)},
    **{b.index: Entry.FREEZE for b in (Binding.FREEZE_RELEASE, Binding.FREEZE_RESET)},
}

_IDLE, _HINT, _STOP_SIGN = Worker.IDLE.index, Kind.HINT.index, Kind.STOP_SIGN.index


class SpecSide:
    """A recorded world at given sizes, with direct access to its states."""

    def __init__(self, model: Model, world: World, sizes: Sizes) -> None:
        self.concrete = Concrete(model, sizes)
        self.world = world
        self._at = {v.name: i for i, v in enumerate(model.vars)}
        self._ring = self._at["ring.queue"]
        entries = model.vars[self._ring].sort
        assert isinstance(entries, Ring)
        self._ghosts = [i for i, (name, _) in enumerate(entries.fields) if name in entries.ghosts]
        view = StateOfText(world, {v.name: v.sort for v in model.vars})
        self.shown: Callable[[State], int] = self.concrete.reader(config_shows(view))

    def get(self, state: State, name: str) -> int:
        """The value of a variable in a state."""
        return int(state[self._at[name]])

    def place(self, name: str) -> int:
        """The index of a variable in states."""
        return self._at[name]

    def ring(self, state: State) -> tuple[int, tuple[tuple[int, ...], ...]]:
        """The ring: how many entries are used, and those that wait."""
        ring: tuple[int, tuple[tuple[int, ...], ...]] = state[self._ring]
        return ring

    def with_any_host(self, state: State, shows: bool) -> State:
        """The state as any host leaves it.

        An interrupt is always on its way, and config is open until the driver looks (``shows``: it is about to). Ghosts
        of the ring's entries are cleared: they decide nothing.
        """
        used, entries = self.ring(state)
        plain = tuple(tuple(0 if i in self._ghosts else x for i, x in enumerate(entry)) for entry in entries)
        settled = list(state)
        settled[self._ring] = (used, plain)
        settled[self._at["device.interrupt"]] = settled[self._at["device.awake"]] = 1
        if not shows:
            settled[self._at["device.shown"]] = 0
        return tuple(settled)

    def observe(self, state: State) -> Observation:
        """The spec's driver as others see it."""
        used, entries = self.ring(state)
        in_hand, binding = self.get(state, "driver.in_hand"), self.get(state, "driver.binding")
        return Observation(
            ring=tuple(self._entry(state, entry) for entry in entries),
            used=used,
            owned=self.get(state, "driver.held") | (1 << in_hand >> 1),
            queued=bool(self.get(state, "driver.queued")),
            works=self.get(state, "driver.at") != _IDLE,
            listens=binding == Binding.BOUND.index,  # else the virtio core holds config interrupts back
            leaving=_LEAVING.get(binding, Entry.NONE),
        )

    def _entry(self, state: State, entry: tuple[int, ...]) -> int:
        if entry[0] == _HINT:
            return entry[1]
        if entry[0] == _STOP_SIGN:
            return -1
        own = self.world.driver.start_cell == StartCell.PER_ROUND
        return -1 - on_the_wire(entry[3] if own else self.get(state, "driver.active"))
