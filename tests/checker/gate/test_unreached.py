"""Changed lines that no run reached: the gate names them, and says nothing of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hintproof.gate.answers import to_verdict
from hintproof.gate.checker import DriverVerdict, Note, say_nothing
from hintproof.gate.gate import run_gate
from hintproof.gate.patches import patches_in
from hintproof.gate.unreached import Unreached, unreached
from hintproof.linux.coverage import Lines
from hintproof.linux.jobs import Check, CodeFaults, Kind
from hintproof.linux.source import DRIVER
from hintproof.system.clock import ENDLESS, Clock
from hintproof.tasks.verdict import Exit, Outcome
from hintproof.views.gate import json_report, terse
from hintspec.language.sizes import Sizes
from tests.checker.gate.made import FILES, TEXT, TREE, MarkChecker, changed, diff

SIZES = Sizes(1, 3, 1)
AFTER = changed("\t\treturn err;", "\t\treturn -1;\n\tlog(vb);")
LINE = next(number for number, line in enumerate(TEXT.split("\n"), 1) if line == "\t\treturn err;")


def lines(before: set[int], after: set[int]) -> list[str]:
    was, now = (DriverVerdict(idle=frozenset(idle)) for idle in (before, after))
    return [str(part) for part in unreached(FILES, {**FILES, DRIVER: AFTER}, was, now)]


def test_only_changed_lines_with_code_count() -> None:
    assert lines(set(), set()) == []
    assert lines({LINE - 1}, {LINE + 2}) == []
    assert lines(set(), {LINE, LINE + 1}) == [f"lines {LINE}-{LINE + 1} of send_cmd_id_start"]
    assert lines({LINE}, {LINE + 1}) == [
        f"removed line {LINE} of send_cmd_id_start",
        f"line {LINE + 1} of send_cmd_id_start",
    ]


class Sleepy(MarkChecker):
    """A checker whose runs never reach some lines."""

    def check(
        self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
    ) -> DriverVerdict:
        return replace(super().check(files), idle=frozenset({LINE, LINE + 1}))


def test_a_patch_of_such_lines_is_undecided_in_every_format() -> None:
    report = run_gate(TREE, patches_in(diff(AFTER).encode(), "p"), Sleepy())
    [patch] = report.patches
    named = f"lines {LINE}-{LINE + 1} of send_cmd_id_start"
    assert (patch.outcome, report.exit_code()) == (Outcome.UNDECIDED, Exit.UNDECIDED)
    assert named in patch.reason
    assert Unreached(LINE, LINE + 1, "send_cmd_id_start") in patch.unreached
    assert named in terse.render(report)
    assert json_report.gate_document(report).patches[0].unreached[-1].first == LINE


def test_which_lines_have_code_is_a_matter_of_the_build_of_the_walks() -> None:
    walks = CodeFaults("EXHAUSTED", 1, 1, None, lines=Lines(ran=[1, 2], idle=[3, 4]))
    accesses = CodeFaults("EXHAUSTED", 1, 1, None, lines=Lines(ran=[4], idle=[2, 3, 5]))
    both = {Check(Kind.SCENARIOS, "", SIZES): walks, Check(Kind.ACCESSES, "", SIZES): accesses}
    assert to_verdict(both).idle == {3}
    assert to_verdict({Check(Kind.ACCESSES, "", SIZES): accesses}).idle == {2, 3, 5}
