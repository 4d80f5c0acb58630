"""Before and after: the gate compares two verdicts, and judges a whole series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.gate.checker import DriverVerdict, Note, Trouble, say_nothing
from hintproof.gate.gate import compare, run_gate, run_gate_on_range
from hintproof.gate.mails import Patch
from hintproof.gate.report import GateReport, PatchReport, Standing
from hintproof.linux.source import DRIVER, HEADER, Source, read_tree
from hintproof.system.clock import ENDLESS, Clock
from hintproof.system.errors import BadInput
from hintproof.tasks.verdict import Exit, Outcome
from tests.checker.gate.made import FILES, LOST, ONCE, TEXT, TREE, MarkChecker, changed, diff, fall, git, write

LOSES = "/* falls: no_lost_write 24 */"
TWICE = "/* falls: id_at_most_once 9 */"


def marked(mark: str, text: str = TEXT, more: str = "") -> str:
    return changed("\tkick(vb);", f"\tkick(vb);{more} {mark}", text)


def run(*texts: str, base: str = TEXT, checker: MarkChecker | None = None) -> GateReport:
    """The gate on patches that lead from text to text."""
    tree = Source("linux", {**FILES, DRIVER: base}, "6.1.192")
    steps = zip((base, *texts), texts, strict=False)
    patches = [Patch(f"{n}.patch", f"patch {n}", "A", diff(b, a)) for n, (a, b) in enumerate(steps, 1)]
    return run_gate(tree, patches, checker or MarkChecker())


def only(report: GateReport) -> PatchReport:
    [patch] = report.patches
    return patch


def test_something_new_falls() -> None:
    report = run(marked(LOSES))
    patch = only(report)
    assert (patch.outcome, report.exit_code(), report.exit_code(strict=True)) == (Outcome.REFUTED, 1, 1)
    assert patch.reason == "newly violated: no_lost_write"
    [finding] = patch.findings
    assert (finding.standing, finding.property_name, finding.length) == (Standing.NEW, "no_lost_write", 24)
    assert finding.place is not None
    assert (finding.place.function, finding.place.line) == ("send_cmd_id_start", 18)
    assert finding.clause.startswith("the purpose of live migration")
    assert patch.held == ("id_at_most_once",)
    assert [touch.touched.function for touch in patch.touches] == ["send_cmd_id_start"]
    assert patch.touches[0].behind.actions[0] == "round_begins"


def test_what_fell_before_is_told_and_fails_only_if_strict() -> None:
    report = run(marked(LOSES, more=" trace();"), base=marked(LOSES))
    patch = only(report)
    assert (patch.outcome, report.exit_code(), report.exit_code(strict=True)) == (Outcome.CHANGED, 0, 1)
    assert [f.standing for f in patch.findings] == [Standing.BEFORE]
    assert patch.reason.endswith("violated before, too: no_lost_write")
    assert patch.difference[0].startswith("before: ")


def test_a_shorter_run_is_told() -> None:
    patch = only(run(marked("/* falls: no_lost_write 11 */"), base=marked(LOSES)))
    assert patch.findings[0].remark == "in 11 steps, before the patch in 24"


def test_code_that_stays_the_same_is_not_asked() -> None:
    """Only where somebody wants to know what is violated without the patch, too."""
    losing = marked(LOSES)
    text = changed("kick(vb);", "kick(vb); /* by ann */", losing)
    checker = MarkChecker()
    report = run(text, base=losing, checker=checker)
    patch = only(report)
    assert (patch.outcome, patch.reason, patch.asked) == (Outcome.UNCHANGED, "only the author differs", False)
    assert (patch.findings, patch.held, checker.checked) == ((), (), [])
    assert (report.exit_code(), report.exit_code(strict=True)) == (0, 3)
    tree = Source("linux", {**FILES, DRIVER: losing}, "6.1.192")
    asked = run_gate(tree, [Patch("p", "s", "A", diff(text, losing))], checker, ask_always=True)
    assert (only(asked).outcome, only(asked).asked) == (Outcome.UNCHANGED, True)
    assert (asked.exit_code(), asked.exit_code(strict=True)) == (0, 1)


def test_the_patch_after_it_is_compared_with_the_driver_before_it() -> None:
    losing = marked(LOSES)
    named = changed("kick(vb);", "kick(vb); /* by ann */", losing)
    checker = MarkChecker()
    report = run(
        named, changed("/* by ann */", "/* by bob */", named), named + "int x;\n", base=losing, checker=checker
    )
    assert [patch.outcome for patch in report.patches] == [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.CHANGED]
    assert checker.checked == [losing, named + "int x;\n"]


def test_no_change_of_behaviour() -> None:
    report = run(changed("kick(vb);", "kick(vb);   /* a word */"))
    patch = only(report)
    assert (patch.outcome, report.exit_code(strict=True), patch.difference) == (Outcome.UNCHANGED, 0, ())


def test_a_repair_is_told() -> None:
    report = run(TEXT, base=marked(LOSES, more=" x();"))
    patch = only(report)
    assert (patch.outcome, report.exit_code(strict=True)) == (Outcome.CHANGED, 0)
    assert [f.standing for f in patch.findings] == [Standing.FIXED]
    assert patch.reason.endswith("; fixed: no_lost_write")
    assert not patch.findings[0].violated


def test_one_mended_and_one_broken_is_refuted() -> None:
    report = run(marked(TWICE), base=marked(LOSES))
    assert report.exit_code() == Exit.REFUTED
    assert [f.standing for f in only(report).findings] == [Standing.NEW, Standing.FIXED]


@pytest.mark.parametrize("base", [TEXT, marked(LOSES), marked("/* undecided: no_lost_write */")])
def test_undecided_after_the_patch(base: str) -> None:
    report = run(marked("/* undecided: no_lost_write */", more=" y();"), base=base)
    assert (only(report).outcome, report.exit_code()) == (Outcome.UNDECIDED, 3)
    assert only(report).findings[0].standing == Standing.UNDECIDED


def test_a_fall_of_which_nothing_is_known_before_is_undecided_or_refuted_if_strict() -> None:
    report = run(marked(LOSES), base=marked("/* undecided: no_lost_write */"))
    assert (only(report).outcome, report.exit_code(), report.exit_code(strict=True)) == (Outcome.UNDECIDED, 3, 1)
    assert only(report).findings[0].remark.startswith("it is violated; whether it was before is not known: the time")


def test_a_question_that_is_asked_no_more_is_undecided() -> None:
    before = DriverVerdict({LOST: fall(marked(LOSES), LOST)}, frozenset({ONCE}), behaviour="1")
    found = compare(before, DriverVerdict(behaviour="2"))
    assert {(f.property_name, f.standing, f.remark) for f in found} == {
        ("no_lost_write", Standing.UNDECIDED, "it can't be asked any more"),
        ("id_at_most_once", Standing.UNDECIDED, "it can't be asked any more"),
    }


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_patched_driver_that_can_not_be_checked(trouble: Trouble) -> None:
    report = run(marked(f"/* {trouble.name} */"))
    patch = only(report)
    assert (patch.outcome, report.exit_code()) == (Outcome.UNDECIDED, 3)
    assert patch.reason == f"the patched driver {trouble.value}"
    assert patch.details == (f"{DRIVER}:3:1: error: it says so",)


@pytest.mark.parametrize("trouble", [Trouble.COMPILE, Trouble.API])
def test_a_tree_whose_driver_can_not_be_checked_is_bad_input(trouble: Trouble) -> None:
    with pytest.raises(BadInput, match=f"without any patch {trouble.value}: .*error: it says so"):
        run(TEXT, base=marked(f"/* {trouble.name} */"))


def test_a_driver_that_takes_its_process_along_before_the_patch_decides_nothing() -> None:
    patch = only(run(TEXT, base=marked("/* CRASH */")))
    assert (patch.outcome, patch.reason) == (Outcome.UNDECIDED, f"the driver before it {Trouble.CRASH.value}")


def test_a_series_is_judged_patch_by_patch_and_each_text_checked_once() -> None:
    checker = MarkChecker()
    report = run(marked(LOSES), marked(LOSES, more=" x();"), TEXT, checker=checker)
    assert [p.outcome for p in report.patches] == [Outcome.REFUTED, Outcome.CHANGED, Outcome.CHANGED]
    assert [p.findings[0].standing for p in report.patches] == [Standing.NEW, Standing.BEFORE, Standing.FIXED]
    assert (report.outcome, report.exit_code()) == (Outcome.REFUTED, 1)
    assert len(checker.checked) == len(set(checker.checked)) == 3


def test_after_a_patch_that_does_not_compile_the_last_driver_that_did_counts() -> None:
    report = run(marked("/* COMPILE */"), marked(LOSES))
    assert [p.outcome for p in report.patches] == [Outcome.UNDECIDED, Outcome.REFUTED]
    assert report.patches[1].notes[0].startswith("compared with the last driver that could be checked")


def test_what_does_not_apply_is_undecided_with_its_place() -> None:
    report = run_gate(
        TREE, [Patch("p", "s", "", diff(TEXT.replace("err", "e"), TEXT.replace("err", "d")))], MarkChecker()
    )
    patch = only(report)
    assert report.exit_code() == Exit.UNDECIDED
    assert patch.reason.startswith("hunk 1 of 1 (@@ -")
    assert patch.place is not None
    assert patch.place.path == DRIVER


def test_what_is_outside_the_watched_files_is_undecided() -> None:
    checker = MarkChecker()
    report = run_gate(TREE, [Patch("p", "s", "", diff("a\n", "b\n", "mm/x.c"))], checker)
    assert (report.exit_code(), only(report).reason[:25]) == (3, "outside the watched files")
    assert checker.checked == []


def test_a_change_of_the_header_alone() -> None:
    patch = only(run_gate(TREE, [Patch("p", "", "", diff("#define STOP 3\n", FILES[HEADER], HEADER))], MarkChecker()))
    assert patch.outcome == Outcome.UNCHANGED  # MarkChecker looks at the driver alone
    assert patch.touches[0].touched.path == HEADER


def test_no_patch_is_begun_once_the_time_is_up() -> None:
    ticks: list[str] = []
    patches = [Patch("p", "", "", diff(marked(LOSES)))]
    report = run_gate(TREE, patches, MarkChecker(), -1.0, lambda step, doing: ticks.append(f"{step.name}: {doing}"))
    assert only(report).reason == "not begun: the time is up"
    assert ticks == ["p: "]


class OutOfTime(MarkChecker):
    """A checker whose time is up before one of its checks of the patched driver has ended."""

    def __init__(self, asked: tuple[str, ...]) -> None:
        super().__init__()
        self.asked = asked

    def check(
        self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
    ) -> DriverVerdict:
        """What the marks say of the properties that were ``asked``."""
        note("looking for marks")
        found = super().check(files)
        if "/*" not in files[DRIVER]:
            return found
        cut = {question for question in found.asked if question.property not in self.asked}
        return replace(
            found,
            violated={q: v for q, v in found.violated.items() if q not in cut},
            holds=found.holds - cut,
            undecided=dict.fromkeys(cut, "the time was up"),
            behaviour="",
            unfinished="the time was up before 1 of 2 checks ended",
        )


@pytest.mark.parametrize(
    ("asked", "outcome", "reason"),
    [
        (("id_at_most_once",), Outcome.UNDECIDED, "the time was up before 1 of 2 checks ended"),
        (("no_lost_write",), Outcome.REFUTED, "newly violated: no_lost_write"),
        (("no_lost_write", "id_at_most_once"), Outcome.REFUTED, "newly violated: no_lost_write"),
    ],
)
def test_what_was_found_in_time_counts_and_the_rest_is_undecided(
    asked: tuple[str, ...], outcome: Outcome, reason: str
) -> None:
    doing: list[str] = []
    patches = [Patch("p", "", "", diff(marked(LOSES)))]
    report = run_gate(TREE, patches, OutOfTime(asked), 60.0, lambda _, says: doing.append(says))
    patch = only(report)
    assert (patch.outcome, patch.reason) == (outcome, reason)
    assert doing == ["", "without it: looking for marks", "with the patch: looking for marks"] + doing[3:]


def test_without_a_comparison_a_patch_is_not_unchanged() -> None:
    """All properties hold, and the check that was ended would have said whether behaviour changed."""
    patches = [Patch("p", "", "", diff(TEXT + "/* harmless */\n"))]
    patch = only(run_gate(TREE, patches, OutOfTime(("no_lost_write", "id_at_most_once"))))
    assert (patch.outcome, patch.unreached) == (Outcome.UNDECIDED, ())


def test_an_error_of_the_checker_is_not_hidden() -> None:
    class Broken(MarkChecker):
        def check(
            self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
        ) -> DriverVerdict:
            raise BadInput("needs a C compiler: apt-get install gcc")

    with pytest.raises(BadInput, match="needs a C compiler"):
        run_gate(TREE, [Patch("p", "", "", diff(marked(LOSES)))], Broken())


def test_a_range(tmp_path: Path) -> None:
    write(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    for text in (TEXT, marked(LOSES), TEXT):
        write(tmp_path, {DRIVER: text})
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-q", "-m", f"lost {'no_lost_write' in text}")
    report = run_gate_on_range(tmp_path, "main~2..main", MarkChecker())
    assert [p.outcome for p in report.patches] == [Outcome.REFUTED, Outcome.CHANGED]
    assert [p.findings[0].standing for p in report.patches] == [Standing.NEW, Standing.FIXED]
    assert all(p.commit for p in report.patches)
    nothing = run_gate_on_range(tmp_path, "main..main", MarkChecker())
    assert (nothing.patches, nothing.exit_code()) == ((), Exit.AS_EXPECTED)
    assert nothing.notes == ("no commit of main..main changes the driver: nothing to check",)


def test_a_tree_in_a_directory(tmp_path: Path) -> None:
    write(
        tmp_path / "a tree", {**FILES, "Makefile": "# x\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n"}
    )
    tree = read_tree(tmp_path / "a tree")
    assert (tree.version, tree.files) == ("6.12.0", FILES)


def test_trees_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file or directory; name a kernel tree"):
        read_tree(tmp_path / "none")
    with pytest.raises(BadInput, match=f"no {DRIVER} there: name the top directory"):
        read_tree(tmp_path)
    (tmp_path / DRIVER).mkdir(parents=True)
    with pytest.raises(BadInput, match="is no file of at most"):
        read_tree(tmp_path)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../outside"])
def test_links_that_leave_the_tree_are_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").write_text("secret")
    (tmp_path / "t/drivers/virtio").mkdir(parents=True)
    (tmp_path / "t" / DRIVER).symlink_to(target)
    with pytest.raises(BadInput, match="is a symbolic link that leaves the tree"):
        read_tree(tmp_path / "t")


def test_links_that_go_round_are_refused(tmp_path: Path) -> None:
    (tmp_path / "drivers/virtio").mkdir(parents=True)
    (tmp_path / DRIVER).symlink_to("virtio_balloon.c")
    with pytest.raises(BadInput, match=f"can't read {DRIVER}"):
        read_tree(tmp_path)
