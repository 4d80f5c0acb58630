"""What the gate found, as values: each view prints these, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from hintproof.gate.checker import TraceLine
from hintproof.gate.touched import Touched
from hintproof.gate.traceability import Behind
from hintproof.gate.watched import Place
from hintproof.tasks.verdict import Exit, Outcome, gate_exit_code


class Standing(Enum):
    """What a property's verdict is, compared with that of the driver before the patch; the worst first."""

    NEW = "new"  # it falls, and did not before
    UNDECIDED = "undecided"
    BEFORE = "before"  # it falls, and did before
    MENDED = "mended"  # it fell before, and no longer does


@dataclass(frozen=True)
class Finding:
    """A property that falls, fell before, or could not be decided. ``length`` counts steps; None: there is no run.

    ``name`` is the property with the world that it was asked in; ``place`` is that of the guilty step, in the text
    after the patch (of what is mended: before it).
    """

    name: str
    property_name: str
    clause: str
    says: str
    standing: Standing
    trace: tuple[TraceLine, ...] = ()
    place: Place | None = None
    length: int | None = None
    engine: str = ""
    remark: str = ""

    @property
    def falls(self) -> bool:
        """Whether there is a run against it after the patch."""
        return self.standing != Standing.MENDED and self.length is not None


def by_property(findings: Iterable[Finding], standing: Standing) -> dict[str, list[Finding]]:
    """The findings of one kind by the property that they speak of: what is known may be told in few words."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.standing == standing:
            found.setdefault(finding.property_name, []).append(finding)
    return found


def told_together(findings: Iterable[Finding]) -> str:
    """Findings of one property as one line: its name, then how long its runs are and in which worlds."""
    told = []
    name = ""
    for finding in findings:
        name = finding.property_name
        world = finding.name.removeprefix(name).strip(" ()")
        steps = f"{finding.length} steps" if finding.length is not None else ""
        said = " ".join(part for part in (steps, f"in {world}" if world else "") if part)
        told.append(f"{said} ({finding.remark})" if finding.remark else said)
    return f"{name}: {'; '.join(filter(None, told))}".rstrip(": ")


@dataclass(frozen=True)
class Touch:
    """A function that a patch touches, and what the protocol text has behind it."""

    touched: Touched
    behind: Behind


@dataclass(frozen=True)
class PatchReport:
    """What became of one patch. ``held`` names what holds after it; ``sizes`` says how far that was looked at.

    ``name`` is a file or a commit; ``details`` are lines of a compiler or the like.
    """

    name: str
    subject: str
    author: str
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...] = ()
    held: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    place: Place | None = None
    sizes: str = ""
    seconds: float = 0.0
    commit: bool = False

    @property
    def title(self) -> str:
        """What to call it: its subject, or its file."""
        return self.subject or self.name

    def standing(self, standing: Standing) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.standing == standing]


@dataclass(frozen=True)
class GateReport:
    """What became of all patches, each compared with what is before it. ``version`` is that of the tree.

    ``system`` is whose tree it is: Linux or QEMU, of which it is a binary.
    """

    tree: str
    version: str
    patches: tuple[PatchReport, ...]
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
    system: str = "Linux"

    @property
    def outcome(self) -> Outcome:
        """The worst of all patches; a range that changes nothing watched is unchanged."""
        every = list(Outcome)
        return min((patch.outcome for patch in self.patches), key=every.index, default=Outcome.UNCHANGED)

    def exit_code(self, strict: bool = False) -> Exit:
        """1 when something new falls (``strict``: when anything falls), 3 when something is undecided, else 0."""
        falls = strict and any(finding.falls for patch in self.patches for finding in patch.findings)
        return gate_exit_code((patch.outcome for patch in self.patches), falls)
