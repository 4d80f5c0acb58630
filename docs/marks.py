"""The parts of a hand-written page that the code writes: each stands between two comments with its name."""

from __future__ import annotations


def fill(page: str, name: str, new: str) -> str:
    """Replace the part of a page between the comments ``name: begin`` and ``name: end``."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, rest = page.split(begin)
    return f"{head}{begin}\n\n{new}\n\n{end}{rest.split(end)[1]}"


def join_lines(text: str) -> str:
    """Join the lines of a docstring."""
    return " ".join(text.split())
