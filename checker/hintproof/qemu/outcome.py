"""The outcome of a run on the real system, and the exceptions that end a run before its last step."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Result(StrEnum):
    """The outcome of a run on the real system."""

    LOST = "lost on the real system"
    KEPT = "not lost"
    FOLLOWED = "followed to its end, with no migration completed"
    NOT_STEERED = "could not be steered"
    DIFFERS = "the real system does otherwise"
    DIED = "the hypervisor died"


class RunEnded(Exception):
    """A run can't go on. ``result`` is its outcome, the message the reason."""

    result: ClassVar[Result]


class Unsteerable(RunEnded):
    """The real system can't be made to do what the run demands at this point."""

    result = Result.NOT_STEERED


class TooBusy(Unsteerable):
    """The machine is too busy: the real system did not get there in time. Another try may succeed."""


class Differs(RunEnded):
    """The real system is in another state than the model."""

    result = Result.DIFFERS


class HypervisorDied(RunEnded):
    """QEMU ended, or stopped answering, while it was used. The message says how, and names the last steps."""

    result = Result.DIED
