"""Two calls of the driver in every order: what random walks are too rare for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hintproof.linux.build import build
from hintproof.linux.driver import Driver
from hintproof.linux.interleaving import Interleavings, interleave
from hintproof.linux.source import DRIVER, Source
from tests.checker.gate.changes import EVERY
from tests.checker.linux.little import little_source
from tests.checker.linux.trees import PACKAGES, changed, source

MOST = 60_000


def interleaved(driver: Source, scratch: Path, most: int = MOST) -> Interleavings:
    return interleave(Driver(build(driver, scratch, accesses=True)), most)


def with_change(name: str) -> Source:
    [change] = [change for change in EVERY if change.name == name]
    original = source(PACKAGES[0])
    return Source(name, {**original.files, DRIVER: change.apply(original.files[DRIVER])})


@pytest.mark.parametrize("package", PACKAGES)
def test_linux_is_sound(package: str, tmp_path: Path) -> None:
    found = interleaved(source(package), tmp_path)
    assert (found.fault, found.complete) == (None, True)
    assert found.states > 10_000


def test_a_callback_that_asks_a_flag_without_its_lock_queues_work_that_nobody_cancels(tmp_path: Path) -> None:
    found = interleaved(with_change("asks-the-flag-without-its-lock"), tmp_path)
    assert found.fault is not None
    fault, run = found.fault
    assert (fault.text, fault.place.function) == (
        "memory is freed that holds a work item which is pending or runs",
        "virtballoon_remove",
    )
    order = [
        "callback begins",
        "callback calls access in stats_request",
        "remove calls cancel",
        "callback calls queue_work",
    ]
    places = [next(n for n, move in enumerate(run) if move.startswith(part)) for part in order]
    assert places == sorted(places)


def test_a_lock_that_is_made_too_late_meets_the_interrupt(tmp_path: Path) -> None:
    found = interleaved(with_change("lock-made-when-the-device-may-call"), tmp_path)
    assert found.fault is not None
    assert found.fault[0].text == "a lock is taken that nobody initialised"
    assert found.fault[0].place.function == "stats_request"


def test_two_writes_that_nothing_orders_are_a_race(tmp_path: Path) -> None:
    found = interleaved(with_change("inflates-without-its-mutex"), tmp_path)
    assert found.fault is not None
    fault, run = found.fault
    assert re.fullmatch(
        r"a data race: work, fill_balloon:\d+ and oom, leak_balloon:\d+ write the same memory, and nothing orders them",
        fault.text,
    )
    assert {"work begins", "oom begins"} <= set(run)


def test_what_leaves_too_early_is_met_by_those_who_ask_for_memory(tmp_path: Path) -> None:
    late = (r"(?s)(?P<head>static void virtballoon_remove\(.*?)(?P<oom>\tif \([^\n]*DEFLATE_ON_OOM\)\)\n"
            r"\t\tunregister_oom_notifier\(&vb->oom_nb\);\n)(?P<rest>.*?\tremove_common\(vb\);\n)",
            r"\g<head>\g<rest>\g<oom>")  # fmt: skip
    found = interleaved(changed(source(PACKAGES[0]), late), tmp_path)
    assert found.fault is not None
    assert "oom begins" in found.fault[1]
    assert "remove begins" in found.fault[1]


def test_a_run_shows_accesses_only_where_another_goes_on(tmp_path: Path) -> None:
    found = interleaved(with_change("asks-the-flag-without-its-lock"), tmp_path)
    assert found.fault is not None
    assert sum(" calls access " in move for move in found.fault[1]) == 1


def test_a_search_that_meets_its_limit_is_not_complete(tmp_path: Path) -> None:
    assert not interleaved(source(PACKAGES[0]), tmp_path, most=20).complete


def test_a_fault_on_the_way_to_the_first_state_is_found(tmp_path: Path) -> None:
    found = interleaved(little_source("*(volatile int *)8 = 1;"), tmp_path)
    assert found.fault is not None
    assert found.fault[0].text.startswith("memory that is not there")
