"""Exhaustive breadth-first search at compiled speed: the same states, counts and shortest runs as the plain one.

Rows of states stand in the order in which they were found, a hash table finds them, and nothing else is kept: how
a row was reached is found by taking the steps of a few rows again. With several threads the rows are the same,
in the same order.
"""

from __future__ import annotations

import inspect
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from hintproof.engines import kernel, modules
from hintproof.engines.limits import Limits
from hintproof.engines.options import ExhaustiveOptions
from hintproof.engines.report import Run
from hintproof.engines.search import Graph, Search
from hintproof.interpret.concrete import Concrete, Instance, State
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.packed_helpers import hashed
from hintproof.interpret.steps import arrays_of, steps_text
from hintproof.system.memory import zeros
from hintproof.system.progress import Progress, no_progress

#: Rows that a thread expands at a time: few enough for their steps to stay in a core's cache. With several threads it
#: is more, as they wait for each other after each batch.
_BATCH, _BATCH_TOGETHER = 4096, 16384

#: Rows of a level from which on several threads are faster than one that does the work of all.
_WORTH_SHARING = 4096

#: How full the table may get; and the entries up to which it grows fourfold, as filling it anew takes time.
_FULL, _LARGE = 0.7, 1 << 26

#: Bytes of the table for a row, at most.
_ENTRY = 12


def loops_text(words: int) -> str:
    """The module of the loops over states of so many words."""
    loops = "\n\n".join(
        f"@njit(cache=True, nogil=True)\n{inspect.getsource(function)}" for function in (hashed, *kernel.LOOPS)
    )
    imports = "from numba import njit\n\nfrom hintproof.engines.prefetch import prefetch\n\n"
    return f"{imports}WORDS, AHEAD = {words}, {kernel.AHEAD}\n\n\n{loops}"


class CompiledSearch(Search):
    """One search: rows of states, and a table to find them by."""

    def __init__(
        self,
        concrete: Concrete,
        limits: Limits = Limits(),
        options: ExhaustiveOptions = ExhaustiveOptions(),
        progress: Progress = no_progress,
    ) -> None:
        super().__init__(limits, progress)
        self.system = concrete
        packed = self._packed = PackedCompiler(concrete, options.symmetry)
        self._steps = modules.machine_code(steps_text(packed), arrays_of(packed))
        self._loops = modules.load(loops_text(packed.words))
        self.threads = options.threads
        self._rows_at_a_time = _BATCH_TOGETHER if options.threads > 1 else _BATCH
        self._make_buffers(packed.words)
        self._reserve(packed.words)
        self.here, self.count, self.transitions = 0, 1, 0
        self._batches: list[tuple[int, int]] = []  # rows found and rows expanded, after each thread's share
        self.states[0] = packed.pack(concrete.initial)
        self._steps.canonical(self.states, 0)
        self._make_table(1 << (2 * len(self._scratch)).bit_length(), map)
        decided = self._decided = int(concrete.judge(concrete.initial))
        self.first = [0 if decided >> bit & 1 else -1 for bit in range(len(concrete.state_properties))]

    # -- memory ----------------------------------------------------------------------------
    def _reserve(self, words: int) -> None:
        """Room for rows: as many as memory may hold, which takes none before they are written."""
        buffers = sum(part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray))
        rows = max((self.limits.free_bytes() - buffers) // (8 * words + _ENTRY), 1)
        self._most = rows * (8 * words + _ENTRY)  # bytes of rows and table
        while True:
            try:
                self.states = zeros((rows, words), np.int64)
                return
            except MemoryError:  # a limit on addresses
                rows //= 2

    def _make_buffers(self, words: int) -> None:
        steps, threads = max(len(self.system.instances), 1), self.threads
        room = self._rows_at_a_time * steps
        self._room = room
        self._scratch = np.empty((threads * room, words), np.int64)
        self._via = np.empty(threads * room, np.uint16)
        self._places, self._verdicts = (np.empty(threads * room, np.int64) for _ in range(2))
        self._mine = np.zeros((threads, room + 2 * kernel.AHEAD), np.int64)
        self._hashes = np.zeros(threads * room + 2 * kernel.AHEAD, np.int64)
        self._ends = np.empty((threads, self._rows_at_a_time), np.int64)
        self._sizes = np.zeros(threads, np.int64)
        self._fresh = np.zeros((threads, threads), np.int64)
        self._fired = np.zeros((threads, steps), np.int64)
        self._broken_at = np.full((threads, max(len(self.system.step_properties), 1), 2), -1, np.int64)
        self._deadlock = np.full((threads, 1), -1, np.int64)

    def _make_table(self, size: int, each: Callable[..., Any]) -> None:
        self.table = zeros((0,), np.uint32)  # the old one goes first
        self.table = zeros((size,), np.uint32)
        self._bits = size.bit_length() - 1
        list(each(self._fill, range(self.threads)))

    def _fill(self, part: int) -> None:
        for low in range(0, self.count, 1 << 20):  # a few at a time, so that Ctrl-C is heard
            high = min(self.count, low + (1 << 20))
            self._loops.fill(self.states, self.table, self._bits, self.threads, part, low, high)

    def _has_room(self) -> bool:
        """Whether there are rows for the steps of the next batch, however many are new."""
        return self.count + self._hashes.size <= len(self.states)

    def _grow_table(self, each: Callable[..., Any]) -> None:
        """Keep the table from filling up. Raises :class:`MemoryError` if there is no memory for that."""
        while self.count + int(self._sizes.sum()) > _FULL * len(self.table):
            rows, size = self.count * self.states.strides[0], 4 * len(self.table)
            fourfold = size < 4 * _LARGE and rows + size * self.table.itemsize < self._most
            self._make_table(size if fourfold else size // 2, each)

    # -- the search ------------------------------------------------------------------------
    def search(self) -> None:
        """Visit all states, or until a limit is met."""
        with ThreadPoolExecutor(self.threads) as pool:
            while self.here < self.count:
                if self._is_over(self.count, self.here):
                    return
                if not self._has_room() or not self._took_batch(pool):
                    self.stopped_by = self.limits.memory_is_full()
                    return

    def _took_batch(self, pool: ThreadPoolExecutor) -> bool:
        """Take a batch; False if there is no memory for that."""
        try:
            self._batch(pool)
        except MemoryError:
            return False
        return True

    def _batch(self, pool: ThreadPoolExecutor) -> None:
        """Expand some rows of one level, enter their steps, give new states their rows, and judge these."""
        if self.here == self._level_ends:
            self.depth += 1
            self._level_ends = self.count
        high = min(self.here + self._rows_at_a_time * self.threads, self._level_ends)
        threads = range(self.threads)
        shared = self.threads > 1 and high - self.here >= _WORTH_SHARING
        each: Callable[..., Any] = pool.map if shared else map
        cuts = [self.here + (high - self.here) * t // self.threads for t in (*threads, self.threads)]
        list(each(lambda t: self._expand(t, cuts[t], cuts[t + 1]), threads))
        self._grow_table(each)
        list(each(self._insert, threads))
        ends = self.count + np.cumsum([0, *self._fresh.sum(axis=0)])
        decided = list(each(lambda t: self._commit(t, int(ends[t]), int(ends[t + 1])), threads))
        for t in threads:
            if decided[t] & ~self._decided:
                self._note_first(t, int(ends[t]), int(ends[t + 1]))
        self.transitions += int(self._sizes.sum())
        self.here, self.count = high, int(ends[-1])
        self._batches += [(int(ends[t + 1]), cuts[t + 1]) for t in threads]

    def _buffer(self, t: int) -> slice:
        """The places of a thread's buffer."""
        return slice(t * self._room, (t + 1) * self._room)

    def _expand(self, t: int, low: int, high: int) -> None:
        mine = self._buffer(t)
        self._sizes[t] = self._steps.expand_rows(
            *(self.states, low, high, self._scratch[mine], self._via[mine], self._ends[t], self._hashes[mine]),
            *(self._fired[t], self._broken_at[t], self._deadlock[t]),
        )

    def _insert(self, t: int) -> None:
        self._loops.insert(
            *(self.states, self.table, self._bits, self._scratch, self._hashes, self._sizes),
            *(self.count, t, self._mine[t], self._places, self._fresh),
        )

    def _commit(self, t: int, low: int, high: int) -> int:
        begin = t * self._room
        if self.threads > 1:
            end = begin + int(self._sizes[t])
            self._loops.commit(self.states, self.table, self._bits, self._scratch, begin, end, low, self._places)
        return int(self._steps.judge_rows(self.states, low, high, self._verdicts[self._buffer(t)]))

    def _note_first(self, t: int, low: int, high: int) -> None:
        """Note the first rows that violate, or reach, what no row did before."""
        verdicts = self._verdicts[self._buffer(t)][: high - low]
        for bit in range(len(self.first)):
            if not self._decided >> bit & 1 and (verdicts >> bit & 1).any():
                self.first[bit] = low + int(np.argmax(verdicts >> bit & 1))
                self._decided |= 1 << bit

    # -- what the plain search has, too ----------------------------------------------------
    @property
    def deadlock(self) -> int | None:
        """The first state without any step."""
        return min((int(row) for row in self._deadlock.flat if row >= 0), default=None)

    def broken_steps(self) -> list[int]:
        """The bits of the STEP properties that some step breaks."""
        return [bit for bit in range(len(self.system.step_properties)) if (self._broken_at[:, bit, 0] >= 0).any()]

    def run_breaking(self, bit: int) -> Run:
        """A shortest run whose last step breaks a STEP property."""
        row, via = min((int(row), int(via)) for row, via in self._broken_at[:, bit] if row >= 0)
        name = self.system.instances[via].action.name
        run, here = self._replayed(row)
        for number, _, broken in self.system.successors(here):
            last = self.system.instances[number]
            if last.action.name == name and broken >> bit & 1:
                return [*run, last.step]
        raise AssertionError(f"no {name} breaks the promise after row {row}")

    def first_with(self, bit: int) -> int | None:
        """The first state that violates an ALWAYS property, or meets the goal of another one."""
        return self.first[bit] if self.first[bit] >= 0 else None

    def run_to(self, state: int) -> Run:
        """The run by which a state was first reached: a shortest one, in one naming of the blocks."""
        return self._replayed(state)[0]

    def state_at(self, number: int) -> State:
        """The state in which the run to a row ends: that one or one that it stands for."""
        return self._replayed(number)[1]

    def _replayed(self, state: int) -> tuple[Run, State]:
        """The run to a state, and the state that it ends in: that one or one that it stands for."""
        way = []
        while state:
            parent, via = self._reached(state)
            way.append((state, via))
            state = parent
        steps: Run = []
        here = self.system.initial
        for row, via in reversed(way):
            instance, here = self.step_to(here, self.system.instances[via].action.name, row)
            steps.append(instance.step)
        return steps, here

    def _reached(self, state: int) -> tuple[int, int]:
        """The row from which a state was first found, and the step: the steps of its batch are taken again."""
        batch = bisect_right(self._batches, (state, len(self.states)))
        low, high = self._batches[batch - 1][1] if batch else 0, self._batches[batch][1]
        size = self._again(low, high)
        place = int(np.flatnonzero((self._scratch[:size] == self.states[state]).all(axis=1))[0])
        return low + int(np.searchsorted(self._ends[0, : high - low], place, "right")), int(self._via[place])

    def step_to(self, here: State, name: str, row: int) -> tuple[Instance, State]:
        """The instance of an action that leads to a row, or to a state that the row stands for."""
        for number, state, _ in self.system.successors(here):
            instance = self.system.instances[number]
            if instance.action.name == name:
                self._scratch[0] = self._packed.pack(state)
                self._steps.canonical(self._scratch, 0)
                if (self._scratch[0] == self.states[row]).all():
                    return instance, state
        raise AssertionError(f"no {name} leads to row {row}")

    def _again(self, low: int, high: int) -> int:
        """Take the steps of some rows again, into the first buffers; returns how many there are."""
        fired, broken_at, deadlock = self._fired[0].copy(), self._broken_at[0].copy(), self._deadlock[0].copy()
        size: int = self._steps.expand_rows(
            *(self.states, low, high, self._scratch, self._via, self._ends[0], self._hashes),
            *(fired, broken_at, deadlock),
        )
        return size

    @property
    def bytes_per_state(self) -> float:
        """Memory that rows and table take for a state."""
        row = self.states.itemsize * self.states.shape[1]
        return float(row + self.table.nbytes / self.count)

    def met(self, bit: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """For each state whether it has the bit of a property."""
        good = np.zeros(self.count, np.uint8)
        for low, high in self._parts():
            verdicts = np.empty(high - low, np.int64)
            self._steps.judge_rows(self.states, low, high, verdicts)
            good[low:high] = verdicts >> bit & 1
        return good

    def graph(self) -> Graph:
        """All transitions, made again from the rows. The table, which nothing else needs, goes afterwards."""
        if not len(self.table):
            self._make_table(1 << (2 * self.count).bit_length(), map)
        ends = np.empty(self.count, self._end_kind)
        targets, via = np.empty(self.transitions, np.uint32), np.empty(self.transitions, self._via_kind)
        begin = 0
        for low, high in self._parts():
            size = self._again(low, high)
            ends[low:high] = self._ends[0, : high - low] + begin
            via[begin : begin + size] = self._via[:size]
            found = targets[begin : begin + size]
            self._loops.locate(
                *(self.states, self.table, self._bits, self.threads, self._scratch, self._hashes, size, found)
            )
            begin += size
        self.table = zeros((0,), np.uint32)
        return Graph(ends, targets, via)

    @property
    def _via_kind(self) -> np.dtype[Any]:
        return np.min_scalar_type(len(self.system.instances))

    @property
    def _end_kind(self) -> np.dtype[Any]:
        return np.dtype(np.uint32 if self.transitions < 1 << 32 else np.int64)

    @property
    def graph_bytes(self) -> int:
        """The memory that :meth:`graph` takes."""
        return self.count * self._end_kind.itemsize + self.transitions * (4 + self._via_kind.itemsize)

    def _parts(self) -> Iterator[tuple[int, int]]:
        """All rows, a few at a time, so that Ctrl-C is heard."""
        at_a_time = self._rows_at_a_time
        return ((low, min(low + at_a_time, self.count)) for low in range(0, self.count, at_a_time))

    @property
    def fired_counts(self) -> list[int]:
        """How often each instance of an action happened."""
        counts: list[int] = self._fired.sum(axis=0).tolist()
        return counts
