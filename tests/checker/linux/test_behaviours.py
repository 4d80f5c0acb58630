"""The unmodified driver, call by call: one round, bursts, DONE, the shrinker, remove, poison, a full ring."""

from __future__ import annotations

import ctypes

import pytest

from hintproof.linux.driver import (
    ACCESS_PLATFORM,
    CMD_ID,
    DEFLATE_ON_OOM,
    FREE_PAGE_HINT,
    INDIRECT_DESC,
    NO_BLOCK,
    NUM_PAGES,
    PAGE_POISON,
    POISON_VAL,
    REPORTING,
    STATS_VQ,
    Setup,
)
from hintproof.linux.operations import Entry, Op
from tests.checker.linux.device import DriverUnderTest
from tests.checker.linux.trees import PACKAGES, driver

BLOCK_BYTES = 4 << 20


@pytest.fixture(params=PACKAGES)
def linux(request: pytest.FixtureRequest) -> DriverUnderTest:
    return driver(request.param)


def work(linux: DriverUnderTest) -> None:
    """The hint worker runs, from its start to its end."""
    linux.call(Entry.WORK, linux.hint_work)


def round_of(linux: DriverUnderTest, command: int) -> None:
    linux.command(command)
    work(linux)


def on_the_wire(linux: DriverUnderTest) -> list[int | str]:
    """What the device finds on the hint queue now: payloads, and hints as b1, b2."""
    return [b.payload if b.out else f"b{b.block}" for b in linux.waiting()]


def test_a_round_is_start_all_free_blocks_and_stop(linux: DriverUnderTest) -> None:
    assert linux.start(Setup(blocks=2, ring=8)) == 0
    linux.forget_events()
    round_of(linux, 7)
    wanted = (Op.CONFIG_READ, Op.ADD, Op.ALLOC)
    calls = [e.op.name for e in linux.events() if e.op in wanted]
    assert calls == ["CONFIG_READ", "ADD", "ALLOC", "ADD", "ALLOC", "ADD", "ALLOC", "ADD"]
    assert on_the_wire(linux) == [7, "b1", "b2", 0]
    assert [b.length for b in linux.waiting()] == [4, BLOCK_BYTES, BLOCK_BYTES, 4]


def test_each_call_has_the_name_of_the_function_that_makes_it(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=1))
    linux.command(7)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    first = linux.pending(thread)
    assert (first.op, first.place.function) == (Op.TEST_CLEAR, "virtio_balloon_cmd_id_received")
    assert first.place.line > 100
    linux.run(thread, Op.ADD)
    assert linux.pending(thread).place.function == "send_cmd_id_start"
    linux.run(thread, Op.ALLOC)
    assert linux.pending(thread).place.function == "get_free_page_and_send"


def test_a_new_id_between_two_hints_ends_the_round_and_begins_another(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=4, ring=16))
    linux.command(7)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    linux.run(thread, Op.ALLOC)
    linux.command(8)
    linux.finish(thread)
    assert on_the_wire(linux) == [7, "b1", 0]
    reads = len([e for e in linux.events() if e.op == Op.CONFIG_READ and e.a == CMD_ID])
    work(linux)  # it was queued again; the id is in the cache by now
    assert len([e for e in linux.events() if e.op == Op.CONFIG_READ and e.a == CMD_ID]) == reads
    assert on_the_wire(linux)[3:] == [8, "b2", "b3", "b4", 0]


def test_done_gives_all_blocks_back_while_their_hints_are_still_on_the_ring(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=3, ring=8))
    round_of(linux, 7)
    linux.forget_events()
    round_of(linux, 1)
    freed = [(e.b - (1 << 32)) // BLOCK_BYTES for e in linux.events() if e.op == Op.FREE]
    assert freed == [2, 1, 0]
    assert on_the_wire(linux) == [7, "b1", "b2", "b3", 0]


def test_the_shrinker_takes_the_newest_block(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=3, ring=8))
    round_of(linux, 7)
    assert linux.call(Entry.SHRINK_COUNT) == 3 * 1024
    assert linux.call(Entry.SCAN, 1) == 1024
    assert linux.view().free == 0b100


def test_n1_an_old_start_that_is_popped_late_reads_the_new_id(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=1, ring=16))
    round_of(linux, 7)
    round_of(linux, 1)
    round_of(linux, 8)
    assert on_the_wire(linux) == [8, "b1", 0, 8, "b1", 0]
    starts = [b.address for b in linux.waiting() if b.out and b.payload == 8]
    assert starts[0] == starts[1]


def test_n1_a_device_that_pops_promptly_sees_each_id_once(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=1, ring=16))
    seen = []
    for command in (7, 1, 8):
        round_of(linux, command)
        while (buffer := linux.consume()) is not None:
            seen.append(buffer.payload if buffer.out else f"b{buffer.block}")
    assert seen == [7, "b1", 0, 8, "b1", 0]


def test_n2_start_that_does_not_fit_is_lost_and_the_old_one_carries_its_id(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=2, ring=4))
    round_of(linux, 7)
    assert on_the_wire(linux) == [7, "b1", "b2", 0]
    linux.forget_events()
    linux.command(8)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    linux.run(thread, Op.ALLOC)
    linux.next_block(NO_BLOCK)
    linux.finish(thread)
    messages = [ctypes.string_at(e.a).decode() for e in linux.events() if e.op == Op.SAY]
    assert any("start id" in text for text in messages)
    assert any("stop id" in text for text in messages)
    assert on_the_wire(linux) == [8, "b1", "b2", 0]


@pytest.mark.parametrize("command", [0, 1])
def test_n3_the_id_is_read_twice_and_a_round_runs_under_stop_or_done(linux: DriverUnderTest, command: int) -> None:
    linux.start(Setup(blocks=2, ring=8))
    linux.command(7)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    linux.run(thread, Op.GET_BUF)
    linux.command(command)
    linux.finish(thread)
    assert on_the_wire(linux) == [command, "b1", "b2", 0]
    assert linux.works("pending").keys() >= {"report_free_page_func"}
    work(linux)
    assert linux.view().driver == (0 if command == 1 else 0b11)


def test_n4_with_a_full_ring_the_worker_allocates_and_frees_for_ever(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=8, ring=4))
    linux.command(7)
    thread = linux.spawn(Entry.WORK, linux.hint_work)
    for _ in range(3000):
        linux.step(thread)
    events = linux.events()
    allocated = len([e for e in events if e.op == Op.ALLOC])
    assert allocated > 400
    assert allocated - len([e for e in events if e.op == Op.FREE]) <= 4
    linux.command(0)
    linux.finish(thread)


def test_remove_waits_for_the_worker_and_frees_all_blocks_before_the_reset(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=3, ring=8))
    linux.command(7)
    worker = linux.spawn(Entry.WORK, linux.hint_work)
    linux.run(worker, Op.KICK)
    linux.finish(linux.spawn(Entry.WORK, linux.works()["update_balloon_size_func"]))
    linux.forget_events()
    remove = linux.spawn(Entry.REMOVE)
    while remove in linux.enabled():
        linux.step(remove)
    assert linux.pending(remove).op == Op.CANCEL
    assert not linux.view().shrinker
    linux.finish(worker)
    assert on_the_wire(linux) == [7, "b1", "b2", "b3", 0]
    linux.finish(remove)
    order = [e.op for e in linux.events() if e.op in (Op.FREE, Op.RESET, Op.DEL_VQS, Op.KFREE)]
    order = order[order.index(Op.FREE) :]  # 6.12 frees its shrinker first
    assert order[:6] == [Op.FREE] * 3 + [Op.RESET, Op.DEL_VQS, Op.KFREE]
    assert linux.view().driver == 0
    assert linux.view().heap == 0


def test_freeze_gives_the_blocks_back_and_restore_begins_anew(linux: DriverUnderTest) -> None:
    linux.start(Setup(blocks=2, ring=8))
    round_of(linux, 7)
    linux.finish(linux.spawn(Entry.WORK, linux.works()["update_balloon_size_func"]))
    assert linux.call(Entry.FREEZE) == 0
    assert (linux.view().driver, linux.queue().exists) == (0, 0)
    assert linux.call(Entry.RESTORE) == 0
    assert linux.queue().free == 8
    round_of(linux, 9)
    assert on_the_wire(linux) == [9, "b1", "b2", 0]


#: page_poisoning, init_on_free, POISON offered: what validate() clears beside 28 and 33, and poison_val as written.
POISON = [
    (False, False, True, {PAGE_POISON}, None),
    (False, False, False, set(), None),
    (False, True, True, set(), 0),
    (True, True, True, set(), 0),
    (True, False, True, set(), 0xAAAAAAAA),
    (False, True, False, {REPORTING}, None),
    (True, False, False, {REPORTING}, None),
]


@pytest.mark.parametrize(("poisoning", "zeroing", "offered", "cleared", "written"), POISON)
def test_validate_and_poison(
    linux: DriverUnderTest, poisoning: bool, zeroing: bool, offered: bool, cleared: set[int], written: int | None
) -> None:
    features = {FREE_PAGE_HINT, REPORTING, ACCESS_PLATFORM, INDIRECT_DESC} | ({PAGE_POISON} if offered else set())
    setup = Setup(features=tuple(features), page_poisoning=poisoning, init_on_free=zeroing)
    linux.fresh(setup)
    linux.forget_events()
    linux.config(POISON_VAL, 0x12345678)
    assert linux.call(Entry.PROBE) == 0
    accepted = {bit for bit in features if linux.takes(bit)}
    assert features - accepted == cleared | {ACCESS_PLATFORM, INDIRECT_DESC}
    assert linux.field(POISON_VAL) == (0x12345678 if written is None else written)


def test_a_ring_of_one_entry_is_refused(linux: DriverUnderTest) -> None:
    assert linux.start(Setup(ring=1)) == -28
    assert linux.view().heap == 0


def test_the_classic_balloon_inflates_waits_for_the_device_and_deflates(linux: DriverUnderTest) -> None:
    linux.start(Setup(features=(DEFLATE_ON_OOM,), small_pages=4))
    linux.config(NUM_PAGES, 3)
    linux.call(Entry.CHANGED)
    worker = linux.spawn(Entry.WORK, linux.works()["update_balloon_size_func"])
    linux.run(worker, Op.WAIT)
    assert worker not in linux.enabled()
    assert linux.consume(0) is not None
    linux.call(Entry.CALLBACK, 0)
    linux.finish(worker)
    assert linux.view().small_driver.bit_count() == 3
    oom = linux.spawn(Entry.OOM)
    linux.run(oom, Op.WAIT)
    linux.consume(1)
    linux.call(Entry.CALLBACK, 1)
    linux.finish(oom)
    assert linux.view().small_driver == 0


def test_statistics_and_page_reporting(linux: DriverUnderTest) -> None:
    linux.start(Setup(features=(STATS_VQ, FREE_PAGE_HINT, REPORTING), blocks=2))
    assert linux.hint_queue == 3
    assert linux.consume(2) is not None
    linux.call(Entry.CALLBACK, 2)
    linux.finish(linux.spawn(Entry.WORK, linux.works()["update_balloon_stats_func"]))
    assert len(linux.waiting(2)) == 1
    report = linux.spawn(Entry.REPORT, 2)
    linux.run(report, Op.WAIT)
    assert linux.queue(4).free == 64 - 2
    linux.consume(4)
    linux.call(Entry.CALLBACK, 4)
    linux.finish(report)
    assert linux.view().free == 0b11
