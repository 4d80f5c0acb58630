"""Answers to the checks of a driver become one verdict; those of two drivers give the first difference."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import zip_longest

import msgspec

from hintproof.gate.check_plan import describe_sizes, properties_of
from hintproof.gate.checker import DriverVerdict, Place, Question, TraceLine, Violation, places_of
from hintproof.linux import jobs
from hintproof.linux.codemodel import CODE_IS_SOUND
from hintproof.linux.explore import Verdict
from hintproof.linux.jobs import BY_ACCESS, CHECKS, Answer, Check, CodeFault, CodeFaults, Kind, Properties, Told
from hintproof.linux.lockstep import Comparison
from hintproof.linux.rules import RULES
from hintproof.linux.source import DRIVER
from hintproof.linux.symbols import Place as Site
from hintproof.system.words import quantity

Answers = Mapping[Check, Answer]

#: The answers to checks that were ended, or never begun, because the time was up.
_TIME_IS_UP: dict[type[Answer], CodeFaults | Properties] = {
    CodeFaults: CodeFaults(Verdict.LIMITED.name, 0, 0, None, cut_short=True),
    Properties: Properties(0, 0, False, [], None, cut_short=True),
}

#: Why it is not known whether a property holds of code that has a fault.
_BEHIND = "the code has a fault, and the states behind it are not explored"


def to_verdict(ended: Answers, asked: Collection[Check] = ()) -> DriverVerdict:
    """All answers of one driver as one verdict. Where time was up, some of the checks ``asked`` have not ended."""
    answers = dict(ended)
    cut = [check for check in asked if check not in answers]
    answers |= {check: _TIME_IS_UP[CHECKS[check.kind][1]] for check in cut if CHECKS[check.kind][1] in _TIME_IS_UP}
    unfinished = f"the time was up before {len(cut)} of {quantity(len(asked), 'check')} ended" if cut else ""
    violated: dict[Question, Violation] = {}
    undecided: dict[Question, str] = {}
    holds: set[Question] = set()
    implied: set[Question] = set()
    for check, question, violation, reason in _decisions(answers):
        if _is_implied(answers[check]):
            implied.add(question)
        if violation is not None:
            violated[question] = violation
        elif reason:
            undecided[question] = reason
        else:
            holds.add(question)
    ran = {line for answer in answers.values() for line in answer.lines.ran}
    # Which lines have code differs between the two builds: that of the walks of the whole driver counts.
    plain = [answer for check, answer in answers.items() if check.kind not in BY_ACCESS] or answers.values()
    idle = {line for answer in plain for line in answer.lines.idle}
    told = [check for check, answer in ended.items() if not _is_implied(answer)]
    behaviour, sizes = fingerprint(answers), describe_sizes(told)
    return DriverVerdict(
        violated,
        frozenset(holds),
        undecided,
        behaviour,
        sizes,
        frozenset(idle - ran),
        implied=frozenset(implied),
        unfinished=unfinished,
    )


def _decisions(answers: Answers) -> Iterator[tuple[Check, Question, Violation | None, str]]:
    """What each check decides; of a driver that takes no feature that is offered beyond, it decides as without."""
    for check, answer in answers.items():
        if _is_implied(answer):
            answer = answers[msgspec.structs.replace(check, offers=())]
        for decided in _decide(check, answer):
            yield check, *decided


def _is_implied(answer: Answer) -> bool:
    return not isinstance(answer, Comparison) and answer.takes_none


def _decide(check: Check, answer: Answer) -> Iterator[tuple[Question, Violation | None, str]]:
    """Each question that an answer decides: the violation, if there is one, or the reason why it is undecided."""
    if isinstance(answer, Comparison):
        return
    missing = "" if answer.complete else f"not all states were seen: {_limit(check, answer)}"
    stuck = answer.stuck if isinstance(answer, Properties) else None
    world = str(check) if isinstance(answer, Properties) else f"{check.kind.value}, {check}"
    fault = _from_fault(check, answer.fault) if answer.fault else None
    yield Question(CODE_IS_SOUND.name, world), fault, stuck or missing
    if check.kind == Kind.SCENARIOS and isinstance(answer, CodeFaults):
        broken = {item.kind: _from_breach(check, item) for item in answer.broken}
        for rule in RULES:
            yield Question(rule.name, world), broken.get(rule.name), missing
    if isinstance(answer, Properties):
        violations = {item.name: _from_run(check, item) for item in answer.violated}
        reason = stuck or (_BEHIND if answer.fault else missing)
        for name in properties_of(check.world):
            yield Question(name, world), violations.get(name), reason


def _limit(check: Check, answer: CodeFaults | Properties) -> str:
    """The limit that an answer met, in words."""
    if answer is _TIME_IS_UP[type(answer)]:
        return "the time was up"
    if isinstance(answer, Properties):
        return answer.stopped_by
    return f"limit of {f'{check.seconds:g} seconds' if answer.cut_short else f'{check.most:,} states'}"


def fingerprint(answers: Answers) -> str:
    """A hash of how a driver differs from the spec's: equal for drivers between which no difference was seen."""
    compared = [(check, answer) for check, answer in answers.items() if isinstance(answer, Comparison)]
    differences = [(str(check), str(answer.difference)) for check, answer in compared]
    walked = [(check, answer) for check, answer in answers.items() if isinstance(answer, CodeFaults)]
    differences += [(check.kind.value, " ".join(answer.logs)) for check, answer in walked]
    return hashlib.sha256(repr(differences).encode()).hexdigest()


def first_difference(before: Answers, after: Answers) -> tuple[str, ...]:
    """Where one of two drivers first parts from the spec's driver and the other does not, in lines."""
    for check in after:
        was, now = before[check], after[check]
        if isinstance(was, Comparison) and isinstance(now, Comparison) and str(was.difference) != str(now.difference):
            return (*_lockstep_lines(check, "before", was), *_lockstep_lines(check, "after", now))
    return ()


def differing_walk(before: Answers, after: Answers) -> tuple[Check, int] | None:
    """The first walk of the whole driver in which two drivers make other calls: its check, and its number from 0."""
    for check in after:
        was, now = before[check], after[check]
        if isinstance(was, CodeFaults) and isinstance(now, CodeFaults) and was.logs != now.logs:
            return check, next(n for n, (one, other) in enumerate(zip(was.logs, now.logs, strict=True)) if one != other)
    return None


def first_other_call(before: Told, after: Told) -> tuple[str, ...]:
    """Where two walks that begin alike part, in lines."""
    calls = list(zip_longest(before.calls, after.calls))
    alike = next(n for n, (was, now) in enumerate(calls) if not (was and now and was.says == now.says))
    said = [f"{call.says}{_where(call.place)}" if call else "no further call" for call in calls[alike]]
    head = f"a walk of the whole driver, where the device offers {after.offers}: after {quantity(alike, 'call')}"
    return head, *(f"  {when}: {what}" for when, what in zip(("before", "after"), said, strict=True))


def _lockstep_lines(check: Check, when: str, answer: Comparison) -> Iterator[str]:
    if answer.difference is None:
        yield f"{when}: step by step as the protocol text has it ({check})"
        return
    yield f"{when}: after {' '.join(answer.difference.run) or 'nothing'}"
    yield f"  {answer.difference.says}{_where(answer.difference.place)}"


def _where(place: Site | None) -> str:
    return f" ({DRIVER}:{place.line} {place.function})" if place and place.line else ""


def _from_run(check: Check, item: jobs.Violation) -> Violation:
    guilty = next((place for place in reversed(places_of(item.story)) if place is not None), None)
    return Violation((), item.length, f"direct, {check.sizes}", guilty, story=item.story)


def _from_fault(check: Check, fault: CodeFault) -> Violation:
    return replace(_from_breach(check, fault), clause=CODE_IS_SOUND.clause, says=fault.says)


def _from_breach(check: Check, fault: CodeFault) -> Violation:
    place = _place(fault)
    trace = (*map(TraceLine, fault.run), TraceLine(fault.says, place))
    return Violation(trace, fault.steps, check.kind.value, place)


def _place(fault: CodeFault) -> Place | None:
    return Place(DRIVER, fault.place.line, fault.place.function) if fault.place.line else None
