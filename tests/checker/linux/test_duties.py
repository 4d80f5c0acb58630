"""The duties of a driver, watched on its code: Linux keeps them, and a change that breaks one is found by its name."""

from __future__ import annotations

import pytest

from hintproof.linux.duties import DUTIES
from hintproof.linux.examine import compiled
from hintproof.linux.jobs import Check, CodeFaults, Kind, Properties
from hintspec.language.sizes import Sizes
from tests.checker.gate.change import HEAD, inside
from tests.checker.linux.trees import PACKAGES, changed, source

WORLD, SIZES = "qemu-7.2+kvm-auto", Sizes(blocks=1, ring=3, rounds=1)


def in_function(function: str, pattern: str, replacement: str) -> tuple[str, str]:
    """A change of the first such text in a function."""
    return f"(?s){inside(function)}{pattern}", HEAD + replacement


#: By duty: the changes that break it, and how the interrupt runs.
BREAKS = {
    "stop_is_sent": (in_function("virtio_balloon_report_free_page", r"err = send_cmd_id_stop\(vb\);", "err = 0;"),),
    "added_is_kicked": (in_function("get_free_page_and_send", r"virtqueue_kick\(vq\);", ";"),
                        in_function("send_cmd_id_stop", r"virtqueue_kick\(vq\);", ";")),
    "reclaim_frees": (in_function("virtio_balloon_shrinker_scan", r"return [^;]*;", "return SHRINK_STOP;"),),
    "room_for_stop": (in_function("get_free_page_and_send", r"vq->num_free > 1\)", "vq->num_free > 0)"),),
    "hinting_ceases": (in_function("send_free_pages", r"if \(unlikely\(cmd_id_active !=\s+"
                              r"virtio_balloon_cmd_id_received\(vb\)\)\)\s+break;", ""),),
    "hints_its_own": (in_function("get_free_page_and_send", r"(?=\terr = virtqueue_add_inbuf)",
                             "\tfree_pages((unsigned long)p, VIRTIO_BALLOON_HINT_BLOCK_ORDER);\n"),),
    "out_buffer_is_an_id": (in_function("send_cmd_id_stop", r"sizeof\(vb->cmd_id_stop\)", "8"),),
    "reclaim_is_counted": (in_function("virtio_balloon_shrinker_count", r"return [^;]*;", "return 0;"),),
}  # fmt: skip


def violated(package: str, kind: Kind, *changes: tuple[str, str]) -> set[str]:
    """The properties that a changed driver violates at one round."""
    with compiled(changed(source(package), *changes)) as driver:
        answer = driver.run(Check(kind, WORLD, SIZES, 500_000))
    assert isinstance(answer, Properties)
    assert answer.complete or answer.fault
    return {item.name for item in answer.violated}


def test_each_duty_has_a_change_that_breaks_it() -> None:
    assert {item.name for item in DUTIES} == set(BREAKS)


@pytest.mark.parametrize(
    ("package", "kind"), [*((p, Kind.PROPERTIES) for p in PACKAGES), (PACKAGES[0], Kind.INTERRUPTED)]
)
def test_linux_keeps_them(package: str, kind: Kind) -> None:
    assert violated(package, kind) == {"hint_in_batch"}  # finding N3: the id is read twice


@pytest.mark.parametrize("duty", BREAKS)
def test_a_change_that_breaks_one_is_found(duty: str) -> None:
    assert duty in violated(PACKAGES[0], Kind.PROPERTIES, *BREAKS[duty])


def test_blocks_that_come_back_before_done_are_found() -> None:
    early = in_function("virtio_balloon_report_free_page", r"(?=\terr = send_cmd_id_stop)",
                   "\treturn_free_pages_to_mm(vb, ULONG_MAX);\n")  # fmt: skip
    assert "kept_till_done" in violated(PACKAGES[0], Kind.PROPERTIES, early)


def test_a_bit_that_is_set_after_the_work_is_queued_is_a_lost_wake_up() -> None:
    """The worker overtakes the interrupt: only where the interrupt takes steps of its own can that be seen."""
    late = in_function("virtio_balloon_queue_free_page_work", r"if \(test_and_set_bit\((?P<bit>[^;]*?)\)\)\s+return;\s+"
                  r"queue_work\((?P<work>[^;]*?)\);",
                  r"queue_work(\g<work>);\n\tset_bit(\g<bit>);")  # fmt: skip
    assert "news_is_acted_upon" in violated(PACKAGES[0], Kind.INTERRUPTED, late)
    assert "news_is_acted_upon" not in violated(PACKAGES[0], Kind.PROPERTIES, late)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_counter_that_is_updated_outside_of_its_lock_is_a_data_race(package: str) -> None:
    """No call is between the two writes that meet: each access is a point, and all orders are tried."""
    outside = in_function(
        "get_free_page_and_send",
        r"vb->num_free_page_blocks\+\+;\s+(?P<unlock>spin_unlock_irq\([^;]*;)",
        r"\g<unlock>\n\t\tvb->num_free_page_blocks++;",
    )
    check = Check(Kind.ACCESSES, "", SIZES, 2_000_000)
    with compiled(changed(source(package), outside)) as driver:
        answer = driver.run(check)
    assert isinstance(answer, CodeFaults)
    assert answer.fault is not None
    assert answer.fault.kind == "RACED"
    assert answer.fault.says.startswith("a data race: ")
    assert "get_free_page_and_send" in answer.fault.says
