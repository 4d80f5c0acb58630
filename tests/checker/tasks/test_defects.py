"""The catalogue of known defects: complete, derived as told, and written the same each time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hintproof.cli.main import app
from hintproof.engines.exhaustive import explore_all
from hintproof.system.errors import BadInput
from hintproof.tasks import defects as catalogue
from hintproof.tasks.check import check
from hintproof.tasks.defects import defect_named, derive, time_engine
from hintproof.trace.replay import prepare
from hintproof.views.results import defects as view
from hintproof.views.results.real import observation_lines
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import RECORDS
from hintspec.catalogue.out_of_scope import HARMLESS, OUT_OF_SCOPE, Harmless
from hintspec.language.sizes import Sizes
from tests.places import ROOT

#: Defects that are derived in well under a second, of every kind: step, state, for ever, never, two steps of a store.
QUICK = ("id-read-twice", "hint-free-list", "full-ring-spin", "init-on-alloc", "mark-before-store", "hints-in-snapshot")


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_the_whole_history_is_told() -> None:
    """Every entry of the known history is a defect, harmless, or out of scope."""
    told = " ".join(item.label for items in (DEFECTS.values(), HARMLESS, OUT_OF_SCOPE) for item in items)
    labels = [*(f"B{n}" for n in range(1, 21)), "B5'", *(f"N{n}" for n in range(1, 7))]
    labels += [f"host {n}" for n in range(1, 35)]
    assert [label for label in labels if not re.search(rf"\b{re.escape(label)}(?!\d)", told)] == []


@pytest.mark.parametrize("name", QUICK)
def test_a_defect_is_derived_as_told_and_written_as_kept(name: str) -> None:
    derived = derive(name)
    assert derived.problems == []
    folder = ROOT / "counterexamples" / name
    for file, text in view.files(derived, observation_lines(folder)).items():
        assert (folder / file).read_text() == text, file


def test_a_catalogue_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    right = DEFECTS["hint-free-list"]
    wrong = {
        "a": replace(right, name="a", fixed=right.environment),
        "b": replace(right, name="b", violates="no_lost_write"),
    }
    monkeypatch.setattr(catalogue, "DEFECTS", wrong)
    assert derive("a").problems == [f"a: free_content_kept is violated in {right.environment}, too"]
    assert derive("b").problems == [f"b: no_lost_write is not violated in {right.environment}"]


@cache  # several are compared with the same world
def not_shown(environment: str, sizes: Sizes) -> frozenset[str]:
    """The properties that are not shown to hold."""
    result = check(environment, sizes, ["exhaustive"])
    return frozenset(p.name for p in result.properties if not result.verdict(p.name).holds)


def is_harmless(item: Harmless) -> bool:
    """Whether a change violates no property that is not violated without it, at the stated sizes."""
    return not_shown(item.environment, item.sizes) <= not_shown(item.without, item.sizes)


@pytest.mark.parametrize("item", HARMLESS, ids=lambda item: item.label)
def test_what_is_harmless_is(item: Harmless) -> None:
    assert is_harmless(item)


def test_what_is_not_harmless_is_told() -> None:
    careful = "virtio-1.3-driver+qemu-10+kvm-auto"
    assert not is_harmless(Harmless("", "", f"{careful}+stop-on-cleanup", Sizes(1, 3, 1), "", careful))


def test_every_step_of_the_catalogues_worlds_happens_in_one_of_them() -> None:
    """A defect whose step can never be taken would be told in vain."""
    happens: set[str] = set()
    known = {a.name for item in RECORDS for a in prepare(item.environment, Sizes(1, 2, 1)).model.actions}
    declared: set[str] = set()
    worlds = [(d.environment, d.sizes) for d in DEFECTS.values()] + [(h.environment, h.sizes) for h in HARMLESS]
    for environment, sizes in worlds:
        concrete = prepare(environment, replace(sizes, blocks=1, chunk=1, ring=2))
        new = {a.name for a in concrete.model.actions} - known
        if new - happens:
            declared |= new
            found = explore_all(concrete)
            happens |= {name for name, count in found.fired.items() if count}
    assert declared <= happens
    assert len(declared) > 12


def test_an_engine_that_looks_for_a_defect_is_timed() -> None:
    defect = DEFECTS["ring-unarmed"]
    for engine in catalogue.TIMED_ENGINES:
        seconds, steps = time_engine(defect, engine)
        assert seconds >= 0
        assert steps is not None
        assert steps >= 14
    assert time_engine(DEFECTS["full-ring-spin"], "bounded")[1] is None


def test_the_command_lists_shows_and_writes(tmp_path: Path) -> None:
    assert len(invoke("defects").output.splitlines()) <= 40
    listed = invoke("defects", "--verbose")
    assert listed.exit_code == 0
    assert all(label in listed.output for label in ("host 20", "does no harm", "can't be said"))
    assert len(json.loads(invoke("defects", "--json").output)["defects"]) == len(DEFECTS)
    shown = invoke("defects", "hint-free-list", "--again")
    assert shown.exit_code == 0
    assert "proved for every size" in shown.output
    assert "environment: virtio-1.3-driver+qemu-10+kvm-auto+hint-free-list+poison" in shown.output
    kept, written = ROOT / "counterexamples" / "ring-unarmed", tmp_path / "ring-unarmed"
    written.mkdir()
    (written / "seen.json").write_bytes((kept / "seen.json").read_bytes())  # what was seen is not derived
    assert invoke("defects", "ring-unarmed", "--write", str(tmp_path)).exit_code == 0
    assert {f.name: f.read_bytes() for f in written.iterdir()} == {f.name: f.read_bytes() for f in kept.iterdir()}


def test_bad_names_are_refused() -> None:
    with pytest.raises(BadInput, match="no defect is called"):
        defect_named("shared\x1b[31m" * 50)
