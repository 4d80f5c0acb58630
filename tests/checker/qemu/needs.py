"""Requirements of tests on a real QEMU, as marks that skip with the reason."""

from __future__ import annotations

from functools import cache

import pytest

from hintproof.qemu.binary import find_qemu, missing
from hintproof.qemu.machine import Setup
from hintproof.qemu.replay import Course
from tests.script import Script, parse

needs_qemu = pytest.mark.skipif(bool(missing()), reason=missing())
needs_kvm = pytest.mark.skipif(bool(missing("kvm")), reason=missing("kvm"))


@cache
def setup(accelerator: str = "tcg", vcpu_stores: bool | None = None, ring: int = 0) -> Setup:
    """The QEMU that is there."""
    stores = accelerator == "kvm" if vcpu_stores is None else vcpu_stores
    return Setup(find_qemu(), accelerator, stores, ring)


def course(script: Script) -> Course:
    """The run of a script."""
    return Course.along(script.environment, script.concrete.sizes, [parse(step) for step in script.taken])
