"""A text means as machine code what it means in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hintproof.interpret.machine_code import Array, MachineCode, compile_text
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.steps import arrays_of, steps_text
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes

ARRAYS = {"rows": Array(columns=3), "small": Array(bits=16)}

#: Each construct that a text may have.
TEXT = '''
SEVEN = 7


def helper(a, b):
    """The first of two that is not zero, or 9."""
    if a:
        return a
    if b:
        return b
    return 9


def arithmetic(a, b):
    c = (a + b) * 3 - b ^ a
    c += a << 2 | b >> 1 & SEVEN
    return c // 5 if c > 0 else ~c + -b


def conditions(a, b):
    both = 1 if a and b else 0
    either = 1 if a or b or a > b else 0
    chained = 0 <= a < b <= SEVEN
    return both | either << 1 | int(chained) << 2 | (not a) << 3 | (a != b) << 4 | True << 5


def ways(a, b):
    if a == 1:
        b += 10
    elif a == 2:
        return b
    elif a == 3:
        a, b = b, a
    else:
        b = helper(b, a)
    return a * 100 + b


def loops(rows, small, low, high):
    total = 0
    for row in range(low, high):
        for column in range(3):
            if rows[row, column] < 0:
                small[row] += 1
            else:
                rows[row, column] = rows[row, column] + row
            total += rows[row, column]
        small[row] += 65535
    return total


def falls_off(rows):
    rows[0, 0] = 1
'''

NUMBERS = st.integers(-(2**40), 2**40)
SMALL = st.integers(0, 8)


@pytest.fixture(scope="module")
def machine() -> MachineCode:
    return MachineCode(compile_text(TEXT, ARRAYS), TEXT, ARRAYS)


def python(text: str) -> dict[str, Any]:
    scope: dict[str, Any] = {}
    exec(text, scope)
    return scope


PYTHON = python(TEXT)


@pytest.mark.parametrize("name", ["helper", "arithmetic", "conditions", "ways"])
@given(a=SMALL | NUMBERS, b=SMALL | NUMBERS)
@settings(deadline=None)
def test_numbers(name: str, machine: MachineCode, a: int, b: int) -> None:
    truth = int(PYTHON[name](a, b))
    assert getattr(machine, name)(a, b) == truth


@given(values=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=9), low=SMALL, high=SMALL)
@settings(deadline=None)
def test_arrays(machine: MachineCode, values: list[tuple[int, int, int]], low: int, high: int) -> None:
    rows, small = np.array(values, np.int64), np.arange(len(values), dtype=np.uint16)
    plain, marks = rows.tolist(), small.tolist()
    as_python = {(i, j): v for i, row in enumerate(plain) for j, v in enumerate(row)}
    marks_before = dict(enumerate(marks))
    high = min(high, len(values))
    assert machine.loops(rows, small, low, high) == PYTHON["loops"](as_python, marks_before, low, high)
    assert rows.tolist() == [[as_python[i, j] for j in range(3)] for i in range(len(values))]
    assert small.tolist() == [marks_before[i] % 65536 for i in range(len(values))]


def test_a_function_without_a_return_gives_zero(machine: MachineCode) -> None:
    rows = np.zeros((1, 3), np.int64)
    assert machine.falls_off(rows) == 0
    assert rows[0, 0] == 1


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 3), np.int32), np.zeros((3, 2), np.int64).T, [0, 0, 0]],
    ids=["other elements", "not one after the other", "no array"],
)
def test_an_array_of_another_shape_is_refused(wrong: Any, machine: MachineCode) -> None:
    with pytest.raises(Exception, match=r"array must have|TypeError|has no attribute|argument 1"):
        machine.falls_off(wrong)


def test_a_construct_that_has_no_meaning_is_refused() -> None:
    with pytest.raises(AttributeError, match="_of_lambda"):
        compile_text("def f(a):\n    return lambda: a\n", {})
    with pytest.raises(KeyError):
        compile_text("def f(a):\n    return a / 2\n", {})


def test_the_steps_of_a_world_are_those_of_python() -> None:
    """The text itself, run by Python and as machine code, on all states of a small world."""
    concrete = prepare("linux-6.1+qemu-7.2+kvm-manual", Sizes(1, 2, 1))
    packed = PackedCompiler(concrete)
    text, arrays = steps_text(packed), arrays_of(packed)
    made, plain = MachineCode(compile_text(text, arrays), text, arrays), python(text)
    states = [packed.pack(concrete.initial)]
    seen = {tuple(states[0])}
    steps, words = len(concrete.instances), packed.words
    for here in states:
        results: list[Any] = []
        for expand in (made.expand_rows, plain["expand_rows"]):
            out, via, ends = np.zeros((steps, words), np.int64), np.zeros(steps, np.uint16), np.zeros(1, np.int64)
            hashes, fired = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
            broken_at = np.full((max(len(concrete.step_properties), 1), 2), -1, np.int64)
            deadlock = np.full(1, -1, np.int64)
            row = np.array([here], np.int64)
            with np.errstate(over="ignore"):
                count = expand(row, 0, 1, out, via, ends, hashes, fired, broken_at, deadlock)
            results.append([count, *(a.tolist() for a in (out, via, ends, hashes, fired, broken_at, deadlock))])
        assert results[0] == results[1]
        count, following_states = results[0][:2]
        for following in following_states[:count]:
            if tuple(following) not in seen and len(seen) < 3000:
                seen.add(tuple(following))
                states.append(following)
    assert len(seen) == 3000
