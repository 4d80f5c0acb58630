"""The real driver behind the gate: compiled, checked, its answers cached on disk.

The key of an answer is the texts of the driver, the check, and hintproof's own code: an unpatched driver is checked
once.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec

import hintproof
import hintspec
from hintproof.gate.answers import differing_walk, first_difference, first_other_call, to_verdict
from hintproof.gate.check_plan import MORE, USUAL
from hintproof.gate.checker import DriverVerdict, Note, Trouble, say_nothing
from hintproof.gate.same_code import same_code
from hintproof.linux.build import BuildFailed
from hintproof.linux.child import Lost
from hintproof.linux.examine import CompiledDriver, compiled
from hintproof.linux.jobs import CHECKS, Answer, Check
from hintproof.linux.source import Source
from hintproof.system.cache import cache_directory, drop_oldest
from hintproof.system.children import kill_running
from hintproof.system.clock import ENDLESS, Clock
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.words import quantity
from hintproof.system.workers import cores

#: Answers in the cache: those of some two hundred drivers.
_MOST_ANSWERS = 2000


#: Seconds between two looks at checks that are being ended.
_LOOK = 0.05


class LinuxChecker:
    """Runs the same checks on each driver: those that take a minute, or ``thorough`` ones, too."""

    def __init__(self, thorough: bool = False, checks: tuple[Check, ...] = (), jobs: int | None = None) -> None:
        self.checks = checks or (*USUAL, *(MORE if thorough else ()))
        self.jobs = jobs or cores()
        self._known: dict[frozenset[tuple[str, str]], dict[Check, Answer]] = {}

    def check(
        self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
    ) -> DriverVerdict:
        """The verdict on a driver; ``quick``: by those checks alone that are soon done.

        A check that runs when the ``clock`` is over is ended. A driver that can't be checked is ``trouble``, not an
        exception.
        """
        asked = [check for check in self.checks if not (quick and check.deep)]
        try:
            return to_verdict(self._answers(files, asked, clock, note), asked)
        except BuildFailed as failed:
            if failed.missing:
                return DriverVerdict(trouble=Trouble.API, lines=tuple(map(str, failed.missing)))
            return DriverVerdict(trouble=Trouble.COMPILE, lines=failed.errors)
        except Lost as lost:
            return DriverVerdict(trouble=Trouble.CRASH, lines=(str(lost),))

    def same_code(self, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Why no run of the two can differ, in words; "" where that is not known."""
        return same_code(before, after)

    def difference(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """The first difference of behaviour between two drivers that were checked, as lines of text.

        Empty if none can be shown.
        """
        was, now = (self._known.get(frozenset(files.items()), {}) for files in (before, after))
        now = {check: answer for check, answer in now.items() if check in was}
        lines, walk = first_difference(was, now), differing_walk(was, now)
        if lines or walk is None:
            return lines
        with compiled(Source("before", before)) as one, compiled(Source("after", after)) as other:
            return first_other_call(one.tell_walk(*walk), other.tell_walk(*walk))

    def _answers(self, files: Mapping[str, str], asked: list[Check], clock: Clock, note: Note) -> dict[Check, Answer]:
        """The answers, of which some lack if the clock is over.

        A checker runs each check once, whether or not the cache takes its answer.
        """
        known = self._known.setdefault(frozenset(files.items()), {})
        for check in asked:
            if check not in known and (answer := _load_answer(files, check)) is not None:
                known[check] = answer
        missing = [check for check in asked if check not in known]
        if missing and not clock.is_over():
            known.update(self._run(files, missing, clock, note))
        return {check: known[check] for check in asked if check in known}

    def _run(self, files: Mapping[str, str], checks: list[Check], clock: Clock, note: Note) -> dict[Check, Answer]:
        note("compiling it")
        with compiled(Source("the driver", files)) as driver, ThreadPoolExecutor(self.jobs) as pool:
            progress = _Progress(driver, len(checks), note)
            running = {check: pool.submit(progress.run, check) for check in checks}  # a process of its own for each
            try:
                ended, _ = wait(running.values(), clock.remaining(), FIRST_EXCEPTION)
                answers = {check: future.result() for check, future in running.items() if future in ended}
            finally:  # the time is up, Ctrl-C, or one check failed: nobody waits for the others
                pool.shutdown(wait=False, cancel_futures=True)
                while not all(future.done() for future in running.values()):
                    kill_running()
                    time.sleep(_LOOK)
        for check, answer in answers.items():
            _save_answer(files, check, answer)
        return answers


class _Progress:
    """Runs checks, in several threads, and says how far they are."""

    def __init__(self, driver: CompiledDriver, count: int, note: Note) -> None:
        self._driver = driver
        self._count = count
        self._note = note
        self._running: list[Check] = []
        self._done = 0
        self._telling = threading.Lock()

    def run(self, check: Check) -> Answer:
        """The answer to a check."""
        with self._telling:
            self._running.append(check)
            self._tell()
        answer = self._driver.run(check)
        with self._telling:
            self._running.remove(check)
            self._done += 1
            self._tell()
        return answer

    def _tell(self) -> None:
        """What has run the longest comes first."""
        running = "; ".join(f"{check.kind.value}: {check}" for check in self._running)
        self._note(f"{self._done} of {quantity(self._count, 'check')} done; {running}")


# -- the cache of answers ---------------------------------------------------------------------


def _load_answer(files: Mapping[str, str], check: Check) -> Answer | None:
    try:
        return msgspec.json.decode(_place(files, check).read_bytes(), type=CHECKS[check.kind][1])
    except (OSError, msgspec.DecodeError):
        return None


def _save_answer(files: Mapping[str, str], check: Check, answer: Answer) -> None:
    """Cache an answer, but not one that a busy machine cut short, by a limit of time or memory.

    A full disk is no reason to fail.
    """
    if not answer.cut_short:
        with suppress(BadInput, OSError):
            place = _place(files, check)
            write_atomically(place, msgspec.json.encode(answer).decode())
            drop_oldest(place.parent, _MOST_ANSWERS)


def _place(files: Mapping[str, str], check: Check) -> Path:
    key = repr((sorted(files.items()), check, _hash_code())).encode("utf-8", "surrogateescape")
    return cache_directory() / "gate" / f"{hashlib.sha256(key).hexdigest()[:32]}.json"


@cache
def _hash_code() -> str:
    """A hash of all code that an answer depends on."""
    code = hashlib.sha256()
    for package in (hintproof, hintspec):
        root = Path(str(package.__file__)).parent
        for file in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".c", ".h", ".json")):
            code.update(file.read_bytes())
    return code.hexdigest()
