"""A reader of the page of a trace: its actions, and the texts that it sees."""

from __future__ import annotations

from typing import Protocol

from hintproof.story.model import Story
from tests.chromium import Tab


class Show(Protocol):
    """Shows a story in a new tab; ``at`` is the end of its address."""

    def __call__(self, story: Story, width: int = 1440, height: int = 900, at: str = "") -> Tab: ...


def number(tab: Tab) -> int:
    """The step that the page is at."""
    return int(tab.ask("document.getElementById('where').textContent.split('/')[0]"))


def change(tab: Tab, name: str, value: str | int) -> None:
    """Give a field of the page another value, as a reader would."""
    field = f"document.getElementById({name!r})"
    tab.ask(f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('input'))")


def slide(tab: Tab, to: int) -> None:
    """Move the slider to a step."""
    change(tab, "slider", to)
    assert number(tab) == to


def text(tab: Tab, selector: str) -> str:
    """The text that is seen of an element."""
    shown: str = tab.ask(f"document.querySelector({selector!r}).innerText")
    return shown


def values(tab: Tab, column: str) -> dict[str, str]:
    """A column of the state table, by variable."""
    rows = "[...document.querySelectorAll('#values [data-variable]')]"
    found: dict[str, str] = tab.ask(
        f"Object.fromEntries({rows}.map((r) => [r.dataset.variable, r.querySelector('.{column}').textContent]))"
    )
    return found
