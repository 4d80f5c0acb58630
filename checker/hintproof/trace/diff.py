"""Compare traces: with each other, or with what another world makes of the same steps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hintproof.engines.report import Run
from hintproof.interpret.concrete import Concrete
from hintproof.system.errors import BadInput
from hintproof.trace.replay import Departs, Trace, build, follow, prepare


@dataclass(frozen=True)
class Row:
    """A step of either trace, or of both. ``left`` and ``right`` are its numbers there, None where it is not taken.

    ``differs`` tells, of a step that both take, the variables whose values differ after it and did not before.
    """

    label: str
    left: int | None
    right: int | None
    differs: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True)
class Difference:
    """How two traces differ. Where the right one can't follow the left, ``stops`` is that step, and ``because`` why."""

    left: str
    right: str
    rows: tuple[Row, ...]
    stops: int | None = None
    because: str = ""
    ends: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.stops is None and all(r.left and r.right and not r.differs for r in self.rows)


def between(left: Trace, right: Trace) -> Difference:
    """The steps that two traces share, in order, and those that only one of them has."""
    labels = [[_label(step) for step in trace.run] for trace in (left, right)]
    blocks = difflib.SequenceMatcher(None, labels[0], labels[1], autojunk=False).get_opcodes()
    rows: list[Row] = []
    known: dict[str, tuple[Any, Any]] = {}
    for kind, i, i_end, j, j_end in blocks:
        if kind == "equal":
            for n in range(i_end - i):
                news, known = _news(left.states[i + n + 1], right.states[j + n + 1], known)
                rows.append(Row(labels[0][i + n], i + n + 1, j + n + 1, news))
            continue
        rows += [Row(labels[0][n], n + 1, None) for n in range(i, i_end)]
        rows += [Row(labels[1][n], None, n + 1) for n in range(j, j_end)]
    ends = _both_end(left, right)
    return Difference(_title(left), _title(right), tuple(rows), ends=ends)


def in_world(trace: Trace, environment: str) -> Difference:
    """A trace's steps in another environment, up to where it can't follow. Raises :class:`BadInput` for its name."""
    concrete = prepare(environment, trace.sizes)
    run, stops, because = trace.run, None, ""
    try:
        follow(concrete, run)
    except Departs as departs:
        stops, because = departs.step, departs.because
        run = run[: departs.step - 1]
    states, _ = follow(concrete, run)
    rows, known = [], dict[str, tuple[Any, Any]]()
    for number, step in enumerate(run, 1):
        news, known = _news(trace.states[number], concrete.show(states[number]), known)
        rows.append(Row(_label(step), number, number, news))
    rows += [Row(_label(step), n, None) for n, step in enumerate(trace.run, 1) if n > len(run)]
    ends = "" if stops else _end_there(trace, concrete, environment, run)
    return Difference(_title(trace), f"{environment} {trace.sizes}", tuple(rows), stops, because, ends)


def _end_there(trace: Trace, concrete: Concrete, environment: str, run: Run) -> str:
    try:
        build(environment, concrete, "", trace.property_name, run, trace.loop)
    except BadInput:
        return f"all steps are possible there, and {trace.property_name} does not fall"
    return f"all steps are possible there, and {trace.property_name} falls there, too"


#: Variables whose values differ, with both values; and as a row tells them.
_Apart = dict[str, tuple[Any, Any]]
_Told = tuple[tuple[str, Any, Any], ...]


def _news(left: dict[str, Any], right: dict[str, Any], known: _Apart) -> tuple[_Told, _Apart]:
    """What differs in two states and was not known to differ so before; and all that differs."""
    differs = dict(_apart(left, right))
    return tuple((name, *pair) for name, pair in differs.items() if known.get(name) != pair), differs


def _apart(left: dict[str, Any], right: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Variables that both have, whose values differ. Budgets say nothing of the system."""
    for name in left:
        if name in right and not name.startswith("left."):
            one, two = left[name], right[name]
            if _shared(one, two) != _shared(two, one):
                yield name, (one, two)


def _shared(value: Any, other: Any) -> Any:
    """A value without what the other has no place for: the entries of a ring have other fields in other worlds."""
    if not (isinstance(value, dict) and isinstance(other, dict)):
        return value
    fields = {name for entry in other["entries"] for name in entry} or None
    entries = [{n: v for n, v in entry.items() if fields is None or n in fields} for entry in value["entries"]]
    return {**value, "entries": entries}


def _label(step: tuple[str, int | None]) -> str:
    name, block = step
    return name if block is None else f"{name}({block})"


def _title(trace: Trace) -> str:
    return f"{trace.environment} {trace.sizes}, {trace.property_name}, {trace.length}"


def _both_end(left: Trace, right: Trace) -> str:
    if left.property_name == right.property_name:
        return f"{left.property_name} falls, in both"
    return f"{left.property_name} falls in the one, {right.property_name} in the other"
