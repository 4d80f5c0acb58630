"""The gate for patches to QEMU: verdicts by results; and two stock QEMUs that differ, one after the other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from hintproof.cli.main import app
from hintproof.gate import hypervisor
from hintproof.gate.checker import Question
from hintproof.gate.hypervisor import Amount, run_gate_on_qemu, to_verdict
from hintproof.gate.report import GateReport, Standing
from hintproof.qemu.binary import Qemu, find_qemu
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played
from hintproof.qemu.rig import BlockDifference
from hintproof.qemu.steering import Arrival
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Exit, Outcome
from hintproof.views.gate.findings import trace_lines
from hintproof.views.gate.formats import FORMATS
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import LogMode
from tests.checker.qemu.needs import needs_kvm, needs_qemu
from tests.checker.qemu.older_kvm import compiler_missing, library
from tests.checker.qemu.test_parts import program
from tests.places import COUNTEREXAMPLES

# -- what results come to ---------------------------------------------------------------------

LOSS = BlockDifference(1, 0xBF000, 2, 0)
LOST = Played(Result.LOST, (Arrival((LOSS,), frozenset({1}), frozenset({1})),))
KEPT, FOLLOWED = Played(Result.KEPT), Played(Result.FOLLOWED)
BUSY = Played(Result.NOT_STEERED, step=3, reason="QEMU has no such step")
OTHERWISE = Played(Result.DIFFERS, step=4, reason="config shows 0x1, in the model STOP")
DIED = Played(Result.DIED, step=5, reason="signal 11")

COURSE = Course("linux-6.1+qemu-7.2+kvm-auto", Sizes(), (("migrate", None),), ({}, {}))


def judge(claim: str, *played: Played) -> tuple[set[str], set[str], dict[str, str]]:
    """The claims that fall and that hold, and those that are undecided, after these results of a run."""
    found = to_verdict({hypervisor._Scenario("a run", claim, "kvm", COURSE): played})
    assert {question.world for question in found.asked} == {"a run, kvm"}
    names = ({question.property for question in questions} for questions in (found.violated, found.holds))
    falls, holds = names
    return falls, holds, {question.property: why for question, why in found.undecided.items()}


LIVES, LOSES = "hypervisor_lives", "no_lost_write"


@pytest.mark.parametrize(
    ("claim", "played", "falls", "holds", "undecided"),
    [
        (LOSES, [KEPT, LOST, KEPT], {LOSES}, {LIVES}, set()),
        (LOSES, [KEPT], set(), {LIVES, LOSES}, set()),
        (LOSES, [FOLLOWED], set(), {LIVES, LOSES}, set()),
        (LOSES, [KEPT, BUSY], set(), {LIVES}, {LOSES}),
        (LOSES, [OTHERWISE], set(), {LIVES}, {LOSES}),
        (LOSES, [LOST, BUSY], {LOSES}, {LIVES}, set()),
        (LOSES, [KEPT, DIED], {LIVES}, set(), {LOSES}),
        ("hint_in_batch", [FOLLOWED], {"hint_in_batch"}, {LIVES}, set()),
        ("hint_in_batch", [KEPT], {"hint_in_batch"}, {LIVES}, set()),
        ("hint_in_batch", [OTHERWISE], set(), {LIVES}, {"hint_in_batch"}),
        ("hint_in_batch", [LOST], {LOSES}, {LIVES}, set()),
    ],
)
def test_what_results_come_to(
    claim: str, played: Sequence[Played], falls: set[str], holds: set[str], undecided: set[str]
) -> None:
    found = judge(claim, *played)
    assert (found[0], found[1], set(found[2])) == (falls, holds, undecided)


def test_a_fall_has_its_run_and_what_came_of_it() -> None:
    found = to_verdict({hypervisor._Scenario("a run", LOSES, "kvm", COURSE): [LOST]})
    fall = found.violated[Question(LOSES, "a run, kvm")]
    lines = [line.text for line in fall.trace]
    assert lines[2:] == [
        "  1 migrate",
        "on the real system: lost on the real system: block 1 at 0xbf000: 0x2 at the source, 0x0 arrived",
    ]


# -- two that differ --------------------------------------------------------------------------

needs_two = pytest.mark.skipif(bool(compiler_missing()), reason=compiler_missing())


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    """Three counterexamples: one that needs KVM's manual-clear log, one that needs none, one that no QEMU follows."""
    for name in ("early-release", "shared-start-cell", "lost-kick"):
        shutil.copytree(COUNTEREXAMPLES / name, tmp_path / "traces" / name)
    return tmp_path / "traces"


@pytest.fixture
def mended(tmp_path: Path) -> Qemu:
    """A QEMU without early release: it finds a kernel without the manual-clear dirty log."""
    made = library(LogMode.KVM_AUTO, tmp_path)
    runs = f'LD_PRELOAD={made}\nexport LD_PRELOAD\nexec {find_qemu().path} "$@"'
    return find_qemu(program(tmp_path / "qemu-mended", runs))


FEW = Amount(2, 2)


def standings(report: GateReport) -> dict[str, Standing]:
    [patch] = report.patches
    return {finding.name: finding.standing for finding in patch.findings}


@needs_kvm
@needs_two
def test_a_build_that_mends_a_loss(mended: Qemu, traces: Path) -> None:
    report = run_gate_on_qemu(mended, find_qemu(), traces, FEW, ["kvm"])
    assert standings(report) == {
        "no_lost_write (shared-start-cell, kvm)": Standing.BEFORE,
        "no_lost_write (early-release, kvm)": Standing.FIXED,
    }
    [patch] = report.patches
    assert (patch.outcome, report.exit_code(), report.exit_code(strict=True)) == (Outcome.CHANGED, 0, 1)
    assert patch.difference[0] == "early-release, kvm:"
    assert patch.notes == ("neither could be steered along: lost-kick, kvm",)
    assert "no_lost_write (random run 1, kvm)" in patch.held
    for render in FORMATS.values():
        assert "drivers/virtio" not in render(report, False)


@needs_kvm
@needs_two
def test_a_build_that_loses_more(mended: Qemu, traces: Path) -> None:
    report = run_gate_on_qemu(find_qemu(), mended, traces, Amount(2, 1), ["kvm"])
    assert standings(report)["no_lost_write (early-release, kvm)"] == Standing.NEW
    assert report.exit_code() == Exit.REFUTED
    new = report.patches[0].findings[0]
    lines = [line.text for line in trace_lines(new)]
    assert "lost on the real system: block 1 at" in lines[-1]
    assert any("hint_clears_chunk" in line for line in lines)


@needs_qemu
def test_the_command_on_the_build_that_is_the_base(
    traces: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(traces / "lost-kick")
    monkeypatch.setattr(hypervisor, "USUAL", Amount(1, 1))
    code = app(
        ["gate", "--qemu", "qemu-system-x86_64", "--traces", str(traces), "--format", "json"], standalone_mode=False
    )
    document = json.loads(capsys.readouterr().out)
    assert (code or 0, document["exit"], document["system"], document["outcome"]) == (0, 0, "QEMU", "unchanged")
    assert "the build is the base: it was played once" in document["notes"]
    standing = {finding["name"]: finding["standing"] for finding in document["patches"][0]["findings"]}
    assert "before" in standing.values()


# -- what can not be asked --------------------------------------------------------------------


@needs_qemu
def test_a_build_that_does_not_start(tmp_path: Path, traces: Path) -> None:
    path = find_qemu().path
    text = f'case "$*" in *-qtest*) echo it breaks >&2; exit 7;; esac\nexec {path} "$@"'
    broken = find_qemu(program(tmp_path / "broken", text))
    report = run_gate_on_qemu(broken, find_qemu(), traces, FEW, ["tcg"])
    [patch] = report.patches
    assert (patch.outcome, report.exit_code()) == (Outcome.UNDECIDED, Exit.UNDECIDED)
    assert "it ended with status 7" in patch.details[0]
    assert "it breaks" in patch.details[0]
    with pytest.raises(BadInput, match=r"can't be asked: the hypervisor died .* name another --base"):
        run_gate_on_qemu(find_qemu(), broken, traces, FEW, ["tcg"])


@needs_qemu
def test_a_folder_without_traces(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"has no NAME/trace\.json: name the folder counterexamples"):
        run_gate_on_qemu(find_qemu(), find_qemu(), tmp_path, FEW)


def test_no_accelerator_that_both_have(tmp_path: Path) -> None:
    one, two = (Qemu("/qemu", (7, 2), "7.2", had) for had in (("tcg",), ("kvm",)))
    with pytest.raises(BadInput, match=r"has no kvm: it has tcg; .*has no tcg"):
        run_gate_on_qemu(one, two, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["p", "--qemu", "q"], "--qemu compares two builds: give it without patches"),
        (["--qemu", "q", "--linux", "."], "--qemu compares two builds"),
        (["--base", "q"], "--base and --traces go with --qemu"),
        (["--qemu", "qemu-of-nobody"], "no program 'qemu-of-nobody'"),
    ],
)
def test_what_can_not_be_meant(arguments: list[str], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        app(["gate", *arguments], standalone_mode=False)
