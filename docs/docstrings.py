"""Docstrings as Markdown, for the pages of the Python API (an extension of Griffe, which mkdocstrings reads code with).

Docstrings here are plain text with roles (``:class:`Trace```) and examples of the interpreter.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|mod|attr|meth|data|exc):`~?([^`]+)`")
_EXAMPLE = re.compile(r"(?:^>>> .*\n?(?:^(?!\s*$).*\n?)*)(?:\n(?:^>>> .*\n?(?:^(?!\s*$).*\n?)*))*", re.MULTILINE)
_CODE = re.compile(r"(```.*?```|``.+?``|`[^`]+`)", re.DOTALL)


class Docstrings(griffe.Extension):
    """Rewrites each docstring once it is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = to_markdown(obj.docstring.value)


def to_markdown(text: str) -> str:
    """Roles become code, examples become blocks, and a bracket in a sentence is no link."""
    text = _ROLE.sub(r"`\1`", text)
    text = _EXAMPLE.sub(lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", text)
    parts = _CODE.split(text)
    return "".join(part if number % 2 else part.replace("[", "\\[") for number, part in enumerate(parts))
