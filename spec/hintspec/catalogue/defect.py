"""A known defect, and the world that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hintspec.language.sizes import Sizes


class Status(StrEnum):
    """What has become of a defect; the values are those of the JSON documents."""

    OPEN = "open"  # in the newest release that was looked at, or in all releases that have the code
    FIXED = "mended"  # a release has it, a later one has not
    UNRELEASED = "never released"  # in a posted series, or in development, or a danger that nobody let in


@dataclass(frozen=True)
class Defect:
    """A known defect: where it is, the world that shows it, and how it was or could be fixed.

    ``title`` says it in a sentence, ``brief`` in at most 45 characters, for a line of an overview.

    ``environment`` at ``sizes`` violates the property ``violates``; the environment ``fixed`` does not at these sizes.
    ``fix`` says in words how that is, ``observed`` on which real software the defect was seen. ``repairs`` are
    candidates, each an environment; the page gives the verdict of each.
    """

    name: str
    label: str
    title: str
    brief: str
    affects: str
    fix: str
    environment: str
    sizes: Sizes
    violates: str
    fixed: str
    story: str
    status: Status
    observed: str = "not run"
    repairs: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """Name, label and title, as they stand beside a verdict."""
        return f"{self.name} ({self.label}): {self.title}"
