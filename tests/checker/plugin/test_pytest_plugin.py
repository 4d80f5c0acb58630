"""The pytest plugin, from the side of somebody else's repository."""

from __future__ import annotations

import pytest

HOLDS = "linux-6.1+firecracker-1.14+wait-on-ack"


def test_a_reviewers_own_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.hintproof("{HOLDS}", ring=3, rounds=1)
        def test_holds(hintproof_result):
            hintproof_result.must_hold("no_lost_write", "free_block_skipped")

        @pytest.mark.hintproof("linux-6.1+firecracker-1.14", engines=["exhaustive"], ring=3, rounds=1)
        def test_falls(hintproof_result):
            hintproof_result.must_fall("no_lost_write")
            hintproof_result.must_hold("block_conserved", "no_lost_write")

        def test_factory(hintproof_check):
            hintproof_check("no-hint+qemu-10+tcg").must_hold()
        """
    )
    done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers")
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines(["*no_lost_write REFUTED*", "trace kept in *", "environment: *", "why: *"])
    assert "Traceback" not in done.stdout.str()
    kept = list(pytester.path.glob("hintproof-traces/*.json"))
    assert len(kept) == 1


def test_the_suite_takes_an_environment(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess(
        "-q", "--pyargs", "hintproof.suite", "--hintproof-environment", "linux-6.1+firecracker-1.14"
    )
    outcomes = done.parseoutcomes()
    assert outcomes == {"passed": 21, "xfailed": 3}


def test_options_choose_engine_and_sizes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        def test_it(hintproof_check):
            result = hintproof_check("{HOLDS}").result
            assert list(result.found) == ["exhaustive"]
            assert result.sizes.ring == 5
        """
    )
    arguments = ["--hintproof-engine", "exhaustive", "--hintproof-sizes", "ring=5,rounds=1"]
    pytester.runpytest_inprocess(*arguments).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--hintproof-sizes", "blocks"],
        ["--hintproof-sizes", "blocks=0"],
        ["--pyargs", "hintproof.suite"],
        ["--pyargs", "hintproof.suite", "--hintproof-environment", "nothing"],
    ],
)
def test_options_of_no_use_are_refused(pytester: pytest.Pytester, arguments: list[str]) -> None:
    done = pytester.runpytest_inprocess("-q", *arguments)
    assert done.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    assert "Traceback" not in done.stdout.str() + done.stderr.str()


def test_a_wrong_marker_fails_with_one_line(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.hintproof("nothing")
        def test_it(hintproof_result):
            pass

        def test_unmarked(hintproof_result):
            pass
        """
    )
    done = pytester.runpytest_inprocess()
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["*hintproof: environment 'nothing': unknown word*"])


def test_quiet_is_quiet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f'def test_it(hintproof_check):\n    hintproof_check("{HOLDS}").must_hold("no_lost_write")\n')
    lines = [line for line in pytester.runpytest_subprocess("-q").outlines if line.strip()]
    assert len(lines) == 2
