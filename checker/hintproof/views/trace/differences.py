"""How two traces differ, as plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hintproof.story.model import plain
from hintproof.trace.diff import Difference, Row
from hintproof.views.sanitize import ascii_only
from hintproof.views.trace.mail import WIDTH

#: Steps without a difference that are shown before and after one.
_AROUND = 2


def render(found: Difference) -> str:
    """The differences as text: ``<`` only the first takes the step, ``>`` only the second, ``!`` values part."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Difference) -> Iterator[str]:
    yield from _wrap(f"< {found.left}")
    yield from _wrap(f"> {found.right}")
    yield ""
    yield from _rows(found.rows)
    yield ""
    if found.stops is not None:
        yield from _wrap(f"Step {found.stops} is where the second can't follow: {found.because}.")
    elif found.ends:
        yield from _wrap(f"At the end: {found.ends}.")
    if found.same:
        yield "The two are the same, step by step and value by value."


def _wrap(text: str, rest: str = "  ") -> list[str]:
    return textwrap.wrap(ascii_only(text), WIDTH, subsequent_indent=rest)


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    near = {n for m, row in enumerate(rows) if _differs(row) for n in range(m - _AROUND, m + _AROUND + 1)}
    passed_over = 0
    for number, row in enumerate(rows):
        if number not in near:
            passed_over += 1
            continue
        if passed_over:
            yield f"    ... {passed_over} step{'s' if passed_over > 1 else ''} in both"
            passed_over = 0
        yield from _row(row)
    if passed_over:
        yield f"    ... {passed_over} step{'s' if passed_over > 1 else ''} in both"


def _differs(row: Row) -> bool:
    return row.left is None or row.right is None or bool(row.differs)


def _row(row: Row) -> Iterator[str]:
    mark = ">" if row.left is None else "<" if row.right is None else "!" if row.differs else " "
    yield f"  {mark} {row.left or '':>5} {row.right or '':>5}  {ascii_only(row.label)}"
    for name, left, right in row.differs:
        yield from _wrap(f"{' ' * 17}{name}: {plain(left)} | {plain(right)}", " " * 19)
