"""The docs site in a browser: no broken link or anchor, nothing wider than the window, no complaint.

The site is built once, and opened from the folder, as a reader without a network would. Every page is loaded in a
narrow and in a wide window, and looked at in light and in dark.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

from tests.chromium import Browser
from tests.places import ROOT

#: Pixels: a telephone and a desk.
WIDTHS = (400, 1400)

#: Elements that are wider than the window and in no box that scrolls.
_OVERFLOW = """
(() => {
  const root = document.documentElement, most = root.clientWidth + 1;
  if (root.scrollWidth <= most) return "";
  const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > most);
  return `${root.scrollWidth} of ${root.clientWidth} px: ${wide.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))}`;
})()
"""

_SCHEMES = {"light": "default", "dark": "slate"}
_SCHEME = "document.body.dataset.mdColorScheme"


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.files: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.anchors |= {named[key] or "" for key in ("id", "name") if key in named}
        if tag == "a" and named.get("href"):
            self.links.append(named["href"] or "")
        elif tag in ("img", "script", "link", "iframe"):
            address = named.get("src") or named.get("href")
            if address and named.get("rel") != "canonical":
                self.files.append(address)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; the test is skipped where its libraries are missing."""
    for name in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(name, reason="needs the extra docs: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=_environment())
    assert done.returncode == 0, done.stderr + done.stdout
    return folder


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_MKDOCS_2_WARNING": "1"}


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Every page by its name in the site, but for those that a view of hintproof makes."""
    names = sorted(str(path.relative_to(site)) for path in site.rglob("*.html"))
    return {name: Page(site / name) for name in names}


def find_target(page: str, link: str) -> tuple[str, str]:
    """The file in the site to which a link of a page leads, and the anchor there."""
    address, anchor = urldefrag(link)
    target = os.path.normpath(os.path.join(os.path.dirname(page), unquote(address))) if address else page
    return target, unquote(anchor)


def broken(pages: dict[str, Page], site: Path) -> list[str]:
    found = []
    for name, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or name == "404.html":
                continue
            target, anchor = find_target(name, link)
            if not (site / target).is_file():
                found.append(f"{name}: {link}: no such file")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.append(f"{name}: {link}: no such anchor")
    return found


def test_no_link_and_no_anchor_is_broken(site: Path, pages: dict[str, Page]) -> None:
    assert len(pages) > 60
    assert sum(len(page.links) for page in pages.values()) > 5000
    assert broken(pages, site) == []


def test_a_broken_link_and_a_broken_anchor_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">x</a><a href="b.html#gone">x</a><a href="c.html">x</a>')
    (tmp_path / "b.html").write_text('<p id="there">x</p>')
    found = broken({name: Page(tmp_path / name) for name in ("a.html", "b.html")}, tmp_path)
    assert found == ["a.html: b.html#gone: no such anchor", "a.html: c.html: no such file"]


def test_no_page_needs_another_host(site: Path, pages: dict[str, Page]) -> None:
    """But for links that a reader follows. A file that a page needs is in the site."""
    for name, page in pages.items():
        for file in page.files:
            assert not urlsplit(file).netloc, (name, file)
            if name != "404.html" and not file.startswith("data:"):
                assert (site / find_target(name, file)[0]).is_file(), (name, file)
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", sheet.read_text()), sheet


def test_names_in_code_link_to_their_definition(pages: dict[str, Page]) -> None:
    assert "steps.html#release_on_done" in pages["proof-dependencies.html"].links
    assert "state.html#driver.cache" in pages["text-linux-6.1.html"].links
    assert "state.html#driver.cache" in pages["proof-dependencies.html"].links
    assert "environments.html#kvm-manual" in pages["index.html"].links
    assert any(
        link.startswith("source/spec/hintspec/protocol/driver.py.html#L-0-") for link in pages["steps.html"].links
    )
    assert "source/checker/hintproof/tasks/check.py.html" in pages["architecture.html"].links


def test_the_link_to_a_step_leads_to_its_line(site: Path, pages: dict[str, Page]) -> None:
    [link] = re.findall(r'href="([^"]+)"><code id="read_config"', (site / "steps.html").read_text())
    number = int(link.rpartition("-")[2])
    lines = (ROOT / "spec/hintspec/protocol/driver.py").read_text().splitlines()
    assert any("def read_config(" in line for line in lines[number - 1 : number + 8])


def shown(name: str) -> bool:
    """Whether a page is opened: of the sources and of the defects one, no trace, and no page for a server."""
    if name.startswith("source/"):
        return name == "source/spec/hintspec/protocol/driver.py.html"
    if name.endswith("/trace.html") or name == "404.html":
        return False  # traces: tests/checker/views/test_page_looks.py
    return not name.startswith("gallery/") or name in ("gallery/index.html", "gallery/early-release/index.html")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_and_do_not_complain(site: Path, pages: dict[str, Page], chromium: Browser, width: int) -> None:
    tab = chromium.open("about:blank", width, 900)
    problems: list[str] = []
    try:
        for name in filter(shown, pages):
            tab.load((site / name).as_uri())
            for scheme in _SCHEMES.values():
                too_wide = tab.ask(f"{_SCHEME} = '{scheme}'; {_OVERFLOW}")
                problems += [f"{name} at {width} px, {scheme}: {too_wide}"] if too_wide else []
        problems += tab.complaints
        asked = {request for request in tab.requests if not request.startswith(("file:", "data:", "about:"))}
    finally:
        tab.close()
    assert problems == []
    assert asked == set()


def test_a_page_that_is_too_wide_or_complains_is_noticed(site: Path, chromium: Browser) -> None:
    tab = chromium.open((site / "glossary.html").as_uri(), WIDTHS[0], 900)
    try:
        assert not tab.ask(_OVERFLOW)
        tab.ask("document.querySelector('article').insertAdjacentHTML('beforeend', '<p style=\"width: 900px\">x</p>')")
        assert tab.ask(_OVERFLOW)
        tab.ask("console.error('no')")
        assert len(tab.complaints) == 1
    finally:
        tab.close()


@pytest.mark.parametrize("preference", _SCHEMES)
def test_the_colours_are_those_of_the_system(site: Path, chromium: Browser, preference: str) -> None:
    tab = chromium.open("about:blank", 1400, 900)
    try:
        tab.prefer(preference)
        tab.load((site / "index.html").as_uri())
        assert tab.ask(_SCHEME) == _SCHEMES[preference]
    finally:
        tab.close()


def test_search_works_without_a_server(site: Path, chromium: Browser) -> None:
    tab = chromium.open((site / "index.html").as_uri(), 1400, 900)
    try:
        found = tab.ask("""
            new Promise((done) => {
              const input = document.querySelector(".md-search__input");
              input.focus();
              input.value = "early-release";
              input.dispatchEvent(new KeyboardEvent("keyup", { bubbles: true }));
              input.dispatchEvent(new Event("input", { bubbles: true }));
              const ends = Date.now() + 20000;
              const look = () => {
                const links = [...document.querySelectorAll(".md-search-result__link")].map((a) => a.href);
                links.length || Date.now() > ends ? done(links.join(" ")) : setTimeout(look, 50);
              };
              look();
            })
        """)
        assert "gallery/early-release/index.html" in found
        assert tab.complaints == []
    finally:
        tab.close()


@pytest.mark.parametrize("name", ["index.html", "tutorial.html"])
def test_code_can_be_copied(site: Path, chromium: Browser, name: str) -> None:
    tab = chromium.open((site / name).as_uri(), 1400, 900)
    try:
        assert tab.ask("document.querySelectorAll('pre').length") > 2
        assert tab.ask("document.querySelectorAll('button.md-clipboard, .md-code__button').length") > 2
    finally:
        tab.close()
