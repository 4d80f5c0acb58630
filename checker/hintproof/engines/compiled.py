"""Exhaustive breadth-first search at compiled speed: the same states, counts and shortest runs as the plain one.

The text of a module is written for a model and its sizes, and compiled by Numba once: the result is kept on
disk under the hash of that text, so that a change of the protocol makes a new one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np

from hintproof.engines import kernel
from hintproof.engines.kernel import COUNT, DEADLOCK, DEPTH, FIELDS, HERE, LEVEL, SPOKEN, TRANSITIONS
from hintproof.engines.report import Clock, Limits, Progress, Run, limit_met
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.packed import PackedCompiler

#: States between two looks at the limits (a fraction of a second), and rows at first.
_LOOK, _ROWS = 1 << 19, 1 << 16

#: Compiled modules that are kept.
_KEPT = 200


@cache
def cache_directory() -> Path:
    """Where compiled modules are kept: below $XDG_CACHE_HOME or ~/.cache; if not there, only for this run."""
    name = f"kernels-{numba.__version__}-py{sys.version_info[0]}{sys.version_info[1]}"
    directory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hintproof" / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:  # in a directory that nobody else may write to, as what is kept there is run
        return Path(tempfile.mkdtemp(prefix="hintproof-"))


def text_of(packed: PackedCompiler) -> str:
    """The module for a model and its sizes."""
    words = ", ".join(f"states[row, {i}]" for i in range(packed.words))
    rows = [
        f"def expand_row(states, row, out, via, broken):\n    return expand({words}, out, via, broken)",
        f"def judge_row(states, row):\n    return judge({words})",
    ]
    places = f"HERE, COUNT, TRANSITIONS, DEPTH, LEVEL, DEADLOCK, SPOKEN, FIELDS = {tuple(range(FIELDS + 1))}"
    loops: list[Any] = [kernel.place_of, kernel.fill, kernel.search, kernel.meets, kernel.lead]
    functions = [*rows, *(inspect.getsource(function) for function in loops)]
    return "\n\n".join([packed.source(), places, *(f"@njit(cache=True)\n{text}" for text in functions)])


def is_kept(packed: PackedCompiler) -> bool:
    """Whether the module is compiled already."""
    return (_folder(text_of(packed)) / "done").exists()


def _folder(text: str) -> Path:
    return cache_directory() / hashlib.sha256(text.encode()).hexdigest()[:24]


def load(packed: PackedCompiler) -> ModuleType:
    """The compiled module; what is missing of it Numba compiles when it is first called."""
    text = text_of(packed)
    folder = _folder(text)
    path = folder / "kernel.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _drop_oldest(folder.parent)
        partial = folder / f"kernel-{os.getpid()}.partial"
        partial.write_text(text)
        partial.replace(path)
    name = f"hintproof_kernel_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks its functions up there
    spec.loader.exec_module(module)
    return module


def _drop_oldest(directory: Path) -> None:
    """Keep the cache from growing without end; another process may do the same."""

    def age(folder: Path) -> float:
        try:
            return folder.stat().st_mtime
        except OSError:
            return 0.0

    for folder in sorted(directory.iterdir(), key=age)[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


class CompiledSearch:
    """One search: rows of states, how each was first reached, and a table to find them by."""

    def __init__(self, concrete: Concrete, limits: Limits, progress: Progress | None) -> None:
        self.concrete = concrete
        self.limits = limits
        self.progress = progress or (lambda what, count: None)
        self.clock = Clock(limits.seconds)
        self.stopped_by = ""
        packed = self._packed = PackedCompiler(concrete, limits.symmetry)
        self.module = load(packed)
        steps = max(len(concrete.instances), 1)
        self._out = np.zeros((steps, packed.words), np.int64)
        self._via, self._broken = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
        self._rows(_ROWS, packed.words)
        self.fired = np.zeros(steps, np.int64)
        self.first = np.full(max(len(concrete.state_properties), 1), -1, np.int64)
        self.broken_at = np.full((max(len(concrete.step_properties), 1), 2), -1, np.int64)
        self.at = np.zeros(FIELDS, np.int64)
        self.at[COUNT] = self.at[LEVEL] = 1
        self.at[DEADLOCK] = -1
        self.states[0] = packed.pack(concrete.initial)
        self.module.canonical(self.states, 0)
        self.module.fill(self.table, self.states, 1)
        self._judge_initial()
        self._mark = Path(str(self.module.__file__)).with_name("done")

    def _judge_initial(self) -> None:
        spoken = int(self.concrete.judge(self.concrete.initial))
        self.at[SPOKEN] = spoken
        for bit in range(len(self.first)):
            if spoken >> bit & 1:
                self.first[bit] = 0

    def _rows(self, rows: int, words: int) -> None:
        """Arrays for so many states, with a table that is at most half full."""
        self.states = np.zeros((rows, words), np.int64)
        self.parent, self.step = np.zeros(rows, np.uint32), np.zeros(rows, np.uint16)
        self.table = np.full(2 * rows, -1, np.int32)

    def _grow(self) -> bool:
        """Make room for twice as many rows, one array after the other; False if there is no memory for that."""
        try:
            self._enlarge()
        except MemoryError:
            return False
        return True

    def _enlarge(self) -> None:
        count, rows = int(self.at[COUNT]), 2 * len(self.states)
        for name in ("states", "parent", "step"):
            old = getattr(self, name)
            new = np.zeros((rows, *old.shape[1:]), old.dtype)
            new[:count] = old[:count]
            setattr(self, name, new)
        self.table = np.full(2 * rows, -1, np.int32)
        self.module.fill(self.table, self.states, count)

    # -- what the plain search has, too ----------------------------------------------------
    def search(self) -> None:
        """Visit all states, or until a limit is met."""
        while self.at[HERE] < self.at[COUNT]:
            if self._is_over():
                return
            if self.at[COUNT] + len(self._via) > len(self.states) and not self._grow():
                self.stopped_by = "no memory for more states"
                return
            self.module.search(
                *(self.states, self.table, self.parent, self.step, self.at, self.fired, self.first, self.broken_at),
                *(self._out, self._via, self._broken, self.at[HERE] + _LOOK),
            )
            self._mark.touch()

    def _is_over(self) -> bool:
        self.progress("states", self.count)
        self.stopped_by = limit_met(self.limits, self.clock, self.count)
        return bool(self.stopped_by)

    @property
    def count(self) -> int:
        """States found so far."""
        return int(self.at[COUNT])

    @property
    def transitions(self) -> int:
        """Steps taken so far."""
        return int(self.at[TRANSITIONS])

    @property
    def depth(self) -> int:
        """How many steps away the states are that are expanded now."""
        return int(self.at[DEPTH])

    @property
    def deadlock(self) -> int | None:
        """The first state without any step."""
        return int(self.at[DEADLOCK]) if self.at[DEADLOCK] >= 0 else None

    def broken_steps(self) -> list[int]:
        """The bits of the STEP properties that some step breaks."""
        return [bit for bit, (state, _) in enumerate(self.broken_at) if state >= 0]

    def run_breaking(self, bit: int) -> Run:
        """A shortest run whose last step breaks a STEP property."""
        row, via = self.broken_at[bit]
        name = self.concrete.instances[int(via)].action.name
        run, here = self._replayed(int(row))
        for number, _, broken in self.concrete.successors(here):
            last = self.concrete.instances[number]
            if last.action.name == name and broken >> bit & 1:
                return [*run, (name, last.block)]
        raise AssertionError(f"no {name} breaks the promise after row {row}")

    def first_with(self, bit: int) -> int | None:
        """The first state in which a property speaks up."""
        return int(self.first[bit]) if self.first[bit] >= 0 else None

    def run_to(self, state: int) -> Run:
        """The run by which a state was first reached: a shortest one, in one naming of the blocks."""
        return self._replayed(state)[0]

    def _replayed(self, state: int) -> tuple[Run, State]:
        """The run to a state, and the state that it ends in: that one or one that it stands for."""
        rows = [state]
        while rows[-1]:
            rows.append(int(self.parent[rows[-1]]))
        steps: Run = []
        here = self.concrete.initial
        for row in rows[-2::-1]:
            name = self.concrete.instances[int(self.step[row])].action.name
            instance, here = self._taken(here, name, row)
            steps.append((instance.action.name, instance.block))
        return steps, here

    def _taken(self, here: State, name: str, row: int) -> tuple[Instance, State]:
        """The instance of an action that leads to a row, or to a state that the row stands for."""
        for number, state, _ in self.concrete.successors(here):
            instance = self.concrete.instances[number]
            if instance.action.name == name:
                self._out[0] = self._packed.pack(state)
                self.module.canonical(self._out, 0)
                if (self._out[0] == self.states[row]).all():
                    return instance, state
        raise AssertionError(f"no {name} leads to row {row}")

    def stuck(self, bit: int) -> int | None:
        """The first state from which no state that meets the goal can be reached any more."""
        good = np.zeros(self.count, np.uint8)
        self._in_parts(lambda low, high: self.module.meets(self.states, good, bit, low, high))
        scratch = (self._out, self._via, self._broken)
        while self._in_parts(lambda low, high: self.module.lead(self.states, self.table, good, *scratch, low, high)):
            pass
        bad = np.flatnonzero(good == 0)
        return int(bad[0]) if len(bad) else None

    def _in_parts(self, do: Callable[[int, int], Any]) -> bool:
        """Go through all rows, the last first, a part at a time, so that Ctrl-C is heard."""
        parts = [do(max(0, high - _LOOK), high) for high in range(self.count, 0, -_LOOK)]
        return any(parts)

    @property
    def fired_counts(self) -> list[int]:
        """How often each instance of an action happened."""
        counts: list[int] = self.fired.tolist()
        return counts
