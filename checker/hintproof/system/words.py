"""Numbers with their nouns, and the beginnings of texts."""

from __future__ import annotations


def quantity(number: float, noun: str, several: str = "") -> str:
    """A number of things: "1 state", "2 states"; ``several`` is a plural that does not end in s.

    >>> quantity(1, "check"), quantity(0, "check"), quantity(2, "loss", "losses"), quantity(1.0, "second")
    ('1 check', '0 checks', '2 losses', '1 second')
    """
    shown = number if isinstance(number, int) else f"{number:g}"
    return f"{shown} {noun if number == 1 else several or noun + 's'}"


def first_paragraph(text: str) -> str:
    r"""The first paragraph of a text, on one line.

    >>> first_paragraph("One\n  line.\n\nMore.")
    'One line.'
    """
    return " ".join(text.split("\n\n")[0].split())
