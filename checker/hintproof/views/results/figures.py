"""Figures for readers: numbers with separators, durations with units."""

from __future__ import annotations

import re


def count(number: int) -> str:
    """A number with a separator between thousands."""
    return f"{number:,}"


def separated(text: str) -> str:
    """A text in which numbers of more than three digits have separators."""
    return re.sub(r"(?<![\w.])\d{4,}", lambda found: count(int(found[0])), text)


def duration(seconds: float) -> str:
    """A duration in seconds, or from two minutes on in minutes and seconds, in at most 8 characters."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min" + (f" {rest} s" if minutes < 10 else "")
