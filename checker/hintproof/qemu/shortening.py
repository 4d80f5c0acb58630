"""Shortening a run in which a real system does otherwise than the model: by stretches, and then by Hypothesis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from hintproof.engines.proposals import RunFails, shrink_proposals
from hintproof.engines.shorten import Replay, leave_out_stretches
from hintproof.qemu import conformance
from hintproof.qemu.conformance import RunDifference
from hintproof.qemu.machine import Setup
from hintproof.qemu.map_threads import map_threads
from hintproof.qemu.replay import Course, Played
from hintproof.trace.replay import prepare

#: Seconds after which Hypothesis tries nothing more.
SECONDS = 30.0

Step = tuple[str, int | None]
Compared = tuple[Course, Played]


def shorten(difference: RunDifference, setup: Setup, seconds: float = SECONDS) -> RunDifference:
    """A shorter run in which the real system does otherwise, too.

    First it leaves out whole stretches of steps, each candidate on a machine of its own; then Hypothesis shrinks the
    rest, on one machine after the other, for so many seconds.
    """
    without = _without_stretches(difference, setup)
    return _shrunk(without, lambda course: conformance.compare(course, setup), seconds)


def _possible(course: Course, steps: Iterable[Step]) -> Course | None:
    """The run of these steps, without those that the model does not allow where they come; None if none is left."""
    concrete = prepare(course.environment, course.sizes)
    numbers = {instance.step: number for number, instance in enumerate(concrete.instances)}
    wanted = list(steps)
    run = [wanted[place] for place, _, _ in Replay(concrete).play([numbers[step] for step in wanted])]
    return Course.along(course.environment, course.sizes, run) if run else None


def _without_stretches(difference: RunDifference, setup: Setup) -> RunDifference:
    def without(longer: RunDifference, size: int) -> RunDifference | None:
        candidates = list(_candidates(longer.course, size))
        compared = [pair for _, pair in map_threads(lambda course: conformance.compare(course, setup), candidates)]
        found = min((p for p in compared if p[1].result == difference.played.result), key=_length, default=None)
        return RunDifference(longer.seed, *found) if found and _length(found) < len(longer.course.run) else None

    return leave_out_stretches(difference, lambda longer: len(longer.course.run), without)


def _length(compared: Compared) -> int:
    return len(compared[0].run)


def _candidates(course: Course, size: int) -> Iterator[Course]:
    """The runs that are left when one stretch of so many steps is left out."""
    for begin in range(0, len(course.run), size):
        left = _possible(course, (*course.run[:begin], *course.run[begin + size :]))
        if left is not None:
            yield left


def _shrunk(difference: RunDifference, compare: Callable[[Course], Compared], seconds: float) -> RunDifference:
    """Have Hypothesis shrink the run: bytes name its steps, and those that are not possible are left out."""
    alphabet = list(dict.fromkeys(difference.course.run))
    ends = time.monotonic() + seconds
    known: dict[tuple[Step, ...], Compared] = {difference.course.run: (difference.course, difference.played)}

    def does_otherwise(data: bytes) -> None:
        course = _possible(difference.course, (alphabet[byte] for byte in data if byte < len(alphabet)))
        if course is None or (course.run not in known and time.monotonic() > ends):
            return
        if course.run not in known:
            known[course.run] = compare(course)
        if known[course.run][1].result == difference.played.result:
            raise RunFails

    proposal = bytes(alphabet.index(step) for step in difference.course.run)
    shrink_proposals(does_otherwise, lambda: proposal, len(proposal), examples=2)  # the first is the empty run
    same = (compared for compared in known.values() if compared[1].result == difference.played.result)
    return RunDifference(difference.seed, *min(same, key=_length))
