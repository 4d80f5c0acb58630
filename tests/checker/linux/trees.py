"""Drivers to test with: those of installed kernel sources, and a little one of our own."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from hintproof.linux.build import build
from hintproof.linux.source import DRIVER, Source, find_source
from hintproof.system.errors import BadInput
from tests.checker.linux.device import DriverUnderTest

PACKAGES = ("linux-source-6.1", "linux-source-6.12")


@cache
def source(package: str) -> Source:
    """A package's driver; skips the test where the package is not installed."""
    try:
        return find_source(package)
    except BadInput:
        pytest.skip(f"needs the Debian package {package}: apt-get install {package}")


def changed(original: Source, *changes: tuple[str, str]) -> Source:
    """A driver with places of its text changed; each pattern is found once."""
    text = original.files[DRIVER]
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count == 1, f"{pattern} is found {count} times"
    return replace(original, files={**original.files, DRIVER: text})


@cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hintproof-test-")


@cache
def library(package: str, accesses: bool = False) -> Path:
    """The package's driver, compiled once for all tests."""
    return build(source(package), Path(_directory().name) / f"{package}-{accesses}", accesses)


@cache
def driver(package: str, accesses: bool = False) -> DriverUnderTest:
    """The package's driver, loaded once: each test starts it anew."""
    return DriverUnderTest(library(package, accesses))
