"""The steps of the C code in a world of the spec, and their effects on everybody else.

The code's state is a snapshot, everybody else's a state of the spec. A step of the code, and its effects, depend on the
others by its inputs alone (the id that config shows, the block that it gets). So each step runs once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from hintproof.interpret.concrete import State
from hintproof.linux.calls import BLOCK_BYTES, Code, Observation, from_the_wire, on_the_wire
from hintproof.linux.driver import CMD_ID, LIMIT, POISON_VAL, Deviation, Driver, DriverFault, Event, Pending
from hintproof.linux.effects import model_with_code, world_with_code
from hintproof.linux.operations import EVERY_CALL, PAST_DRAIN, PAST_FREES, UNSEEN, Entry, Op, mask_of
from hintproof.linux.specside import SpecSide
from hintproof.linux.steps import CALLS, Change, Effect, Move, Outcome
from hintproof.system.errors import EngineBug
from hintspec.language.sizes import Sizes
from hintspec.protocol.state import Binding, Worker
from hintspec.protocol.state import Entry as Kind

#: The address of the first block.
_FIRST_BLOCK = 1 << 32

_STOP_SIGN, _START = Kind.STOP_SIGN.index, Kind.START.index

#: The bytes of a command id.
_ID_BYTES = 4


#: Calls whose effect nobody else sees by itself. Where a lock is released, others see what it guarded.
_ALONE = UNSEEN & ~mask_of(Op.UNLOCK)

#: Calls that come in rows, and the mask of calls at which the row is over: a reset goes on to the end.
_ROWS = {Op.GET_BUF: PAST_DRAIN, Op.FREE: PAST_FREES, Op.RESET: 0}

#: The kernel's calls in which a driver may give hinted blocks back at any time: memory is short, or it leaves.
_MAY_TAKE_BACK = {Entry.SCAN, Entry.OOM, Entry.REMOVE, Entry.FREEZE, Entry.SHUTDOWN}

#: The effects with which the code regards an id as begun.
_BEGINS = (("code_sends", None), ("code_finds_no_room", None))

#: The numbers with which a shrinker says that it has nothing: 0 and SHRINK_EMPTY.
_NONE_COUNTED = (0, -2)


class Composed:
    """The code and everybody else. Raises :class:`BadInput` for an environment that has no such driver.

    The config interrupt is one step; or, ``by_step``, a thread like any other, which the worker may overtake.
    """

    def __init__(self, driver: Driver, environment: str, sizes: Sizes, by_step: bool = False) -> None:
        self._interrupt = "interrupt_begins" if by_step else CALLS[Entry.CHANGED].step
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
        self.gates = {call.effect: self._effects[call.effect, None] for call in CALLS.values() if call.effect}
        self._moves: dict[int, tuple[Move, ...]] = {}
        self._changes: dict[tuple[object, ...], Change] = {}
        self._popped: dict[int, int] = {}

    @cached_property
    def first(self) -> tuple[int, State]:
        """The code bound to its device, and the spec's first state."""
        code = self.code.start()
        return code, self._join(self.spec.concrete.initial, self._outcome(Entry.NONE, Entry.PROBE).change)

    # -- the others ----------------------------------------------------------------------------

    def follow(self, code: int, before: State, after: State) -> int:
        """The code's state after a step of somebody else: its queue loses the entries that the spec's ring loses."""
        return self.pop(code, self.used(before, after))

    def used(self, before: State, after: State) -> int:
        """How many buffers the device takes and uses in a step: the entries that the spec's ring loses."""
        return len(before[self._ring][1]) - len(after[self._ring][1])

    def pop(self, code: int, count: int) -> int:
        """The code's state when the device has taken and used so many buffers of its queue."""
        for _ in range(count):
            if code not in self._popped:
                self.driver.recall(code)
                if not self.code.pop():
                    raise EngineBug("the spec's ring has an entry that the code's queue has not")
                self._popped[code] = self.driver.keep()
            code = self._popped[code]
        return code

    # -- the code ------------------------------------------------------------------------------

    def moves(self, code: int) -> tuple[Move, ...]:
        """The steps that the code can take."""
        if code not in self._moves:
            self.driver.recall(code)
            self._moves[code] = tuple(self._list_moves(code))
        return self._moves[code]

    def _list_moves(self, code: int) -> Iterator[Move]:
        for thread in self.driver.enabled():
            call = self._next_seen(code, thread)
            blocks: tuple[int | None, ...] = (None,)
            if call.op == Op.ALLOC:
                blocks = tuple(range(self.spec.concrete.sizes.blocks + 1))
            for block in blocks:
                op = call.op.name.lower()
                says = f"{call.entry.name.lower()} calls {op}"
                yield Move(says, thread, block=block, reads=call.op == Op.CONFIG_READ, call=op, place=call.place)
        yield from self._list_calls()

    def _list_calls(self) -> Iterator[Move]:
        """The calls of the code that the kernel may make now."""
        view, work = self.driver.view(), 1 << self.code.hint_work
        threads = any(t.entry for t in view.threads)
        leaving = any(t.entry in (Entry.REMOVE, Entry.FREEZE) for t in view.threads)
        told = any(t.entry == Entry.CHANGED for t in view.threads)
        answering = any(t.entry == Entry.CALLBACK for t in view.threads)
        here = view.bound and not view.frozen and not leaving
        may = {
            Entry.CHANGED: view.listening and not told,
            Entry.WORK: view.pending & work and not view.running & work and not view.frozen,
            Entry.SCAN: view.shrinker and view.driver and here,
            Entry.REMOVE: here and not told,
            Entry.FREEZE: here and not threads and self.raw.hp_has_freeze(),
            Entry.RESTORE: view.frozen and not threads,
            Entry.PROBE: not view.bound and not threads,
            Entry.CALLBACK: view.answered >> self.driver.hint_queue & 1 and not answering,
        }
        for entry, possible in may.items():
            if possible:
                reads = entry == Entry.CHANGED  # it may read config
                yield Move(CALLS[entry].says, entry=entry, reads=reads, gate=self.gates.get(CALLS[entry].effect))

    def _next_seen(self, code: int, thread: int) -> Pending:
        """The next call of a thread that others see, if nothing is in its way; the machine is left as it was."""
        if _ALONE >> self.raw.hp_pending(thread) & 1:
            status = self.raw.hp_run(thread, EVERY_CALL & ~_ALONE, LIMIT)
            call = self.driver.pending(thread)
            self.driver.recall(code)
            if status == 0:
                return call
        return self.driver.pending(thread)

    def take(self, code: int, state: State, move: Move) -> tuple[int, State, int] | None:
        """The pair after a step of the code, and the mask of promises that it breaks; None where the others forbid it.

        Raises :class:`~hintproof.linux.driver.DriverFault`.
        """
        if move.gate is not None and move.gate(state) is None:
            return None
        outcome = self.outcome_of(code, move, self.spec.shown(state) if move.reads else 0)
        changed = self.after(outcome.change, state)
        return None if changed is None else (outcome.code, *changed)

    def outcome_of(self, code: int, move: Move, shown: int) -> Outcome:
        """The outcome of a step, where config shows an id; it runs once. Raises as :meth:`take` does."""
        if shown not in move.outcomes:
            try:
                move.outcomes[shown] = self._run(code, move, shown)
            except (Deviation, DriverFault) as problem:
                move.outcomes[shown] = problem
        outcome = move.outcomes[shown]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def after(self, change: Change, state: State) -> tuple[State, int] | None:
        """The state of everybody else after a step of the code, and the mask of promises that it breaks."""
        broken = 0
        if change.begun is not None:
            at = self._active
            state = (*state[:at], change.begun, *state[at + 1 :])
        for effect in change.effects:
            done = self._effects[effect](state)
            if done is None:
                return None
            state, mask = done
            broken |= mask
        return self._join(state, change), broken

    def effect_of(self, move: Move, state: State) -> str | None:
        """The name of the first effect of a step that was taken; None if the code failed in it."""
        outcome = move.outcomes.get(self.spec.shown(state) if move.reads else 0)
        return outcome.change.effects[0][0] if isinstance(outcome, Outcome) else None

    def _run(self, code: int, move: Move, shown: int) -> Outcome:
        self.driver.recall(code)
        self.driver.forget_events()
        by = Entry(self.driver.view().threads[move.thread].entry) if move.entry == Entry.NONE else move.entry
        self.driver.config(CMD_ID, on_the_wire(shown))
        if move.entry in CALLS:
            self.code.take(self._interrupt if by == Entry.CHANGED else CALLS[move.entry].step, None, 0)
        else:
            self._step(move)
        self.driver.config(CMD_ID, 0)
        if move.entry == Entry.NONE:
            self._return(move.thread)
        if by == Entry.CHANGED and not self._is_interrupted():
            self.code.run_classic_work()
        return self._outcome(move.entry, by)

    def _step(self, move: Move) -> None:
        """A thread goes on by one call that others see; some calls in a row are one step."""
        thread = move.thread
        while _ALONE >> self.raw.hp_pending(thread) & 1:
            self.driver.step(thread)
        self.driver.next_block((move.block or 0) - 1)
        op = self.raw.hp_pending(thread)
        if op in _ROWS:
            self.driver.run_until(thread, _ROWS[op])
        else:
            self.driver.step(thread)

    def _return(self, thread: int) -> None:
        """Let a thread return if nothing else is left of it: nobody can tell when it does."""
        here = self.driver.keep()
        if _ALONE >> self.raw.hp_pending(thread) & 1:
            self.raw.hp_run(thread, EVERY_CALL & ~_ALONE, LIMIT)
        if self.raw.hp_pending(thread) == Op.RETURN:
            self.driver.step(thread)
        else:
            self.driver.recall(here)

    def _outcome(self, entry: Entry, by: Entry) -> Outcome:
        """The outcome of the last step: a call of the kernel (``entry``), or a step of a thread that it called."""
        call = CALLS.get(entry)
        effects: list[Effect] = [(call.effect, None)] if call and call.effect else []
        observed, begun = self.code.observe(), None
        for event in self.driver.events():
            effect = self._effect(event, by)
            if effect and effect not in effects[-1:]:
                effects.append(effect)
            if effect in _BEGINS:
                begun = from_the_wire(_content(event), self.code.sizes)
        if by == Entry.CHANGED and not self._is_interrupted():
            effects.append(("code_is_told", None))
        freed = any(effect == "code_frees" for effect, _ in effects)
        if entry == Entry.SCAN and observed.owned and not (observed.works or freed):
            effects.append(("code_frees_none", None))
        if self._miscounts(observed):
            effects.append(("code_miscounts", None))
        seen = (
            tuple(effects) or (("code_goes_on", None),),
            observed,
            begun,
            self._binding(observed),
            self._at(observed),
        )
        return Outcome(self.driver.keep(), self._changes.setdefault(seen, Change(*seen)))

    def _effect(self, event: Event, by: Entry) -> Effect | None:
        queue, block = event.a & 0xFF, (event.b - _FIRST_BLOCK) // BLOCK_BYTES + 1
        ours = queue == self.driver.hint_queue
        if event.op == Op.ALLOC:
            return ("code_takes", block) if event.b else ("code_gets_none", None)
        if event.op == Op.FREE:
            return "code_frees" if by in _MAY_TAKE_BACK else "code_gives_back", block
        if event.op == Op.ADD and ours and event.a >> 8 & 1:
            return _sent(event)
        if event.op == Op.ADD and ours and not event.a >> 32:
            return "code_hints", block
        if event.op == Op.GET_BUF and ours and event.b:
            return "code_drains", None
        if event.op == Op.KICK and ours:
            return "code_kicks", None
        if event.op == Op.CONFIG_READ and event.a == CMD_ID:
            return "code_reads_id", None
        if event.op == Op.CONFIG_WRITE and event.a == POISON_VAL and event.c:
            return "code_tells_poison", None
        return ("code_resets", None) if event.op == Op.RESET else None

    def _miscounts(self, observed: Observation) -> bool:
        """Whether a driver at rest that can be asked for memory counts none though it has some, or some of none."""
        view = self.driver.view()
        if not view.shrinker or not observed.listens or any(t.entry for t in view.threads):
            return False
        here = self.driver.keep()
        counted = self.driver.call(Entry.SHRINK_COUNT)
        self.driver.recall(here)
        return (counted not in _NONE_COUNTED) != bool(observed.owned)

    def _at(self, observed: Observation) -> int:
        """The place of the spec's worker, as coarse as properties ask for it: idle, kicking, or anywhere else."""
        if not observed.works:
            return (Worker.TEST_BIT if self._is_interrupted() else Worker.IDLE).index
        kicks = self.raw.hp_pending(self.code.worker()) == Op.KICK
        return Worker.KICK_ID.index if kicks else Worker.TEST_BIT.index

    def _is_interrupted(self) -> bool:
        """Whether the config interrupt is being handled."""
        return bool(self.raw.hp_thread_of(Entry.CHANGED, -1) >= 0)

    def _binding(self, observed: Observation) -> int:
        view = self.driver.view()
        if observed.listens:
            return Binding.BOUND.index
        for thread in view.threads:
            if thread.entry == Entry.REMOVE:
                released = {Op.CANCEL: Binding.REMOVE, Op.RESET: Binding.REMOVE_RESET}
                return released.get(Op(thread.op), Binding.REMOVE_RELEASE).index
            if thread.entry == Entry.FREEZE:
                return (Binding.FREEZE_RESET if thread.op == Op.RESET else Binding.FREEZE_RELEASE).index
        return (Binding.FROZEN if view.frozen else Binding.ABSENT).index

    def _join(self, state: State, change: Change) -> State:
        """The spec's state with the driver's variables, and the present content of out buffers, taken from the code.

        So are the used buffers: the code may do something else between two that it takes back.
        """
        _, entries = state[self._ring]
        observed = change.observed
        if len(entries) != len(observed.ring):
            raise EngineBug("the spec's ring is not the code's queue")
        joined = list(state)
        if any(holds < 0 for holds in observed.ring):
            entries = tuple(map(self._entry, entries, observed.ring))
        joined[self._ring] = (observed.used, entries)
        of_driver = (observed.owned, int(observed.queued), change.at, change.binding)
        for place, value in zip(self._driver, of_driver, strict=True):
            joined[place] = value
        return tuple(joined)

    def _entry(self, entry: tuple[int, ...], holds: int) -> tuple[int, ...]:
        """A ring entry with the present content of its out buffer; 0 in there is a STOP to any device."""
        if holds >= 0:
            return entry
        kind = _STOP_SIGN if holds == -1 else _START
        return (kind, *entry[1:3], from_the_wire(-1 - holds, self.code.sizes), *entry[4:])


def _content(event: Event) -> int:
    """The id in an out buffer when it was added."""
    return event.c >> 32


def _sent(event: Event) -> Effect:
    """The effect of an out buffer, by its size, its content, and whether it fits."""
    full = event.a >> 32 & 1
    if event.c & 0xFFFFFFFF != _ID_BYTES:
        return "code_sends_otherwise", None
    if _content(event):
        return "code_finds_no_room" if full else "code_sends", None
    return "code_finds_no_room_for_stop" if full else "code_sends_stop", None
