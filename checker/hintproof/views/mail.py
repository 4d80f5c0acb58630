"""A trace as plain ASCII text of at most 78 columns, to be pasted into a mail reply."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from hintproof.trace import Step, Trace
from hintspec.recording import RecordedVar
from hintspec.sorts import BLOCK, BLOCKS, LIST, Ring
from hintspec.text import LEMMA

WIDTH = 78

#: Blocks whose marks are shown; with more, only the one that the property is about.
_SHOWN_BLOCKS = 2

#: Width of the column of what changed, and of the marks of a block, by the number of blocks shown.
_CHANGED, _MARKS = {1: 21, 2: 12}, {1: 11, 2: 9}

#: Width of the ring's column.
_RING = 12


def render(trace: Trace, why: str, known_as: str = "") -> str:
    """The whole trace as text."""
    return "\n".join([*_head(trace, known_as), "", *_table(trace), "", *_foot(trace, why)]) + "\n"


def _wrap(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{label:<13}", subsequent_indent=" " * 13, break_long_words=True)


def _head(trace: Trace, known_as: str) -> Iterator[str]:
    declared = trace.declared
    yield from _wrap("environment:", trace.environment)
    yield from _wrap("sizes:", str(trace.sizes))
    if trace.begins:
        yield from _wrap("found by:", f"{trace.engine} engine; line 0 {trace.begins}")
    else:
        yield from _wrap("found by:", f"{trace.engine} engine, {trace.length}, replayed")
    kind = "lemma:" if declared and declared.kind == LEMMA else "property:"
    yield from _wrap(kind, trace.property_name)
    if declared:
        yield from _wrap("", " ".join(declared.says.split("\n\n")[0].split()))
        yield from _wrap("clause:", declared.clause)
    if known_as:
        yield from _wrap("known as:", known_as)


def _table(trace: Trace) -> Iterator[str]:
    blocks = _blocks_shown(trace)
    head = " ".join(f"{b:<{_MARKS[len(blocks)]}}" for b in blocks)
    changed = _CHANGED[len(blocks)]
    lanes = "".join(actor.letter for actor in trace.concrete.model.actors)
    yield f"{'#':>3} {lanes:<4} {'step':<22} {'changed':<{changed}} {'ring':<{_RING}} {head}".rstrip()
    if trace.begins:
        yield _line(trace, 0, None, blocks)
    for number, step in enumerate(trace.steps, 1):
        if trace.loop == number - 1:
            yield "    -- from here for ever --"
        yield _line(trace, number, step, blocks)
    if trace.loop is not None:
        stays = trace.loop == len(trace.steps)
        yield "    -- and so it stays for ever --" if stays else f"    -- and again from step {trace.loop + 1} --"
    if trace.begins:
        yield ""
        yield from _wrap("line 0:", _not_as_initially(trace))


def _blocks_shown(trace: Trace) -> list[int]:
    if trace.sizes.blocks <= _SHOWN_BLOCKS:
        return list(range(1, trace.sizes.blocks + 1))
    return [trace.block or 1]


def _line(trace: Trace, number: int, step: Step | None, blocks: list[int]) -> str:
    actors = trace.concrete.model.actors
    lane, name = "", "(before)"
    if step:
        lane = "".join(actor.letter if actor == step.action.actor else "." for actor in actors)
        name = step.action.name if step.block is None else f"{step.action.name}({step.block})"
    state = trace.states[number]
    width = _MARKS[len(blocks)]
    marks = " ".join(f"{_marks(trace, state, block):<{width}.{width}}" for block in blocks)
    width = _CHANGED[len(blocks)]
    changed = _changed(trace, step, width) if step else " " * width
    return f"{number:>3} {lane:<4} {name:<22.22} {changed} {_ring(trace, state)} {marks}".rstrip()


def _changed(trace: Trace, step: Step, width: int) -> str:
    """What changed and is not to be seen in the ring or the marks: short names, as many as fit."""
    parts = []
    for v in trace.concrete.model.vars:
        if v.name in step.changes and not v.declared.ghost and not v.name.startswith("left."):
            if isinstance(v.sort, Ring) or v.sort in (LIST, BLOCKS) or v.declared.mark:
                continue
            parts.append(f"{v.name.split('.')[1]}={_value(step.changes[v.name][1])}")
    text = ""
    for part in parts:
        longer = f"{text} {part}".strip()
        if len(longer) > width:
            text = f"{text[: width - 1]}+"
            break
        text = longer
    return f"{text:<{width}}"


def _not_as_initially(trace: Trace) -> str:
    """What differs from the initial state, without what the table shows."""
    initial = trace.concrete.show(trace.concrete.initial)
    return ", ".join(
        f"{v.name}={_value(trace.states[0][v.name])}"
        for v in trace.concrete.model.vars
        if trace.states[0][v.name] != initial[v.name]
        and not (v.name.startswith("left.") or v.declared.mark or isinstance(v.sort, Ring) or v.sort == LIST)
    )


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "-" if value is None else str(value)


def _ring(trace: Trace, state: dict[str, Any]) -> str:
    """Entries, oldest first: S1 a START posted under id1, h2 a hint of block 2, T a STOP; then used ones."""
    for v in trace.concrete.model.vars:
        if isinstance(v.sort, Ring):
            ring = state[v.name]
            entries = [_entry(entry) for entry in ring["entries"]]
            used = f"+{ring['used']}" if ring["used"] else ""
            text = f"[{' '.join(entries)}]{used}"
            return f"{text if len(text) <= _RING else text[: _RING - 2] + '..':<{_RING}}"
    return " " * _RING


def _entry(entry: dict[str, Any]) -> str:
    if entry["kind"] == "HINT":
        return f"h{entry['block']}"
    if entry["kind"] == "STOP_SIGN":
        return "T"
    return "S" + str(entry["governed_by"]).removeprefix("id")


def _marked(trace: Trace) -> list[RecordedVar]:
    return [v for v in trace.concrete.model.vars if v.declared.mark]


def _marks(trace: Trace, state: dict[str, Any], block: int) -> str:
    letters = []
    for v in _marked(trace):
        value = state[v.name]
        if value == block if v.sort == BLOCK else block in value:
            letters.append(v.declared.mark)
    return "".join(letters)


def _legend(trace: Trace) -> str:
    return "; ".join(f"{v.declared.mark} {v.declared.says}" for v in _marked(trace))


def _foot(trace: Trace, why: str) -> Iterator[str]:
    yield from _wrap("why:", why)
    yield ""
    yield from _wrap("lanes:", ", ".join(f"{a.letter} {a.name}" for a in trace.concrete.model.actors))
    yield from _wrap("changed:", "a variable's short name and its new value; + stands for more")
    yield from _wrap(
        "ring:",
        "oldest first; S1 a START posted under id1, h1 a hint of block 1, T a STOP, "
        "+n entries used and not yet taken back by the driver",
    )
    yield from _wrap("marks:", "per block: " + _legend(trace))
