"""The gate: each patch's driver is checked and compared with the driver before it. The Python API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hintproof.gate.checker import DriverChecker, DriverVerdict, Fall, Question, Trouble
from hintproof.gate.mails import Patch
from hintproof.gate.patches import Step, of_commits, series
from hintproof.gate.ranges import commits_of
from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, Touch, by_property
from hintproof.gate.touched import touched
from hintproof.gate.traceability import behind
from hintproof.gate.watched import Source, texts
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Outcome
from hintspec.text import PROTOCOL

Watch = Callable[[Step], None]

_DECLARED = {item.name: item for item in PROTOCOL.properties}


@dataclass(frozen=True)
class GateLimits:
    """``seconds`` are those after which no further patch is begun; None: no limit."""

    seconds: float | None = None


def run_gate(
    source: Source,
    patches: Iterable[Patch],
    checker: DriverChecker,
    limits: GateLimits | None = None,
    watch: Watch | None = None,
) -> GateReport:
    """Check patches, one on another, against the driver of a source.

    ``watch`` is told of each patch before it is checked. Raises :class:`BadInput` if the driver can't be checked
    even without them.
    """
    began = time.monotonic()
    files = texts(source)
    steps = series(patches, files)
    reports = _Gate(checker, limits or GateLimits(), watch).all(steps)
    return GateReport(source.name, source.version, reports, time.monotonic() - began)


def run_gate_on_range(
    root: Path, commits: str, checker: DriverChecker, limits: GateLimits | None = None, watch: Watch | None = None
) -> GateReport:
    """Check the commits of ``A..B`` that change a watched file, each against its first parent."""
    began = time.monotonic()
    source, found = commits_of(root, commits)
    reports = _Gate(checker, limits or GateLimits(), watch).all(of_commits(found))
    notes = () if found else (f"no commit of {commits} changes the driver: nothing to check",)
    return GateReport(source.name, source.version, reports, time.monotonic() - began, notes)


class _Gate:
    """One run: verdicts are kept, as what is after one patch is before the next."""

    def __init__(self, checker: DriverChecker, limits: GateLimits, watch: Watch | None) -> None:
        self._checker = checker
        self._ends = None if limits.seconds is None else time.monotonic() + limits.seconds
        self._watch = watch
        self._known: dict[frozenset[tuple[str, str]], DriverVerdict] = {}
        self._good: tuple[Mapping[str, str], DriverVerdict] | None = None

    def all(self, steps: Sequence[Step]) -> tuple[PatchReport, ...]:
        """What becomes of each, in order."""
        return tuple(self._one(step) for step in steps)

    def _one(self, step: Step) -> PatchReport:
        began = time.monotonic()
        if self._watch is not None:
            self._watch(step)
        if step.after is None:
            return _undecided(step, step.reason)
        if self._ends is not None and began > self._ends:
            return _undecided(step, "not begun: the time is up")
        files, before, note = self._before(step)
        if before.trouble:
            return _undecided(step, f"the driver before it {_told(before)}", before)
        after = self._check(step.after)
        if after.trouble:
            report = _undecided(step, f"the patched driver {_told(after)}", after, note)
        else:
            self._good = step.after, after
            report = self._compare(step, files, before, after, note)
        return replace(report, seconds=time.monotonic() - began)

    def _before(self, step: Step) -> tuple[Mapping[str, str], DriverVerdict, tuple[str, ...]]:
        """What to compare with: the driver before the patch, or the last one before it that could be checked."""
        verdict = self._check(step.before)
        if not verdict.trouble:
            self._good = step.before, verdict
            return step.before, verdict, ()
        if self._good is not None:
            note = f"compared with the last driver that could be checked: the one before it {_told(verdict)}"
            return *self._good, (note,)
        if verdict.trouble in (Trouble.COMPILE, Trouble.API):
            lines = "; ".join(verdict.lines[:5])
            raise BadInput(f"the driver without any patch {_told(verdict)}: {lines}: name another tree")
        return step.before, verdict, ()

    def _check(self, files: Mapping[str, str]) -> DriverVerdict:
        key = frozenset(files.items())
        if key not in self._known:
            self._known[key] = self._checker.check(files)
        return self._known[key]

    def _compare(
        self,
        step: Step,
        files: Mapping[str, str],
        before: DriverVerdict,
        after: DriverVerdict,
        notes: tuple[str, ...],
    ) -> PatchReport:
        assert step.after is not None
        findings = compare(before, after)
        same = before.behaviour == after.behaviour
        outcome, reason = outcome_of(findings, same)
        return replace(
            _report(step, outcome, reason, notes),
            findings=findings,
            held=tuple(sorted(str(question) for question in after.holds)),
            difference=() if same else self._checker.difference(files, step.after),
            sizes=after.sizes,
        )


def compare(before: DriverVerdict, after: DriverVerdict) -> tuple[Finding, ...]:
    """What the verdicts of two drivers say of the patch between them, the worst first."""
    found = [_finding(question, before, after) for question in sorted(before.asked | after.asked)]
    every = list(Standing)
    return tuple(sorted((f for f in found if f is not None), key=lambda f: every.index(f.standing)))


def _finding(question: Question, before: DriverVerdict, after: DriverVerdict) -> Finding | None:
    was, now = before.falls.get(question), after.falls.get(question)
    if now is not None:
        if was is not None:
            return _told_of(question, Standing.BEFORE, now, _sooner(was, now))
        if question in before.holds:
            return _told_of(question, Standing.NEW, now)
        why = before.undecided.get(question, "it was not asked")
        return _told_of(question, Standing.UNDECIDED, now, f"it falls; whether it did before is not known: {why}")
    if question in after.holds:
        return _told_of(question, Standing.MENDED, was) if was is not None else None
    return _told_of(question, Standing.UNDECIDED, None, after.undecided.get(question, "it can't be asked any more"))


def _sooner(was: Fall, now: Fall) -> str:
    return f"in {now.length} steps, before the patch in {was.length}" if now.length < was.length else ""


def _told_of(question: Question, standing: Standing, fall: Fall | None, remark: str = "") -> Finding:
    declared = _DECLARED.get(question.property)
    clause, says = (declared.clause, " ".join(declared.says.split())) if declared else ("", "")
    if fall is None:
        return Finding(str(question), question.property, clause, says, standing, remark=remark)
    return Finding(
        str(question),
        question.property,
        fall.clause or clause,
        fall.says or says,
        standing,
        fall.trace,
        fall.place,
        fall.length,
        fall.engine,
        remark,
    )


def outcome_of(findings: Sequence[Finding], same: bool) -> tuple[Outcome, str]:
    """What the findings come to, and why; ``same``: no difference of behaviour was seen."""
    kinds = {kind: [f.name for f in findings if f.standing == kind] for kind in Standing}
    before = list(by_property(findings, Standing.BEFORE))
    rest = _rest("mended", kinds[Standing.MENDED]) + _rest("fell before and still does", before)
    if kinds[Standing.NEW]:
        return Outcome.REFUTED, f"falls, and did not before: {_list(kinds[Standing.NEW])}{rest}"
    if kinds[Standing.UNDECIDED]:
        return Outcome.UNDECIDED, f"not decided: {_list(kinds[Standing.UNDECIDED])}{rest}"
    if same and not kinds[Standing.MENDED]:
        return Outcome.UNCHANGED, f"no difference of behaviour seen at these sizes{rest}"
    return Outcome.CHANGED, f"behaviour changed; what held still holds at these sizes{rest}"


def _rest(word: str, names: Sequence[str]) -> str:
    return f"; {word}: {_list(names)}" if names else ""


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _told(verdict: DriverVerdict) -> str:
    assert verdict.trouble is not None
    return verdict.trouble.value


def _undecided(
    step: Step, reason: str, verdict: DriverVerdict | None = None, notes: tuple[str, ...] = ()
) -> PatchReport:
    details, place = (verdict.lines, verdict.place) if verdict else ((), step.place)
    return replace(_report(step, Outcome.UNDECIDED, reason, notes), details=details, place=place)


def _report(step: Step, outcome: Outcome, reason: str, notes: tuple[str, ...]) -> PatchReport:
    found = touched(step.before, step.after) if step.after is not None else ()
    touches = tuple(Touch(item, behind(item.function)) for item in found)
    who = step.name, step.subject, step.author
    return PatchReport(*who, outcome, reason, touches=touches, notes=(*step.notes, *notes), commit=step.commit)
