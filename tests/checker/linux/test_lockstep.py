"""The unmodified driver and the spec's driver take the same steps; a changed driver does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.linux.build import build
from hintproof.linux.driver import Driver
from hintproof.linux.lockstep import Pairing, compare, compare_random
from hintproof.linux.symbols import NOWHERE
from hintproof.system.errors import BadInput
from hintspec.language.sizes import Sizes
from tests.checker.linux.trees import PACKAGES, changed, driver, source

SMALL = Sizes(blocks=1, ring=2, rounds=1)
LARGE = Sizes(blocks=6, ring=8, rounds=4, removes=50, freezes=50)


def environment(package: str) -> str:
    return f"{package.replace('-source', '')}+qemu-7.2+kvm-auto"


def pairing(package: str, sizes: Sizes) -> Pairing:
    return Pairing(driver(package), environment(package), sizes)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_first_pairs_have_no_difference(package: str) -> None:
    found = compare(pairing(package, replace(SMALL, removes=1, freezes=1)), most=4000)
    assert found.difference is None
    assert found.pairs > 4000


@pytest.mark.parametrize("package", PACKAGES)
def test_random_steps_have_no_difference(package: str) -> None:
    found = compare_random(pairing(package, LARGE), 5000)
    assert found.difference is None
    assert found.steps == 5000


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [SMALL, replace(SMALL, removes=1), replace(SMALL, freezes=1), replace(SMALL, ring=3)])
@pytest.mark.parametrize("package", PACKAGES)
def test_all_pairs_have_no_difference(package: str, sizes: Sizes) -> None:
    found = compare(pairing(package, sizes))
    assert (found.difference, found.complete) == (None, True)


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_100_000_random_steps_have_no_difference(package: str) -> None:
    for seed in range(4):
        assert compare_random(pairing(package, LARGE), 25_000, seed).difference is None


#: A change of the driver's text, and what the difference is about.
CHANGED = {
    "no entry is kept": (r"num_free > 1", "num_free > 0", "ADD where FREE was due"),
    "no look at DONE": (r"CMD_ID_DONE(?=\))", "CMD_ID_STOP", "release_on_done"),
    "one more kick": (r"(?=err = send_cmd_id_stop)", "virtqueue_kick(vb->free_page_vq); ", "KICK where GET_BUF was"),
    "a hint of the wrong size": (r"(?<=p, )\w+_HINT_BLOCK_BYTES", "PAGE_SIZE", "4096 bytes"),
    "STOP has another payload": (r"(?<=sg, &)vb->cmd_id_stop", "vb->cmd_id_active", "post_stop: ring"),
    "blocks are not counted": (r"\w+->num_free_page_blocks\+\+", "", "counts 0 pages where 1 blocks are held"),
    "no cancel": (r"cancel_work_sync\(&\w+->report_free_page_work\);", "", "remove"),
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_driver_differs(change: str, tmp_path: Path) -> None:
    pattern, replacement, about = CHANGED[change]
    faulty = Driver(build(changed(source(PACKAGES[0]), (pattern, replacement)), tmp_path))
    found = compare(Pairing(faulty, environment(PACKAGES[0]), replace(SMALL, removes=1)), most=50_000)
    assert found.difference is not None, change
    assert about in str(found.difference), found.difference


def test_an_environment_without_such_a_driver() -> None:
    with pytest.raises(BadInput, match="no driver"):
        Pairing(driver(PACKAGES[0]), "no-hint+qemu-7.2+kvm-auto", SMALL)


#: Steps of the spec's driver and the functions that take them; the same in both trees.
FUNCTIONS = {
    "config_changed": {"virtballoon_changed", "virtio_balloon_queue_free_page_work"},
    "test_read_bit": {"virtio_balloon_cmd_id_received"},
    "read_config": {"virtio_balloon_cmd_id_received"},
    "release_on_done": {"report_free_page_func", "return_free_pages_to_mm"},
    "round_begins": {"send_cmd_id_start"},
    "set_active_id": {"send_cmd_id_start"},
    "post_start": {"send_cmd_id_start"},
    "kick_start": {"send_cmd_id_start"},
    "stay_in_loop": {"get_free_page_and_send"},
    "take_block": {"get_free_page_and_send"},
    "post_hint": {"get_free_page_and_send"},
    "hint_does_not_fit": {"get_free_page_and_send"},
    "keep_hinted": {"get_free_page_and_send"},
    "post_stop": {"send_cmd_id_stop"},
    "shrink_newest": {"return_free_pages_to_mm"},
    "remove_begins": {"virtballoon_remove", "virtio_balloon_unregister_shrinker"},
    "remove_releases": {"return_free_pages_to_mm"},
    "remove_resets": {"remove_common", "virtballoon_remove"},
    "freeze_resets": {"remove_common"},
}


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_and_steps_are_traced_to_each_other(package: str) -> None:
    pairs = pairing(package, replace(SMALL, removes=1, freezes=1))
    compare(pairs, 12_000)
    steps = {
        step: {place.function for place in map(driver(package).symbols.place, sites) if place != NOWHERE}
        for step, sites in pairs.sites.items()
    }
    for name, functions in FUNCTIONS.items():
        assert functions <= {*steps.get(name, ()), "report_free_page_func"}, name
    start = {step for step, functions in steps.items() if "send_cmd_id_start" in functions}
    assert start >= {"round_begins", "set_active_id", "post_start", "kick_start"}
