"""The unmodified driver under the spec's properties: what falls is what falls of the spec's driver, as soon; repairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hintproof.linux.build import build
from hintproof.linux.direct import Direct, check_code
from hintproof.linux.driver import Driver
from hintspec.records import PINS
from hintspec.sizes import Sizes
from tests.checker.linux.trees import PACKAGES, driver, source

ONE_ROUND = Sizes(blocks=1, ring=3, rounds=1)
TWO_ROUNDS = replace(ONE_ROUND, rounds=2)


def environment(package: str, rest: str) -> str:
    return f"{package.replace('-source', '')}+{rest}"


def lengths(found: Direct) -> dict[str, int]:
    return {name: len(refuted.steps) for name, refuted in found.refuted.items()}


def pinned(name: str, sizes: Sizes) -> dict[str, Any]:
    return {n: length for n, length in PINS[f"{name} | {sizes}"]["lengths"].items()}
