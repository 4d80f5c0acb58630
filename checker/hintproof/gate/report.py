"""The findings of the gate, as values: each view prints these, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from hintproof.gate.checker import Place, TraceLine
from hintproof.gate.touched import Touched
from hintproof.gate.traceability import Behind
from hintproof.gate.unreached import Unreached
from hintproof.linux.source import DRIVER
from hintproof.story.model import Story
from hintproof.system.words import quantity
from hintproof.tasks.verdict import Exit, Outcome, gate_exit_code


class Standing(Enum):
    """The verdict on a property, compared with that on the driver before the patch; the worst first."""

    NEW = "new"  # violated by the patch
    UNDECIDED = "undecided"
    BEFORE = "before"  # violated with and without the patch
    FIXED = "mended"  # violated without the patch alone


@dataclass(frozen=True)
class Finding:
    """A property that is or was violated, or is undecided. ``length`` counts the steps of the run; None: there is none.

    ``name`` is the property with its world; ``place`` is that of the guilty step, in the text after the patch (of a
    fixed property: before it). A run is a ``story``, if it is one of the protocol's model, then the lines of ``trace``.
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
    story: Story | None = None

    @property
    def violated(self) -> bool:
        """Whether there is a run against it after the patch."""
        return self.standing != Standing.FIXED and self.length is not None

    def fails(self, strict: bool) -> bool:
        """Whether it makes the gate fail: it is new, or (``strict``) violated at all."""
        return self.standing == Standing.NEW or (strict and self.violated)


def by_property(findings: Iterable[Finding], standing: Standing) -> dict[str, list[Finding]]:
    """The findings of one standing, by property."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.standing == standing:
            found.setdefault(finding.property_name, []).append(finding)
    return found


#: Worlds of a property that a line names; programs read them all.
_WORLDS = 3


def summarize(findings: Iterable[Finding]) -> str:
    """Findings of one property as one line: its name, then the lengths of its runs and their worlds."""
    same = list(findings)
    return f"{same[0].property_name}: {worlds_of(same)}".rstrip(": ")


def worlds_of(findings: Iterable[Finding]) -> str:
    """The lengths of the runs of some findings, and their worlds: the shortest ones, and those with a remark."""
    ordered = sorted(findings, key=lambda f: f.length or 0)
    named = [finding for number, finding in enumerate(ordered) if number < _WORLDS or finding.remark]
    parts = []
    for finding in named:
        world = finding.name.removeprefix(finding.property_name).strip(" ()")
        steps = quantity(finding.length, "step") if finding.length is not None else ""
        part = " ".join(filter(None, (steps, f"in {world}" if world else "")))
        parts.append(f"{part} ({finding.remark})" if finding.remark else part)
    if more := len(ordered) - len(named):
        parts.append(f"in {quantity(more, 'more world')}")
    return "; ".join(filter(None, parts))


@dataclass(frozen=True)
class Touch:
    """A function that a patch touches, and the part of the protocol text behind it."""

    touched: Touched
    behind: Behind

    @property
    def steps(self) -> str:
        """The steps of the protocol behind it, or why there are none."""
        return ", ".join(self.behind.actions) or self.behind.reason


@dataclass(frozen=True)
class PatchReport:
    """The report of one patch. ``held`` names the questions that hold after it, at these ``sizes``.

    ``name`` is a file or a commit; ``details`` are lines of a compiler or the like; ``unreached`` are changed lines
    that no run reached. Where the code is as before, the gate need not ask the properties: ``asked`` says whether it
    did.
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
    unreached: tuple[Unreached, ...] = ()
    commit: bool = False
    asked: bool = True

    @property
    def title(self) -> str:
        """Its subject, or its file."""
        return self.subject or self.name

    @property
    def result(self) -> str:
        """The outcome and its reason."""
        return f"{self.outcome.value}: {self.reason}"

    @property
    def start(self) -> Place:
        """The place of all that has no place of its own: that of the patch, or of its first change."""
        first = next((Place(touch.touched.path, touch.touched.line) for touch in self.touches), Place(DRIVER, 1))
        return self.place or first

    def standing(self, standing: Standing) -> list[Finding]:
        """The findings of one standing."""
        return [finding for finding in self.findings if finding.standing == standing]


@dataclass(frozen=True)
class GateReport:
    """The reports of all patches. ``version`` is that of the tree.

    ``system`` names the code: Linux, or QEMU, of which the tree is a binary.
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
        """1 when something new is violated (``strict``: anything), 3 when something is undecided, else 0.

        With ``strict`` the properties of code that were not asked are undecided.
        """
        violated = strict and any(finding.violated for patch in self.patches for finding in patch.findings)
        missing = [Outcome.UNDECIDED for patch in self.patches if strict and not patch.asked]
        return gate_exit_code((*(patch.outcome for patch in self.patches), *missing), violated)

    @property
    def tree_and_version(self) -> str:
        """The tree, and in brackets the system with its version, if that is known."""
        return f"{self.tree} ({self.system} {self.version})" if self.version else self.tree
