"""The pages that commands and figures make: the first page, the tutorial, the page of the Python API."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hintproof
import hintproof.tasks
from hintproof.system.errors import BadInput
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import PROVED, RECORDS
from tests.places import ROOT

DOCS = ROOT / "docs"

PAGE = """# Title

<!-- driver: none -->

```sh
echo took 1.5 s, found 3
```

<!-- first: begin -->

```text
took 9.25 s, found {found}
```

<!-- first: end -->

```bash
exit 1
```

```sh
ls linux/
for n in 1 2 3 4 5; do echo $n; done
```

<!-- second: begin, 3 lines -->
<!-- second: end -->
"""


@pytest.fixture(scope="module")
def tools() -> Iterator[Any]:
    """Import a module of the folder ``docs``, which is no package."""
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module
    sys.path.remove(str(DOCS))


def test_the_first_page_is_current(tools: Any) -> None:
    assert tools("first_page").first_page(DOCS) == (DOCS / "index.md").read_text(), "run docs/generate.py index.md"


def test_the_table_of_what_is_safe_says_what_the_catalogue_says() -> None:
    for pair in json.loads((DOCS / "safety.json").read_text())["pairs"]:
        if pair.get("impossible"):
            continue
        world = compose(pair["environment"])
        lost = {r.known.get("no_lost_write") for r in RECORDS if compose(r.environment) == world} - {None}
        safe = any(compose(name) == world and "no_lost_write" not in known for name, known in PROVED.items())
        assert not (safe and "steps" in pair), pair
        assert not lost or pair["defect"] in lost, pair


def test_an_output_that_differs_in_seconds_alone_stays(
    tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tools("tutorial_page")
    monkeypatch.setattr(module, "_find_driver", lambda: ("", "it needs a kernel"))
    (tmp_path / "tutorial.md").write_text(PAGE.format(found=3))
    page, unchecked = module.tutorial_page(tmp_path)
    assert page == PAGE.format(found=3)
    assert unchecked == ["not checked, it needs a kernel: second"]
    (tmp_path / "tutorial.md").write_text(PAGE.format(found=4))
    page, _ = module.tutorial_page(tmp_path)
    assert "took 1.5 s, found 3\n" in page


def test_an_output_is_cut_and_says_so(tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tools("tutorial_page")
    monkeypatch.setattr(module, "_find_driver", lambda: ("abc", ""))
    (tmp_path / "tutorial.md").write_text(PAGE.format(found=3))
    page, unchecked = module.tutorial_page(tmp_path)
    assert "```text\n1\n[3 more lines]\n5\n```" in page
    assert "<!-- driver: abc -->" in page
    assert unchecked == []


def test_a_missing_source_is_a_reason_and_no_failure(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tools("tutorial_page")

    def refuse(place: str) -> None:
        raise BadInput(place)

    monkeypatch.setattr(module, "find_source", refuse)
    assert module._find_driver() == ("", "it needs linux-source-6.1 (Debian: apt-get install linux-source-6.1)")


def test_every_output_of_the_tutorial_is_there() -> None:
    page = (DOCS / "tutorial.md").read_text()
    outputs = re.findall(r"<!-- ([\w-]+): begin.*? -->(.*?)<!-- \1: end -->", page, re.DOTALL)
    assert {name for name, _ in outputs} == {"version", "check", "show", "explain", "why", "patch", "gate", "mended"}
    assert [name for name, text in outputs if "```text\n" not in text] == []


def test_the_page_of_the_api_has_all_that_is_stable() -> None:
    shown = re.findall(r"^::: (\S+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    modules = {f"hintproof.tasks.{module.name}" for module in pkgutil.iter_modules(hintproof.tasks.__path__)}
    stable = re.findall(r"`(hintproof\.(?:gate|linux)\.\w+)`", (DOCS / "stability.md").read_text())
    assert len(stable) == 5
    assert modules | set(stable) <= set(shown)
    for name in hintproof.__all__:
        item = getattr(hintproof, name)
        assert item.__module__ in shown or f"{item.__module__}.{name}" in shown, name


def test_docstrings_become_markdown(tools: Any) -> None:
    pytest.importorskip("griffe", reason="needs the extra docs: pip install '.[docs]'")
    text = "Raises :class:`~a.Bad`.\n\n>>> x = [1]\n>>> print(x)\n[1]\n\nUsage: x [Y]."
    assert tools("docstrings").to_markdown(text) == (
        "Raises `a.Bad`.\n\n```pycon\n>>> x = [1]\n>>> print(x)\n[1]\n```\n\nUsage: x \\[Y]."
    )


@pytest.mark.slow
def test_the_tutorial_shows_what_its_commands_print() -> None:
    """Its gates take minutes, so that ``docs/generate.py --check`` leaves it out."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check", "tutorial.md"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "not checked" in done.stdout:
        pytest.skip(done.stdout.strip())
