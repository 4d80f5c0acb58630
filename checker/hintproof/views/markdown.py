"""Markdown: tables, text that is no markup, code."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

#: Characters that Markdown could take for markup; an underscore inside a word is none.
_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CELLS = re.compile(r"(?<!\\)\|")
_MARKUP = re.compile(r"([\\`*\[\]~]|(?<!\w)_|_(?!\w))")

#: Such characters in code that is HTML, and those of HTML itself.
_IN_HTML = re.compile(rf"[|<>&]|{_MARKUP.pattern}")

#: A span of code: as many backticks at its end as at its beginning.
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *[[_to_cell(cell) for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _to_cell(text: str) -> str:
    r"""Text of a cell, which no bar ends. Python-Markdown shows ``\|`` in code as it is, so such code is HTML."""
    if "|" not in text:
        return text
    return _CODE_SPAN.sub(lambda span: _to_html(span[2]) if "|" in span[2] else span[0], text).replace("|", "\\|")


def _to_html(code: str) -> str:
    """Code as HTML, without a character that Markdown could take for markup."""
    return f"<code>{_IN_HTML.sub(lambda found: f'&#{ord(found[0])};', code.strip())}</code>"


def escaped(text: str) -> str:
    """Text as text: no markup, no HTML, no line break, no control character."""
    return _MARKUP.sub(r"\\\1", html.escape(_to_line(text), quote=False))


def code(text: str) -> str:
    """Text as code."""
    return f"`{_to_line(text).replace('`', chr(39))}`"


def _to_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def without_tables(text: str) -> str:
    """Markdown with a list in place of each table, for narrow screens: a column's title stands before its cell.

    Names in a list are not broken, as those in a narrow column are.
    """
    lines: list[str] = []
    head: list[str] = []
    for part in text.split("\n"):
        if not part.startswith("| "):
            head = []
            lines.append(part)
        elif not head:
            head = _cells(part)
        elif not set(part) <= set("| -"):
            first, second, *rest = _cells(part)
            titled = [f"{title}: {cell}" for title, cell in zip(head[2:], rest, strict=True)]
            lines.append(f"- {first if first.startswith('`') else f'**{first}**'}: {'; '.join([second, *titled])}")
    return "\n".join(lines)


def blocks(text: str) -> list[tuple[str, bool]]:
    """The text in parts: code blocks, without their fences, each marked as code, and what lies between them."""
    parts = _FENCE.split(text)
    return [(part.strip("\n"), number % 2 == 1) for number, part in enumerate(parts) if part.strip()]


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(row.strip().strip("|"))]
