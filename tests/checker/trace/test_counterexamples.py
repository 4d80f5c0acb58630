"""Every trace under counterexamples/ replays, and its text is the one that is printed now."""

from __future__ import annotations

import pytest

from hintproof.story.build import build_story
from hintproof.trace.document import load
from hintproof.views.trace import mail
from hintspec.catalogue.defects import DEFECTS
from hintspec.language.declare import SOMETIMES
from hintspec.text import PROTOCOL
from tests.places import COUNTEREXAMPLES

FOLDER = COUNTEREXAMPLES
TRACED = sorted(path.parent.name for path in FOLDER.glob("*/trace.json"))


@pytest.mark.parametrize("name", TRACED)
def test_it_replays(name: str) -> None:
    trace = load(FOLDER / name / "trace.json")
    defect = DEFECTS[name]
    assert (trace.environment, trace.sizes, trace.property_name) == (defect.environment, defect.sizes, defect.violates)
    assert (FOLDER / name / "trace.txt").read_text() == mail.render(build_story(trace, defect.known))


def test_every_defect_has_a_folder_with_a_page_and_a_run_unless_something_never_happens() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(DEFECTS)
    assert {path.parent.name for path in FOLDER.glob("*/README.md")} == set(DEFECTS)
    kinds = {item.name: item.kind for item in PROTOCOL.properties}
    never = {name for name, defect in DEFECTS.items() if kinds[defect.violates] == SOMETIMES}
    assert set(TRACED) == set(DEFECTS) - never
