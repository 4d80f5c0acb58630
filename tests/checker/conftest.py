"""Stories shown in a browser, for the tests that need one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hintproof.story.model import Story
from hintproof.views.trace import page
from tests.chromium import Browser, Tab
from tests.reader import Show


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Show]:
    """A function that shows a story in a new tab. In the end no page may have asked for anything, or complained."""
    tabs: list[tuple[Tab, str]] = []

    def show(story: Story, width: int = 1440, height: int = 900, at: str = "") -> Tab:
        path = tmp_path / f"{len(tabs)}.html"
        path.write_text(page.render(story), encoding="utf-8")
        tabs.append((chromium.open(path.as_uri() + at, width, height), path.as_uri()))
        return tabs[-1][0]

    yield show
    for tab, address in tabs:
        complaints, requests = tab.complaints, {request.partition("#")[0] for request in tab.requests}
        tab.close()
        assert complaints == []
        assert address in requests
        assert requests <= {address, "data:,"}
