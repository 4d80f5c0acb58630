"""Where two drivers that both keep the properties first part, in words."""

from __future__ import annotations

import re

from hintproof.gate.linux import LinuxChecker
from hintproof.linux.jobs import Check, Kind
from hintproof.linux.source import DRIVER
from hintspec.language.sizes import Sizes
from tests.checker.gate.changes import EVERY
from tests.checker.linux.trees import PACKAGES, source


def test_the_first_other_call_of_a_walk_is_named_with_its_line() -> None:
    linux = source(PACKAGES[0])
    [change] = [change for change in EVERY if change.name == "kept-on-suspend"]
    after = {**linux.files, DRIVER: change.apply(linux.files[DRIVER])}
    checker = LinuxChecker(checks=(Check(Kind.SCENARIOS, "", Sizes(2, 4, 2), 20_000),))
    assert checker.check(linux.files).behaviour != checker.check(after).behaviour
    head, was, now = checker.difference(linux.files, after)
    assert head == "a walk of the whole driver, where the device offers hints alone, on a ring of two: after 2 calls"
    assert re.fullmatch(rf"  before: config_write 0x4 0x4 0x0 \({DRIVER}:\d+ update_balloon_size\)", was)
    assert re.fullmatch(rf"  after: reset \({DRIVER}:\d+ virtballoon_freeze\)", now)
