"""The answers of the gate on disk: each check of a driver runs once, unless a busy machine cut it short."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hintproof.gate import linux
from hintproof.gate.linux import LinuxChecker
from hintproof.linux.child import Lost
from hintproof.linux.jobs import Answer, Check, CodeFaults, Kind
from hintproof.linux.source import Source
from hintproof.system.children import run_child
from hintproof.system.clock import Clock
from hintspec.language.sizes import Sizes
from tests.checker.gate.made import FILES

CHECK = Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1), 100)


class Driver:
    """Answers each check in the same way, and counts."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.runs = 0

    def run(self, check: Check) -> Answer:
        self.runs += 1
        return self.answer


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(linux, "cache_directory", lambda: tmp_path)
    return tmp_path / "gate"


def check_twice(monkeypatch: pytest.MonkeyPatch, answer: CodeFaults) -> int:
    """How often the check runs in two gates of the same driver."""
    driver = Driver(answer)

    @contextmanager
    def compiled(source: Source) -> Iterator[Driver]:
        yield driver

    monkeypatch.setattr(linux, "compiled", compiled)
    for _ in range(2):
        checker = LinuxChecker(checks=(CHECK,))
        checker.check(FILES)
        assert checker.difference(FILES, FILES) == ()  # asks again, and runs nothing
    return driver.runs


def test_a_driver_is_checked_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_twice(monkeypatch, CodeFaults("EXHAUSTED", 7, 9, None)) == 1
    assert check_twice(monkeypatch, CodeFaults("LIMITED", 100, 9, None)) == 0  # what the first left


def test_a_check_that_met_its_limit_of_states_is_not_repeated(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_twice(monkeypatch, CodeFaults("LIMITED", 100, 9, None)) == 1


def test_a_check_that_met_its_limit_of_time_is_repeated(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no property of the driver."""
    assert check_twice(monkeypatch, CodeFaults("LIMITED", 7, 9, None, cut_short=True)) == 2
    assert not list(cache.glob("*"))


def test_ctrl_c_ends_the_checks_that_run(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    began = threading.Event()

    class Endless:
        def run(self, check: Check) -> Answer:
            began.set()
            run_child(["sleep", "60"], tmp_path)
            raise Lost("it was killed")

    @contextmanager
    def compiled(source: Source) -> Iterator[Endless]:
        yield Endless()

    def press_ctrl_c() -> None:
        began.wait()
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    monkeypatch.setattr(linux, "compiled", compiled)
    checks = tuple(Check(Kind.RACES, "", Sizes(), most) for most in range(4))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
    thread = threading.Thread(target=press_ctrl_c)
    thread.start()
    pressed = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        LinuxChecker(checks=checks, jobs=2).check(FILES)
    assert time.monotonic() - pressed < 20, "the checks take a minute each"
    thread.join()
    signal.signal(signal.SIGINT, before)


def test_a_check_is_ended_when_the_time_is_up(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What came to its end is an answer; the others are undecided, and so are those that no longer began."""

    class Slow:
        def run(self, check: Check) -> Answer:
            if check == CHECK:
                return CodeFaults("EXHAUSTED", 7, 9, None)
            run_child(["sleep", "60"], tmp_path)
            raise Lost("it was killed")

    @contextmanager
    def compiled(source: Source) -> Iterator[Slow]:
        yield Slow()

    monkeypatch.setattr(linux, "compiled", compiled)
    checks = (CHECK, *(Check(Kind.CODE_FAULTS, "", Sizes(2, 3, 1), most) for most in range(3)))
    checker, notes = LinuxChecker(checks=checks, jobs=2), list[str]()
    verdict = checker.check(FILES, clock=Clock(1.0), note=notes.append)
    assert verdict.unfinished == "the time was up before 3 of 4 checks ended"
    assert [question.world for question in verdict.holds] == [f"{CHECK.kind.value}, {CHECK}"]
    assert set(verdict.undecided.values()) == {"not all states were seen: the time was up"}
    assert notes[0] == "compiling it"
    assert f"1 of 4 checks done; {Kind.CODE_FAULTS.value}: {checks[1]}; " in "".join(notes)
    assert checker.check(FILES, clock=Clock(-1.0)).unfinished == verdict.unfinished
    assert len(list(cache.iterdir())) == 1


def test_the_cache_is_bounded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "_MOST_ANSWERS", 3)
    for most in range(6):
        linux._save_answer(FILES, Check(Kind.RACES, "", Sizes(), most), CodeFaults("GOES_ON", 0, 0, None))
    assert len(list(cache.iterdir())) == 3
