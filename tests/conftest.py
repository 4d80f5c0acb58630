"""A browser for tests; which slow tests run; under pytest-xdist, which tests a worker has together, in what order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import Browser, browser, missing
from tests.selection import chosen

pytest_plugins = ["pytester"]

#: The modules that take longest, so that they begin first and none is left to one worker in the end.
LONG = (
    "tests/checker/tasks/test_proofs.py",
    "tests/checker/engines/test_compiled.py",
    "tests/checker/tasks/test_defects.py",
    "tests/checker/interpret/test_symmetry.py",
    "tests/checker/engines/test_cover.py",
    "tests/checker/tasks/test_check.py",
    "tests/checker/tasks/test_dependencies.py",
    "tests/checker/engines/test_liveness.py",
    "tests/checker/engines/test_cti.py",
    "tests/checker/interpret/test_interpretations.py",
)

#: Modules whose tests share nothing that takes time: any worker may have each of them, when all else is under way.
SINGLE = ("tests/spec/protocol/test_repairs.py",)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a module, and gone after them; without Chromium they are skipped."""
    if missing():
        pytest.skip(missing())
    with browser() as running:
        yield running


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("slow tests")
    group.addoption("--slow", action="store_true", help="run the tests that take longer than 20 seconds, too")
    group.addoption("--slow-share", type=int, metavar="N", help="run one slow test in N; --slow-number chooses which")
    group.addoption(
        "--slow-number", type=int, default=0, metavar="K", help="any N numbers in a row run each slow test once"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes longer than 20 seconds; runs with --slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out_slow(config, items)
    places = {module: place for place, module in enumerate(LONG)} | dict.fromkeys(SINGLE, len(LONG) + 1)
    items.sort(key=lambda item: places.get(module_of(item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A module to a worker, in the order of the tests, but for single tests. (Without it ``--dist`` says how.)"""
    from xdist.scheduler import LoadScopeScheduling

    class ByModule(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            module = module_of(nodeid)
            return nodeid if module in SINGLE else module

    config.option.loadscopereorder = False
    return ByModule(config, log)


def module_of(nodeid: str) -> str:
    """The module of a test, as a path below the root."""
    return nodeid.partition("::")[0]


def leave_out_slow(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the slow tests that were not asked for."""
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    share, number = config.getoption("--slow-share"), config.getoption("--slow-number")
    running = chosen((item.nodeid for item in slow), share, number) if share else set()
    reason = f"not in the share of slow tests of commit {number}: needs --slow" if share else "needs --slow"
    for item in slow:
        if item.nodeid not in running:
            item.add_marker(pytest.mark.skip(reason=f"{reason}: it takes longer than 20 seconds"))
