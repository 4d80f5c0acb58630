"""How two traces differ, as plain text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from hintproof.story.model import plain
from hintproof.system.words import quantity
from hintproof.trace.diff import Difference, Row
from hintproof.views.sanitize import ascii_only
from hintproof.views.trace.mail import wrap

#: Steps without a difference that are shown before and after one.
_AROUND = 2


def render(found: Difference) -> str:
    """The differences as text: ``<`` only the first takes the step, ``>`` only the second, ``!`` values part."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Difference) -> Iterator[str]:
    yield from wrap(f"< {found.left}", rest="  ")
    yield from wrap(f"> {found.right}", rest="  ")
    yield ""
    yield from _rows(found.rows)
    yield ""
    if found.stops is not None:
        yield from wrap(f"Step {found.stops} is where the second can't follow: {found.because}.", rest="  ")
    elif found.ends:
        yield from wrap(f"At the end: {found.ends}.", rest="  ")
    if found.same:
        yield "The two are the same, step by step and value by value."


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    parted = (n for n, row in enumerate(rows) if row.left is None or row.right is None or row.differs)
    near = {n for m in parted for n in range(m - _AROUND, m + _AROUND + 1)}
    for shown, group in groupby(enumerate(rows), lambda numbered: numbered[0] in near):
        part = [row for _, row in group]
        if shown:
            yield from (line for row in part for line in _row(row))
        else:
            yield f"    ... {quantity(len(part), 'step')} in both"


def _row(row: Row) -> Iterator[str]:
    mark = ">" if row.left is None else "<" if row.right is None else "!" if row.differs else " "
    yield f"  {mark} {row.left or '':>5} {row.right or '':>5}  {ascii_only(row.label)}"
    for name, left, right in row.differs:
        yield from wrap(f"{' ' * 17}{name}: {plain(left)} | {plain(right)}", rest=" " * 19)
