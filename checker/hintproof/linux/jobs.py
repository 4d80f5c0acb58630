"""What is asked of a driver, as jobs for a process of its own: faults, differences from the spec, properties.

Questions and answers are plain records, which go to the child and back as JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from hintproof.linux.calls import Unlike
from hintproof.linux.direct import DirectStep, Refuted, check_code, explore_code
from hintproof.linux.driver import Driver, Setup
from hintproof.linux.driver import Fault as DriverFault
from hintproof.linux.explore import Plan, Verdict, explore, replay, walk
from hintproof.linux.lockstep import compare, wander
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.story.model import Story
from hintproof.trace.document import document
from hintspec.language.sizes import Sizes


class Question(msgspec.Struct, frozen=True):
    """What a driver is asked in: a library, an environment, sizes (by name); limits in states and seconds."""

    library: str
    environment: str
    sizes: dict[str, int]
    most: int = 1_000_000
    seconds: float = 60.0
    until: str | None = None
    random_steps: int = 0


class Grief(msgspec.Struct, frozen=True):
    """A fault of the code: what it is, where, and the run to it, a line a step.

    ``kind`` names a member of ``operations.FaultKind``, or of ``explore.Verdict`` where nothing broke; or is PROBE.
    """

    kind: str
    says: str
    function: str
    line: int
    run: list[str]


class Faults(msgspec.Struct, frozen=True):
    """All states of a driver in a small world of its own; ``verdict`` names a member of ``explore.Verdict``."""

    verdict: str
    states: int
    transitions: int
    grief: Grief | None


class Likeness(msgspec.Struct, frozen=True):
    """The code in lock-step with the spec's driver; ``difference`` is where they part, ``run`` how it comes to that."""

    pairs: int
    steps: int
    whole: bool
    difference: str | None
    function: str
    line: int
    run: list[str]


class Falls(msgspec.Struct, frozen=True):
    """A property that falls: the length of a shortest run, its trace as a document, and its story."""

    name: str
    length: int
    why: str
    trace: dict[str, Any]
    story: Story


class Verdicts(msgspec.Struct, frozen=True):
    """The code under the spec's properties. ``stuck``: the harness can't follow the code, and why."""

    pairs: int
    transitions: int
    whole: bool
    falls: list[Falls]
    grief: Grief | None
    stuck: str | None = None


def faults(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: the answer is :class:`Faults`. Sizes: blocks, ring, and rounds, removes and freezes as budgets."""
    question = msgspec.convert(arguments, Question)
    sizes, driver = Sizes(**question.sizes), Driver(Path(question.library))
    commands = (*(7 + n for n in range(sizes.rounds)), 1)
    plan = Plan(commands, scans=1, removes=sizes.removes, freezes=sizes.freezes, atomic=question.random_steps == 0)
    status = driver.start(Setup(ring=sizes.ring, blocks=sizes.blocks))
    if status:
        return _plain(Faults("FAULTED", 0, 0, Grief("PROBE", f"probe() fails with {status}", "", 0, [])))
    if question.random_steps:
        found = walk(driver, plan, max(1, question.random_steps // 400))
    else:
        found = explore(driver, plan, question.most)
    grief = None
    if found.path:
        moved, fault = replay(driver, plan, found.path)
        grief = _grief(fault or found.fault, [m.says for m in moved], found.verdict)
    return _plain(Faults(found.verdict.name, found.states, found.transitions, grief))


def _grief(fault: DriverFault | None, run: list[str], verdict: Verdict = Verdict.FAULTED) -> Grief:
    if fault is None:
        says = "nothing can go on" if verdict == Verdict.DEADLOCKED else "memory is left behind after remove"
        return Grief(verdict.name, says, "", 0, run)
    return Grief(fault.kind.name, str(fault), fault.place.function, fault.place.line, run)


def likeness(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: the answer is :class:`Likeness`."""
    question = msgspec.convert(arguments, Question)
    sizes, driver = Sizes(**question.sizes), Driver(Path(question.library))
    if question.random_steps:
        found = wander(driver, question.environment, sizes, question.random_steps)
    else:
        found = compare(driver, question.environment, sizes, question.most, question.seconds)
    difference = found.difference
    run = [] if difference is None else [n if b is None else f"{n}({b})" for n, b in difference.run]
    place = difference.place if difference else None
    return _plain(
        Likeness(
            *(found.pairs, found.steps, found.whole, difference.says if difference else None),
            *(place.function if place else "", place.line if place else 0, run),
        )
    )


def verdicts(arguments: dict[str, Any]) -> dict[str, Any]:
    """A job: the answer is :class:`Verdicts`."""
    question = msgspec.convert(arguments, Question)
    sizes, driver = Sizes(**question.sizes), Driver(Path(question.library))
    try:
        if question.random_steps:
            runs = max(1, question.random_steps // 100)
            found = explore_code(driver, question.environment, sizes, runs, question.seconds)
        else:
            found = check_code(driver, question.environment, sizes, question.until, question.most, question.seconds)
    except Unlike as problem:
        return _plain(Verdicts(0, 0, False, [], None, str(problem)))
    grief = None
    if found.fault:
        grief = _grief(found.fault[0], [_line(step) for step in found.fault[1]])
    falls = [_falls(refuted) for refuted in found.refuted.values()]
    return _plain(Verdicts(found.pairs, found.transitions, found.whole, falls, grief))


def _line(step: DirectStep) -> str:
    return f"{step} at line {step.place.line}" if step.place.line else str(step)


def _falls(refuted: Refuted) -> Falls:
    trace = refuted.trace()
    reason = explain_end(trace)
    return Falls(refuted.name, len(refuted.steps), reason, document(trace, reason), build_story(trace))


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain
