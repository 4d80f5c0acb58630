"""The changes of the driver themselves: each applies to every kernel, makes another driver, and one that compiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.gate.patches import patches_in, series
from hintproof.linux.build import build
from hintproof.linux.source import DRIVER, Source, encode
from hintproof.tasks.verdict import Outcome
from tests.checker.gate.changes import EVERY, FORGETS, Change
from tests.checker.linux.trees import PACKAGES, source


def changed(change: Change, original: Source) -> Source:
    """The driver after the change's patch, by the code that gates patches."""
    [step] = series(patches_in(encode(change.patch(original.files[DRIVER])), change.name), original.files)
    assert step.after is not None, f"{change.name}: {step.reason}"
    assert step.notes == (), change.name
    return replace(original, name=change.name, files=step.after)


def test_there_are_changes_of_every_outcome() -> None:
    assert len(EVERY) > 60
    assert len({change.name for change in EVERY}) == len(EVERY)
    assert {change.outcome for change in EVERY} == {
        *(Outcome.REFUTED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.UNDECIDED)
    }


def test_what_falls_is_refuted() -> None:
    assert [change.name for change in EVERY if change.falls and change.outcome != Outcome.REFUTED] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_change_applies(package: str) -> None:
    original = source(package)
    for change in (*EVERY, FORGETS):
        text = changed(change, original).files[DRIVER]
        assert text == change.apply(original.files[DRIVER]), change.name
        assert text != original.files[DRIVER], change.name


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_every_change_compiles(package: str, tmp_path: Path) -> None:
    original = source(package)
    for change in (*EVERY, FORGETS):
        build(changed(change, original), tmp_path / change.name)
