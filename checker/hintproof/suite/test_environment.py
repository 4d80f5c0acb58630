"""Each property of the environments named on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from hintproof.cli.settings import load_settings
from hintproof.system.errors import BadInput
from hintproof.tasks.check import plan


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each property; one that is known to be violated is expected to fail."""
    names = metafunc.config.getoption("hintproof_environment") or load_settings(metafunc.config.rootpath).environments
    if not names:
        raise pytest.UsageError("name an environment: --hintproof-environment linux-6.1+qemu-7.2+kvm-auto")
    cases = []
    for name in names:
        try:
            result, _ = plan(name)
        except BadInput as problem:
            raise pytest.UsageError(str(problem)) from None
        for item in result.properties:
            known = result.known_as(item.name)
            marks = [pytest.mark.xfail(reason=f"known as {known}", strict=result.pinned)] if known else []
            cases.append(pytest.param(name, item.name, id=f"{name}-{item.name}", marks=marks))
    metafunc.parametrize(("environment", "property_name"), cases)


def test_property(hintproof_check: Any, environment: str, property_name: str) -> None:
    """The property holds in the environment."""
    hintproof_check(environment).must_hold(property_name)
