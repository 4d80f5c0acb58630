"""The Python API: children compile and check a driver's source, and their answers come back as records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hintproof.linux.child import Lost
from hintproof.linux.examine import CompiledDriver, compiled
from hintproof.linux.jobs import Check, CodeFaults, Kind, Properties
from hintproof.linux.lockstep import Comparison
from hintproof.linux.source import DRIVER
from hintproof.system.errors import BadInput
from hintproof.views.trace import mail
from hintspec.language.sizes import Sizes
from tests.checker.linux.little import little_source
from tests.checker.linux.trees import PACKAGES, changed, source

SIZES = Sizes(blocks=1, ring=3, rounds=1)
DISCARDS = "firecracker-1.14"


@pytest.fixture(scope="module")
def linux() -> Iterator[CompiledDriver]:
    with compiled(source(PACKAGES[0])) as driver:
        yield driver


def check_faults(driver: CompiledDriver, check: Check) -> CodeFaults:
    answer = driver.run(check)
    assert isinstance(answer, CodeFaults)
    return answer


def check_lockstep(driver: CompiledDriver, check: Check) -> Comparison:
    answer = driver.run(check)
    assert isinstance(answer, Comparison)
    return answer


def check_properties(driver: CompiledDriver, check: Check) -> Properties:
    answer = driver.run(check)
    assert isinstance(answer, Properties)
    return answer


def test_faults_of_a_sound_and_of_a_faulty_driver(linux: CompiledDriver) -> None:
    sound = check_faults(linux, Check(Kind.CODE_FAULTS, "", SIZES, 2_000))
    assert (sound.verdict, sound.fault, sound.cut_short) == ("LIMITED", None, False)
    assert check_faults(linux, Check(Kind.RACES, "", SIZES, 20_000)).verdict == "GOES_ON"
    with compiled(little_source("BUG_ON(l->command == 1);")) as driver:
        found = check_faults(driver, Check(Kind.CODE_FAULTS, "", SIZES))
    assert found.fault is not None
    assert (found.verdict, found.fault.place.function) == ("FAULTED", "hint")
    assert found.fault.run[0] == "command"


def test_lockstep(linux: CompiledDriver) -> None:
    found = check_lockstep(linux, Check(Kind.LOCKSTEP, DISCARDS, SIZES, 2000))
    assert (found.difference, found.complete, found.cut_short) == (None, False, False)
    assert check_lockstep(linux, Check(Kind.LOCKSTEP_RANDOM, DISCARDS, SIZES, 2000)).steps == 2000
    other = check_lockstep(linux, Check(Kind.LOCKSTEP, f"{DISCARDS}+read-id-once", SIZES))
    assert other.difference is not None
    assert "TEST_CLEAR" in other.difference.says
    assert other.difference.place is not None
    assert other.difference.place.function == "virtio_balloon_cmd_id_received"


def test_properties(linux: CompiledDriver) -> None:
    found = check_properties(linux, Check(Kind.PROPERTIES, DISCARDS, SIZES, until="no_lost_write"))
    violated = {item.name: item for item in found.violated}
    assert violated["no_lost_write"].length == 21
    assert "add send_cmd_id_start" in mail.render(violated["no_lost_write"].story)
    large = Check(Kind.PROPERTIES_RANDOM, DISCARDS, replace(SIZES, blocks=4, ring=8, rounds=4), 30_000)
    assert "hint_in_batch" in [item.name for item in check_properties(linux, large).violated]
    with pytest.raises(BadInput, match="unknown word"):
        linux.run(Check(Kind.PROPERTIES, "qemo", SIZES))


@pytest.mark.parametrize(
    "check",
    [
        Check(Kind.CODE_FAULTS, "", replace(SIZES, rounds=4, removes=1), 20_000_000, 0.05),
        Check(Kind.LOCKSTEP, DISCARDS, replace(SIZES, blocks=2), 2_000_000, 0.05),
        Check(Kind.PROPERTIES, "qemu-7.2+kvm-auto", replace(SIZES, rounds=2), 2_000_000, 0.05),
    ],
    ids=lambda check: check.kind.name,
)
def test_a_check_that_meets_its_limit_of_time_says_so(linux: CompiledDriver, check: Check) -> None:
    answer = linux.run(check)
    assert (answer.complete, answer.cut_short) == (False, True)


def test_a_driver_that_hints_nothing_is_not_followed() -> None:
    with compiled(little_source()) as driver:
        assert check_lockstep(driver, Check(Kind.LOCKSTEP, DISCARDS, SIZES)).difference is not None
        found = check_properties(driver, Check(Kind.PROPERTIES, DISCARDS, SIZES))
        assert (found.stuck, found.fault) == (None, None)


def test_code_that_runs_as_it_is_loaded_takes_only_its_own_process_along() -> None:
    plain = little_source()
    hostile = "__attribute__((constructor)) static void early(void) { *(volatile int *)8 = 1; }\n"
    spoiled = replace(plain, files={**plain.files, DRIVER: plain.files[DRIVER] + hostile})
    with compiled(spoiled) as driver, pytest.raises(Lost, match="SIGSEGV"):
        driver.run(Check(Kind.CODE_FAULTS, "", SIZES))


#: Statements of a probe, and what is said of it: it crashes, waits for ever, goes round for ever, waits for its work.
PROBES = {
    "*(volatile int *)8 = 1;": r"memory that is not there was used \(address 0x8\)",
    "wait_event(vb->acked, 0);": "it waits for what never comes",
    "for (;;) cpu_relax();": "it goes round for ever|it runs on and on without a call",
    "queue_work(system_freezable_wq, &vb->update_balloon_size_work); flush_work(&vb->update_balloon_size_work);": "",
}

#: One check of each kind that binds the driver in its own way.
BINDING = (
    Check(Kind.PROPERTIES, DISCARDS, SIZES, 2_000),
    Check(Kind.CODE_FAULTS, "", SIZES, 2_000),
    Check(Kind.SCENARIOS, "", Sizes(2, 4, 2), 2_000),
    Check(Kind.INTERLEAVED, "", Sizes(2, 4, 2), 60_000),
)


@pytest.mark.parametrize("statement", PROBES)
def test_a_probe_that_has_no_end_is_a_fault_of_the_code(statement: str) -> None:
    """It was an internal error. One that waits for its own work is no fault."""
    head = r"(?s)(?P<head>static int virtballoon_probe\(.*?\tvirtio_device_ready\(vdev\);\n)"
    with compiled(changed(source(PACKAGES[0]), (head, rf"\g<head>\t{statement}\n"))) as driver:
        answers = [driver.run(check) for check in BINDING]
    for answer in answers:
        assert not isinstance(answer, Comparison)
        if PROBES[statement]:
            assert answer.fault is not None
            assert re.search(f"virtballoon_probe:.*: {PROBES[statement]}", answer.fault.says)
        else:
            assert answer.fault is None
            assert isinstance(answer, CodeFaults) or answer.stuck is None
