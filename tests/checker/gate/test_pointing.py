"""Where a finding points: at a changed line that its run goes through."""

from __future__ import annotations

from hintproof.gate.checker import Place, TraceLine
from hintproof.gate.pointing import point_at_changes
from hintproof.gate.report import Finding, Standing
from hintproof.linux.source import DRIVER
from tests.checker.gate.made import FILES, TEXT, changed

AFTER = changed("\tkick(vb);", "\twait(vb);")
CHANGED = next(number for number, line in enumerate(AFTER.split("\n"), 1) if line == "\twait(vb);")
LAST = next(number for number, line in enumerate(TEXT.split("\n"), 1) if line == "\treset(vb);")


def finding(*lines: int, standing: Standing = Standing.NEW) -> Finding:
    trace = tuple(TraceLine("a step", Place(DRIVER, line)) for line in lines)
    return Finding("p", "p", "", "", standing, trace, Place(DRIVER, lines[-1]))


def pointed(given: Finding) -> Place | None:
    [found] = point_at_changes((given,), FILES, {**FILES, DRIVER: AFTER})
    return found.place


def test_a_changed_line_comes_first() -> None:
    assert pointed(finding(CHANGED - 2, CHANGED, CHANGED + 1, LAST)) == Place(DRIVER, CHANGED, "send_cmd_id_start")


def test_then_the_last_line_of_a_changed_function() -> None:
    assert pointed(finding(CHANGED - 2, CHANGED - 1, LAST)) == Place(DRIVER, CHANGED - 1, "send_cmd_id_start")


def test_else_the_first_changed_line_of_a_function() -> None:
    assert pointed(finding(LAST)) == Place(DRIVER, CHANGED, "send_cmd_id_start")


def test_a_comment_is_no_such_line() -> None:
    after = changed("\tkick(vb);", "\t/* why */\n\twait(vb);")
    [found] = point_at_changes((finding(LAST),), FILES, {**FILES, DRIVER: after})
    assert found.place == Place(DRIVER, CHANGED + 1, "send_cmd_id_start")


def test_of_deleted_lines_it_is_the_one_that_follows() -> None:
    [found] = point_at_changes((finding(LAST),), FILES, {**FILES, DRIVER: changed("\tkick(vb);\n", "")})
    assert found.place == Place(DRIVER, CHANGED, "send_cmd_id_start")


def test_a_change_outside_of_functions_leaves_it_where_it_is() -> None:
    [found] = point_at_changes((finding(LAST),), FILES, {**FILES, DRIVER: "/* more */\n" + TEXT})
    assert found.place == Place(DRIVER, LAST, "remove_common")


def test_what_is_not_new_stays() -> None:
    assert pointed(finding(CHANGED, LAST, standing=Standing.BEFORE)) == Place(DRIVER, LAST)
