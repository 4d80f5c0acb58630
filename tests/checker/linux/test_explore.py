"""Snapshots, and the search over all states of the unmodified driver: no fault, no deadlock, no leak at small sizes."""

from __future__ import annotations

import pytest

from hintproof.linux.driver import Setup
from hintproof.linux.explore import Explored, Plan, Verdict, explore, walk
from hintproof.linux.operations import Entry, Op
from tests.checker.linux.device import DriverUnderTest
from tests.checker.linux.trees import PACKAGES, driver


@pytest.fixture(params=PACKAGES)
def linux(request: pytest.FixtureRequest) -> DriverUnderTest:
    return driver(request.param)


def counts(found: Explored) -> tuple[Verdict, int, int]:
    return found.verdict, found.states, found.transitions


def test_a_snapshot_in_the_middle_of_a_round_is_gone_back_to(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=3, ring=8))
    linux.command(7)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    linux.run(thread, Op.LOCK)
    middle = linux.keep()
    linux.finish(thread)
    first = [b.payload if b.out else b.block for b in linux.waiting()], linux.keep()
    linux.call(Entry.SCAN, 1)
    linux.recall(middle)
    assert linux.keep() == middle
    assert linux.pending(thread).op == Op.LOCK
    linux.finish(thread)
    assert ([b.payload if b.out else b.block for b in linux.waiting()], linux.keep()) == first


@pytest.mark.parametrize(
    ("plan", "setup"),
    [
        (Plan((7, 8)), Setup(blocks=1)),
        (Plan((7,), scans=1), Setup(blocks=1)),
        (Plan((7,), scans=1, removes=1, allocations_fail=True), Setup(blocks=1)),
        (Plan((7,), freezes=1), Setup(blocks=1)),
    ],
    ids=["two ids", "scan", "remove", "freeze"],
)
def test_all_states_of_a_small_world_are_sound(linux: DriverUnderTest, plan: Plan, setup: Setup) -> None:
    linux.start(setup)
    found = explore(linux, plan)
    assert found.verdict == Verdict.EXHAUSTED, found
    assert found.states > 100
    assert counts(explore(linux, plan)) == counts(found)


def test_access_by_access_there_is_no_fault_either() -> None:
    linux = driver("linux-source-6.1", accesses=True)
    linux.start(Setup(blocks=1))
    by_access = explore(linux, Plan((7,), scans=1))
    assert by_access.verdict == Verdict.EXHAUSTED
    by_call = driver("linux-source-6.1")
    by_call.start(Setup(blocks=1))
    assert by_access.states > 2 * explore(by_call, Plan((7,), scans=1)).states
    linux.start(Setup(blocks=2))
    plan = Plan((7, 1, 8), scans=2, removes=1, freezes=1, atomic=False)
    assert walk(linux, plan, walks=300, length=300).verdict == Verdict.GOES_ON


def test_a_search_that_meets_its_limit_says_so(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=4, ring=8))
    assert explore(linux, Plan((7, 8, 1), scans=3), most=1000).verdict == Verdict.LIMITED
