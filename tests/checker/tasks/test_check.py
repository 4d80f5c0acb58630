"""Results against records: what was silently made smaller, or turned round, is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hintproof import Exit, Limits, Sizes, Verdict, check
from hintproof.engines.report import BoundedFound
from hintproof.tasks.check import Result, check_all, plan
from hintproof.tasks.verdict import combine, exit_code
from hintspec.catalogue.expected import RECORDS, Record, pins

SMALL = "no-hint+qemu-7.2+tcg"


def assert_as_recorded(result: Result) -> None:
    """Counts, lengths and verdicts are those of the record, and the engines agree."""
    assert result.record is not None
    assert not result.disagreements, result.environment
    assert not result.deviations, result.environment
    assert result.exit() == Exit.AS_EXPECTED
    for name in set(result.record.known) & result.found["bounded"].decides:
        full, bounded = result.found["exhaustive"].against[name], result.found["bounded"].against[name]
        assert len(full) == len(bounded), f"{result.environment}: {name}"


@pytest.mark.slow
def test_all_shipped_checks_are_as_recorded_and_all_engines_agree() -> None:
    """What ``hintproof check`` runs: every environment, every engine, counts, lengths, verdicts."""
    results = check_all([plan(r.environment, limits=Limits(states=6_000_000), record=r) for r in RECORDS])
    assert len(results) == len(RECORDS)
    for result in results:
        assert_as_recorded(result)


#: The shipped checks of few states.
QUICK = [record for record in RECORDS if pins()[record.key]["states"] < 20_000]


@pytest.mark.parametrize("record", QUICK, ids=lambda record: record.key)
def test_a_shipped_check_is_as_recorded_and_all_engines_agree(record: Record) -> None:
    result = check(record.environment, record.sizes)
    assert result.record == record
    assert_as_recorded(result)


@pytest.fixture
def result() -> Result:
    return check(SMALL, engines=["exhaustive"])


def test_a_record_is_met(result: Result) -> None:
    assert result.pinned
    assert result.deviations == []
    assert result.exit() == Exit.AS_EXPECTED
    assert result.exit(strict=True) == Exit.REFUTED


def test_at_other_sizes_all_that_is_known_of_the_environment_counts() -> None:
    """Of the records' sizes none has a suspend; that ids outlive one is known all the same."""
    suspended = check("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", Sizes(1, 2, 2, freezes=1), ["exhaustive"])
    assert not suspended.pinned
    assert suspended.verdict("blocks_come_back") == Verdict.REFUTED
    assert "stale-id-after-suspend (N7)" in suspended.known_as("blocks_come_back")
    assert suspended.deviations == []


def test_at_the_sizes_of_another_record_that_one_is_met() -> None:
    result = check("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", Sizes(1, 3, 1, resizes=1), ["exhaustive"])
    assert result.pinned
    assert result.deviations == []


def test_a_model_that_got_smaller_is_seen(result: Result) -> None:
    result.exhaustive.states -= 1
    assert any("states" in line for line in result.deviations)
    assert result.exit() == Exit.REFUTED


def test_an_action_that_stopped_happening_is_seen(result: Result) -> None:
    result.found["exhaustive"].fired["write"] = 0
    assert any("never" in line for line in result.deviations)


def test_a_defect_that_went_away_is_seen(result: Result) -> None:
    del result.found["exhaustive"].against["no_lost_write"]
    assert any("recorded as refuted" in line for line in result.deviations)


def test_a_new_refutation_is_seen(result: Result) -> None:
    found = result.found["exhaustive"]
    found.against["block_conserved"] = found.against["no_lost_write"]
    assert any("recorded as holding" in line for line in result.deviations)
    assert result.exit() == Exit.REFUTED


def test_engines_that_contradict_each_other_are_seen(result: Result) -> None:
    full = result.found["exhaustive"]
    result.found["bounded"] = BoundedFound(decides=full.decides, depths=dict.fromkeys(full.decides, 15))
    assert any("finds nothing" in line for line in result.disagreements)
    result.found["bounded"].against["no_lost_write"] = full.against["no_lost_write"][:-1]
    assert any("shortest runs" in line for line in result.disagreements)
    result.found["sampled"] = replace(full, engine="sampled", against={"block_conserved": [("write", 1)]})
    assert any("exhaustive finds no run" in line for line in result.disagreements)
    assert result.exit() == Exit.INTERNAL_ERROR


def test_other_sizes_are_not_held_against_the_pins() -> None:
    small = check(SMALL, Sizes(1, 2, 1), ["exhaustive"])
    assert not small.pinned
    assert small.deviations == []


def test_vacuity_is_a_refutation() -> None:
    """Before 6.1 a hint under manual-clear saves nothing if its chunk has no other block: it is sent again."""
    found = check("virtio-1.3-driver+qemu-5.1+kvm-manual", Sizes(1, 3, 1), ["exhaustive"])
    assert found.verdict("free_block_skipped") == Verdict.REFUTED
    assert found.trace("free_block_skipped") is None
    assert found.exit() == Exit.REFUTED


@pytest.mark.parametrize(
    ("verdicts", "combined", "code"),
    [
        ([], Verdict.UNDECIDED, Exit.UNDECIDED),
        ([Verdict.SAMPLED, Verdict.BOUNDED], Verdict.BOUNDED, Exit.AS_EXPECTED),
        ([Verdict.EXHAUSTED, Verdict.SAMPLED], Verdict.EXHAUSTED, Exit.AS_EXPECTED),
        ([Verdict.EXHAUSTED, Verdict.UNDECIDED], Verdict.EXHAUSTED, Exit.UNDECIDED),
        ([Verdict.SAMPLED, Verdict.REFUTED], Verdict.REFUTED, Exit.REFUTED),
    ],
)
def test_verdicts_combine(verdicts: list[Verdict], combined: Verdict, code: Exit) -> None:
    assert combine(verdicts) == combined
    assert exit_code(verdicts) == code
