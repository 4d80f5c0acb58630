"""The states of code and everybody else as numbers, for a search of all of them.

Many states differ in the code alone. What everybody else does in one of their states, and what becomes of it by a
step of the code, is found once for all snapshots of the code; and a search keeps one number a state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hintproof.interpret.concrete import Instance, State
from hintproof.linux.codemodel import CodeModel
from hintproof.linux.driver import DriverFault
from hintproof.linux.steps import Change, Move, Step
from hintspec.language.recording import Model, RecordedProperty
from hintspec.language.sizes import Sizes
from hintspec.language.terms import Term

#: A state is the number of everybody else's state times this, and the number of the code's snapshot.
_BELOW = 1 << 32

#: A step of everybody else: its instance, the number of their state after it, how many buffers the device used, and
#: the mask of promises that it breaks.
_OfOthers = tuple[int, int, int, int]


@dataclass(slots=True)
class _Row:
    """A state of everybody else: its verdict, their steps, the calls of the code that they allow, the id in config.

    ``after``: the number of their state after a change of the code, and the mask of promises that it breaks.
    """

    plain: State
    verdict: int
    steps: list[_OfOthers] | None = None
    gates: frozenset[Step] = frozenset()
    shown: int = 0
    after: dict[Change, tuple[int, int] | None] = field(default_factory=dict)


class Interned:
    """A code model whose states are numbers: a system for :class:`~hintproof.engines.exhaustive.PlainSearch`."""

    def __init__(self, code_model: CodeModel) -> None:
        self._of = code_model
        self._composed = code_model.composed
        self._rows: list[_Row] = []
        self._numbers: dict[State, int] = {}
        self._moves: dict[int, list[tuple[int, Move]]] = {}
        self.model: Model = code_model.model
        self.sizes: Sizes = code_model.sizes
        self.instances: Sequence[Instance] = code_model.instances
        self.step_properties: Sequence[str] = code_model.step_properties
        self.state_properties: Sequence[RecordedProperty] = code_model.state_properties

    @property
    def initial(self) -> int:
        """The code bound to its device, in the spec's first state."""
        code, plain = self._composed.first
        return self._number(plain) * _BELOW + code

    def judge(self, state: int) -> int:
        """The mask of the properties of a state."""
        return self._rows[state // _BELOW].verdict

    def truths(self, conditions: Sequence[Term]) -> Callable[[int], int]:
        """A function that gives the mask of the conditions that hold for some block."""
        holds = self._of.truths(conditions)
        return lambda state: holds((*self._rows[state // _BELOW].plain, state % _BELOW))

    def successors(self, state: int) -> list[tuple[int, int, int]]:
        """All steps from a state."""
        number, code = divmod(state, _BELOW)
        row = self._rows[number]
        if row.steps is None:
            self._fill(row)
        assert row.steps is not None
        steps = [
            (instance, after * _BELOW + (self._composed.pop(code, used) if used else code), broken)
            for instance, after, used, broken in row.steps
        ]
        for instance, move in self._moves_of(code):
            if move.gate is None or move.gate in row.gates:
                try:
                    into, change = self._composed.outcome_of(code, move, row.shown if move.reads else 0)
                except DriverFault:
                    steps.append((instance, state, self._of.unsound))
                    continue
                if change not in row.after:
                    row.after[change] = self._change(row, change)
                changed = row.after[change]
                if changed is not None:
                    steps.append((instance, changed[0] * _BELOW + into, changed[1]))
        return steps

    def _number(self, plain: State) -> int:
        number = self._numbers.setdefault(plain, len(self._rows))
        if number == len(self._rows):
            self._rows.append(_Row(plain, self._of.judge((*plain, 0))))
        return number

    def _moves_of(self, code: int) -> list[tuple[int, Move]]:
        if code not in self._moves:
            self._moves[code] = [(self._of.number_of(move), move) for move in self._composed.moves(code)]
        return self._moves[code]

    def _fill(self, row: _Row) -> None:
        """Find the steps of everybody else from their state, and what they allow there."""
        row.steps = [
            (instance, self._number(after), self._composed.used(row.plain, after), broken)
            for instance, after, broken in self._of.others(row.plain)
        ]
        row.gates = frozenset(gate for gate in self._composed.gates.values() if gate(row.plain) is not None)
        row.shown = self._composed.spec.shown(row.plain)

    def _change(self, row: _Row, change: Change) -> tuple[int, int] | None:
        changed = self._composed.after(change, row.plain)
        return None if changed is None else (self._number(changed[0]), changed[1])
