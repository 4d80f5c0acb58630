"""The trace model: plain values, all that any view shows of a trace.

A view takes a :class:`Story` and gives text. It sees no engine, no interpretation and no term; a state is a
mapping of variable names to plain JSON values, as :func:`hintproof.interpret.concrete.show_value` gives them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hintspec.language.declare import LEMMA, SOMETIMES

#: A state: the value of each variable.
Values = dict[str, Any]


class Weight(StrEnum):
    """What a step is to the end of its trace."""

    CAUSE = "cause"  # a station of the causal chain
    FEEDS = "feeds"  # made a value that a cause went by
    ENABLES = "enables"  # only let others happen


class Shape(StrEnum):
    """What the values of a variable are."""

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
    """Who takes steps."""

    name: str
    letter: str
    says: str


@dataclass(frozen=True)
class Variable:
    """A variable of the state, in words. ``mark`` is the letter that shows membership of a block ("" for none).

    ``role`` is what it is to an explanation: "dirty" remembers a write, "content" matters to somebody, "stale" says
    that the destination lacks it, "place" says how far somebody has come; "" is none of these.
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


@dataclass(frozen=True)
class Link:
    """Where a function can be read: its name, and an address ("" if none is known)."""

    text: str
    address: str


@dataclass(frozen=True)
class Condition:
    """What a guard asks for: the condition in words, and its place in the protocol text (``driver.py:82``)."""

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
    """One step. ``lane`` is the place in :attr:`Story.lanes` of who takes it; ``label`` names action and block.

    ``step`` is its label in the docs, ``where`` the function or clause that it comes from, ``says`` its sentence,
    ``text`` the place in the protocol text. ``breaks`` tells the step properties that it breaks, with values;
    ``guard`` all that had to hold for it.
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
    """A station of the causal chain: the step (0: none in particular), and what it did, as a sentence."""

    step: int
    says: str


@dataclass(frozen=True)
class Explanation:
    """Why the trace ends as it does. ``paragraph`` says all of it in plain English."""

    chain: tuple[Cause, ...]
    paragraph: str

    @property
    def last_cause(self) -> int | None:
        """The step to look at first: the last station that is a step."""
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
class Story:
    """A trace, with all that any view shows of it.

    ``loop``: the run goes on for ever, and after its last step it goes on as after that many. ``begins`` says where
    it begins, if not in the initial state. ``block`` is the block that it is about. ``known_as`` names the defect.
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

    def states(self) -> Iterator[Values]:
        """The state before the first step, and after each. Each is a new dict."""
        state = dict(self.start)
        yield dict(state)
        for moment in self.moments:
            state.update((change.variable, change.after) for change in moment.changes)
            yield dict(state)

    def state(self, number: int) -> Values:
        """The state after that many steps."""
        state = dict(self.start)
        for moment in self.moments[:number]:
            state.update((change.variable, change.after) for change in moment.changes)
        return state

    @property
    def verdict(self) -> str:
        """What the trace does to its property, in the words of the verdicts."""
        if self.kind == LEMMA or self.begins:
            return "not kept"
        return "witnessed" if self.kind == SOMETIMES else "REFUTED"

    @property
    def marked(self) -> tuple[Variable, ...]:
        """The variables that are shown as marks of a block."""
        return tuple(v for v in self.variables if v.mark)

    @property
    def ring(self) -> str:
        """The name of the ring variable; "" if this world has none."""
        return next((v.name for v in self.variables if v.shape == Shape.RING), "")


def marks(story: Story, state: Values, block: int) -> str:
    """The letters of a block's marks in a state."""
    return "".join(
        v.mark for v in story.marked if (state[v.name] == block if v.shape == Shape.BLOCK else block in state[v.name])
    )


def entry(told: dict[str, Any]) -> str:
    """A ring entry in short: S1 a START posted under id1, h2 a hint of block 2, T a STOP."""
    if told["kind"] == "HINT":
        return f"h{told['block']}"
    if told["kind"] == "STOP_SIGN":
        return "T"
    return "S" + str(told["governed_by"]).removeprefix("id")


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
