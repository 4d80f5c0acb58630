"""Text of a trace made harmless for a picture: nothing in it acts, hides or reorders; all of it is to be seen."""

from __future__ import annotations

import re
from typing import Any

from hintproof.views.sanitize import numbered

#: Characters of one text that are shown; what is longer says how much is left out.
LONGEST = 4000

#: Controls, what reorders a line or breaks it, what has no width, and what XML or UTF-8 can't hold.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
    "|[" + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17)) + "]"
)


def harmless(value: Any) -> Any:
    """The same value (a text, or dicts and lists of texts) with such characters written as Python writes them."""
    if isinstance(value, str):
        return _harmless(value)
    if isinstance(value, dict):
        return {_harmless(str(name)): harmless(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [harmless(part) for part in value]
    return value


def _harmless(text: str) -> str:
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}... ({len(text) - LONGEST} more characters)"
    return _UNSEEN.sub(lambda found: numbered(found[0]), text)
