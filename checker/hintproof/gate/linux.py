"""The real driver behind the gate: it is compiled, asked, and its answers are kept on disk.

What is kept is found again by the texts of the driver, the question, and hintproof's own code: an unpatched driver is
examined once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import msgspec

import hintproof
import hintspec
from hintproof.gate import answers
from hintproof.gate.answers import Answer, Answers
from hintproof.gate.check_plan import DRIVER_WORD, Ask, Kind
from hintproof.gate.checker import DriverVerdict, Render, Trouble
from hintproof.gate.watched import DRIVER, HEADER
from hintproof.linux import source
from hintproof.linux.build import BuildFailed
from hintproof.linux.child import Lost
from hintproof.linux.examine import Examined, examined
from hintproof.linux.jobs import Faults, Likeness, Verdicts
from hintproof.system.cache import cache_directory
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.workers import cores

_ANSWERS: dict[Kind, type[Answer]] = {
    Kind.FAULTS: Faults,
    Kind.RACES: Faults,
    Kind.LIKENESS: Likeness,
    Kind.WANDERING: Likeness,
    Kind.VERDICTS: Verdicts,
}


class LinuxChecker:
    """Checks drivers by asking the same of each; ``render`` writes their traces as text."""

    def __init__(self, asks: tuple[Ask, ...], render: Render, jobs: int | None = None) -> None:
        self.asks = asks
        self.render = render
        self.jobs = jobs or cores()

    def check(self, files: Mapping[str, str]) -> DriverVerdict:
        """What falls, what holds, how it behaves. A driver that can't be checked is ``trouble``, not an exception."""
        try:
            return Answers(self._answers(files), self.render).verdict()
        except BuildFailed as failed:
            if failed.missing:
                lines = tuple(str(missing) for missing in failed.missing)
                return DriverVerdict(trouble=Trouble.API, lines=lines)
            return DriverVerdict(trouble=Trouble.COMPILE, lines=failed.errors)
        except Lost as lost:
            return DriverVerdict(trouble=Trouble.CRASH, lines=(str(lost),))

    def difference(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """The first difference of behaviour between two drivers, as lines of text; empty if none can be shown."""
        return answers.first_difference(self._answers(before), self._answers(after))

    def _answers(self, files: Mapping[str, str]) -> dict[Ask, Answer]:
        """The answer to each question, from the disk where it was asked before."""
        found = {ask: answer for ask in self.asks if (answer := _kept(files, ask)) is not None}
        missing = [ask for ask in self.asks if ask not in found]
        if missing:
            name = "the driver"
            raw = {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}
            with examined(source.Source(name, raw[DRIVER], raw.get(HEADER, b""))) as driver:
                found |= self._examine(driver, files, missing)
        return {ask: found[ask] for ask in self.asks}

    def _examine(self, driver: Examined, files: Mapping[str, str], asks: list[Ask]) -> dict[Ask, Answer]:
        with ThreadPoolExecutor(self.jobs) as pool:  # each waits for a process of its own
            given = dict(zip(asks, pool.map(lambda ask: _ask(driver, ask), asks), strict=True))
        for ask, answer in given.items():
            _keep(files, ask, answer)
        return given


def _ask(driver: Examined, ask: Ask) -> Answer:
    world = f"{DRIVER_WORD}+{ask.world}"
    if ask.kind == Kind.FAULTS:
        return driver.faults(ask.sizes, ask.most, ask.seconds)
    if ask.kind == Kind.RACES:
        return driver.races(ask.sizes, ask.most, ask.seconds)
    if ask.kind == Kind.LIKENESS:
        return driver.likeness(world, ask.sizes, ask.most, ask.seconds)
    if ask.kind == Kind.WANDERING:
        return driver.likeness(world, ask.sizes, seconds=ask.seconds, random_steps=ask.most)
    return driver.verdicts(world, ask.sizes, ask.most, ask.seconds)


# -- answers that are kept --------------------------------------------------------------------


def _kept(files: Mapping[str, str], ask: Ask) -> Answer | None:
    try:
        return msgspec.json.decode(_place(files, ask).read_bytes(), type=_ANSWERS[ask.kind])
    except (OSError, msgspec.DecodeError):
        return None


def _keep(files: Mapping[str, str], ask: Ask, answer: Answer) -> None:
    """Write an answer, whole or not at all; that it can't be kept is no reason to fail."""
    try:
        write_atomically(_place(files, ask), msgspec.json.encode(answer).decode())
    except BadInput:
        return


def _place(files: Mapping[str, str], ask: Ask) -> Path:
    told = repr((sorted(files.items()), ask, _code())).encode("utf-8", "surrogateescape")
    return cache_directory() / "gate" / f"{hashlib.sha256(told).hexdigest()[:32]}.json"


@cache
def _code() -> str:
    """A hash of all code that an answer depends on."""
    told = hashlib.sha256()
    for package in (hintproof, hintspec):
        root = Path(str(package.__file__)).parent
        for file in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".c", ".h", ".json")):
            told.update(file.read_bytes())
    return told.hexdigest()
