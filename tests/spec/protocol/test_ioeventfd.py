"""Who wakes the device as the VM runs again: QEMU itself, where it has ioeventfd, or nobody."""

from __future__ import annotations

import pytest

from hintspec.catalogue.environments import compose
from hintspec.language.sizes import Sizes
from tests.script import Script

_QEMU = "linux-6.1+qemu-7.2+"


def with_a_start_not_kicked_for(environment: str) -> Script:
    """START is on the ring, and its driver has not kicked yet."""
    script = Script(environment, Sizes(1, 3, 1, pauses=1)).take("migrate").sync().take("config_changed", "work_starts")
    script.take("test_read_bit", "read_config", "round_begins", "test_read_bit", "set_active_id", "post_start")
    assert not script.can("pop_start")
    return script


@pytest.mark.parametrize(
    ("world", "wakes"),
    [
        (f"{_QEMU}kvm-auto", True),
        (f"{_QEMU}kvm-manual", True),
        (f"{_QEMU}kvm-auto+no-ioeventfd", False),
        (f"{_QEMU}tcg", False),
        (f"{_QEMU}tcg+no-ioeventfd", False),
        ("linux-6.1+qemu-10+tcg", True),
        ("linux-6.1+qemu-10+tcg+no-ioeventfd", False),
    ],
)
def test_a_vm_that_is_continued_looks_at_its_queues(world: str, wakes: bool) -> None:
    """As on a stock QEMU 7.2: with KVM the START is popped after QMP cont, with TCG the device sleeps on."""
    assert with_a_start_not_kicked_for(world).take("pause", "unpause").can("pop_start") == wakes
    assert with_a_start_not_kicked_for(world).take("pause", "unpause", "kick_start").can("pop_start")


@pytest.mark.parametrize(("word", "wakes"), [("", True), ("+no-ioeventfd", False)])
def test_a_loop_that_is_about_to_sleep_looks_once_more(word: str, wakes: bool) -> None:
    script = Script(f"{_QEMU}kvm-auto+lost-kick{word}", Sizes(1, 3, 1, pauses=1)).take("migrate").sync().hint(1)
    script.pop_hint().take("test_read_bit", "stay_in_loop", "no_block_left", "post_stop", "pop_stop")
    script.take("loop_finds_nothing", "pause", "unpause")
    assert script.can("loop_sleeps") != wakes
    assert script["device.awake"]


def test_before_qemu_10_the_word_says_of_tcg_what_is_so_anyway() -> None:
    assert compose(f"{_QEMU}tcg") == compose(f"{_QEMU}tcg+no-ioeventfd")
    assert compose("linux-6.1+qemu-10+tcg") != compose("linux-6.1+qemu-10+tcg+no-ioeventfd")
