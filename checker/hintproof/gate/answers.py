"""What the examination of a driver comes to, as the gate compares it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hintproof.gate.check_plan import Ask, Kind, properties_of, told_sizes
from hintproof.gate.checker import DriverVerdict, Fall, Question, Render, TraceLine, Trouble
from hintproof.gate.watched import DRIVER, Place
from hintproof.linux.codemodel import CODE_IS_SOUND
from hintproof.linux.jobs import Falls, Faults, Grief, Likeness, Verdicts

Answer = Faults | Likeness | Verdicts

#: A line of a trace's table begins with the number of its step.
_NUMBERED = re.compile(r" *(\d+) [GDVH.]{4} ")

#: How the steps of the code say where they are.
_WHERE = re.compile(r"virtio_balloon\.c:(\d+)")

#: Faults that leave nothing to be compared.
_TROUBLE = {"SIGNAL": Trouble.CRASH, "HANG": Trouble.HANG}


#: Why it is not known whether a property holds of code that comes to grief.
_BEHIND = "the code comes to grief, and what would come after that is not seen"


@dataclass
class Answers:
    """All answers of one driver, in the order in which they were asked."""

    given: Mapping[Ask, Answer]
    render: Render
    falls: dict[Question, Fall] = field(default_factory=dict)
    holds: set[Question] = field(default_factory=set)
    undecided: dict[Question, str] = field(default_factory=dict)

    def verdict(self) -> DriverVerdict:
        """All of it as one verdict."""
        for grief in self._griefs():
            if grief.kind in _TROUBLE:
                lines = (grief.says, *(f"  {line}" for line in grief.run))
                return DriverVerdict(trouble=_TROUBLE[grief.kind], lines=lines, place=_place(grief))
        for ask, answer in self.given.items():
            self._take(ask, answer)
        behaviour, sizes = fingerprint(self.given), told_sizes(tuple(self.given))
        return DriverVerdict(self.falls, frozenset(self.holds), self.undecided, behaviour, sizes)

    def _griefs(self) -> Iterator[Grief]:
        for answer in self.given.values():
            if isinstance(answer, Faults | Verdicts) and answer.grief is not None:
                yield answer.grief

    def _take(self, ask: Ask, answer: Answer) -> None:
        if isinstance(answer, Faults):
            self._decide(ask, CODE_IS_SOUND.name, _of_grief(ask, answer.grief), answer.verdict != "LIMITED", "")
        elif isinstance(answer, Verdicts):
            self._decide(ask, CODE_IS_SOUND.name, _of_grief(ask, answer.grief), answer.whole, answer.stuck or "")
            falls = {item.name: _of_falls(ask, item, self.render) for item in answer.falls}
            hidden = answer.stuck or (_BEHIND if answer.grief else "")
            for name in properties_of(ask.world):
                self._decide(ask, name, falls.get(name), answer.whole, hidden)

    def _decide(self, ask: Ask, name: str, fall: Fall | None, whole: bool, stuck: str) -> None:
        question = Question(name, str(ask) if ask.kind == Kind.VERDICTS else f"{ask.kind.value}, {ask.sizes}")
        if fall is not None:
            self.falls[question] = fall
        elif whole and not stuck:
            self.holds.add(question)
        else:
            self.undecided[question] = stuck or f"not all states were seen: the limit is {ask.most:,}"


def fingerprint(given: Mapping[Ask, Answer]) -> str:
    """The same for two drivers between which no difference was seen: how each differs from the spec's driver."""
    told = [
        (str(ask), answer.difference or "", answer.run) for ask, answer in given.items() if isinstance(answer, Likeness)
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def first_difference(before: Mapping[Ask, Answer], after: Mapping[Ask, Answer]) -> tuple[str, ...]:
    """Where one of two drivers first parts from the spec's driver and the other does not, in lines."""
    for ask in after:
        one, two = before[ask], after[ask]
        if isinstance(one, Likeness) and isinstance(two, Likeness) and _parts(one) != _parts(two):
            return (*_likeness_lines(ask, "before", one), *_likeness_lines(ask, "after", two))
    return ()


def _parts(answer: Likeness) -> tuple[str | None, list[str]]:
    return answer.difference, answer.run


def _likeness_lines(ask: Ask, when: str, answer: Likeness) -> Iterator[str]:
    if answer.difference is None:
        yield f"{when}: step by step as the protocol text has it ({ask})"
        return
    yield f"{when}: after {' '.join(answer.run) or 'nothing'}"
    where = f" ({DRIVER}:{answer.line} {answer.function})" if answer.line else ""
    yield f"  {answer.difference}{where}"


def _of_falls(ask: Ask, item: Falls, render: Render) -> Fall:
    places = [_WHERE.search(step["where"]) for step in item.trace["steps"]]
    lines = tuple(TraceLine(line, _line_place(line, places)) for line in render(item.story).splitlines())
    guilty = next((found for found in reversed(places) if found is not None), None)
    return Fall(lines, item.length, f"direct, {ask.sizes}", Place(DRIVER, int(guilty[1])) if guilty else None)


def _line_place(line: str, places: list[re.Match[str] | None]) -> Place | None:
    numbered = _NUMBERED.match(line)
    found = places[int(numbered[1]) - 1] if numbered else None
    return Place(DRIVER, int(found[1])) if found else None


def _of_grief(ask: Ask, grief: Grief | None) -> Fall | None:
    if grief is None:
        return None
    lines = (*grief.run, grief.says)
    trace = tuple(TraceLine(line, _place(grief) if line == grief.says else None) for line in lines)
    return Fall(trace, len(grief.run), ask.kind.value, _place(grief), CODE_IS_SOUND.clause, grief.says)


def _place(grief: Grief) -> Place | None:
    return Place(DRIVER, grief.line, grief.function) if grief.line else None
