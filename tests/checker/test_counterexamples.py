"""Every trace under counterexamples/ replays, and its text is the one that is printed now."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.explain import why
from hintproof.trace import load
from hintproof.views import mail
from hintspec.findings import FINDINGS
from hintspec.records import RECORDS

FOLDERS = sorted((Path(__file__).parents[2] / "counterexamples").iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_replays(folder: Path) -> None:
    trace = load(folder / "trace.json")
    finding = FINDINGS[folder.name]
    known = f"{finding.name} ({finding.label}): {finding.title}"
    assert (folder / "trace.txt").read_text() == mail.render(trace, why(trace), known)


def test_every_finding_of_a_record_has_one() -> None:
    assert {name for item in RECORDS for name in item.known.values()} == {folder.name for folder in FOLDERS}
