"""What a suspend of the guest does to an id that is still to be served. Found by search, kept as directed runs.

The work item is on a freezable workqueue: what is pending stays pending, with the id that was read before.
The device reset in between makes that id stale, and the driver does not read it again on restore.
"""

from __future__ import annotations

import pytest

from hintproof import Sizes
from tests.script import Script

FIRST_START = (
    *(
        "migrate",
        "sync_get",
        "sync_merge",
        "publish_id",
        "config_changed",
        "work_starts",
        "test_read_bit",
        "read_config",
    ),
    *("round_begins", "test_read_bit", "set_active_id", "post_start", "kick_start"),
)
READ_BUT_NOT_SERVED = ("test_read_bit", "read_config", "leave_loop", "post_stop")
SUSPEND = ("freeze_begins", "freeze_releases", "freeze_resets")
STALE_ROUND = (
    *("work_starts", "test_read_bit", "round_begins", "test_read_bit", "set_active_id", "post_start", "kick_start"),
    *("test_read_bit", "stay_in_loop", "take_block(1)", "post_hint", "kick_hint", "keep_hinted"),
)


def suspended(environment: str) -> Script:
    """The second id was read and is still to be served when the guest is suspended."""
    script = Script(environment, Sizes(1, 3, 3, freezes=1))
    script.take(*FIRST_START)
    if "issue-after-start" in environment:
        script.take("pop_start")
    script.take("next_sync", "sync_get", "sync_merge", "publish_id", "config_changed")
    return script.take(*READ_BUT_NOT_SERVED, *SUSPEND)


@pytest.mark.parametrize("cell", ["", "+cell-per-round"])
def test_after_a_suspend_the_worker_serves_an_id_that_nobody_asks_for(cell: str) -> None:
    """The migration ended meanwhile. The blocks stay with the driver until the shrinker or another migration's DONE."""
    script = suspended(f"linux-6.1+qemu-7.2+kvm-auto{cell}").take("abort_migration", "restore", *STALE_ROUND)
    script.take("test_read_bit", "stay_in_loop", "no_block_left", "post_stop")
    assert script["migration.at"] == "IDLE"
    assert script["device.status"] == "S_STOP"
    assert script["driver.held"] == [1]
    broken = script.concrete.judge(script.state)
    names = [p.name for bit, p in enumerate(script.concrete.state_properties) if broken >> bit & 1]
    assert "blocks_come_back" in names


@pytest.mark.parametrize(
    ("repair", "expected"), [("issue-after-start", True), ("issue-after-start+cell-per-round", False)]
)
def test_waiting_for_the_last_start_alone_does_not_repair_the_shared_cell(repair: str, expected: bool) -> None:
    """F2 with START: the reset makes the device forget that a START is still to come, and the stale id brings it."""
    script = suspended(f"linux-6.1+qemu-7.2+kvm-auto+{repair}").take("restore", *STALE_ROUND)
    script.take("test_read_bit", "shrink_newest", "allocate(1)", "write(1)", "next_sync", "sync_get", "sync_merge")
    script.take("publish_id", "config_changed", "leave_loop" if script.can("leave_loop") else "stay_in_loop")
    if script["driver.at"] == "ALLOC":
        script.take("no_block_left")
    script.take(
        "post_stop", "work_starts", "test_read_bit", "read_config", "round_begins", "test_read_bit", "set_active_id"
    )
    for _ in range(3):  # the device pops what is there
        script.take_any("pop_start", "honour_hint", "pop_stop", "ignore_out_buffer", "ignore_hint")
    script.finish()
    assert script.lost(1) == expected
