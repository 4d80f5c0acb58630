"""Changed lines that no run reached: the gate names them, and says nothing of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hintproof.gate.checker import DriverVerdict
from hintproof.gate.gate import run_gate
from hintproof.gate.patches import patches_in
from hintproof.gate.unreached import Unreached, unreached
from hintproof.linux.source import DRIVER
from hintproof.tasks.verdict import Exit, Outcome
from hintproof.views.gate import json_report, terse
from tests.checker.gate.made import FILES, TEXT, TREE, MarkChecker, changed, diff

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

    def check(self, files: Mapping[str, str], quick: bool = False) -> DriverVerdict:
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
