"""A fault of a driver ends its thread with a clear report; it never ends or hangs us."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.linux.driver import CMD_ID, Deviation, DriverFault
from hintproof.linux.explore import Plan, Verdict, explore, replay, walk
from hintproof.linux.operations import Entry, FaultKind
from tests.checker.linux.device import DriverUnderTest
from tests.checker.linux.little import little


def run_worker(driver: DriverUnderTest) -> None:
    driver.call(Entry.CHANGED)
    driver.call(Entry.WORK, driver.hint_work)


def test_a_sound_driver_has_no_fault(tmp_path: Path) -> None:
    driver = little(tmp_path)
    found = explore(driver, Plan(commands=(7, 8), removes=1))
    assert found.verdict == Verdict.EXHAUSTED
    assert found.states > 50


FAULTS = [
    ("*(volatile int *)l->page = 1;", FaultKind.SIGNAL, "memory that is not there"),
    ("deeper(l, 0);", FaultKind.SIGNAL, "memory that is not there"),
    ("l->id = 100 / (int)l->id;", FaultKind.SIGNAL, "the processor refused"),
    ("for (;;) barrier();", FaultKind.HANG, "without a call"),
    ("BUG_ON(!l->page);", FaultKind.BUG, "BUG_ON(!l->page)"),
    ("spin_lock(&l->one); spin_lock(&l->one);", FaultKind.BUG, "holds it already"),
    ("spin_unlock(&l->one);", FaultKind.BUG, "does not hold it"),
    ("spin_lock(&l->one);", FaultKind.BUG, "with a lock held"),
    ("spin_lock(&l->one); msleep(1);", FaultKind.BUG, "forbidden to sleep"),
    ("flush_work(&l->work);", FaultKind.BUG, "waits for itself"),
    ("queue_work(NULL, &l->work);", FaultKind.BUG, "does not exist"),
    ("free_pages(1UL << 32, MAX_PAGE_ORDER);", FaultKind.BUG, "does not have"),
    ("kfree(l); l->id = 1; spin_lock(&l->one);", FaultKind.BUG, "pending or runs"),
]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> DriverUnderTest:
    """All of these faults in one driver: the command id says which one its worker commits."""
    cases = "".join(f"case {number}: {work} break;\n" for number, (work, _, _) in enumerate(FAULTS))
    return little(tmp_path_factory.mktemp("faulty"), f"switch (l->command) {{ {cases} }}")


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[work for work, _, _ in FAULTS])
def test_a_fault_is_reported_and_we_go_on(faulty: DriverUnderTest, number: int) -> None:
    _, kind, says = FAULTS[number]
    driver = faulty
    driver.start()
    before = driver.keep()
    driver.config(CMD_ID, number)
    with pytest.raises(DriverFault) as caught:
        run_worker(driver)
    fault = caught.value.fault
    assert (fault.kind, fault.entry) == (kind, Entry.WORK)
    assert says in fault.text
    if kind != FaultKind.BUG:
        assert fault.place.function in ("hint", "deeper")
    driver.recall(before)
    assert driver.keep() == before
    driver.call(Entry.REMOVE)


def test_a_loop_with_calls_meets_a_limit_and_the_search_ends(tmp_path: Path) -> None:
    driver = little(tmp_path, "while (!test_bit(0, &l->bits)) ;")
    with pytest.raises(Deviation, match="for ever"):
        run_worker(driver)
    driver.start()
    assert explore(driver, Plan(commands=(7,))).verdict == Verdict.EXHAUSTED


def test_an_interrupts_lock_taken_with_interrupts_on(tmp_path: Path) -> None:
    locks = "spin_lock(&l->one); spin_unlock(&l->one);"
    driver = little(tmp_path, work=locks, changed=locks)
    with pytest.raises(DriverFault, match="interrupts on"):
        run_worker(driver)


def test_two_locks_in_two_orders_deadlock(tmp_path: Path) -> None:
    take = "spin_lock_irq(&l->{0}); spin_lock_irq(&l->{1}); spin_unlock_irq(&l->{1}); spin_unlock_irq(&l->{0});"
    driver = little(tmp_path, take.format("one", "two"), take.format("two", "one"))
    found = explore(driver, Plan(commands=(7, 8), atomic=False))
    assert found.verdict == Verdict.DEADLOCKED
    moved, fault = replay(driver, Plan(commands=(7, 8), atomic=False), found.path)
    assert fault is None
    assert {"hint", "changed"} <= {says.rpartition(" in ")[2].partition(":")[0] for says in moved}


def test_work_that_is_not_cancelled_outlives_its_memory(tmp_path: Path) -> None:
    remove = "virtio_reset_device(vdev); vdev->config->del_vqs(vdev); kfree(l); return;"
    driver = little(tmp_path, remove=remove)
    plan = Plan(commands=(7,), removes=1)
    found = explore(driver, plan)
    assert found.verdict == Verdict.FAULTED
    moved, fault = replay(driver, plan, found.path)
    assert fault == found.fault
    assert moved[:2] == ["command", "remove"]


def test_a_use_after_free_between_two_calls_is_seen_access_by_access(tmp_path: Path) -> None:
    remove = "cancel_work_sync(&l->work); kfree(l); l->id = 3; return;"
    driver = little(tmp_path, remove=remove, accesses=True)
    with pytest.raises(DriverFault, match="used after its memory was freed"):
        driver.call(Entry.REMOVE)


def test_random_walks_find_a_lost_update_that_no_call_separates(tmp_path: Path) -> None:
    """Both add one to a counter; only access by access can one of the two be lost."""
    work = "BUG_ON(l->bits == 1 && l->id == 2); l->bits++; l->id++;"
    driver = little(tmp_path, work=work, changed="l->bits++; l->id++; BUG_ON(l->id > 2 && l->bits != l->id);",
                    accesses=True)  # fmt: skip
    found = walk(driver, Plan(commands=(7, 8, 9), atomic=False), walks=5000, length=60)
    assert found.verdict == Verdict.FAULTED
    assert found.fault is not None
    assert "BUG_ON" in found.fault.text


def test_what_remove_forgets_is_a_leak(tmp_path: Path) -> None:
    remove = "destroy_workqueue(l->queue); virtio_reset_device(vdev); vdev->config->del_vqs(vdev); return;"
    driver = little(tmp_path, remove="cancel_work_sync(&l->work); " + remove)
    assert explore(driver, Plan(commands=(), removes=1)).verdict == Verdict.LEAKED


def test_an_out_buffer_at_a_wild_address_is_looked_at_with_care(tmp_path: Path) -> None:
    driver = little(tmp_path, work="sg_init_one(&sg, (void *)16, 4); virtqueue_add_outbuf(l->vq[2], &sg, 1, l, 0);")
    run_worker(driver)
    assert [b.payload for b in driver.waiting()] == [0xFFFFFFFF, 0]
