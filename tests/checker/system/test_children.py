"""Child processes end in time, with all that they started, and with the process that started them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hintproof.system.children import dying_with_parent, first_line, kill_running, last_line, run_child
from hintproof.system.errors import BadInput

needs_setpriv = pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv, of util-linux")


def test_a_child_prints_and_ends(tmp_path: Path) -> None:
    ended = run_child(["sh", "-c", 'echo "$WORD"; echo again >&2; exit 7'], tmp_path, 10, {"WORD": "once"})
    assert (ended.output, ended.status) == ("once\nagain\n", 7)
    assert (first_line(ended.output), last_line("")) == ("once", "it said nothing")


def test_a_child_that_is_killed_is_reported_by_its_signal(tmp_path: Path) -> None:
    assert run_child(["sh", "-c", "kill -SEGV $$"], tmp_path).status == -signal.SIGSEGV


def test_children_of_other_threads_are_killed(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(run_child, ["sleep", "60"], tmp_path)
        deadline = time.monotonic() + 30
        while not ended.done() and time.monotonic() < deadline:
            kill_running()
            time.sleep(0.05)
        assert ended.result().status == -signal.SIGKILL


def test_a_child_is_killed_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"longer than 0\.3 seconds"):
        run_child(["sh", "-c", f"(sleep 1; touch {mark}) & wait"], tmp_path, 0.3)
    assert time.monotonic() - began < 1
    time.sleep(1.2)
    assert not mark.exists()


@needs_setpriv
def test_a_child_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = "import pathlib; from hintproof.system.children import run_child\n"
    code += "run_child(['sh', '-c', 'echo $$ >child.new; mv child.new child; exec sleep 60'], pathlib.Path('.'))"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    file = tmp_path / "child"
    _until(file.exists)
    child = int(file.read_text())
    parent.kill()
    parent.wait()
    _until(lambda: not _runs(child))


@needs_setpriv
def test_a_program_whose_parent_is_gone_is_not_begun() -> None:
    """A parent that dies between fork and the request to be killed with it leaves nothing behind."""
    *begins, parent, program, word = dying_with_parent(["echo", "begun"])
    assert (int(parent), program, word) == (os.getpid(), "echo", "begun")
    for number, printed in ((os.getpid(), "begun\n"), (os.getppid(), "")):
        ended = subprocess.run([*begins, str(number), program, word], capture_output=True, text=True, check=False)
        assert ended.stdout == printed


def _until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def _runs(process: int) -> bool:
    """Whether a process is there, and not only waits to be reaped by whoever adopted it."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
