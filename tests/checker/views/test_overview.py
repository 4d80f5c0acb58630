"""The overview of a check: one screen with an environment a line, each defect once, and the totals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.engines.report import ExhaustiveFound
from hintproof.story.model import Likeness
from hintproof.tasks.check import Result, plan
from hintproof.tasks.verdict import Exit, Verdict
from hintproof.views.results.lines import LINES, Screen
from hintproof.views.results.overview import chosen, overview
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import RECORDS
from hintspec.language.sizes import Sizes
from tests.checker.views.stored import Files, stored_result, stored_results

GOLDEN = Path(__file__).with_name("golden")
LONG = "linux-6.1+qemu-7.2+kvm-manual+cell-per-round+eager-clear"


def text(
    results: list[tuple[Result, Files]], width: int, code: Exit = Exit.AS_EXPECTED, ascii_only: bool = False
) -> str:
    lines = overview(results, code, 119.0, Screen(width, ascii_only))
    return "\n".join(line.plain for line in lines) + "\n"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_overview_of_all_records(width: int) -> None:
    shown = text(stored_results(), width)
    assert shown == (GOLDEN / f"overview-{width}.txt").read_text()
    assert max(map(len, shown.splitlines())) <= width


def test_all_records_and_findings_fit_a_screen() -> None:
    lines = text(stored_results(), 80).splitlines()
    assert len(lines) <= LINES == 40
    assert {record.environment for record in RECORDS} == {line.split()[2] for line in lines if line[:1] in ("✗", "✓")}
    found = {defect for record in RECORDS for defect in record.known.values()}
    after = lines[next(n for n, line in enumerate(lines) if line.startswith("What was found")) :]
    assert {word for line in after for word in line.split() if word in DEFECTS} == found


@pytest.mark.parametrize("width", [60, 80])
def test_a_name_is_never_broken(width: int) -> None:
    assert LONG in text(stored_results(LONG), width)
    [line] = [line for line in text(stored_results(LONG), width).splitlines() if LONG in line]
    assert (line == LONG) == (width == 60)


def test_what_was_found_in_few_environments_is_said_in_full() -> None:
    result = stored_result(next(r for r in RECORDS if r.environment == "linux-6.1+qemu-7.2+kvm-manual"))
    shown = text([(result, {"no_lost_write": Path("traces/no_lost_write.json")})], 80)
    assert "early-release (host 1), open upstream" in shown
    assert "violates no_lost_write, hint_spares_new_writes; no_lost_write: 31 steps" in shown
    assert "  hintproof defects early-release\n" in shown
    lines = overview(
        [(result, {"no_lost_write": Path("t/no_lost_write.json")})], Exit.AS_EXPECTED, 1.0, Screen(80), True
    )
    assert "  hintproof show t/no_lost_write.json" in [line.plain for line in lines]
    assert "1 check, 37 properties: 33 hold, 4 refuted (all known)" in shown


def test_a_violation_that_is_not_known_stands_first_and_is_the_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    alike: list[Likeness] = []
    monkeypatch.setattr(Result, "looks_like", lambda *_: tuple(alike))
    result, _ = plan("linux-6.1+qemu-7.2+kvm-auto+no-shrinker", Sizes(1, 3, 1), ["exhaustive"])
    found = ExhaustiveFound(against={"no_lost_write": [("step", None)] * 9}, states=1234, seconds=1.0)
    result.add(replace(found, decides=frozenset(item.name for item in result.properties)))
    assert result.exit() == Exit.REFUTED
    shown = text([(result, {"no_lost_write": Path("t/x.json")})], 80, Exit.REFUTED)
    assert shown.startswith("✗ REFUTED linux-6.1+qemu-7.2+kvm-auto+no-shrinker 1,234 1.0 s\n")
    assert "no_lost_write: REFUTED, NOT KNOWN\n" in shown
    assert "  hintproof show t/x.json\n" in shown
    assert "refuted (2 NOT known)" in shown
    assert "(1 NOT known)" not in text(stored_results(LONG), 80)
    alike.append(Likeness("early-release", "host 1", "a block", 'device.eager_clear "yes"', 4, "because"))
    shown = text([(result, {"no_lost_write": Path("t/x.json")})], 80, Exit.REFUTED)
    assert "no_lost_write: REFUTED, looks like early-release (host 1)\n" in shown
    assert '  Replayed with device.eager_clear "yes": step 4 is not possible.\n' in shown
    assert "refuted (2 like known ones)" in shown


def test_one_rule_gives_the_exit_code() -> None:
    record = next(r for r in RECORDS if r.environment == LONG)
    result = stored_result(record)
    assert any(result.verdict(name) == Verdict.REFUTED for name in record.known)
    assert (result.exit(), result.exit(strict=True)) == (Exit.AS_EXPECTED, Exit.REFUTED)
    result.exhaustive.against["no_lost_write"] = [("step", None)]
    assert result.exit() == Exit.REFUTED


def test_a_difference_from_the_record_is_shown() -> None:
    result = stored_result(next(r for r in RECORDS if r.environment == "no-hint+qemu-10+tcg"))
    result.exhaustive.states += 1
    shown = text([(result, {})], 80, Exit.REFUTED)
    assert shown.startswith("! DIFFERS no-hint+qemu-10+tcg 274 ")
    assert "  states: 274 now, 273 recorded" in shown
    assert "exit 1:" in shown


def test_filters() -> None:
    everything = stored_results(LONG, "no-hint+qemu-10+tcg")
    assert [r.environment for r, _ in chosen(everything, [], violated=True)] == [LONG]
    one = chosen(everything, ["no_lost_write"], violated=False)
    assert [[item.name for item in r.properties] for r, _ in one] == [["no_lost_write"]] * 2
    assert chosen(everything, ["no_lost_write"], violated=True) == []


def test_a_screen_of_ascii_has_symbols_too() -> None:
    shown = text(stored_results(), 80, ascii_only=True)
    assert shown.isascii()
    assert "x known" in shown
    assert "+ holds" in shown


def test_briefs_fit_a_line() -> None:
    assert all(0 < len(defect.brief) <= 45 for defect in DEFECTS.values())
