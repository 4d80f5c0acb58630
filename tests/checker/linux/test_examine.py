"""The Python API: a driver's source is compiled and examined in children, and what they find comes back as records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hintproof.linux.child import Lost
from hintproof.linux.examine import Examined, examined
from hintproof.system.errors import BadInput
from hintproof.trace.document import SCHEMA
from hintproof.views.trace import mail
from hintspec.language.sizes import Sizes
from tests.checker.linux.little import little_source
from tests.checker.linux.trees import PACKAGES, source

SIZES = Sizes(blocks=1, ring=3, rounds=1)
DISCARDS = "linux-6.1+firecracker-1.14"


@pytest.fixture(scope="module")
def linux() -> Iterator[Examined]:
    with examined(source(PACKAGES[0])) as driver:
        yield driver


def test_faults_of_a_sound_and_of_a_faulty_driver(linux: Examined) -> None:
    sound = linux.faults(SIZES, most=20_000)
    assert (sound.verdict, sound.grief) == ("LIMITED", None)
    assert linux.races(SIZES, steps=20_000).verdict == "GOES_ON"
    with examined(little_source("BUG_ON(l->command == 1);")) as driver:
        found = driver.faults(SIZES)
    assert found.grief is not None
    assert (found.verdict, found.grief.function) == ("FAULTED", "hint")
    assert found.grief.run[0] == "command"


def test_likeness(linux: Examined) -> None:
    found = linux.likeness(DISCARDS, SIZES, most=2000)
    assert (found.difference, found.whole) == (None, False)
    assert linux.likeness(DISCARDS, SIZES, random_steps=2000).steps == 2000
    other = linux.likeness(f"{DISCARDS}+read-id-once", SIZES)
    assert other.difference is not None
    assert "TEST_CLEAR" in other.difference
    assert other.function == "virtio_balloon_cmd_id_received"


def test_verdicts(linux: Examined) -> None:
    found = linux.verdicts(DISCARDS, SIZES, until="no_lost_write")
    falls = {item.name: item for item in found.falls}
    assert falls["no_lost_write"].length == 21
    assert falls["no_lost_write"].trace["schema"] == SCHEMA
    assert "add send_cmd_id_start" in mail.render(falls["no_lost_write"].story)
    large = replace(SIZES, blocks=4, ring=8, rounds=4)
    assert "hint_in_batch" in [item.name for item in linux.verdicts(DISCARDS, large, random_steps=30_000).falls]
    with pytest.raises(BadInput, match="unknown word"):
        linux.verdicts("linux-6.1+qemo", SIZES)


def test_a_driver_that_hints_nothing_is_not_followed() -> None:
    with examined(little_source()) as driver:
        assert driver.likeness(DISCARDS, SIZES).difference is not None
        found = driver.verdicts(DISCARDS, SIZES)
        assert (found.stuck, found.grief) == (None, None)


def test_code_that_runs_as_it_is_loaded_takes_only_its_own_process_along() -> None:
    plain = little_source()
    hostile = b"__attribute__((constructor)) static void early(void) { *(volatile int *)8 = 1; }\n"
    with examined(replace(plain, driver=plain.driver + hostile)) as driver, pytest.raises(Lost, match="SIGSEGV"):
        driver.faults(SIZES)
