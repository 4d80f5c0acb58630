"""The architecture page names rooms, files and imports; each of these is compared with the source."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.places import ROOT

DOCS = ROOT / "docs"
PAGE = (DOCS / "architecture.md").read_text()
TOOL = runpy.run_path(str(DOCS / "rooms.py"))
PACKAGES: dict[str, Path] = TOOL["PACKAGES"]
TABLE: dict[str, list[str]] = {room: cells for _, room, cells in TOOL["table_rows"](PAGE)}


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """The rooms that each room imports, by the source."""
    found: dict[str, list[str]] = TOOL["imports"]()
    return found


def names(cell: str) -> list[str]:
    """The names in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def folder(room: str) -> Path:
    package, name = room.split(".")
    return PACKAGES[package] / name


def test_each_room_has_a_row() -> None:
    tops = {
        f"{package}.{path.stem}"
        for package, place in PACKAGES.items()
        for path in place.iterdir()
        if not path.name.startswith(("_", ".")) and (path.is_dir() or path.suffix == ".py")
        if not path.is_symlink()  # the counterexamples, for the wheel
    }
    assert set(TABLE) == tops


def test_each_room_is_described_and_its_first_file_exists() -> None:
    for room, (_, holds, start, _) in TABLE.items():
        place = folder(room)
        [file] = names(start)
        assert holds
        assert (place / file if place.is_dir() else place.with_name(file)).is_file(), room


@pytest.mark.parametrize("room", TABLE)
def test_the_import_column_is_true(room: str, imported: dict[str, list[str]]) -> None:
    others = [other.split(".")[1] for other in imported[room]]
    assert sorted(names(TABLE[room][3])) == sorted(others), "run docs/generate.py"


def test_a_room_imports_only_rooms_above_it(imported: dict[str, list[str]]) -> None:
    order = list(TABLE)
    for room, others in imported.items():
        assert all(order.index(other) < order.index(room) for other in others), room


def test_every_path_in_the_table_of_places_exists() -> None:
    section = PAGE.split("## Where is ...?")[1].split("\n## ")[0]
    paths = [name for name in names(section) if "/" in name]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_imports_in_functions_and_for_types_count(tmp_path: Path) -> None:
    imports: Callable[..., Any] = TOOL["imports"]
    files = {
        "low/__init__.py": "",
        "low/a.py": "",
        "text.py": "from box.low import a",
        "high/b.py": "def f():\n    import box.low.a\n",
        "high/c.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from box import text\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert imports({"box": tmp_path}) == {
        "box.low": [],
        "box.text": ["box.low"],
        "box.high": ["box.low", "box.text"],
    }
