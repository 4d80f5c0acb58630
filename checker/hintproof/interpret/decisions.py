"""Guards as a tree of decisions: a condition of many steps is tested once, a variable of labels is switched on.

Steps keep their order wherever two of them may happen in one state, so that a search that takes steps
in that order finds the same runs with and without the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: Steps in a row that must test a variable for a switch to pay.
_WORTH_A_SWITCH = 3


@dataclass(frozen=True)
class Condition:
    """One conjunct of a guard: its source, and, if it asks for some labels of one variable, which."""

    source: str
    variable: str = ""
    labels: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Guarded:
    """Lines that run where all conditions hold."""

    conditions: tuple[Condition, ...]
    lines: tuple[str, ...]

    def without(self, conditions: frozenset[Condition]) -> Guarded:
        """The lines without some of the conditions, as they hold already."""
        return Guarded(tuple(c for c in self.conditions if c not in conditions), self.lines)

    def on(self, variable: str) -> frozenset[Condition]:
        """The conditions that ask for labels of a variable."""
        return frozenset(c for c in self.conditions if c.variable == variable)


def decide(steps: list[Guarded], local: dict[str, str]) -> Iterator[str]:
    """Source lines that run every step whose conditions hold; ``local`` names the variables."""
    here = 0
    while here < len(steps):
        rest = steps[here:]
        if not rest[0].conditions:
            yield from rest[0].lines
            here += 1
            continue
        shared, together = max(((c, _shared(rest, c)) for c in rest[0].conditions), key=lambda item: item[1])
        variable, switched = max(
            ((c.variable, _tested(rest, c.variable)) for c in rest[0].conditions), key=lambda item: item[1]
        )
        if switched >= _WORTH_A_SWITCH and switched > together:
            yield from _switch(rest[:switched], variable, local)
            here += switched
        elif together > 1:
            yield f"if {shared.source}:"
            yield from _indented(decide([s.without(frozenset({shared})) for s in rest[:together]], local))
            here += together
        else:
            yield f"if {' and '.join(c.source for c in rest[0].conditions)}:"
            yield from _indented(rest[0].lines)
            here += 1


def _shared(steps: list[Guarded], condition: Condition) -> int:
    """How many steps in a row have the condition."""
    return next((i for i, s in enumerate(steps) if condition not in s.conditions), len(steps))


def _tested(steps: list[Guarded], variable: str) -> int:
    """How many steps in a row ask for labels of the variable."""
    return next((i for i, s in enumerate(steps) if not variable or not s.on(variable)), len(steps))


def _switch(steps: list[Guarded], variable: str, local: dict[str, str]) -> Iterator[str]:
    """A branch for each label that a step asks for: a chain of comparisons, which LLVM makes a jump table of."""
    labels = sorted(label for s in steps for c in s.on(variable) for label in c.labels)
    word = "if"
    for label in dict.fromkeys(labels):
        possible = [s.without(s.on(variable)) for s in steps if all(label in c.labels for c in s.on(variable))]
        if possible:
            yield f"{word} {local[variable]} == {label}:"
            yield from _indented(decide(possible, local))
            word = "elif"


def _indented(lines: Iterator[str] | tuple[str, ...]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
