"""Which slow tests run, and which tests a worker of pytest-xdist has together."""

from __future__ import annotations

import pytest

from tests.slow import chosen

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("slow tests")
    group.addoption("--slow", action="store_true", help="run the tests that take longer than 20 seconds, too")
    group.addoption("--slow-share", type=int, metavar="N", help="run one slow test in N; --slow-number chooses which")
    group.addoption(
        "--slow-number", type=int, default=0, metavar="K", help="any N numbers in a row run each slow test once"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes longer than 20 seconds; runs with --slow")
    config.addinivalue_line("markers", "xdist_group(name): tests that one worker runs, as they share what they prepare")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out_slow(config, items)
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


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
