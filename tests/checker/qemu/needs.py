"""What tests on a real QEMU need, as marks that skip with the reason."""

from __future__ import annotations

from functools import cache

import pytest

from hintproof.qemu.binary import find_qemu, missing
from hintproof.qemu.machine import Setup

needs_qemu = pytest.mark.skipif(bool(missing()), reason=missing())
needs_kvm = pytest.mark.skipif(bool(missing("kvm")), reason=missing("kvm"))


@cache
def setup(accelerator: str = "tcg", vcpu_stores: bool | None = None, ring: int = 0) -> Setup:
    """The QEMU that is there."""
    stores = accelerator == "kvm" if vcpu_stores is None else vcpu_stores
    return Setup(find_qemu(), accelerator, stores, ring)
