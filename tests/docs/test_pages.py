"""The pages and the documents at the root name files, modules and pages that exist."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from tests.places import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *PAGES]

#: Files that a page may name although the tree has none: they are made by a command.
MADE = ("hintproof-certificates/", "hintproof-mutation/", "hintproof-traces/", "counterexamples/NAME", "docs/NAME.json")

_PATH = re.compile(
    r"`((?:spec|checker|tests|docs|benchmarks|counterexamples|hintproof|views)/[\w./*-]+|(?:\w+/)+\w+\.py)`"
)
_DOTTED = re.compile(r"`((?:hintproof|hintspec)(?:\.\w+)+)`")
_IMPORT = re.compile(r"^from (hint\w+(?:\.\w+)*) import (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def exists(name: str) -> bool:
    """Whether a path exists: from the root, or from a package for one such as ``engines/walks.py``."""
    places = (ROOT, ROOT / "checker", ROOT / "checker" / "hintproof", ROOT / "spec" / "hintspec")
    return any(list(place.glob(name.rstrip("/"))) for place in (*places, ROOT / "checker" / "hintproof" / "views"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_files_that_a_page_names_exist(document: Path) -> None:
    named = _PATH.findall(document.read_text())
    assert [name for name in named if "NAME" not in name and not name.startswith(MADE) and not exists(name)] == []


def find(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    with contextlib.suppress(ModuleNotFoundError):
        if importlib.util.find_spec(dotted) is not None:
            return True
    module, _, name = dotted.rpartition(".")
    return bool(module) and find(module) and hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_modules_and_names_of_a_page_exist(document: Path) -> None:
    text = document.read_text().split("### Renamed modules")[0]  # the changelog's table has a test of its own
    named = _DOTTED.findall(text)
    named += [f"{module}.{name}" for module, names in _IMPORT.findall(text) for name in re.findall(r"\w+", names)]
    assert [name for name in named if not find(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_of_a_page_lead_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
    made = ("gallery/", "LICENSE")  # the gallery is made when the book is built
    assert [link for link in links if not link.startswith(made) and not (document.parent / link).exists()] == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert [page.name for page in PAGES if f": {page.name}\n" not in navigation] == []


def test_the_changelog_maps_each_module_to_one_that_exists() -> None:
    table = (ROOT / "CHANGELOG.md").read_text().split("<!-- modules: begin -->")[1].split("<!-- modules: end -->")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    now = {name for _, names in rows for name in re.findall(r"`([\w.]+)`", names)}
    assert [name for name in sorted(now) if importlib.util.find_spec(name) is None] == []


def test_measured_summaries_stay_summaries() -> None:
    """The raw samples of a measurement do not belong into the tree."""
    lengths = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "docs").glob("*.json")}
    assert lengths
    assert max(lengths.values()) < 400  # docs/gate.json has a row for each change on each of three kernels
