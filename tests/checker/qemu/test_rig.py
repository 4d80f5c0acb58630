"""A stock QEMU under control: each operation does what it says, and no QEMU outlives its rig."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hintproof.qemu import channel
from hintproof.qemu.balloon import DONE, SHARED_CELL, STOP, STOP_CELL
from hintproof.qemu.layout import PAGE, Layout
from hintproof.qemu.machine import Setup
from hintproof.qemu.migration import Migration
from hintproof.qemu.outcome import HypervisorDied, Unsteerable
from hintproof.qemu.rig import Rig, rig
from tests.checker.qemu.incoming import receiving_machine
from tests.checker.qemu.needs import needs_kvm, needs_qemu, setup
from tests.places import ROOT

ONE, TWO = Layout(1, 1), Layout(2, 2)

pytestmark = needs_qemu


def post_round(running: Rig, *blocks: int) -> None:
    """A driver's round: START, hints, STOP, one kick."""
    balloon = running.balloon
    balloon.set_cell(SHARED_CELL, balloon.command_id)
    balloon.post_cell(SHARED_CELL)
    for block in blocks:
        balloon.post_hint(running.layout.address(block), PAGE)
    balloon.set_cell(STOP_CELL, STOP)
    balloon.post_cell(STOP_CELL)
    balloon.kick()


@pytest.mark.parametrize("accelerator", ["tcg", pytest.param("kvm", marks=[needs_kvm, pytest.mark.slow])])
def test_a_round_of_hints_and_a_second_one(accelerator: str) -> None:
    with rig(setup(accelerator), TWO) as running:
        assert running.balloon.command_id == STOP
        first = running.migrate()
        left = running.running.remaining
        post_round(running, 1, 2)
        assert (running.balloon.used, running.balloon.command_id) == (0, first)
        running.device.pop()
        assert (running.balloon.used, running.balloon.command_id) == (1, STOP)
        running.device.pop()
        assert (running.balloon.used, running.running.remaining) == (2, left - 1)
        running.device.pop()
        assert running.running.remaining == left - 2
        running.device.pop()
        assert running.balloon.waiting == 0
        running.device.sleep()
        assert running.sync() == first + 1
        post_round(running)
        running.device.pop()
        differences = running.finish()
        assert running.balloon.command_id == DONE
    assert [(d.block, d.source, d.destination) for d in differences] == [(1, 1, 0), (2, 2, 0)]


def test_without_hints_all_memory_arrives() -> None:
    with rig(setup(), TWO) as running:
        running.migrate()
        running.dma_write(1)
        running.send(1)
        value = running.dma_write(1)
        running.sync()
        assert running.finish() == []
        destination = running.running.destination
        assert int.from_bytes(destination.memory[running.layout.address(1) :][:4], "little") == value
        assert destination.pages.count(running.layout.page(1)) == 2
        assert destination.pages.count(running.layout.page(2)) == 1
        assert len(destination.memory) == running.layout.pages * PAGE
        written = running.machine.ram.read(0, len(destination.memory))
    assert {i // PAGE for i, (a, b) in enumerate(zip(written, destination.memory, strict=True)) if a != b} == set()


@pytest.mark.slow
def test_a_real_destination_has_what_ours_has() -> None:
    """A page that the device has popped is missing, for QEMU and for its guest, too; the rest is there."""
    with rig(setup(), TWO) as running:
        running.migrate()
        post_round(running, 1)
        value = running.dma_write(2)
        running.device.pop()
        running.device.pop()
        assert [d.block for d in running.finish()] == [1]
        destination = running.running.destination
    with receiving_machine(setup(), TWO, bytes(destination.stream)) as there:
        assert there.ram.read(0, there.ram.size) == destination.memory
        assert [there.qtest.read32(TWO.address(block)) for block in (1, 2)] == [0, value]
        assert there.qmp("query-status")["running"]
        there.store(TWO.address(1), 77)
        assert there.qtest.read32(TWO.address(1)) == 77


@pytest.mark.slow
def test_a_stale_id_starts_nothing() -> None:
    with rig(setup(), ONE) as running:
        running.migrate()
        post_round(running, 1)
        running.balloon.set_cell(SHARED_CELL, 7)
        left = running.running.remaining
        for _ in range(3):
            running.device.pop()
        assert running.running.remaining == left
        assert running.finish() == []


def test_what_can_not_be_done_is_said() -> None:
    with rig(setup(), TWO) as running:
        with pytest.raises(Unsteerable, match="no migration runs"):
            running.send(1)
        with pytest.raises(Unsteerable, match="no entry"):
            running.device.pop()
        running.migrate()
        with pytest.raises(Unsteerable, match=r"sends blocks \[1\] where block 2 is wanted"):
            running.send(2)


@pytest.mark.slow
def test_cancelled_and_begun_again_in_the_same_process() -> None:
    with rig(setup(), ONE) as running:
        first = running.migrate()
        running.cancel()
        assert running.balloon.command_id == DONE
        assert running.migrate() == first + 1
        assert running.finish() == []
        running.resume()
        assert running.migrate() == first + 2
        post_round(running, 1)
        running.device.pop()
        running.device.pop()
        assert [d.block for d in running.finish()] == [1]


@pytest.mark.parametrize("accelerator", ["tcg", pytest.param("kvm", marks=needs_kvm)])
def test_stores_of_the_virtual_cpu(accelerator: str) -> None:
    with rig(setup(accelerator, vcpu_stores=True), TWO) as running:
        values = [running.write(block) for block in (1, 2, 1)]
        words = [running.machine.qtest.read32(running.layout.address(block)) for block in (1, 2)]
        assert words == [values[2], values[1]]


# -- what goes wrong --------------------------------------------------------------------------


def hint_into_an_ignored_block(started: list[int]) -> None:
    with rig(setup(), ONE) as running:
        started.append(running.machine.child.pid)
        running.migration = Migration(running.machine, ("x-ignore-shared",))
        post_round(running, 1)
        running.device.pop()
        running.device.pop()


def test_a_crash_is_told_as_the_death_of_the_hypervisor() -> None:
    """A hint into a RAM block that migration ignores: QEMU has no bitmap of it (open in all versions)."""
    started: list[int] = []
    with pytest.raises(HypervisorDied, match=r"the hypervisor died: signal 11 \(SIGSEGV\).*; last steps: .*pops"):
        hint_into_an_ignored_block(started)
    assert not is_running(started[0])


def ask_one_that_is_stopped(started: list[int]) -> None:
    with rig(setup(), ONE) as running:
        started.append(running.machine.child.pid)
        os.kill(running.machine.child.pid, signal.SIGSTOP)
        running.machine.qmp("query-status")


def test_a_qemu_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "SECONDS", 0.2)
    started: list[int] = []
    with pytest.raises(HypervisorDied, match=r"does not answer \(its monitor is silent"):
        ask_one_that_is_stopped(started)
    assert not is_running(started[0])


def test_a_command_that_qemu_refuses_is_told() -> None:
    with rig(setup(), ONE) as running, pytest.raises(Unsteerable, match=r"no-such-command: .* not been found"):
        running.machine.qmp("no-such-command")


def test_options_that_qemu_refuses_are_told() -> None:
    settings = Setup(setup().qemu, "tcg", options=("-device", "no-such-device"))
    with pytest.raises(HypervisorDied, match=r"ended with status 1.*no-such-device"), rig(settings, ONE):
        pass


ONE_RIG = """
import time
from hintproof.qemu.layout import Layout
from hintproof.qemu.rig import rig
from hintproof.qemu.binary import find_qemu
from hintproof.qemu.machine import Setup
with rig(Setup(find_qemu(), "tcg"), Layout(1, 1)) as running:
    running.migrate()
    print("ready", flush=True)
    time.sleep(60)
"""

MANY_RIGS = """
from hintproof.qemu.binary import find_qemu
from hintproof.qemu.conformance import conform
from hintproof.qemu.machine import Setup
if __name__ == "__main__":
    ready = lambda counts: print("ready", flush=True)
    conform("linux-6.1+qemu-10+tcg+no-ioeventfd", Setup(find_qemu(), "tcg"), range(400), watch=ready)
"""


@pytest.mark.parametrize(
    ("number", "script"),
    [
        pytest.param(signal.SIGINT, MANY_RIGS, id="interrupt-many"),
        pytest.param(signal.SIGKILL, ONE_RIG, id="kill-one", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, ONE_RIG, id="interrupt-one", marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, MANY_RIGS, id="kill-many", marks=pytest.mark.slow),
    ],
)
def test_no_qemu_is_left_behind(number: signal.Signals, script: str, tmp_path: Path) -> None:
    """Not after Ctrl-C, and not after a kill that leaves no time for anything."""
    (tmp_path / "script.py").write_text(script)
    path = os.pathsep.join([str(ROOT), *sys.path])
    mark = f"HINTPROOF_TEST={tmp_path}"
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path, "HINTPROOF_TEST": str(tmp_path)},
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert any("qemu" in name_of(n) for n in marked(mark))
        process.send_signal(number)
    ends = time.monotonic() + 10
    while marked(mark) and time.monotonic() < ends:
        time.sleep(0.01)
    assert [name_of(n) for n in marked(mark)] == []


def marked(mark: str) -> set[int]:
    """The processes that run, and have this in their environment: whatever they are called by now."""
    found = set()
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                found.add(int(path.name))
        except OSError:
            continue
    return {number for number in found if is_running(number)}


def name_of(number: int) -> str:
    try:
        return Path(f"/proc/{number}/comm").read_text().strip()
    except OSError:
        return ""


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
