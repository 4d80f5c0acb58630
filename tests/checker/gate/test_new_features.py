"""Features that a patch adds: what it does with them is asked where the device offers them, and nowhere else."""

from __future__ import annotations

import pytest

from hintproof.gate.answers import to_verdict
from hintproof.gate.check_plan import MORE, USUAL
from hintproof.gate.gate import run_gate
from hintproof.gate.linux import LinuxChecker
from hintproof.gate.patches import patches_in
from hintproof.gate.report import PatchReport, Standing
from hintproof.linux.driver import NEW_FEATURES
from hintproof.linux.jobs import Check, Kind, Properties, Violation
from hintproof.linux.source import DRIVER, encode
from hintproof.story.build import build_story
from hintproof.tasks.verdict import Outcome
from hintproof.trace.document import load
from hintspec.language.sizes import Sizes
from tests.checker.gate.changes import EVERY
from tests.checker.linux.trees import PACKAGES, source
from tests.places import COUNTEREXAMPLES

WORLD = "firecracker-1.14"
WITHOUT = Check(Kind.PROPERTIES, WORLD, Sizes(1, 3, 1), 300_000)
OFFERED = Check(Kind.PROPERTIES, WORLD, Sizes(1, 3, 1), 300_000, offers=NEW_FEATURES)
FAULTS = Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1), 200_000)
FAULTS_OFFERED = Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1), 200_000, offers=NEW_FEATURES)


def gated(name: str, *checks: Check) -> PatchReport:
    """What the gate says of one of the changes, by these checks."""
    [change] = [change for change in EVERY if change.name == name]
    linux = source(PACKAGES[0])
    patches = patches_in(encode(change.patch(linux.files[DRIVER])), name)
    [report] = run_gate(linux, patches, LinuxChecker(checks=checks)).patches
    return report


def worlds(report: PatchReport, standing: Standing, name: str) -> set[bool]:
    """Whether new features are offered in the worlds in which a property has this standing."""
    return {f.name.endswith(", new features offered)") for f in report.standing(standing) if f.property_name == name}


def test_each_check_with_more_features_has_its_like_without() -> None:
    offered = [check for check in (*USUAL, *MORE) if check.offers]
    assert {check.kind for check in offered} == {Kind.PROPERTIES, Kind.CODE_FAULTS}
    fields = ("kind", "world", "sizes", "most", "seconds", "until", "deep")
    plain = {tuple(getattr(c, f) for f in fields) for c in (*USUAL, *MORE) if not c.offers}
    assert {tuple(getattr(c, f) for f in fields) for c in offered} <= plain


def test_a_driver_that_takes_none_is_as_without() -> None:
    violation = Violation(
        "no_lost_write", 21, build_story(load(COUNTEREXAMPLES / "discard-before-reuse-seen" / "trace.json"))
    )
    found = Properties(10, 20, True, [violation], None)
    verdict = to_verdict({WITHOUT: found, OFFERED: Properties(0, 0, True, [], None, takes_none=True)})
    lost = [question for question in verdict.violated if question.property == "no_lost_write"]
    assert [question.world for question in lost] == [str(WITHOUT), f"{WITHOUT}, new features offered"]
    assert lost[1] in verdict.implied
    assert lost[0] not in verdict.implied
    assert "new features" not in verdict.sizes


def test_a_repair_behind_a_feature_mends_with_it_and_changes_nothing_without() -> None:
    report = gated("feature-waits", WITHOUT, OFFERED)
    assert worlds(report, Standing.FIXED, "no_lost_write") == {True}
    assert worlds(report, Standing.BEFORE, "no_lost_write") == {False}
    assert not report.standing(Standing.NEW)


@pytest.mark.parametrize(
    ("name", "check", "falls"),
    [
        ("feature-frees-at-once", OFFERED, "kept_till_done"),
        ("feature-waits-and-nobody-wakes", FAULTS_OFFERED, "code_is_sound"),
    ],
)
def test_a_fault_behind_a_feature_is_new(name: str, check: Check, falls: str) -> None:
    report = gated(name, WITHOUT, FAULTS, check)
    assert report.outcome == Outcome.REFUTED
    assert worlds(report, Standing.NEW, falls) == {True}
