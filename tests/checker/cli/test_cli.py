"""The command line: what it prints, and with which code it ends."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.checker.command import CONSOLE_SCRIPT, hintproof, hintproof_process
from tests.places import COUNTEREXAMPLES
from tests.unprivileged import exit_code_unprivileged

TRACE = str(COUNTEREXAMPLES / "shared-start-cell" / "trace.json")
SMALL = ["--ring", "3", "--rounds", "1", "--engine", "exhaustive"]


def processes(session: int) -> set[int]:
    """The living processes of a session; others on the machine, of other tests too, don't count."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, its_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(its_session) == session and state != "Z":
            found.add(int(entry.name))
    return found


def test_a_known_refutation_is_shown_and_as_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = hintproof_process(tmp_path, "check", "linux-6.1+firecracker-1.14")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("✗ known linux-6.1+firecracker-1.14 6,220 ")
    assert "discard-before-reuse-seen" in done.stdout
    assert "hintproof show hintproof-traces/linux-6.1+firecracker-1.14/no_lost_write.json" in done.stdout
    assert len(done.stdout.splitlines()) <= 40
    monkeypatch.setenv("COLUMNS", "160")
    long = hintproof(tmp_path, "check", "linux-6.1+firecracker-1.14", "--engine", "exhaustive", "--verbose")
    assert "REFUTED" in long.stdout
    assert "exhaustive 6,220 states" in long.stdout
    assert "why:" in long.stdout
    written = list((tmp_path / "hintproof-traces").rglob("no_lost_write.json"))
    assert len(written) == 1
    shown = hintproof(tmp_path, "show", str(written[0]))
    assert shown.returncode == 0
    assert "21 steps, replayed" in shown.stdout
    assert hintproof(tmp_path, "replay", str(written[0])).returncode == 0


def test_filters_choose_what_is_shown(tmp_path: Path) -> None:
    command = ["check", "linux-6.1+firecracker-1.14", "--engine", "exhaustive"]
    one = hintproof(tmp_path, *command, "--property", "no_lost_write")
    assert "no_lost_write" in one.stdout
    assert "worker_never_spins" not in one.stdout
    holds = hintproof(tmp_path, "check", "no-hint+qemu-10+tcg", "--engine", "exhaustive", "--only-violated")
    assert "no-hint" not in holds.stdout
    assert "hold, 0 refuted" in holds.stdout
    wrong = hintproof(tmp_path, *command, "--property", "no_lost_writ")
    assert wrong.returncode == 2
    assert wrong.stderr == "hintproof: no property is called 'no_lost_writ'; did you mean 'no_lost_write'?\n"


def test_a_trace_is_shown_as_text_for_a_mail_where_there_is_no_terminal(tmp_path: Path) -> None:
    plain = Path(TRACE).with_name("trace.txt").read_text()
    assert hintproof_process(tmp_path, "show", TRACE).stdout == plain
    assert "honour_hint by the device" in hintproof(tmp_path, "show", TRACE, "--step", "38").stdout


def test_a_terminal_gets_lanes_and_colours(tmp_path: Path) -> None:
    text = on_a_terminal(tmp_path, "show", TRACE, "--to", "20", "--width", "140")
    assert "\x1b[" in text
    assert "hypervisor" in text
    assert "\x1b" not in on_a_terminal(tmp_path, "show", TRACE, "--plain")


def test_the_viewer_opens_on_a_terminal_and_q_leaves_it(tmp_path: Path) -> None:
    assert "honour_hint" in on_a_terminal(tmp_path, "show", TRACE, "--interactive", keys=b"q", until=b"honour_hint")


def on_a_terminal(cwd: Path, *arguments: str, keys: bytes = b"", until: bytes = b"") -> str:
    """What a command prints on a pseudo-terminal. The keys are pressed once it has printed ``until``."""
    leader, follower = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(
        [sys.executable, "-c", CONSOLE_SCRIPT, *arguments], cwd=cwd, env=environment,
        stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    told = b""
    try:
        while some := _read(leader):
            told += some
            if keys and until in told:
                os.write(leader, keys)
                keys = b""
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        os.close(leader)
    return told.decode()


def _read(terminal: int) -> bytes:
    """What was printed since; nothing once the other end is closed."""
    assert select.select([terminal], [], [], 60)[0], "nothing was printed for a minute"
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def test_strict_makes_any_refutation_one(tmp_path: Path) -> None:
    assert hintproof(tmp_path, "check", "linux-6.1+firecracker-1.14", "--strict", *SMALL).returncode == 1


def test_a_refutation_without_a_record_is_one(tmp_path: Path) -> None:
    assert hintproof_process(tmp_path, "check", "linux-5.7+firecracker-1.14", *SMALL).returncode == 1


def test_what_holds_is_zero(tmp_path: Path) -> None:
    assert hintproof(tmp_path, "check", "linux-6.1+firecracker-1.14+wait-on-ack+read-id-once", *SMALL).returncode == 0


def test_a_limit_is_three(tmp_path: Path) -> None:
    sizes = ["--blocks", "3", "--engine", "exhaustive", "--limit-states", "20000"]
    done = hintproof_process(tmp_path, "check", "virtio-1.3-driver+qemu-10+kvm-auto", *sizes)
    assert done.returncode == 3
    assert "undecided" in done.stdout


def test_json_is_json(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "check", "no-hint+qemu-10+tcg", "no-hint+qemu-7.2+tcg", "--json")
    document = json.loads(done.stdout)
    assert document["exit"] == done.returncode == 0
    assert [r["environment"] for r in document["results"]] == ["no-hint+qemu-10+tcg", "no-hint+qemu-7.2+tcg"]
    assert {e for r in document["results"] for e in r["engines"]} == {"exhaustive", "bounded", "sampled"}


def test_proofs_stand_or_name_the_step_that_breaks_them(tmp_path: Path) -> None:
    stands = hintproof(tmp_path, "prove", "no-hint+qemu-10+tcg", "no-hint+qemu-7.2+kvm-auto")
    assert stands.returncode == 0
    assert "2 environments, for every size: 2 proved" in stands.stdout
    fails = hintproof(tmp_path, "prove", "linux-6.1+qemu-7.2+kvm-auto", "--verbose")
    assert fails.returncode == 3
    text = " ".join(fails.stdout.split())
    assert "set_active_id does not keep start_reads_as_posted" in text
    assert "The protocol gets there: 27 steps" in text
    assert "NOT PROVED: hint_spares_new_writes" in text
    saved = "hintproof-traces/linux-6.1+qemu-7.2+kvm-auto/start_reads_as_posted-set_active_id.json"
    assert "lemma: start_reads_as_posted" in " ".join(hintproof(tmp_path, "show", saved).stdout.split())


def test_a_proof_that_fails_by_what_is_known_is_as_known(tmp_path: Path) -> None:
    known = hintproof(tmp_path, "prove", "no-hint+qemu-7.2+tcg", "--verbose")
    assert known.returncode == 0
    assert "sync_merge does not keep hot_is_logged" in known.stdout
    assert "1 but for known violations" in " ".join(known.stdout.split())


def test_proofs_as_json(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "prove", "no-hint+qemu-10+tcg", "--json")
    [proof] = json.loads(done.stdout)["proofs"]
    assert proof["says"] == "proved"
    assert len(proof["obligations"]) > 80
    assert {o["verdict"] for o in proof["obligations"]} == {"proved"}


@pytest.mark.parametrize("command", ["environments", "properties"])
def test_lists(tmp_path: Path, command: str) -> None:
    done = hintproof(tmp_path, command)
    assert done.returncode == 0
    assert "no_lost_write" in done.stdout


def test_simulate_any_size(tmp_path: Path) -> None:
    first, again, huge = (
        hintproof(tmp_path, "simulate", "linux-6.1+qemu-7.2+kvm-manual", "--steps", "40", "--blocks", blocks)
        for blocks in ("8", "8", "1000000")
    )
    assert first.stdout == again.stdout
    assert len(first.stdout.splitlines()) == len(huge.stdout.splitlines()) == 40


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "linux-9.9+qemu-7.2+kvm-auto"],
        ["check", "linux-6.1+qemu-7.2"],
        ["check", "virtio-1.3", "--ring", "1"],
        ["check", "virtio-1.3", "--blocks", "-3"],
        ["check", "virtio-1.3", "--blocks", "many"],
        ["check", "virtio-1.3", "--engine", "steam"],
        ["check", "virtio-1.3", "--depth", "0"],
        ["check", "virtio-1.3", "--limit-seconds", "-1"],
        ["check", "virtio-1.3", "--nonsense"],
        ["check", "virtio-1.3", "--traces", "/proc/nowhere"],
        ["prove", "--traces", "/proc/nowhere", "no-hint+qemu-10+tcg"],
        ["certify", "nothing"],
        ["certify", "no-hint+qemu-10+tcg", "--out", "/proc/nowhere"],
        ["why", "complete", "--environment", "nothing"],
        ["cover", "nothing"],
        ["prove", "nothing"],
        ["prove", "--limit-seconds", "0"],
        ["show", "missing.json"],
        ["show", "."],
        ["replay", "/dev/null"],
        ["show"],
        ["show", TRACE, "--step", "45"],
        ["show", TRACE, "--interactive"],
        ["simulate", "virtio-1.3", "--steps", "0"],
        ["simulate", "nothing"],
        ["fly"],
    ],
)
def test_bad_input_is_one_line_and_two(tmp_path: Path, arguments: list[str]) -> None:
    done = hintproof(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("hintproof: ")
    assert done.stdout == ""


def test_bad_input_is_two_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = hintproof_process(tmp_path, "check", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_a_directory_that_may_not_be_written(capfd: pytest.CaptureFixture[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="hintproof-test-") as folder:
        here = Path(folder)
        here.chmod(0o755)
        (here / "locked").mkdir(mode=0o555)
        assert (
            hintproof(here, "check", "nothing", "--traces", "open").returncode == 2
        )  # imports what the child will need

        def command() -> int:
            done = hintproof(here, "check", "virtio-1.3", "--traces", "locked")
            print(done.stderr, flush=True)
            return done.returncode

        assert exit_code_unprivileged(here, command) == 2
        assert list((here / "locked").iterdir()) == []
    assert "can't write to locked: Permission denied" in capfd.readouterr().out


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to see processes")
def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    # a shell that starts the tests in the background has them ignore Ctrl-C, which would be handed on
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += CONSOLE_SCRIPT
    command = [sys.executable, "-c", code, "check", "linux-6.1+qemu-7.2+kvm-auto", "--blocks", "3"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 30
    while len(processes(process.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 3
    *reached, last = complaint.strip().splitlines()
    assert last == "hintproof: interrupted; nothing was kept"
    assert all(" ended by Ctrl-C after " in line for line in reached)
    assert reached, "what was under way, and how far it was"
    deadline = time.monotonic() + 10  # what notices by itself that its parent is gone
    while processes(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes(process.pid)
    assert not list(tmp_path.rglob("*.json"))
