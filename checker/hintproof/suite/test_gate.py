"""A test for each patch named on the command line."""

from __future__ import annotations

from typing import Any


def test_nothing_new_falls(hintproof_patch: Any) -> None:
    """The patch violates no property that held before it."""
    hintproof_patch.must_add_nothing_bad()
