"""The real driver's text, from the distribution's source packages."""

from __future__ import annotations

import pytest

from hintproof.linux.source import DRIVER
from tests.checker.linux.trees import source


@pytest.fixture(scope="session", params=["6.1", "6.12"])
def real_driver(request: pytest.FixtureRequest) -> str:
    """The text of virtio_balloon.c in an installed linux-source package."""
    return source(f"linux-source-{request.param}").files[DRIVER]
