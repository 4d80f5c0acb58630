"""Snapshots, and the search over all states of the unmodified driver: no fault, no deadlock, no leak at small sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.linux.driver import Setup
from hintproof.linux.explore import Explored, Plan, Verdict, explore, replay, walk
from hintproof.linux.operations import Entry, Op
from tests.checker.linux.device import DriverUnderTest
from tests.checker.linux.little import little
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


# -- critical sections as one step ------------------------------------------------------------

#: The work notes under a lock that it is at it, and afterwards that it no longer is.
NOTES = "spin_lock_irq(&l->one); l->bits = 1; spin_unlock_irq(&l->one);"
NOTES_NO_MORE = "spin_lock_irq(&l->one); l->bits = 0; spin_unlock_irq(&l->one);"
CRASHES = "if (l->bits) *(volatile int *)8 = 1;"
#: Interrupts happen at any point, twice.
ANY_TIME = Plan((7, 8), atomic=False)


def explored(tmp_path: Path, by_section: bool, **parts: str) -> Explored:
    linux = little(tmp_path / str(by_section), accesses=by_section, **parts)
    linux.start(Setup(blocks=1))
    return explore(linux, ANY_TIME, by_section=by_section)


def test_a_section_of_which_nobody_can_tell_is_one_step(tmp_path: Path) -> None:
    looks = "spin_lock(&l->one); l->bits |= 2; spin_unlock(&l->one);"
    every, fewer = (
        explored(tmp_path, by_section, work=NOTES + NOTES_NO_MORE, changed=looks) for by_section in (False, True)
    )
    assert every.verdict == fewer.verdict == Verdict.EXHAUSTED
    assert (fewer.states, fewer.depth) < (every.states, every.depth)


def test_between_two_sections_others_run(tmp_path: Path) -> None:
    crashes = f"spin_lock(&l->one); {CRASHES} spin_unlock(&l->one);"
    for by_section in (False, True):
        found = explored(tmp_path, by_section, work=NOTES + NOTES_NO_MORE, changed=crashes)
        assert found.verdict == Verdict.FAULTED


@pytest.mark.parametrize(
    "changed",
    [CRASHES, "if (!spin_trylock(&l->one)) *(volatile int *)8 = 1; else spin_unlock(&l->one);"],
    ids=["reads without the lock", "sees that the lock is held"],
)
def test_a_section_of_which_somebody_can_tell_is_no_step(changed: str, tmp_path: Path) -> None:
    """What the section did is undone before the next call: only between the two does anybody see it."""
    for by_section in (False, True):
        found = explored(tmp_path, by_section, work=f"{NOTES} l->bits = 0;", changed=changed)
        assert found.verdict == Verdict.FAULTED, by_section
        assert found.fault is not None


def test_a_section_in_which_something_is_called_is_no_step(tmp_path: Path) -> None:
    work = (
        "spin_lock_irq(&l->one); l->bits = 1; set_bit(3, &l->bits); l->bits = 2; spin_unlock_irq(&l->one); l->bits = 0;"
    )
    changed = "spin_lock(&l->two); if (test_bit(1, &l->bits)) *(volatile int *)8 = 1; spin_unlock(&l->two);"
    for by_section in (False, True):
        assert explored(tmp_path, by_section, work=work, changed=changed).verdict == Verdict.FAULTED


def test_the_path_of_a_search_by_section_can_be_taken_again(tmp_path: Path) -> None:
    linux = little(tmp_path, accesses=True, work=f"{NOTES} l->bits = 0;", changed=CRASHES)
    linux.start(Setup(blocks=1))
    found = explore(linux, ANY_TIME, by_section=True)
    moved, fault = replay(linux, ANY_TIME, found.path, by_section=True)
    assert str(fault) == str(found.fault)
    assert len(moved) == len(found.path)


@pytest.mark.parametrize("package", PACKAGES)
def test_by_section_there_is_no_fault_either_and_fewer_states(package: str) -> None:
    """Linux 6.12 has a lock around its wake-up source, which made of 242,000 states more than eight million."""
    linux = driver(package, accesses=True)
    linux.start(Setup(blocks=1, ring=3))
    found = explore(linux, Plan((7, 8, 1), scans=1), most=1_000_000, by_section=True)
    assert found.verdict == Verdict.EXHAUSTED
    assert found.states < 500_000
