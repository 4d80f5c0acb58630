"""The summaries in ``docs/`` are what ``benchmarks/summarize.py`` makes of the commands' JSON."""

from __future__ import annotations

import io
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from hintproof.linux.duties import DUTIES
from hintproof.linux.rules import RULES
from hintproof.system.documents import to_json
from hintproof.tasks.defects import derive
from hintproof.views.results.documents import defects_document
from hintspec.catalogue.defects import DEFECTS
from hintspec.text import PROTOCOL
from tests.places import ROOT

TOOL = runpy.run_path(str(ROOT / "benchmarks" / "summarize.py"))
DEFECT = "poison-not-restored"


def load_summary(name: str) -> Any:
    return json.loads((ROOT / "docs" / f"{name}.json").read_text())


def test_a_defect_derived_now_has_the_figures_of_the_page() -> None:
    raw = json.loads(to_json(defects_document([derive(DEFECT, ["exhaustive"])])))
    [made] = TOOL["summarize_defects"](raw)["defects"]
    [row] = [row for row in load_summary("defects")["defects"] if row["name"] == DEFECT]
    assert set(made) == set(row)
    assert [made[name] for name in ("falls", "steps", "fixed")] == [row[name] for name in ("falls", "steps", "fixed")]
    assert made["engines"]["exhaustive"]["steps"] == row["engines"]["exhaustive"]["steps"]


def test_the_summaries_name_what_the_text_has() -> None:
    properties = {item.name for item in PROTOCOL.properties} | {"no_deadlock"}
    steps = {item.name for item in PROTOCOL.actions}
    claims = properties | steps | {item.name for item in PROTOCOL.lemmas} | {item.name for item in PROTOCOL.reachable}
    mutation = load_summary("mutation")
    exploration = [*load_summary("exploration")["defects"], *load_summary("stateful")["defects"]]
    assert {row["step"] for row in mutation["steps"]} <= steps
    assert {row["claim"] for row in mutation["claims"]} <= claims
    assert {row["property"] for row in exploration} <= properties
    assert {row["finding"] for row in exploration} <= set(DEFECTS)
    assert {(row["name"], row["falls"]) for row in load_summary("defects")["defects"]} == {
        (item.name, item.violates) for item in DEFECTS.values()
    }
    gate = load_summary("gate")["changes"]
    watched = properties | {item.name for item in (*DUTIES, *RULES)} | {"code_is_sound"}
    assert {name for row in gate for name in (*row["new"], *row["mended"])} <= watched


def test_mutants_are_counted_by_step_and_by_claim() -> None:
    killed = {"verdict": "killed", "kind": "property", "by": "no_lost_write"}
    raw = {
        **dict.fromkeys(("environment", "stages", "score", "seconds", "made", "judged", "killed", "equivalent"), 0),
        **dict.fromkeys(("survivors", "undecided"), 0),
        "mutants": [
            {"name": "write: a", **killed, "length": 7},
            {"name": "write: b", **killed, "length": 5},
            {"name": "free: c", "verdict": "killed", "kind": "goal", "by": "driver_comes_to_rest", "length": None},
            {"name": "free: d", "verdict": "equal"},
        ],
    }
    made = TOOL["summarize_mutation"](raw)
    assert made["steps"] == [{"step": "write", "property": 2}, {"step": "free", "goal": 1, "equal": 1}]
    assert made["claims"] == [
        {"claim": "no_lost_write", "kind": "property", "mutants": 2, "lengths": [5, 7]},
        {"claim": "driver_comes_to_rest", "kind": "goal", "mutants": 1, "lengths": []},
    ]


@pytest.mark.parametrize("name", ["rules", "speed"])
def test_a_summary_has_a_line_for_each_row(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = {
        "rules": {"defects": [{"name": DEFECT, "stopped_by": [{"rule": "one"}, {"rule": "two"}]}]},
        "speed": {"searches": [{"states": 1, "samples": [[1, 2]]}, {"states": 2, "samples": []}], "against_spin": []},
    }[name]
    file = tmp_path / "summary.json"
    monkeypatch.setattr(sys, "argv", ["summarize.py", name, "--output", str(file)])
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(raw)))
    TOOL["main"]()
    rows = [line for line in file.read_text().splitlines() if line.startswith("  {")]
    assert len(rows) == 2
    assert "samples" not in file.read_text()
    assert json.loads(file.read_text())
