"""Any ten numbers of commits in a row run each slow test once."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import LONG, SINGLE
from tests.places import ROOT
from tests.selection import chosen

SHARE = 10

SUITE = """
import pytest

@pytest.mark.slow
@pytest.mark.parametrize("case", range(13))
def test_case(case):
    pass

@pytest.mark.slow
def test_alone():
    pass

def test_quick():
    pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(SUITE)
    return pytester


def outcomes(suite: pytest.Pytester, *options: str) -> dict[str, int]:
    return suite.runpytest_inprocess("-p", "no:cacheprovider", *options).parseoutcomes()


@pytest.mark.parametrize("first", [0, 7, 1234])
def test_ten_numbers_in_a_row_choose_each_slow_test_of_this_run_once(
    request: pytest.FixtureRequest, first: int
) -> None:
    slow = [item.nodeid for item in request.session.items if item.get_closest_marker("slow")]
    slow += [f"tests/test_it.py::test_{function}[{case}]" for function in "abc" for case in range(function == "a", 25)]
    times = Counter(nodeid for number in range(first, first + SHARE) for nodeid in chosen(slow, SHARE, number))
    assert times == dict.fromkeys(slow, 1)


def test_the_cases_of_a_function_spread_evenly() -> None:
    cases = [f"tests/test_it.py::test_it[{case}]" for case in range(30)]
    assert {len(chosen(cases, SHARE, number)) for number in range(SHARE)} == {3}


def test_a_test_keeps_its_turn_when_others_come() -> None:
    for number in range(SHARE):
        before = chosen(["a::test_b", "c::test_d[1]"], SHARE, number)
        after = chosen(["a::test_a", "a::test_b", "c::test_c", "c::test_d[1]", "c::test_d[2]"], SHARE, number)
        assert before == after & {"a::test_b", "c::test_d[1]"}


def test_slow_tests_run_when_asked_for(suite: pytest.Pytester) -> None:
    assert outcomes(suite) == {"passed": 1, "skipped": 14}
    assert outcomes(suite, "--slow") == {"passed": 15}


def test_ten_runs_with_a_share_run_all(suite: pytest.Pytester) -> None:
    passed = [outcomes(suite, "--slow-share=10", f"--slow-number={number}")["passed"] - 1 for number in range(40, 50)]
    assert sum(passed) == 14
    assert set(passed) <= {1, 2, 3}


def test_a_test_that_is_left_out_says_why(suite: pytest.Pytester) -> None:
    ended = suite.runpytest_inprocess("-p", "no:cacheprovider", "-rs", "--slow-share=10", "--slow-number=7")
    ended.stdout.fnmatch_lines(["SKIPPED*not in the share of slow tests of commit 7: needs --slow*"])


def test_the_modules_that_begin_first_are_there() -> None:
    assert [module for module in (*LONG, *SINGLE) if not (ROOT / module).is_file()] == []
