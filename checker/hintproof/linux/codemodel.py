"""The C code in a world of the spec as a model that every engine can search: a state is the spec's, and a snapshot.

A step of the code is an instance like any other: a thread goes on, or the kernel calls the code. A fault of the code is
a step that breaks a promise, so engines find and shorten it like any other violation.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial

from hintproof.interpret.concrete import Evaluation, Instance, State
from hintproof.linux.binding import THREADS
from hintproof.linux.composed import Composed
from hintproof.linux.driver import Driver, DriverFault, Fault
from hintproof.linux.operations import Entry
from hintproof.linux.steps import CALLS, Move, Step
from hintspec.language.declare import Action, step_property
from hintspec.language.recording import Model, RecordedAction, RecordedProperty, RecordedVar
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import COUNT
from hintspec.language.terms import FALSE, lift
from hintspec.language.variables import Var
from hintspec.protocol.state import DRIVER

CODE_IS_SOUND = step_property(
    "code_is_sound",
    "the kernel's own rules of memory, lists, locks, sleeping and work items",
    "The code neither crashes nor hangs nor breaks a rule of the kernel.",
)

#: An instance of the code: a thread and the block that an allocation gets, or a call of the kernel.
Key = tuple[int, int | None] | Entry


class CodeModel(Evaluation):
    """Code and everybody else as a transition system, at given sizes; ``by_step`` as for :class:`Composed`.

    Raises :class:`BadInput` for an environment without such a driver.
    """

    def __init__(self, driver: Driver, environment: str, sizes: Sizes, by_step: bool = False) -> None:
        #: The world that traces name: its driver is the code.
        self.environment = f"the driver's code+{environment.partition('+')[2]}"
        self.composed = Composed(driver, environment, sizes, by_step)
        self._base = self.composed.spec.concrete
        keys: list[Key] = [(t, b) for t in range(THREADS) for b in (None, *range(sizes.blocks + 1))]
        self._keys = [*keys, *CALLS]
        self._own = {key: Instance(_recorded(key), key[1] if isinstance(key, tuple) else None) for key in self._keys}
        super().__init__(_with_code(self._base.model, [i.action for i in self._own.values()]), sizes)
        self._others = [n for n, i in enumerate(self._base.instances) if not i.action.name.startswith("code_")]
        self._of_base = {n: index for index, n in enumerate(self._others)}
        self._of_key = {key: len(self._others) + n for n, key in enumerate(self._keys)}
        self.unsound = 1 << self.step_properties.index(CODE_IS_SOUND.name)
        #: The fault of the code, by its state and the step into it.
        self.faults: dict[tuple[int, Move], Fault] = {}

    @cached_property
    def instances(self) -> list[Instance]:
        """The instances of everybody else, in the order of the text; then those of the code."""
        return [*(self._base.instances[n] for n in self._others), *self._own.values()]

    @cached_property
    def initial(self) -> State:
        """The code bound to its device, in the spec's first state."""
        code, state = self.composed.first
        return (*state, code)

    def successors(self, state: State) -> list[tuple[int, State, int]]:
        """All steps from a state."""
        code, plain = state[-1], state[:-1]
        steps = [
            (number, (*after, self.composed.follow(code, plain, after)), broken)
            for number, after, broken in self.others(plain)
        ]
        for move in self.composed.moves(code):
            done = self._take(code, plain, move)
            if done is not None:
                steps.append((self.number_of(move), *done))
        return steps

    def others(self, plain: State) -> list[tuple[int, State, int]]:
        """The steps of everybody else, by the numbers of their instances."""
        return [(self._of_base[number], after, broken) for number, after, broken in self.composed.others(plain)]

    def number_of(self, move: Move) -> int:
        """The number of the instance of a step of the code."""
        return self._of_key[_key(move)]

    def _take(self, code: int, plain: State, move: Move) -> tuple[State, int] | None:
        try:
            taken = self.composed.take(code, plain, move)
        except DriverFault as problem:
            self.faults[code, move] = problem.fault
            return (*plain, code), self.unsound
        return None if taken is None else ((*taken[1], taken[0]), taken[2])

    @cached_property
    def moves(self) -> list[Step]:
        """For each instance a function that takes its step; None where it can't."""
        others = [partial(self._move_others, self._base.moves[n]) for n in self._others]
        return [*others, *(partial(self._move_code, key) for key in self._keys)]

    def _move_others(self, base: Step, state: State) -> tuple[State, int] | None:
        done = base(state[:-1])
        if done is None:
            return None
        after, broken = done
        return (*after, self.composed.follow(state[-1], state[:-1], after)), broken

    def _move_code(self, key: Key, state: State) -> tuple[State, int] | None:
        move = self.move_at(state, key)
        return None if move is None else self._take(state[-1], state[:-1], move)

    def move_at(self, state: State, key: Key) -> Move | None:
        """The step of the code of that key, if the code has it in this state."""
        return next((move for move in self.composed.moves(state[-1]) if _key(move) == key), None)

    def key_of(self, instance: int) -> Key | None:
        """The key of an instance of the code; None for one of somebody else."""
        number = instance - len(self._others)
        return self._keys[number] if number >= 0 else None

    def action_of(self, state: State, move: Move) -> Action:
        """A step of the code as an action for a trace: named by call and function, with the line that it is at."""
        effect = self.composed.effect_of(move, state[:-1])
        recorded = self._own[_key(move)].action if effect is None else self._base.action_named(effect)
        name = f"{move.call} {move.place.function}" if move.place.line else move.says
        self._by_name.setdefault(name, recorded)  # a trace finds it under that name
        where = f"virtio_balloon.c:{move.place.line}" if move.place.line else recorded.action.where
        return replace(recorded.action, name=name, step="", where=where, says=move.says)


def _key(move: Move) -> Key:
    return (move.thread, move.block) if move.entry == Entry.NONE else move.entry


def _recorded(key: Key) -> RecordedAction:
    """An action that says which thread goes on; terms can't say what it does."""
    name = f"code: thread {key[0]}" if isinstance(key, tuple) else f"code: {key.name.lower()}"
    takes_block = isinstance(key, tuple) and key[1] is not None
    where, says = "virtio_balloon.c", "a step of the code"
    action = Action(name, DRIVER, "", where, says, _nothing, takes_block, None, (), ("", 0))
    return RecordedAction(action, (), {}, ((CODE_IS_SOUND.name, FALSE),))


def _nothing(*_: object) -> None:
    """The body of an action that is not of the text."""


#: What is said of the driver's blocks where the driver is the code: it can't be seen on which list they are.
_SAYS = {"driver.held": "blocks that the code has, hinted or not"}


def _of_code(v: RecordedVar) -> RecordedVar:
    """A variable as traces of the code show it: a block in the text's hand is never seen."""
    mark = "" if v.name == "driver.in_hand" else v.declared.mark
    return replace(v, declared=replace(v.declared, says=_SAYS.get(v.name, v.declared.says), mark=mark))


def _with_code(model: Model, steps: list[RecordedAction]) -> Model:
    """The model with one more variable, the number of the code's snapshot, and with the code's steps."""
    declared = Var(COUNT, 0, "number of the snapshot of the code", ghost=True)
    named = {step.name: step for step in steps}
    return replace(
        model,
        vars=(*map(_of_code, model.vars), RecordedVar("code.state", COUNT, lift(0, COUNT), declared)),
        actions=(*model.actions, *named.values()),
        properties=(*model.properties, RecordedProperty(CODE_IS_SOUND, None)),
    )
