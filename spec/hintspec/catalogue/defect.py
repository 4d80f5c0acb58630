"""What is told of a known defect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hintspec.language.sizes import Sizes


class Status(StrEnum):
    """What has become of a defect."""

    OPEN = "open"  # in the newest release looked at, or never mended in those that have it
    MENDED = "mended"  # a release has it, a later one has not
    UNRELEASED = "never released"  # in a posted series, or in development, or a danger that nobody let in


@dataclass(frozen=True)
class Defect:
    """A known defect: where it is, the world that shows it, and how it was or could be mended.

    ``environment`` at ``sizes`` refutes ``falls``; in ``mended`` that property holds at the same sizes. ``real`` says
    on what it was seen. ``status`` is what has become of it. ``repairs`` are candidates, each an environment; the
    page tells the verdict of each.
    """

    name: str
    label: str
    title: str
    affects: str
    mended_by: str
    environment: str
    sizes: Sizes
    falls: str
    mended: str
    real: str
    story: str
    status: Status
    repairs: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """As it is told beside a verdict."""
        return f"{self.name} ({self.label}): {self.title}"
