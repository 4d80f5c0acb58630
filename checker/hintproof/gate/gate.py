"""The gate: it checks the driver after each patch, and compares it with the driver before. The Python API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hintproof.gate.checker import DriverChecker, DriverVerdict, Question, Trouble, Violation
from hintproof.gate.mails import Patch
from hintproof.gate.patches import Step, abbreviate, series
from hintproof.gate.pointing import point_at_changes
from hintproof.gate.ranges import base_notes, commits_of
from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, Touch, by_property
from hintproof.gate.touched import touched
from hintproof.gate.traceability import behind
from hintproof.gate.unreached import Unreached, unreached
from hintproof.linux.codemodel import CODE_IS_SOUND
from hintproof.linux.duties import DUTIES
from hintproof.linux.rules import RULES
from hintproof.linux.source import Source
from hintproof.system.clock import Clock
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Outcome
from hintspec.text import PROTOCOL

#: Hears which patch is being checked, and what is being done, in words.
Watch = Callable[[Step, str], None]

_DECLARED = {item.name: item for item in (*PROTOCOL.properties, *DUTIES, *RULES)}


def run_gate(
    source: Source,
    patches: Iterable[Patch],
    checker: DriverChecker,
    seconds: float | None = None,
    watch: Watch | None = None,
    ask_always: bool = False,
) -> GateReport:
    """Check patches, one on another, against the driver of a source.

    After ``seconds`` the gate ends the checks that run: what they would have answered is undecided. ``watch`` hears
    what is being done. Of a patch that leaves the code as it is the properties are not asked, unless ``ask_always``.
    Raises :class:`BadInput` if the driver can't be checked even without them.
    """
    sent = list(patches)
    notes = tuple(dict.fromkeys(note for patch in sent if patch.base for note in base_notes(source, patch.base)))
    return _Gate(checker, seconds, watch, ask_always).run(source, series(sent, source.files), notes)


def run_gate_on_range(
    root: Path,
    commits: str,
    checker: DriverChecker,
    seconds: float | None = None,
    watch: Watch | None = None,
    ask_always: bool = False,
) -> GateReport:
    """Check the commits of ``A..B`` that change a watched file, each against its first parent."""
    gate = _Gate(checker, seconds, watch, ask_always)
    source, found = commits_of(root, commits)
    notes = () if found else (f"no commit of {commits} changes the driver: nothing to check",)
    return gate.run(source, found, notes)


class _Gate:
    """One run, with a memory of verdicts: the driver after one patch is the driver before the next."""

    def __init__(self, checker: DriverChecker, seconds: float | None, watch: Watch | None, ask_always: bool) -> None:
        self._checker = checker
        self._ask_always = ask_always
        self._clock = Clock(seconds)
        self._watch = watch
        self._known: dict[tuple[frozenset[tuple[str, str]], bool], DriverVerdict] = {}
        #: The driver whose code a driver has, by the texts of the latter.
        self._same: dict[frozenset[tuple[str, str]], Mapping[str, str]] = {}
        self._good: Mapping[str, str] | None = None

    def run(self, source: Source, steps: Sequence[Step], notes: tuple[str, ...] = ()) -> GateReport:
        """The report of all steps, in order."""
        reports = tuple(self._gate(step) for step in steps)
        return GateReport(source.name, source.version, reports, self._clock.seconds, notes)

    def _gate(self, step: Step) -> PatchReport:
        began = self._clock.seconds
        if self._watch is not None:
            self._watch(step, "")
        if step.after is None:
            return _undecided(step, step.reason)
        if self._clock.is_over():
            return _undecided(step, "not begun: the time is up")
        if not self._ask_always and (reason := self._checker.same_code(step.before, step.after)):
            self._same[frozenset(step.after.items())] = self._oldest(step.before)
            report = replace(_report(step, Outcome.UNCHANGED, reason, ()), asked=False)
            return replace(report, seconds=self._clock.seconds - began)
        quick = not self._ask_always
        files, before, note = self._before(step, quick)
        if before.trouble:
            return _undecided(step, f"the driver before it {before.trouble.value}", before)
        after = self._check(step, step.after, quick)
        if quick and after.trouble is None:
            if any(finding.standing == Standing.NEW for finding in compare(before, after)):
                note = (*note, f"not asked beyond {after.sizes}: what was found there is enough")
            else:
                files, before, note = self._before(step, False)
                after = self._check(step, step.after, False)
        if after.trouble:
            report = _undecided(step, f"the patched driver {after.trouble.value}", after, note)
        else:
            self._good = step.after
            changed = step.after
            report = _report(step, Outcome.UNCHANGED, "", note)
            unfinished = after.unfinished or before.unfinished
            missed = () if unfinished else unreached(files, changed, before, after)
            report = replace(report, unreached=missed, notes=(*report.notes, *_missed(missed)))
            report = judge(report, before, after, lambda: self._checker.difference(files, changed))
            report = replace(report, findings=point_at_changes(report.findings, files, changed))
        return replace(report, seconds=self._clock.seconds - began)

    def _before(self, step: Step, quick: bool) -> tuple[Mapping[str, str], DriverVerdict, tuple[str, ...]]:
        """The driver to compare with: the one before the patch, or the last one that could be checked."""
        files = self._oldest(step.before)
        verdict = self._check(step, files, quick)
        if verdict.trouble is None:
            self._good = files
            return files, verdict, ()
        if self._good is not None:
            note = f"compared with the last driver that could be checked: the one before it {verdict.trouble.value}"
            return self._good, self._check(step, self._good, quick), (note,)
        if verdict.trouble in (Trouble.COMPILE, Trouble.API):
            lines = "; ".join(verdict.lines[:5])
            raise BadInput(f"the driver without any patch {verdict.trouble.value}: {lines}: name another tree")
        return files, verdict, ()

    def _oldest(self, files: Mapping[str, str]) -> Mapping[str, str]:
        """The driver, of those before, whose code a driver has: its verdict is the same."""
        return self._same.get(frozenset(files.items()), files)

    def _check(self, step: Step, files: Mapping[str, str], quick: bool) -> DriverVerdict:
        key = frozenset(files.items()), quick
        if key not in self._known:
            which = "with the patch" if files is step.after else "without it"

            def note(doing: str) -> None:
                if self._watch is not None:
                    self._watch(step, f"{which}: {doing}")

            self._known[key] = self._checker.check(files, quick, self._clock, note)
        return self._known[key]


def _missed(parts: Sequence[Unreached]) -> tuple[str, ...]:
    return (f"no run reached {'; '.join(map(str, parts))}",) if parts else ()


def judge(
    report: PatchReport, before: DriverVerdict, after: DriverVerdict, difference: Callable[[], Iterable[str]]
) -> PatchReport:
    """A report with its outcome, by the verdicts before and after the patch; ``difference`` gives that of behaviour."""
    findings = compare(before, after)
    same = before.behaviour == after.behaviour
    unfinished = after.unfinished or before.unfinished
    outcome, reason = outcome_of(findings, same, report.unreached, unfinished)
    return replace(
        report,
        outcome=outcome,
        reason=reason,
        findings=findings,
        held=tuple(sorted(str(question) for question in after.holds - after.implied)),
        difference=() if same else tuple(difference()),
        sizes=after.sizes,
    )


def compare(before: DriverVerdict, after: DriverVerdict) -> tuple[Finding, ...]:
    """The findings about a patch, by the verdicts on the drivers before and after it.

    The worst come first, and of these a fault of the code, which may be the reason of others.
    """
    asked = sorted((before.asked | after.asked) - (before.implied & after.implied))
    found = [_compare_question(question, before, after) for question in asked]
    every = list(Standing)
    return tuple(
        sorted(
            (f for f in found if f is not None),
            key=lambda f: (every.index(f.standing), f.property_name != CODE_IS_SOUND.name),
        )
    )


def _compare_question(question: Question, before: DriverVerdict, after: DriverVerdict) -> Finding | None:
    was, now = before.violated.get(question), after.violated.get(question)
    if now is not None:
        if was is not None:
            sooner = f"in {now.length} steps, before the patch in {was.length}" if now.length < was.length else ""
            return _finding(question, Standing.BEFORE, now, sooner)
        if question in before.holds:
            return _finding(question, Standing.NEW, now)
        why = before.undecided.get(question, "it was not asked")
        return _finding(question, Standing.UNDECIDED, now, f"it is violated; whether it was before is not known: {why}")
    if question in after.holds:
        return _finding(question, Standing.FIXED, was) if was is not None else None
    return _finding(question, Standing.UNDECIDED, None, after.undecided.get(question, "it can't be asked any more"))


def _finding(question: Question, standing: Standing, violation: Violation | None, remark: str = "") -> Finding:
    declared = _DECLARED.get(question.property)
    clause, says = (declared.clause, " ".join(declared.says.split())) if declared else ("", "")
    names, v = (str(question), question.property), violation
    if v is None:
        return Finding(*names, clause, says, standing, remark=remark)
    clause, says = v.clause or clause, v.says or says
    return Finding(*names, clause, says, standing, v.trace, v.place, v.length, v.engine, remark, v.story)


def outcome_of(
    findings: Sequence[Finding], same: bool, unreached: Sequence[Unreached] = (), unfinished: str = ""
) -> tuple[Outcome, str]:
    """The outcome that the findings amount to, and why.

    ``same``: no difference of behaviour was seen; ``unreached``: changed lines that no run reached; ``unfinished``: why
    some checks did not come to their end.
    """
    names = {kind: abbreviate(list(by_property(findings, kind))) for kind in Standing}
    known = {"fixed": names[Standing.FIXED], "violated before, too": names[Standing.BEFORE]}
    rest = "".join(f"; {word}: {some}" for word, some in known.items() if some)
    if names[Standing.NEW]:
        return Outcome.REFUTED, f"newly violated: {names[Standing.NEW]}{rest}"
    if unfinished:
        return Outcome.UNDECIDED, f"{unfinished}{rest}"
    if names[Standing.UNDECIDED]:
        return Outcome.UNDECIDED, f"not decided: {names[Standing.UNDECIDED]}{rest}"
    if unreached:
        lines = abbreviate([str(part) for part in unreached])
        return Outcome.UNDECIDED, f"no run reached {lines}: what that does is not known{rest}"
    if same and not names[Standing.FIXED]:
        return Outcome.UNCHANGED, f"no difference of behaviour seen at these sizes{rest}"
    return Outcome.CHANGED, f"behaviour changed; what held still holds at these sizes{rest}"


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
