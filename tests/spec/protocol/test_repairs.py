"""The verdicts of the repairs: R0 .. R6 of the host, F1 .. F3 of the guest side.

Safe means: no run of the stated size loses a write. The driver is one that keeps to the clauses where
the host's repairs are judged, and Linux 6.1 where the shared START cell is.
"""

from __future__ import annotations

import pytest

from hintproof import Limits, Sizes, Verdict, check
from tests.script import Script

CAREFUL = "virtio-1.3-driver+qemu-7.2"
ONE = Sizes(blocks=1, ring=3, rounds=2)
TWO = Sizes(blocks=2, ring=3, rounds=1, chunk=2)


def lost(environment: str, sizes: Sizes) -> bool:
    """Whether an exhaustive search finds a lost write; fails the test if it can't be decided."""
    result = check(environment, sizes, ["exhaustive"], Limits(states=5_000_000))
    verdict = result.verdict("no_lost_write")
    assert verdict in (Verdict.EXHAUSTED, Verdict.REFUTED)
    if verdict == Verdict.EXHAUSTED:
        assert result.verdict("free_block_skipped") == Verdict.WITNESSED, "safe, but nothing is ever skipped"
    return verdict == Verdict.REFUTED


@pytest.mark.parametrize(
    ("log", "repair", "sizes", "expected"),
    [
        ("kvm-manual", "", TWO, True),
        ("kvm-manual-enable", "", ONE, True),
        ("kvm-manual", "+hint-without-clear", TWO, True),  # R0
        ("kvm-manual", "+eager-clear", TWO, False),  # R1
        ("kvm-manual-enable", "+eager-clear", ONE, False),
        ("kvm-manual", "+armed-only", TWO, True),  # R2
        ("kvm-manual", "+posted-after-clear", TWO, False),  # R3
        ("kvm-manual-enable", "+posted-after-clear", ONE, False),
        ("kvm-manual", "+wait-on-ack", TWO, False),  # R4
        ("kvm-manual-enable", "+wait-on-ack", ONE, False),
        ("kvm-manual", "+clear-by-block", TWO, True),  # R5
        ("kvm-auto", "", TWO, False),  # R6
        ("kvm-ring", "", TWO, False),  # R6
    ],
)
def test_host_repairs(log: str, repair: str, sizes: Sizes, expected: bool) -> None:
    assert lost(f"{CAREFUL}+{log}{repair}", sizes) == expected


@pytest.mark.parametrize(
    ("environment", "repair"),
    [
        ("kvm-manual-enable", "+hint-without-clear"),  # R0
        ("kvm-manual-enable", "+clear-by-block"),  # R5
    ],
)
def test_host_repairs_that_fail_in_round_two(environment: str, repair: str) -> None:
    """A send of another page of the chunk (R0) or the hint itself (R5) clears what the write left."""
    script = Script(f"linux-6.1+qemu-7.2+{environment}{repair}+cell-per-round", Sizes(2, 4, 2, chunk=2))
    script.take("allocate(2)", "write(2)", "migrate").sync().send(1).send(2).take("write(2)")
    script.take("allocate(1)", "write(1)", "free(1)", "next_sync").sync()
    script.hint(1).take("shrink_newest", "allocate(1)", "write(1)").pop_hint().send(2).finish()
    assert script.lost(1)


@pytest.mark.parametrize(
    ("repair", "expected"),
    [
        ("", True),
        ("+cell-per-round", False),  # F1
        ("+wait-at-end", False),  # F1
        ("+wait-on-ack", False),  # F1
        ("+issue-after-start", False),  # F2, as long as the guest is not suspended: see test_suspend.py
        ("+issue-after-stop", False),  # F2
        ("+drain-before-id", False),  # F3
    ],
)
def test_repairs_of_the_shared_start_cell(repair: str, expected: bool) -> None:
    assert lost(f"linux-6.1+qemu-7.2+kvm-auto{repair}", ONE) == expected


def test_the_clauses_alone_do_not_repair_it() -> None:
    """V2 and V3 as written: a device that keeps to them loses data with the shared START cell."""
    assert lost("linux-6.1+virtio-1.3-device", ONE)
    assert not lost("virtio-1.3", ONE)


@pytest.mark.parametrize(("repair", "expected"), [("", True), ("+cell-per-round", False)])
def test_shared_start_cell_across_a_cancelled_migration(repair: str, expected: bool) -> None:
    """No shrinker is needed: DONE after the cancel gives the block back, its hint stays on the ring."""
    script = Script(f"linux-5.0+qemu-7.2+kvm-auto{repair}", Sizes(1, 5, 2, migrations=2))
    script.take("migrate").sync().hint(1).take("abort_migration", "config_changed")
    script.take("test_read_bit", "read_config", "leave_loop", "post_stop", "work_starts", "test_read_bit")
    script.take("release_on_done", "allocate(1)", "write(1)", "migrate").sync()
    script.take("config_changed", "work_starts", "test_read_bit", "read_config", "round_begins")
    script.take("test_read_bit", "set_active_id", "post_start", "kick_start")
    for _ in range(5):  # the device pops all that is there
        script.take_any("pop_start", "honour_hint", "pop_stop", "ignore_out_buffer", "ignore_hint")
        if not script["ring.queue"]["entries"]:
            break
    script.finish()
    assert script.lost(1) == expected


@pytest.mark.parametrize(
    ("log", "reclaim", "expected"),
    [
        ("kvm-auto", "+any-order", False),
        ("kvm-manual", "+any-order", True),
        ("kvm-manual", "+oom-notifier", True),
    ],
)
def test_other_ways_of_reclaim_change_no_verdict(log: str, reclaim: str, expected: bool) -> None:
    """More freedom in the shrinker's order, or the OOM notifier of the generation before it."""
    assert lost(f"{CAREFUL}+{log}{reclaim}", TWO) == expected
