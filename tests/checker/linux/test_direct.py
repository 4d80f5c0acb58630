"""The unmodified driver under the spec's properties: the code violates what the spec's driver violates; repairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.engines.limits import Limits
from hintproof.linux.build import build
from hintproof.linux.direct import check_code
from hintproof.linux.driver import Driver
from hintproof.story.build import build_story
from hintproof.views.trace import mail
from hintspec.catalogue.expected import pins
from hintspec.language.sizes import Sizes
from tests.checker.gate.changes import FORGETS
from tests.checker.linux.trees import PACKAGES, changed, driver, source

ONE_ROUND = Sizes(blocks=1, ring=3, rounds=1)
TWO_ROUNDS = replace(ONE_ROUND, rounds=2)
QEMU, FIRECRACKER = "qemu-7.2+kvm-auto", "firecracker-1.14"


def environment(package: str, rest: str) -> str:
    return f"{package.replace('-source', '')}+{rest}"


@pytest.mark.parametrize("package", PACKAGES)
def test_under_a_device_that_discards_as_much_falls_as_soon_as_of_the_specs_driver(package: str) -> None:
    found = check_code(driver(package), environment(package, FIRECRACKER), ONE_ROUND)
    lengths = {name: len(refuted.steps) for name, refuted in found.refuted.items()}
    pinned = pins()[f"linux-6.1+{FIRECRACKER} | {ONE_ROUND}"]["lengths"]
    assert (found.complete, found.fault) == (True, None)
    assert lengths == {name: pinned[name] for name in ("hint_in_batch", "no_lost_write")}


def test_a_run_of_the_code_is_shown_as_any_other() -> None:
    package = PACKAGES[0]
    found = check_code(driver(package), environment(package, FIRECRACKER), ONE_ROUND, until="no_lost_write")
    trace = found.refuted["no_lost_write"].trace()
    text = mail.render(build_story(trace))
    assert trace.block == 1
    [sent] = [line for line in text.splitlines() if line.startswith("  9 ")]
    assert sent.split() == ["9", ".D..", "add", "send_cmd_id_start", "at=KICK_ID", "[S1]", "f"]
    assert "test_clear" in text
    assert text.count("virtio_balloon_cmd_id_received") >= 4  # names are cut nowhere
    assert "environment: the driver's code+firecracker-1.14" in text
    assert "h blocks that the code has, hinted or not;" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 78
    assert "Step 21\n             (discard) took it away." in text
    places = {step.action.where.partition(":")[0] for step in trace.steps if "send_cmd" in step.action.name}
    assert places == {"virtio_balloon.c"}


def test_the_id_that_is_read_twice_lets_a_round_run_under_done() -> None:
    package = PACKAGES[1]
    found = check_code(driver(package), environment(package, QEMU), ONE_ROUND, until="hint_in_batch")
    assert len(found.refuted["hint_in_batch"].steps) == 22


def test_removed_and_suspended_in_the_middle_of_a_round(tmp_path: Path) -> None:
    package = PACKAGES[0]
    sizes = replace(ONE_ROUND, removes=1, freezes=1)
    found = check_code(driver(package), environment(package, FIRECRACKER), sizes, limits=Limits(8_000))
    assert found.fault is None
    assert "blocks_come_back" not in found.refuted
    leaking = changed(source(package), (r"if [^;]*FREE_PAGE_HINT\)\)\s+return_free_pages_to_mm\(\w+, ULONG_MAX\);", ""))
    found = check_code(Driver(build(leaking, tmp_path)), environment(package, FIRECRACKER), sizes, "blocks_come_back")
    assert "rmmod" in [step.action.name for step in found.refuted["blocks_come_back"].steps]


def test_a_driver_that_frees_twice_has_a_fault(tmp_path: Path) -> None:
    twice = changed(source(PACKAGES[0]), (r"(?=\bvb->num_free_page_blocks\+\+)", "__free_pages(page, 10); "))
    faulty = Driver(build(twice, tmp_path))
    found = check_code(faulty, environment(PACKAGES[0], FIRECRACKER), ONE_ROUND)
    assert found.fault is not None
    fault, run = found.fault
    assert "on a list" in fault.text
    assert "kick get_free_page_and_send" in [step.action.name for step in run[-2:]]
    assert not {"worker_can_end", "blocks_can_come_back"} & found.refuted.keys()  # nobody looked behind the fault


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_the_shared_start_cell_loses_a_write_on_the_code(package: str) -> None:
    """N1: a START of the last round, popped late, reads the new id.

    It takes as many steps as with the spec's driver, but for the release of a lock, which is a step of the code alone.
    """
    found = check_code(
        driver(package), environment(package, QEMU), TWO_ROUNDS, until="no_lost_write", limits=Limits(2_000_000)
    )
    pinned = pins()[f"linux-6.1+{QEMU} | {TWO_ROUNDS}"]["lengths"]
    for name in ("no_lost_write", "hint_in_window"):
        steps = [step.action.name for step in found.refuted[name].steps]
        assert len(steps) - steps.count("unlock get_free_page_and_send") == pinned[name]


#: F1: a round begins only when the device has used all of the last one, and else not at all.
WAITS = (
    (r"(?=\bvb->cmd_id_active = cpu_to_virtio32\(\w+->vdev,\s+virtio_balloon_cmd_id)",
     "if (vq->num_free < virtqueue_get_vring_size(vq)) return -EBUSY;\n"),
    (r"(?<=err = send_cmd_id_start\(vb\);)", " if (err == -EBUSY) return;\n"),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_a_repair_of_the_code_removes_the_trace(package: str, tmp_path: Path) -> None:
    repaired = Driver(build(changed(source(package), *WAITS), tmp_path))
    found = check_code(repaired, environment(package, QEMU), TWO_ROUNDS, limits=Limits(2_000_000))
    assert found.complete
    assert not {"no_lost_write", "hint_in_window", "id_at_most_once"} & found.refuted.keys()


#: N7: a second id is read and not yet taken up as the guest is suspended, and the migration ends.
SUSPENDED = Sizes(1, 2, 2, freezes=1)

#: States of code and spec at these sizes, to be on the safe side of the first run that keeps its blocks.
FAR = Limits(2_500_000)


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_an_id_from_before_a_suspend_is_served_after_it(package: str, tmp_path: Path) -> None:
    found = check_code(driver(package), environment(package, QEMU), SUSPENDED, until="blocks_come_back", limits=FAR)
    steps = [step.action.name for step in found.refuted["blocks_come_back"].steps]
    assert len([step for step in steps if not step.startswith("unlock ")]) == 46
    assert steps.index("suspend") < steps.index("abort_migration") < steps.index("resume")
    mended = Driver(build(changed(source(package), *FORGETS.replacements), tmp_path))
    assert (
        not {"blocks_come_back"} & check_code(mended, environment(package, QEMU), SUSPENDED, limits=FAR).refuted.keys()
    )


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["issue-after-stop", "drain-before-id"])
def test_with_a_device_that_pops_promptly_the_code_loses_nothing(rule: str) -> None:
    package = PACKAGES[0]
    found = check_code(driver(package), environment(package, f"{QEMU}+{rule}"), TWO_ROUNDS, limits=Limits(3_000_000))
    assert found.complete
    assert "no_lost_write" not in found.refuted
    assert ("hint_in_window" in found.refuted) == (rule == "drain-before-id")  # as of the spec's driver
