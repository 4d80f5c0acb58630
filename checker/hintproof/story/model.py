"""The model of a trace that all views show: plain values.

A view makes text of a :class:`Story`. It needs no engine, no interpretation and no term; a state is a mapping of
variable names to plain JSON values, as :func:`hintproof.interpret.concrete.show_value` gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, islice
from typing import Any

from hintspec.language.declare import LEMMA, SOMETIMES

#: A state: the value of each variable.
Values = dict[str, Any]

#: An entry of the ring: the value of each field.
Entry = dict[str, Any]


class Weight(StrEnum):
    """How a step contributes to the end of its trace."""

    CAUSE = "cause"  # a station of the causal chain
    FEEDS = "feeds"  # made a value that a cause went by
    ENABLES = "enables"  # only let others happen


class Shape(StrEnum):
    """The kind of values that a variable has."""

    FLAG = "flag"
    LABEL = "label"
    ID = "id"
    COUNT = "count"
    BLOCK = "block"  # a block, or None
    BLOCKS = "blocks"  # a sorted list of blocks
    LIST = "list"  # a list of blocks, oldest first
    RING = "ring"  # {"used": int, "entries": [{field: value}, ...]}, oldest first


@dataclass(frozen=True)
class Lane:
    """An actor, who takes steps: its name, the letter that stands for it, and a sentence about it."""

    name: str
    letter: str
    says: str


@dataclass(frozen=True)
class Variable:
    """A variable of the state, in words. ``mark`` is the letter that shows membership of a block ("" for none).

    ``role`` is its meaning in an explanation: a block in a "dirty" variable was written and is to be sent, one in
    "content" matters to somebody, one in "stale" is not up to date at the destination; a "place" is the program counter
    of an actor; "" is none of these.
    """

    name: str
    shape: Shape
    says: str
    ghost: bool
    budget: bool
    mark: str
    role: str = ""

    @property
    def short(self) -> str:
        """The name without its owner."""
        return self.name.split(".")[1]

    @property
    def owner(self) -> str:
        """The part of the state that it belongs to."""
        return self.name.split(".")[0]

    @property
    def drawn(self) -> bool:
        """Whether views draw the variable, as a ring or as marks of blocks, where they name others."""
        return bool(self.mark) or self.shape in (Shape.RING, Shape.LIST)

    @property
    def brief(self) -> bool:
        """Whether a view that has room for few words names a change of the variable."""
        return not (self.ghost or self.budget or self.drawn or self.shape == Shape.BLOCKS)

    def marks(self, state: Values, block: int) -> bool:
        """Whether a block has the variable's mark in a state."""
        value = state[self.name]
        return bool(value == block) if self.shape == Shape.BLOCK else block in value


@dataclass(frozen=True)
class Link:
    """Where a function can be read: its name, and an address ("" if none is known)."""

    text: str
    address: str


@dataclass(frozen=True)
class Condition:
    """A conjunct of a guard, in words, and its place in the protocol text (``driver.py:82``)."""

    says: str
    text: str


@dataclass(frozen=True)
class Change:
    """A variable's value before and after a step."""

    variable: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Moment:
    """One step. ``lane`` is the index in :attr:`Story.lanes` of its actor; ``label`` names action and block.

    ``step`` is its label in the docs, ``where`` the function or clause that it models, ``says`` its sentence,
    ``text`` the place in the protocol text. ``breaks`` lists the step properties that it violates, with values;
    ``guard`` the conjuncts of its guard.
    """

    number: int
    lane: int
    action: str
    block: int | None
    step: str
    where: str
    says: str
    text: str
    links: tuple[Link, ...]
    changes: tuple[Change, ...]
    weight: Weight
    breaks: tuple[str, ...] = ()
    guard: tuple[Condition, ...] = ()

    @property
    def label(self) -> str:
        """The action, with its block."""
        return self.action if self.block is None else f"{self.action}({self.block})"


@dataclass(frozen=True)
class Cause:
    """A station of the causal chain: the step (0: none in particular), and a sentence about it."""

    step: int
    says: str


@dataclass(frozen=True)
class Explanation:
    """Why the trace ends as it does: in a sentence without terms, as a causal chain, and as a paragraph with values."""

    chain: tuple[Cause, ...]
    paragraph: str
    words: str = ""

    @property
    def last_cause(self) -> int | None:
        """The step to read first: the last station that is a step."""
        return next((cause.step for cause in reversed(self.chain) if cause.step), None)


@dataclass(frozen=True)
class PreventingRule:
    """A rule whose change prevents the trace: the world that differs in this one rule does not allow it.

    ``rule`` is its name, ``value`` and ``instead`` its values here and there. ``environment`` is the name of that
    world, "" if it has none. ``departs`` is the first step that is impossible there (0 if all are possible, and the
    property is not violated); ``because`` says why. ``holds`` says whether the property holds in all ``states`` of
    the trace's sizes; None if that was not checked or not decided. ``others`` are properties that are violated there
    and not here.
    """

    rule: str
    value: str
    instead: str
    environment: str
    departs: int
    because: str
    holds: bool | None = None
    states: int = 0
    others: tuple[str, ...] = ()

    @property
    def fixes(self) -> bool:
        """Whether the property holds there, and no other property is violated that holds here."""
        return bool(self.holds) and not self.others


@dataclass(frozen=True)
class Likeness:
    """A known defect that a trace looks like, as a replay with the defect's fix shows.

    ``fix`` names the rules that the fix changes. With them ``departs`` is the first step that is not possible (0: all
    are possible, and nothing is violated at the end), and ``because`` says why.
    """

    defect: str
    label: str
    title: str
    fix: str
    departs: int
    because: str

    @property
    def short(self) -> str:
        """Name and label."""
        return f"{self.defect} ({self.label})"

    @property
    def shown(self) -> str:
        """The replay in a sentence."""
        ends = f"step {self.departs} is not possible" if self.departs else "nothing is violated at its end"
        return f"Replayed with {self.fix}: {ends}."


def describe_likenesses(likenesses: Sequence[Likeness]) -> str:
    """The defects that a trace looks like, in few words; "may be" if there are several."""
    names = " or ".join(like.short for like in likenesses)
    return f"{'looks like' if len(likenesses) == 1 else 'may be'} {names}" if likenesses else ""


@dataclass(frozen=True)
class Story:
    """A trace, with all that views show.

    ``loop``: the run is a lasso, whose last state is that after so many steps. ``begins`` says where the run begins, if
    not in the initial state. ``block`` is the block that the property is about. ``known_as`` names the defect that the
    records know; where they know none, ``looks_like`` has the defects that a replay shows to be like it.
    """

    environment: str
    sizes: str
    blocks: int
    engine: str
    length: str
    claim: str
    kind: str
    clause: str
    says: str
    block: int | None
    known_as: str
    loop: int | None
    begins: str
    lanes: tuple[Lane, ...]
    variables: tuple[Variable, ...]
    initial: Values
    start: Values
    moments: tuple[Moment, ...]
    explanation: Explanation
    preventing_rules: tuple[PreventingRule, ...] = ()
    looks_like: tuple[Likeness, ...] = ()

    def states(self) -> Iterator[Values]:
        """The state before the first step, and after each. Each is a new dict."""
        return accumulate(self.moments, advance, initial=dict(self.start))

    def state(self, number: int) -> Values:
        """The state after that many steps."""
        return next(islice(self.states(), number, None))

    @cached_property
    def by_name(self) -> dict[str, Variable]:
        """The variables by their names."""
        return {v.name: v for v in self.variables}

    def changed(self, moment: Moment) -> Iterator[tuple[Variable, Any]]:
        """The variables that a step changed, each with its new value."""
        return ((self.by_name[change.variable], change.after) for change in moment.changes)

    def shown_blocks(self, most: int) -> list[int]:
        """The blocks whose marks a view shows, ``most`` at most: that of the property, then of steps that matter."""
        by_weight = sorted(self.moments, key=lambda moment: moment.weight == Weight.ENABLES)
        wanted = [self.block, *(moment.block for moment in by_weight), *range(1, self.blocks + 1)]
        return sorted(list(dict.fromkeys(block for block in wanted if block))[:most])

    @property
    def likenesses(self) -> str:
        """The defects that it looks like, in a line: each with the change by which a replay shows it."""
        several = "one of several: " if len(self.looks_like) > 1 else ""
        return several + "; or ".join(f"{like.short}: {like.title}. {like.shown}" for like in self.looks_like)

    @property
    def verdict(self) -> str:
        """The verdict on the property."""
        if self.kind == LEMMA or self.begins:
            return "violated"
        return "witnessed" if self.kind == SOMETIMES else "REFUTED"

    @property
    def marked(self) -> tuple[Variable, ...]:
        """The variables that are shown as marks of a block."""
        return tuple(v for v in self.variables if v.mark)

    @property
    def legend(self) -> str:
        """The letters of the marks, each with its meaning."""
        return "; ".join(f"{v.mark} {v.says}" for v in self.marked)

    @property
    def ring(self) -> str:
        """The name of the ring variable; "" if this world has none."""
        return next((v.name for v in self.variables if v.shape == Shape.RING), "")


def advance(state: Values, moment: Moment) -> Values:
    """The state after a step."""
    return state | {change.variable: change.after for change in moment.changes}


def marks(story: Story, state: Values, block: int) -> str:
    """The letters of a block's marks in a state."""
    return "".join(v.mark for v in story.marked if v.marks(state, block))


def entry(fields: Entry) -> str:
    """A ring entry in short: S1 a START posted under id1, h2 a hint of block 2, T a STOP."""
    if fields["kind"] == "HINT":
        return f"h{fields['block']}"
    if fields["kind"] == "STOP_SIGN":
        return "T"
    return "S" + str(fields["governed_by"]).removeprefix("id")


def popped_and_posted(before: list[Entry], after: list[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The entries that left a ring at its head, and those that came at its tail."""
    old, new = [_identity(e) for e in before], [_identity(e) for e in after]
    popped = next(n for n in range(len(old) + 1) if old[n:] == new[: len(old) - n])
    return before[:popped], after[len(old) - popped :]


def _identity(fields: Entry) -> tuple[Any, ...]:
    """The fields of an entry that do not change while it is on the ring: all but its flags."""
    return tuple((name, value) for name, value in fields.items() if not isinstance(value, bool))


def plain(value: Any) -> str:
    """A value as a word or a few: 0 and 1 for a flag, - for none, {1 3} for a set."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, dict):
        entries = " ".join(entry(e) for e in value["entries"])
        return f"[{entries}]" + (f"+{value['used']}" if value["used"] else "")
    if isinstance(value, list):
        return "{" + " ".join(map(str, value)) + "}"
    return "-" if value is None else str(value)
