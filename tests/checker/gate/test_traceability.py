"""The table of functions and steps, against the protocol text and against the drivers of real kernels."""

from __future__ import annotations

import re

import pytest

from hintproof.gate.ctext import functions
from hintproof.gate.touched import FILE_LEVEL
from hintproof.gate.traceability import KERNEL_API, NOT_MODELLED, PART_OF, behind, cited, table
from hintspec.protocol.state import DRIVER
from hintspec.text import PROTOCOL


def names(text: str) -> set[str]:
    return {item.name for item in functions(text)}


def test_every_cited_function_is_there(real_driver: str) -> None:
    missing = set(table()) - names(real_driver)
    assert not missing, f"steps cite functions that the driver does not have: {sorted(missing)}"


def test_every_function_of_the_driver_is_accounted_for(real_driver: str) -> None:
    unknown = names(real_driver) - set(table()) - set(PART_OF) - set(NOT_MODELLED)
    assert not unknown, f"neither cited by a step, nor part of one, nor named with a reason: {sorted(unknown)}"


def test_what_is_part_of_another_function_is_called_by_it(real_driver: str) -> None:
    bodies = {item.name: item for item in functions(real_driver)}
    lines = real_driver.split("\n")
    for part, whole in PART_OF.items():
        text = "\n".join(lines[bodies[whole].first - 1 : bodies[whole].last])
        assert re.search(rf"\b{part}\(", text), f"{whole} does not call {part}"


def test_the_kernel_s_functions_that_citations_name_are_called(real_driver: str) -> None:
    for name in KERNEL_API:
        assert name not in names(real_driver)
        assert re.search(rf"\b_*{name}\(", real_driver), f"the driver does not call {name}"


def test_no_function_has_two_accounts() -> None:
    assert not set(table()) & set(NOT_MODELLED)
    assert not set(table()) & set(PART_OF)
    assert set(PART_OF.values()) <= set(table())
    assert all(NOT_MODELLED.values())


def test_every_driver_step_of_today_is_in_the_table() -> None:
    """A step that cites the file, without an older version before it, can be found by a function."""
    there = {step for steps in table().values() for step in steps}
    for item in PROTOCOL.actions:
        if item.actor == DRIVER and re.search(r"(^|; )virtio_balloon\.c: ", item.where):
            assert cited(item.where), f"{item.name} cites no function: {item.where}"
            assert item.name in there or item.name == "shrink_any", item.name


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("virtio_balloon.c: send_cmd_id_start, virtqueue_add_outbuf", ["send_cmd_id_start"]),
        ("virtio_balloon.c: send_cmd_id_stop, -ENOSPC", ["send_cmd_id_stop"]),
        ("virtio_balloon.c: virtio_balloon_shrinker_scan; virtio 1.3 driver rule D7", ["virtio_balloon_shrinker_scan"]),
        ("virtio_balloon.c (4.20): send_cmd_id_start", []),
        ("v36 virtio_balloon.c: report_free_page_func", []),
        ("virtio-balloon.c (QEMU): get_free_page_hints", []),
    ],
)
def test_citations(where: str, found: list[str]) -> None:
    assert cited(where) == found


def test_what_is_behind_the_start_cell() -> None:
    start = behind("send_cmd_id_start")
    assert start.actions == ("round_begins", "set_active_id", "post_start", "start_does_not_fit", "kick_start")
    assert "signs_are_sent" in start.properties  # promised
    assert "worker_gets_on" in start.properties  # reads what it writes
    assert "no_lost_write" in start.by_lemmas
    assert {(g.action, g.says) for g in start.guards} >= {("post_start", "ring.queue.room > 0")}
    assert not [g for g in start.guards if g.says == "vm.running"]


def test_what_nothing_is_behind_has_a_reason() -> None:
    assert behind("fill_balloon").reason == NOT_MODELLED["fill_balloon"]
    assert behind("of_tomorrow").reason == "the protocol text does not know it"
    assert behind(FILE_LEVEL).reason
    assert behind("virtio_balloon_queue_free_page_work").actions == behind("virtballoon_changed").actions
