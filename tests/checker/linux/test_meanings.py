"""The meaning of the kernel's names on which a driver relies: guards, atomic variables, waits, work, memory, time."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.linux.build import build
from hintproof.linux.driver import CMD_ID, DriverFault, Setup
from hintproof.linux.explore import Plan, Verdict, explore, replay
from hintproof.linux.operations import Entry, Op
from tests.checker.linux.device import DriverUnderTest
from tests.checker.linux.little import little, little_source, with_top


def worker(driver: DriverUnderTest, command: int = 7) -> None:
    driver.start()
    driver.config(CMD_ID, command)
    driver.call(Entry.CHANGED)
    driver.call(Entry.WORK, driver.hint_work)


SOUND = {
    "kmalloc() does not zero": """
        u32 *p = kmalloc(8, GFP_KERNEL), *z = kmalloc(8, GFP_KERNEL | __GFP_ZERO), *q = kzalloc_obj(*q);
        BUG_ON(!p[0] || p[0] != p[1] || z[0] || z[1] || *q);
        p = krealloc(p, 16, GFP_KERNEL); BUG_ON(!p[3]); kfree(p); kfree(z); kfree(q);""",
    "an atomic count reaches zero once": """
        atomic_t a = ATOMIC_INIT(2);
        BUG_ON(atomic_dec_and_test(&a)); BUG_ON(!atomic_dec_and_test(&a)); BUG_ON(atomic_dec_return(&a) != -1);
        BUG_ON(atomic_cmpxchg(&a, -1, 5) != -1 || atomic_xchg(&a, 6) != 5 || atomic_add_unless(&a, 1, 6));""",
    "a guard is over at each way out": """
        for (int i = 0; i < 3; i++) {
            guard(spinlock_irqsave)(&l->one);
            if (i == 1)
                continue;
            scoped_guard(spinlock, &l->two) {
                lockdep_assert_held(&l->two);
                if (i == 2)
                    break;
            }
        }
        BUG_ON(!spin_trylock(&l->one)); BUG_ON(!spin_trylock(&l->two));
        scoped_guard(spinlock_try, &l->one) BUG();
        scoped_cond_guard(spinlock_try, goto busy, &l->two) BUG();
        BUG();
        busy: spin_unlock(&l->one); spin_unlock(&l->two);""",
    "a completion counts": """
        DECLARE_COMPLETION_ONSTACK(c);
        complete(&c); complete(&c); wait_for_completion(&c); BUG_ON(!try_wait_for_completion(&c));
        BUG_ON(try_wait_for_completion(&c)); complete_all(&c);
        wait_for_completion(&c); BUG_ON(!completion_done(&c));""",
    "a list keeps its order": """
        struct list_head a, b, c; LIST_HEAD(x); LIST_HEAD(y);
        list_add_tail(&a, &x); list_add_tail(&b, &x); list_add_tail(&c, &y); list_splice_init(&x, &y);
        BUG_ON(y.next != &a || a.next != &b || b.next != &c || list_count_nodes(&y) != 3 || !list_empty(&x));
        list_splice_tail_init(&y, &x); list_swap(&a, &c); BUG_ON(x.next != &c || x.prev != &a);
        list_rotate_left(&x); BUG_ON(!list_is_last(&c, &x)); list_cut_position(&y, &x, &b); BUG_ON(y.prev != &b);""",
    "more memory than fits at once, one piece after the other": """
        for (int i = 0; i < 100; i++) { void *p __free(kfree) = kmalloc(1000, GFP_KERNEL); BUG_ON(!p); }""",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> DriverUnderTest:
    """All of these in one driver: the command id says which one its worker runs."""
    cases = "".join(f"case {number}: {{ {text} break; }}\n" for number, text in enumerate(SOUND.values()))
    return little(tmp_path_factory.mktemp("sound"), f"switch (l->command) {{ {cases} }}", accesses=True)


@pytest.mark.parametrize("number", range(len(SOUND)), ids=list(SOUND))
def test_a_name_means_what_a_driver_relies_on(sound: DriverUnderTest, number: int) -> None:
    worker(sound, number)


FAULTS = {
    "struct mutex *m = kzalloc_obj(*m); mutex_init(m); spin_lock(&l->one); guard(mutex)(m);": "forbidden to sleep",
    "spin_lock(&l->one); cond_resched();": "forbidden to sleep",
    "struct completion *c = kzalloc_obj(*c); complete(c);": "not initialised",
    "refcount_t r = REFCOUNT_INIT(0); refcount_inc(&r);": "a refcount is raised that is zero",
    "struct list_head **p = kmalloc(8, GFP_KERNEL); (*p)->next = NULL;": "memory that is not there",
    "atomic_t *a = kzalloc_obj(*a); kfree(a); atomic_inc(a);": "used after its memory was freed",
    "void *p = devm_kmalloc(&l->vq[0]->vdev->dev, 8, GFP_KERNEL); kfree(p);": "goes with the device",
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> DriverUnderTest:
    cases = "".join(f"case {number}: {{ {text} break; }}\n" for number, text in enumerate(FAULTS))
    return little(tmp_path_factory.mktemp("faulty"), f"switch (l->command) {{ {cases} }}")


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=list(FAULTS))
def test_a_name_that_is_used_wrongly_is_a_fault(faulty: DriverUnderTest, number: int) -> None:
    with pytest.raises(DriverFault, match=list(FAULTS.values())[number]):
        worker(faulty, number)


DONE = (
    "static DECLARE_COMPLETION(done); static DECLARE_WAIT_QUEUE_HEAD(queue); static atomic_t count; static int flag;\n"
)


def searched(tmp_path: Path, work: str, changed: str = "", top: str = DONE, plan: Plan | None = None) -> Verdict:
    driver = DriverUnderTest(build(with_top(top, little_source(work, changed)), tmp_path))
    assert driver.start() == 0
    return explore(driver, plan or Plan(commands=(7, 8), atomic=False)).verdict


def test_a_completion_that_nobody_completes_is_a_deadlock(tmp_path: Path) -> None:
    assert searched(tmp_path / "never", "wait_for_completion(&done);") == Verdict.DEADLOCKED
    assert searched(tmp_path / "once", "wait_for_completion(&done);", "complete(&done);") == Verdict.EXHAUSTED


def test_a_wait_with_an_end_is_no_deadlock_and_may_be_in_vain(tmp_path: Path) -> None:
    assert searched(tmp_path / "ends", "wait_event_timeout(queue, flag, HZ);") == Verdict.EXHAUSTED
    assert searched(tmp_path / "vain", "BUG_ON(!wait_for_completion_timeout(&done, HZ));") == Verdict.FAULTED
    forever = "BUG_ON(!wait_event_timeout(queue, flag, MAX_SCHEDULE_TIMEOUT));"
    assert searched(tmp_path / "forever", forever) == Verdict.DEADLOCKED


def test_a_work_item_gets_no_signal_and_a_process_may(tmp_path: Path) -> None:
    wait = "BUG_ON(wait_event_interruptible(queue, flag) == -ERESTARTSYS);"
    assert searched(tmp_path / "work", wait) == Verdict.DEADLOCKED
    driver = little(tmp_path / "remove", remove=f"static DECLARE_WAIT_QUEUE_HEAD(queue); int flag = 0; {wait}")
    assert explore(driver, Plan(commands=(), removes=1)).verdict == Verdict.FAULTED


def test_an_increment_in_two_calls_is_lost_and_in_one_is_not(tmp_path: Path) -> None:
    twice = "atomic_set(&count, atomic_read(&count) + 1);"
    check = "if (atomic_inc_return(&turns) == 2) BUG_ON(atomic_read(&count) != 2);"
    top = DONE + "static atomic_t turns;"
    plan = Plan(commands=(7,), atomic=False)
    again = "queue_work(l->queue, &l->work);"  # it runs beside the interrupt
    assert searched(tmp_path / "two", twice + check, again + twice + check, top, plan) == Verdict.FAULTED
    once = "atomic_inc(&count);"
    assert searched(tmp_path / "one", once + check, again + once + check, top, plan) == Verdict.EXHAUSTED


def test_time_passes_or_does_not(tmp_path: Path) -> None:
    early = "unsigned long end = jiffies + HZ; if (time_after(jiffies, end)) BUG();"
    assert searched(tmp_path / "late", early) == Verdict.FAULTED
    assert searched(tmp_path / "soon", early.replace("time_after", "!time_after")) == Verdict.FAULTED
    poll = "unsigned long end = jiffies + HZ; while (time_before(jiffies, end)) cpu_relax();"
    assert searched(tmp_path / "poll", poll) == Verdict.EXHAUSTED


DELAYED = "static struct delayed_work later; static int runs; static void run(struct work_struct *w) { runs++; }\n"
QUEUE = "INIT_DELAYED_WORK(&later, run); queue_delayed_work(l->queue, &later, HZ);"


def test_a_delayed_work_item_may_run_at_any_time(tmp_path: Path) -> None:
    driver = DriverUnderTest(build(with_top(DELAYED, little_source(QUEUE)), tmp_path))
    worker(driver)
    assert "run" in driver.works("pending")
    driver.call(Entry.WORK, driver.works()["run"])
    assert "run" not in driver.works("pending")


def test_a_queue_goes_before_a_delayed_work_item_does(tmp_path: Path) -> None:
    driver = DriverUnderTest(build(with_top(DELAYED, little_source(QUEUE)), tmp_path / "left"))
    worker(driver)
    with pytest.raises(DriverFault, match="a delayed work item is pending"):
        driver.call(Entry.REMOVE)
    cancels = little_source(QUEUE, remove="cancel_work_sync(&l->work); cancel_delayed_work_sync(&later);")
    driver = DriverUnderTest(build(with_top(DELAYED, cancels), tmp_path / "cancelled"))
    worker(driver)
    driver.call(Entry.REMOVE)


def test_an_ordered_queue_runs_one_work_item_after_the_other(tmp_path: Path) -> None:
    top = "static struct work_struct first, second; static int turn; static struct workqueue_struct *row;\n"
    top += "static void one(struct work_struct *w) { BUG_ON(turn); turn = 1; msleep(1); turn = 2; }\n"
    top += "static void two(struct work_struct *w) { BUG_ON(turn != 2); turn = 0; }\n"
    queue = 'row = {0}("row", WQ_FREEZABLE{1}); INIT_WORK(&first, one); INIT_WORK(&second, two);'
    queue += "queue_work(row, &first); queue_work(row, &second);"
    ordered = queue.replace("{0}", "alloc_ordered_workqueue").replace("{1}", "")
    plan = Plan(commands=(7,))
    assert searched(tmp_path / "ordered", ordered, top=top, plan=plan) == Verdict.EXHAUSTED
    free = queue.replace("{0}", "alloc_workqueue").replace("{1}", ", 0")
    assert searched(tmp_path / "free", free, top=top, plan=plan) == Verdict.FAULTED


def test_a_disabled_work_item_is_not_queued(tmp_path: Path) -> None:
    text = (
        "disable_work_sync(&w); BUG_ON(queue_work(l->queue, &w)); BUG_ON(!enable_work(&w)); BUG_ON(!schedule_work(&w));"
    )
    top = "static struct work_struct w; static void run(struct work_struct *w) { }"
    driver = DriverUnderTest(build(with_top(top, little_source("INIT_WORK(&w, run);" + text)), tmp_path))
    worker(driver)


def test_memory_of_a_device_is_freed_with_it(tmp_path: Path) -> None:
    driver = little(tmp_path, "devm_kzalloc(&l->vq[0]->vdev->dev, 40, GFP_KERNEL);")
    worker(driver)
    driver.call(Entry.REMOVE)
    assert driver.view().heap == 0


def test_a_passage_of_time_is_told_in_words(tmp_path: Path) -> None:
    driver = little(tmp_path, "unsigned long end = jiffies; BUG_ON(jiffies != end);")
    found = explore(driver, Plan(commands=(7,)))
    moved, _ = replay(driver, Plan(commands=(7,)), found.path)
    assert any(says.startswith("work: clock (later)") for says in moved)


def test_a_list_of_lists_is_one_buffer(tmp_path: Path) -> None:
    work = "struct scatterlist two[2], *lists[1] = { two }; sg_init_table(two, 2); sg_set_buf(&two[0], &l->id, 4);"
    work += "sg_set_buf(&two[1], &l->command, 4); BUG_ON(virtqueue_add_sgs(l->vq[2], lists, 1, 0, l, GFP_KERNEL));"
    driver = little(tmp_path, work)
    driver.start(Setup(ring=8))
    driver.call(Entry.CHANGED)
    driver.call(Entry.WORK, driver.hint_work)
    assert [e.a >> 16 & 0xFFFF for e in driver.events() if e.op == Op.ADD] == [2, 1]
    assert driver.queue().free == 8 - 3
