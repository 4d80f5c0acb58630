"""The steps of the C code in a world of the spec: which there are, and what they do to everybody else.

The code's state is a snapshot, everybody else's a state of the spec. What a step of the code does to a snapshot, and
which effects it has, does not depend on the others beyond what it is given (the id that config shows, the block that
it gets); so each is run once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from hintproof.interpret.concrete import State
from hintproof.linux.calls import UNSEEN, Code, Seen, Unlike, from_the_wire, on_the_wire
from hintproof.linux.driver import CMD_ID, POISON_VAL, Driver, DriverFault, Event, Pending
from hintproof.linux.effects import model_with_code, world_with_code
from hintproof.linux.operations import EVERY_CALL, Entry, Op, mask_of
from hintproof.linux.specside import SpecSide
from hintproof.linux.symbols import NOWHERE, Place
from hintproof.system.errors import EngineBug
from hintspec.language.sizes import Sizes
from hintspec.protocol.state import Binding, Worker
from hintspec.protocol.state import Entry as Kind

_FIRST_BLOCK, _BLOCK = 1 << 32, 4 << 20
_NOT_FREED = EVERY_CALL & ~UNSEEN & ~mask_of(Op.FREE)
_NOT_DRAINED = EVERY_CALL & ~mask_of(Op.GET_BUF)
_LIMIT = 10_000

_SAYS = {
    Entry.CHANGED: "config interrupt",
    Entry.WORK: "work starts",
    Entry.SCAN: "shrinker scans",
    Entry.REMOVE: "rmmod",
    Entry.FREEZE: "suspend",
    Entry.RESTORE: "resume",
    Entry.PROBE: "modprobe",
}

#: What a call of the kernel is to everybody else.
_OF_ENTRY = {
    Entry.CHANGED: "code_is_interrupted",
    Entry.REMOVE: "code_is_removed",
    Entry.FREEZE: "code_is_suspended",
    Entry.RESTORE: "code_is_ready",
    Entry.PROBE: "code_is_ready",
}

#: An effect: the name of an action of :mod:`hintproof.linux.effects`, and its block.
Effect = tuple[str, int | None]


@dataclass(frozen=True, eq=False)
class Move:
    """A step of the code from one of its states: a thread goes on (``thread``), or the kernel calls it (``entry``).

    ``block`` is what an allocation gets, 0 for nothing. ``reads``: it depends on what config shows.
    """

    says: str
    thread: int = -1
    entry: Entry = Entry.NONE
    block: int | None = None
    reads: bool = False
    call: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True)
class Outcome:
    """What a step of the code leads to: the code's next state, its effects, and what is seen of it then."""

    code: int
    effects: tuple[Effect, ...]
    seen: Seen
    begun: int | None
    binding: int
    at: int


class Composed:
    """The code and the others. Raises :class:`BadInput` for an environment that has no such driver."""

    def __init__(self, driver: Driver, environment: str, sizes: Sizes) -> None:
        self.spec = SpecSide(model_with_code(environment), world_with_code(environment), sizes)
        self.code = Code(driver, sizes)
        self.driver = driver
        self.raw = driver.raw
        concrete = self.spec.concrete
        ours = {i for i, instance in enumerate(concrete.instances) if instance.action.name.startswith("code_")}
        self.others = concrete.steps_by(i for i in range(len(concrete.instances)) if i not in ours)
        moves = concrete.moves
        self._effects = {(concrete.instances[i].action.name, concrete.instances[i].block): moves[i] for i in ours}
        self._active, self._ring, *self._driver = (
            self.spec.place(name)
            for name in ("driver.active", "ring.queue", "driver.held", "driver.queued", "driver.at", "driver.binding")
        )
        self._moves: dict[int, tuple[Move, ...]] = {}
        self._outcomes: dict[tuple[Move, int], Outcome | Exception] = {}
        self._popped: dict[int, int] = {}

    @cached_property
    def first(self) -> tuple[int, State]:
        """The code bound to its device, and the spec's first state."""
        code = self.code.start()
        return code, self._joined(self.spec.concrete.initial, self._told(Entry.NONE))

    # -- the others ----------------------------------------------------------------------------

    def after_others(self, code: int, before: State, after: State) -> tuple[int, State]:
        """The pair after a step of somebody else: what was popped is popped from the code's queue, too."""
        popped = len(self.spec.ring(before)[1]) - len(self.spec.ring(after)[1])
        for _ in range(popped):
            code = self._pop(code)
        return code, after

    def _pop(self, code: int) -> int:
        if code not in self._popped:
            self.driver.recall(code)
            queue = self.driver.hint_queue
            if self.raw.hp_pop(queue) or self.raw.hp_use(queue, 0):
                raise EngineBug("the spec's ring has an entry that the code's queue has not")
            self._popped[code] = self.driver.keep()
        return self._popped[code]

    # -- the code ------------------------------------------------------------------------------

    def moves(self, code: int) -> tuple[Move, ...]:
        """What the code can do next."""
        if code not in self._moves:
            self.driver.recall(code)
            self._moves[code] = tuple(self._list(code))
        return self._moves[code]

    def _list(self, code: int) -> Iterator[Move]:
        for thread in self.driver.enabled():
            call = self._next_seen(code, thread)
            blocks: tuple[int | None, ...] = (None,)
            if call.op == Op.ALLOC:
                blocks = tuple(range(self.spec.concrete.sizes.blocks + 1))
            for block in blocks:
                op = call.op.name.lower()
                says = f"{call.entry.name.lower()} calls {op}"
                yield Move(says, thread, block=block, reads=call.op == Op.CONFIG_READ, call=op, place=call.place)
        yield from self._calls()

    def _calls(self) -> Iterator[Move]:
        """The ways in which the kernel may call the code now."""
        view, work = self.driver.view(), 1 << self.code.hint_work
        threads = any(t.entry for t in view.threads)
        leaving = any(t.entry in (Entry.REMOVE, Entry.FREEZE) for t in view.threads)
        here = view.bound and not view.frozen and not leaving
        may = {
            Entry.CHANGED: view.listening,
            Entry.WORK: view.pending & work and not view.running & work and not view.frozen,
            Entry.SCAN: view.shrinker and view.driver and here,
            Entry.REMOVE: here,
            Entry.FREEZE: here and not threads and self.raw.hp_has_freeze(),
            Entry.RESTORE: view.frozen and not threads,
            Entry.PROBE: not view.bound and not threads,
        }
        for entry, possible in may.items():
            if possible:
                yield Move(_SAYS[entry], entry=entry)

    def _next_seen(self, code: int, thread: int) -> Pending:
        """The next call of a thread that others see, if nothing is in its way; the machine is left as it was."""
        if UNSEEN >> self.raw.hp_pending(thread) & 1:
            status = self.raw.hp_run(thread, EVERY_CALL & ~UNSEEN, _LIMIT)
            call = self.driver.pending(thread)
            self.driver.recall(code)
            if status == 0:
                return call
        return self.driver.pending(thread)

    def take(self, code: int, state: State, move: Move) -> tuple[int, State, int] | None:
        """The pair after a step of the code, and the mask of promises that it breaks; None where the others forbid it.

        Raises :class:`~hintproof.linux.driver.DriverFault`.
        """
        if move.entry in _OF_ENTRY and self._effects[_OF_ENTRY[move.entry], None](state) is None:
            return None
        shown = self.spec.shown(state) if move.reads else 0
        key = (move, shown)
        if key not in self._outcomes:
            try:
                self._outcomes[key] = self._run(code, move, shown)
            except (Unlike, DriverFault) as problem:
                self._outcomes[key] = problem
        outcome = self._outcomes[key]
        if isinstance(outcome, Exception):
            raise outcome
        broken = 0
        if outcome.begun is not None:
            at = self._active
            state = (*state[:at], outcome.begun, *state[at + 1 :])
        for effect in outcome.effects:
            done = self._effects[effect](state)
            if done is None:
                return None
            state, mask = done
            broken |= mask
        return outcome.code, self._joined(state, outcome), broken

    def effect_of(self, move: Move, state: State) -> str | None:
        """The name of the first effect of a step that was taken; None if the code came to grief by it."""
        outcome = self._outcomes.get((move, self.spec.shown(state) if move.reads else 0))
        return outcome.effects[0][0] if isinstance(outcome, Outcome) else None

    def _run(self, code: int, move: Move, shown: int) -> Outcome:
        self.driver.recall(code)
        self.driver.forget_events()
        if move.entry == Entry.NONE:
            self._step(move, shown)
        elif move.entry == Entry.WORK:
            self.code.take("work_starts", None, 0)
        else:
            self.code.called(move.entry)
        return self._told(move.entry)

    def _step(self, move: Move, shown: int) -> None:
        """A thread goes on by one call that others see; some calls in a row are one step."""
        thread = move.thread
        while UNSEEN >> self.raw.hp_pending(thread) & 1:
            self.code.one(thread)
        call = self.driver.view().threads[thread]
        self.raw.hp_set_config(CMD_ID, 4, on_the_wire(shown))
        self.raw.hp_set_next_block((move.block or 0) - 1)
        if call.op == Op.GET_BUF:
            self.code.until(thread, _NOT_DRAINED)
        elif call.op == Op.FREE:
            self.code.until(thread, _NOT_FREED)
        elif call.op == Op.RESET:
            self.code.to_the_end(thread)
        else:
            self.code.one(thread)
        self.raw.hp_set_config(CMD_ID, 4, 0)
        self._return(thread)

    def _return(self, thread: int) -> None:
        """If all that is left of a thread is its return, it has returned: nobody can tell when."""
        here = self.driver.keep()
        if UNSEEN >> self.raw.hp_pending(thread) & 1:
            self.raw.hp_run(thread, EVERY_CALL & ~UNSEEN, _LIMIT)
        if self.raw.hp_pending(thread) == Op.RETURN:
            self.code.one(thread)
        else:
            self.driver.recall(here)

    def _told(self, entry: Entry) -> Outcome:
        """What the last step came to."""
        effects: list[Effect] = [(_OF_ENTRY[entry], None)] if entry in _OF_ENTRY else []
        begun = None
        for event in self.driver.events():
            begun = event.a if event.op == Op.TO_VIRTIO and entry == Entry.NONE else begun
            effect = self._effect(event)
            if effect and effect not in effects[-1:]:
                effects.append(effect)
        seen = self.code.seen()
        if begun is None and effects[-1:] == [("code_sends", None)] and seen.ring[-1] < -2:
            begun = -1 - seen.ring[-1]
        return Outcome(
            self.driver.keep(),
            tuple(effects) or (("code_goes_on", None),),
            seen,
            None if begun is None else from_the_wire(begun, self.code.sizes),
            self._binding(seen),
            self._at(seen),
        )

    def _effect(self, event: Event) -> Effect | None:
        queue, block = event.a & 0xFF, (event.b - _FIRST_BLOCK) // _BLOCK + 1
        ours = queue == self.driver.hint_queue
        if event.op == Op.ALLOC and event.b:
            return "code_takes", block
        if event.op == Op.FREE:
            return "code_frees", block
        if event.op == Op.ADD and ours and not event.a >> 32:
            return ("code_sends", None) if event.a >> 8 & 1 else ("code_hints", block)
        if event.op == Op.GET_BUF and ours and event.b:
            return "code_drains", None
        if event.op == Op.KICK and ours:
            return "code_kicks", None
        if event.op == Op.CONFIG_WRITE and event.a == POISON_VAL and event.c:
            return "code_tells_poison", None
        return ("code_resets", None) if event.op == Op.RESET else None

    def _at(self, seen: Seen) -> int:
        """Where the spec's worker would stand, as far as properties ask for it: idle, kicking, or anywhere else."""
        if not seen.works:
            return Worker.IDLE.index
        kicks = self.raw.hp_pending(self.code.worker()) == Op.KICK
        return Worker.KICK_ID.index if kicks else Worker.TEST_BIT.index

    def _binding(self, seen: Seen) -> int:
        view = self.driver.view()
        if seen.listens:
            return Binding.BOUND.index
        for thread in view.threads:
            if thread.entry == Entry.REMOVE:
                released = {Op.CANCEL: Binding.REMOVE, Op.RESET: Binding.REMOVE_RESET}
                return released.get(Op(thread.op), Binding.REMOVE_RELEASE).index
            if thread.entry == Entry.FREEZE:
                return (Binding.FREEZE_RESET if thread.op == Op.RESET else Binding.FREEZE_RELEASE).index
        return (Binding.FROZEN if view.frozen else Binding.ABSENT).index

    def _joined(self, state: State, outcome: Outcome) -> State:
        """The spec's state with what it keeps of a driver taken from the code, and with what out buffers hold now."""
        used, entries = state[self._ring]
        seen = outcome.seen
        if (used, len(entries)) != (seen.used, len(seen.ring)):
            raise EngineBug("the spec's ring is not the code's queue")
        joined = list(state)
        joined[self._ring] = (used, tuple(map(self._entry, entries, seen.ring)))
        of_driver = (seen.owned, int(seen.queued), outcome.at, outcome.binding)
        for place, value in zip(self._driver, of_driver, strict=True):
            joined[place] = value
        return tuple(joined)

    def _entry(self, entry: tuple[int, ...], holds: int) -> tuple[int, ...]:
        """A ring entry with what its out buffer holds now, if it is one; one that holds 0 is a STOP to any device."""
        if holds >= 0:
            return entry
        kind = Kind.STOP_SIGN if holds == -1 else Kind.START
        return (kind.index, *entry[1:3], from_the_wire(-1 - holds, self.code.sizes), *entry[4:])
