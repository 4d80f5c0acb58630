"""Markdown: a bar in a table shows as a bar, in text and in code, wherever the page is rendered."""

from __future__ import annotations

from collections.abc import Callable

import markdown
import pytest
from markdown_it import MarkdownIt

from hintproof.views.markdown import table


def render_as_github(text: str) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text))


def render_as_mkdocs(text: str) -> str:
    return str(markdown.markdown(text, extensions=["tables"]))


@pytest.mark.parametrize("render", [render_as_github, render_as_mkdocs])
def test_a_bar_in_a_cell_is_shown_as_a_bar(render: Callable[[str], str]) -> None:
    page = render(table(["update", "says"], [["x `a.b | just(c_d) * _e_`", "f | `g`"], ["`h`", "`i<j`"]])).replace(
        "&#124;", "|"
    )
    assert "<td>x <code>a.b | just(c_d) " in page
    assert "<td>f | <code>g</code></td>" in page
    assert "<td><code>h</code></td>" in page
    assert "<code>i&lt;j</code>" in page
    assert "<em>" not in page
    assert "\\" not in page
