"""Blocks: the marks of a block in a line, and the map of source and destination."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from hintproof.story.model import Story, Values, Variable
from hintproof.views.trace.sheet import Line, Piece, clip, padded

#: How a mark of a block is shown, by the role of its variable.
_STYLES = {"content": "bold green", "stale": "red", "dirty": "yellow"}

#: Blocks that the map shows; columns of its labels.
_MAPPED, _LABEL = 64, 13

#: The owners of a block itself; other marks are records about it.
_HOLDERS = ("memory", "driver")


def is_lost(story: Story, state: Values, block: int) -> bool:
    """Whether a block's content matters, the destination lacks it, and nobody remembers to send it."""
    roles = {v.role for v in story.marked if v.marks(state, block)}
    return {"content", "stale"} <= roles and "dirty" not in roles


def marks_line(story: Story, block: int, before: Values | None, after: Values) -> Line:
    """The marks of a block, each in its place: ``.`` for one that it does not have, ``-`` for one that it lost."""
    lost = is_lost(story, after, block)
    return [
        _mark(v, before is not None and v.marks(before, block), v.marks(after, block), lost, before is None)
        for v in story.marked
    ]


def _mark(v: Variable, had: bool, has_it: bool, lost: bool, first: bool) -> Piece:
    if not has_it:
        return ("-", "bold red") if had else (".", "dim")
    style = _STYLES.get(v.role, "")
    if not had and not first:
        style = f"{style} bold underline"
    return clip(v.mark, 1), f"{style} reverse" if lost and v.role in ("content", "stale") else style


# -- the map ----------------------------------------------------------------------------------


def block_map(story: Story, before: Values, after: Values, width: int, about: Iterable[int | None] = ()) -> list[Line]:
    """A column a block: who has it, where a write to it is logged, and how it is at the destination.

    ``*`` marks a change. ``about`` are blocks to be shown even if there are too many to show all.
    """
    rows = list(_rows(story))
    blocks = _mapped(story, about)
    cell = max([len(str(story.blocks)), *(len(variables) for _, variables in rows)]) + 2
    at_a_time = max(1, (width - _LABEL) // cell)
    lines: list[Line] = []
    for place in range(0, len(blocks), at_a_time):
        shown = blocks[place : place + at_a_time]
        lines.append([(f"{'block':<{_LABEL}}", "bold"), *((f"{block:<{cell}}", "bold") for block in shown)])
        for label, variables in rows:
            cells = (_map_cell(variables, before, after, block, cell) for block in shown)
            lines.append([(f"{clip(label, _LABEL - 1):<{_LABEL}}", ""), *chain.from_iterable(cells)])
        lines += _lost_row(story, after, shown, cell)
    if len(blocks) < story.blocks:
        lines.append([(f"and {story.blocks - len(blocks):,} more blocks", "dim")])
    return lines


def _rows(story: Story) -> Iterator[tuple[str, list[Variable]]]:
    """The rows of the map, each with the variables whose letters it shows; those of no variable are left out."""
    rows: dict[str, list[Variable]] = {"held": [], "to be sent": [], "also": [], "matters": []}
    for v in story.marked:
        stale = "destination" if v.short == "stale" else v.short
        record = "held" if v.owner in _HOLDERS else "also"
        label = {"stale": stale, "content": "matters", "dirty": "to be sent"}.get(v.role, record)
        rows.setdefault(label, []).append(v)
    yield from ((label, variables) for label, variables in rows.items() if variables)


def _mapped(story: Story, about: Iterable[int | None]) -> list[int]:
    wanted = dict.fromkeys([b for b in (story.block, *about) if b] + list(range(1, min(story.blocks, _MAPPED) + 1)))
    return sorted(list(wanted)[:_MAPPED])


def _map_cell(variables: list[Variable], before: Values, after: Values, block: int, width: int) -> Line:
    now = [(clip(v.mark, 1), _STYLES.get(v.role, "")) for v in variables if v.marks(after, block)] or [(".", "dim")]
    changed = any(v.marks(before, block) != v.marks(after, block) for v in variables)
    return padded([*now, ("*", "bold")] if changed else now, width)


def _lost_row(story: Story, state: Values, blocks: list[int], width: int) -> Iterator[Line]:
    """A row for blocks that are lost, if there is one."""
    lost = [is_lost(story, state, block) for block in blocks]
    if any(lost):
        yield [(f"{'lost':<{_LABEL}}", "bold red"), *((f"{'X' if x else '':<{width}}", "bold red") for x in lost)]
