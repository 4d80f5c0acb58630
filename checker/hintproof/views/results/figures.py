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
    """A duration in seconds, or from 1,000 seconds on in minutes: mostly of at most 5 characters."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 999.5 else f"{seconds / 60:,.0f} min"
