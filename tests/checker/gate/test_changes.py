"""Changes of the real driver, gated: repairs, faults, harmless ones, and those that can't be checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hintproof.gate.check_plan import MORE, USUAL
from hintproof.gate.gate import run_gate
from hintproof.gate.linux import LinuxChecker
from hintproof.gate.patches import patches_in
from hintproof.gate.report import PatchReport, Standing
from hintproof.linux.jobs import Check, Kind
from hintproof.linux.source import DRIVER, encode
from hintproof.tasks.verdict import Exit, Outcome
from hintproof.views.gate.findings import trace_lines
from hintspec.language.sizes import Sizes
from tests.checker.gate.changes import EVERY, FAULTS, FORGETS, HARMLESS, REPAIRS, Change
from tests.checker.linux.trees import PACKAGES, source

#: Enough for faults that one round shows.
FEW = (
    Check(Kind.PROPERTIES, "firecracker-1.14", Sizes(1, 3, 1), 100_000),
    Check(Kind.LOCKSTEP, "qemu-7.2+kvm-auto", Sizes(1, 3, 1), 3_000),
    Check(Kind.CODE_FAULTS, "", Sizes(1, 3, 1), 200_000),
    Check(Kind.RACES, "", Sizes(2, 4, 2, removes=1), 50_000),
)


def gated(change: Change, package: str, checks: tuple[Check, ...]) -> tuple[PatchReport, Exit]:
    """What the gate says of a change of a package's driver."""
    tree = source(package)  # skips where it is not installed
    patch = encode(change.patch(tree.files[DRIVER]))
    report = run_gate(tree, patches_in(patch, change.name), LinuxChecker(checks=checks))
    return report.patches[0], report.exit_code()


def as_expected(change: Change, patch: PatchReport) -> None:
    assert patch.outcome == change.outcome, patch
    assert set(change.falls) <= {f.property_name for f in patch.standing(Standing.NEW)}
    assert set(change.mends) <= {f.property_name for f in patch.standing(Standing.FIXED)}


#: The exit codes of outcomes that do not pass.
EXITS = {Outcome.REFUTED: Exit.REFUTED, Outcome.UNDECIDED: Exit.UNDECIDED}


def each_on_a_package() -> Iterator[tuple[Change, str]]:
    """Each change on one package or the other: all on both take twice the time (benchmarks/gate.py does so)."""
    for number, change in enumerate(EVERY):
        yield change, PACKAGES[number % len(PACKAGES)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "package"), list(each_on_a_package()), ids=lambda value: getattr(value, "name", value)
)
def test_every_change_gets_the_right_answer(change: Change, package: str) -> None:
    patch, code = gated(change, package, USUAL)
    as_expected(change, patch)
    assert code == EXITS.get(change.outcome, Exit.AS_EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_a_thorough_gate_sees_that_an_id_does_not_outlive_a_suspend(package: str) -> None:
    checks = tuple(
        check for check in MORE if check.kind == Kind.PROPERTIES and check.sizes.freezes and check.sizes.rounds > 1
    )
    patch, code = gated(FORGETS, package, checks)
    as_expected(FORGETS, patch)
    assert code == Exit.AS_EXPECTED


@pytest.mark.parametrize("name", ["freed-twice", "reads-the-id-once", "other-words"])
def test_some_changes_get_the_right_answer_soon(name: str) -> None:
    [change] = [change for change in (*REPAIRS, *FAULTS, *HARMLESS) if change.name == name]
    patch, _ = gated(change, PACKAGES[0], FEW)
    as_expected(change, patch)
    if change.outcome == Outcome.REFUTED:
        [finding] = patch.standing(Standing.NEW)[:1]
        assert trace_lines(finding)
        assert finding.place is not None
        assert finding.place.path == DRIVER
    if change.outcome == Outcome.CHANGED:
        assert patch.difference[0].startswith("before: step by step")
        assert "TEST_CLEAR" in " ".join(patch.difference)


#: Changes that leave nothing to be compared, the reason in the report, and a detail.
TROUBLE = {
    "a syntax error": ("int = 1;", "does not compile", "expected"),
    "a call that the shim does not have": (
        "rcu_read_lock_bh_held_by(vb);",
        "uses names that neither it nor the shim has",
        "rcu",
    ),
}


@pytest.mark.parametrize("statement", ["*(volatile int *)8 = 1;", "for (;;) ;"])
def test_a_crash_and_an_endless_loop_are_faults_of_the_code(statement: str) -> None:
    head = r"(?P<head>static int send_cmd_id_start\(.*?)(?=\tvb->cmd_id_active = )"
    change = replace(HARMLESS[0], name="trouble", replacements=((head, rf"\g<head>\t{statement}\n"),))
    patch, code = gated(change, PACKAGES[0], FEW[:1])
    assert (patch.outcome, code) == (Outcome.REFUTED, Exit.REFUTED)
    [finding] = [f for f in patch.standing(Standing.NEW) if f.property_name == "code_is_sound"]
    assert finding.place is not None
    assert finding.place.function == "send_cmd_id_start"


@pytest.mark.parametrize("what", TROUBLE)
def test_what_can_not_be_examined_is_undecided(what: str) -> None:
    statement, reason, detail = TROUBLE[what]
    head = r"(?P<head>static int send_cmd_id_start\(.*?)(?=\tvb->cmd_id_active = )"
    change = replace(HARMLESS[0], name="trouble", replacements=((head, rf"\g<head>\t{statement}\n"),))
    patch, code = gated(change, PACKAGES[0], FEW[:1])
    assert (patch.outcome, code) == (Outcome.UNDECIDED, Exit.UNDECIDED)
    assert reason in patch.reason
    assert detail in " ".join(patch.details) + str(patch.place)
