"""The pytest plugin, from the side of somebody else's repository."""

from __future__ import annotations

import re

import pytest

# pytester forgets what a run has imported, and NumPy can be loaded once only
from hintproof.engines import bounded, exhaustive, sampling

_LOADED = (bounded, exhaustive, sampling)

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


def test_a_run_without_checks_imports_no_checker(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys

        def pytest_sessionfinish():
            print(*sys.modules, sep="\\n", file=open("modules", "w"))
        """
    )
    pytester.makepyfile("def test_it():\n    pass\n")
    done = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)
    found = set((pytester.path / "modules").read_text().split())
    ours = {name for name in found if name.startswith(("hintproof", "hintspec"))}
    assert ours == {
        *("hintproof", "hintproof.plugin", "hintproof.plugin.plugin", "hintproof.plugin.gate"),
        *("hintproof.engines", "hintproof.engines.options"),
    }
    assert not found & {"z3", "numpy", "numba", "hypothesis", "jinja2", "msgspec", "rich", "typer", "unidiff"}


@pytest.mark.parametrize(
    ("marker", "line"),
    [
        ('"virtio-1.3", ring=1', "hintproof: size ring=1 is impossible: give 2 .. 1024"),
        ('"virtio-1.3", rings=3', "hintproof: no size: an unexpected keyword argument 'rings'"),
        ('"virtio-1.3", ring="many"', "hintproof: size ring='many' is impossible: give 2 .. 1024"),
        ('"virtio-1.4"', "hintproof: environment 'virtio-1.4': unknown word 'virtio-1.4'; did you mean *"),
    ],
)
def test_a_wrong_size_is_one_line(pytester: pytest.Pytester, marker: str, line: str) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.hintproof({marker})
        def test_it(hintproof_result):
            pass
        """
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([line])
    report = done.stdout.str().partition("= ERRORS =")[2].partition("= short test summary")[0]
    assert len([line for line in report.splitlines() if line.strip("=_ ")]) == 2, "the test's name, and the line"


def test_an_unknown_environment_of_the_suite_is_named_once(pytester: pytest.Pytester) -> None:
    done = pytester.runpytest_inprocess("-q", "--pyargs", "hintproof.suite", "--hintproof-environment", "nothing")
    told, _, _ = done.stdout.str().partition("short test summary")  # which repeats it in full where CI is set
    assert (told + done.stderr.str()).count("unknown word 'nothing'") == 1


SETTINGS = """
[tool.hintproof]
environments = ["no-hint+qemu-10+tcg"]
engines = ["exhaustive"]
sizes = {blocks = 1, ring = 5, rounds = 1}
traces = "kept"
"""


def test_pyproject_has_the_defaults(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\n" + SETTINGS)
    pytester.makepyfile(
        """
        def test_it(hintproof_check):
            result = hintproof_check("no-hint+qemu-10+tcg").result
            assert list(result.found) == ["exhaustive"]
            assert (result.sizes.ring, result.sizes.rounds) == (5, 1)

        def test_the_test_wins(hintproof_check):
            assert hintproof_check("no-hint+qemu-10+tcg", ring=3).result.sizes.ring == 3
        """
    )
    pytester.runpytest_inprocess().assert_outcomes(passed=2)
    suite = pytester.runpytest_inprocess("-q", "--pyargs", "hintproof.suite", "-k", "no_lost_write")
    assert suite.parseoutcomes()["passed"] == 1


def test_a_wrong_setting_is_one_line(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\n[tool.hintproof]\nengine = 1\n")
    pytester.makepyfile("def test_it(hintproof_check):\n    hintproof_check('virtio-1.3')\n")
    done = pytester.runpytest_inprocess()
    output = done.stdout.str() + done.stderr.str()  # there if a stateful test was imported before
    assert re.search(r"hintproof: .*pyproject.toml: .*unknown field `engine`", output)
    assert "Traceback" not in output
