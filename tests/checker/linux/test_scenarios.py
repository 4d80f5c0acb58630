"""Random walks of the whole driver, and the lines that ran."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hintproof.gate.ctext import function_at, functions
from hintproof.linux.examine import compiled
from hintproof.linux.jobs import Check, CodeFaults, Kind
from hintproof.linux.rules import RULES
from hintproof.linux.source import DRIVER, Source
from hintspec.language.sizes import Sizes
from tests.checker.gate.changes import EVERY
from tests.checker.linux.little import little_source
from tests.checker.linux.trees import PACKAGES, changed, source

#: A driver with these breaks every rule; pages that are released before the host is told are never asked back.
BALLOON_RULES = [
    change
    for change in EVERY
    if {rule.name for rule in RULES} & set(change.falls) and change.name != "released-before-the-host-is-told"
]

WALKS = Check(Kind.SCENARIOS, "", Sizes(2, 4, 2), 30_000)


def walked(driver: Source) -> CodeFaults:
    with compiled(driver) as code:
        answer = code.run(WALKS)
    assert isinstance(answer, CodeFaults)
    return answer


@pytest.mark.parametrize("package", PACKAGES)
def test_linux_is_sound_and_the_same_each_time(package: str) -> None:
    found = walked(source(package))
    assert (found.verdict, found.fault, found.broken) == ("EXHAUSTED", None, [])
    assert found.states > 20_000
    assert walked(source(package)).logs == found.logs != []


def test_they_reach_what_hinting_does_not() -> None:
    text = source(PACKAGES[0]).files[DRIVER]
    found = walked(source(PACKAGES[0]))
    every = functions(text)
    reached = {function_at(every, line) for line in found.lines.ran}
    assert {"fill_balloon", "leak_balloon", "stats_handle_request", "virtio_balloon_oom_notify",
            "virtballoon_free_page_report", "virtballoon_restore", "send_free_pages"} <= reached  # fmt: skip
    assert not set(found.lines.ran) & set(found.lines.idle)
    lines = text.split("\n")
    assert all(lines[line - 1].strip() for line in (*found.lines.ran, *found.lines.idle))
    assert {function_at(every, line) for line in found.lines.idle} == {"virtballoon_probe"}  # a device without config


def test_a_page_that_is_lost_outside_of_hinting_is_found() -> None:
    lost = (r"(?s)(?P<head>static void release_pages_balloon\(.*?)list_del\(&page->lru\);\s+put_page\(page\);",
            r"\g<head>list_del(&page->lru);")  # fmt: skip
    found = walked(changed(source(PACKAGES[0]), lost))
    assert found.fault is not None
    assert found.fault.says.endswith("memory is left behind after remove")
    assert found.fault.run[0].startswith("the device offers ")


def test_each_rule_of_virtio_is_seen_to_be_broken() -> None:
    broken = source(PACKAGES[0])
    for change in BALLOON_RULES:
        broken = replace(broken, files={**broken.files, DRIVER: change.apply(broken.files[DRIVER])})
    found = {item.kind: item for item in walked(broken).broken}
    assert set(found) == {rule.name for rule in RULES}
    assert found["deflation_is_acknowledged"].place.function == "release_pages_balloon"
    assert found["inflated_is_left_alone"].says.endswith("is asked back, and its inflation is not acknowledged")
    assert found["poison_is_told"].says == "poison_val is 0x0 when the driver is ready, and free pages hold 0xaaaaaaaa"
    assert all(item.run[0].startswith("the device offers ") for item in found.values())


def test_other_calls_make_another_log() -> None:
    noisy = r"(?s)(?P<head>static void stats_handle_request\(.*?)virtqueue_kick\(vq\);", r"\g<head>;"
    assert walked(changed(source(PACKAGES[0]), noisy)).logs != walked(source(PACKAGES[0])).logs


def test_lines_behind_a_condition_that_never_holds_do_not_run() -> None:
    driver = little_source("if (l->command == 12345)\n\t\tl->command = 0;")
    found = walked(driver)
    lines = driver.files[DRIVER].split("\n")
    never = next(number for number, line in enumerate(lines, 1) if "l->command = 0;" in line and "==" not in line)
    assert never in found.lines.idle
    assert never - 1 in found.lines.ran
