"""Counterexamples on a stock QEMU: what the model says is lost is lost, and what mends it mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.engines.report import Run
from hintproof.errors import BadInput
from hintproof.qemu.replay import Course, Result, judged, play, replay, replays, setup_for
from hintproof.trace import Trace, load
from hintspec.sizes import Sizes
from tests.checker.qemu.needs import course, needs_kvm, needs_qemu, setup
from tests.script import Script

COUNTEREXAMPLES = Path(__file__).parents[3] / "counterexamples"

pytestmark = needs_qemu


def known(name: str) -> Trace:
    return load(COUNTEREXAMPLES / name / "trace.json")


@pytest.mark.parametrize("accelerator", ["tcg", pytest.param("kvm", marks=needs_kvm)])
def test_the_shared_start_cell_loses_data(accelerator: str) -> None:
    settings = setup_for(known("shared-start-cell").environment, setup().qemu, accelerator)
    replayed = replay(known("shared-start-cell"), settings)
    assert replayed.result == Result.LOST
    [lost] = replayed.lost
    assert (lost.block, lost.destination) == (1, 0)


@needs_kvm
def test_early_release_loses_data_under_kvm() -> None:
    replayed = replay(known("early-release"), setup_for(known("early-release").environment, setup().qemu, "kvm"))
    assert replayed.result == Result.LOST


def test_early_release_loses_nothing_under_tcg() -> None:
    assert replay(known("early-release"), setup("tcg")).result == Result.KEPT


def test_poison_in_a_block_that_was_hinted_on_the_free_list_does_not_arrive() -> None:
    replayed = replay(known("hint-free-list"), setup("tcg"))
    assert replayed.result == Result.LOST
    assert known("hint-free-list").states[-1]["ghost.data"] == []  # what is lost is content of a free block


def with_a_cell_a_round(trace: Trace) -> Course:
    """The same run with a cell for each START: the stale one is ignored, and the block is sent."""
    other = {"pop_start": "ignore_out_buffer", "honour_hint": "ignore_hint"}
    run = [(other.get(name, name), block) for name, block in trace.run]
    return Course.along(f"{trace.environment}+cell-per-round", trace.sizes, [*run[:-1], *SEND, run[-1]])


SEND: Run = [("send_takes", 1), ("send_reads", None)]


def test_a_cell_a_round_mends_it() -> None:
    played = play(with_a_cell_a_round(known("shared-start-cell")), setup("tcg"))
    assert judged(played).result == Result.KEPT


def over_a_cancelled_migration(environment: str) -> Course:
    """START and hint stay on the queue while a migration is cancelled; the guest has its block back, and uses it."""
    script = Script(environment, Sizes(blocks=1, ring=4, rounds=2, migrations=2)).take("migrate").sync().hint(1)
    script.take("abort_migration", "config_changed", "test_read_bit", "read_config", "leave_loop", "post_stop")
    script.take("work_starts", "test_read_bit", "release_on_done", "allocate(1)", "write(1)", "migrate").sync()
    script.take("config_changed", "work_starts", "test_read_bit", "read_config", "round_begins", "test_read_bit")
    script.take("set_active_id").take_any("pop_start", "ignore_out_buffer").take_any("honour_hint", "ignore_hint")
    return course(script.finish())


def test_a_cell_a_round_mends_it_over_a_cancelled_migration() -> None:
    own = over_a_cancelled_migration("linux-6.1+qemu-7.2+kvm-auto+cell-per-round")
    assert judged(play(own, setup("tcg"))).result == Result.KEPT


def test_tcg_before_9_loses_a_store_without_any_hint() -> None:
    """The sync takes the mark of a store and leaves the TLB entry as it is: the next store is not marked."""
    script = Script("no-hint+qemu-7.2+tcg", Sizes(blocks=1, ring=2, rounds=3)).take("allocate(1)", "migrate").sync()
    script.take("write(1)", "next_sync").sync().send(1).take("write(1)").finish()
    played = judged(play(course(script), setup("tcg", vcpu_stores=True)))
    assert played.result == Result.LOST
    assert played.arrivals[0].problem == ""


@pytest.mark.parametrize("accelerator", ["tcg", pytest.param("kvm", marks=needs_kvm)])
def test_ten_of_ten(accelerator: str) -> None:
    """Lost each time, or never: never with a cell a round, and early release never under TCG."""
    shared, early = known("shared-start-cell"), Course.of(known("early-release"))
    courses = {
        "shared": Course.of(shared),
        "own": with_a_cell_a_round(shared),
        "cancelled": over_a_cancelled_migration(shared.environment),
        "early": early,
    }
    played = replays([course for course in courses.values() for _ in range(10)], setup(accelerator), 20)
    tens = zip(courses, (played[place : place + 10] for place in range(0, len(played), 10)), strict=True)
    lost = {name: sum(p.result == Result.LOST for p in ten) for name, ten in tens}
    assert lost == {"shared": 10, "own": 0, "cancelled": 10, "early": 10 if accelerator == "kvm" else 0}


def test_a_step_that_this_qemu_has_not_is_said() -> None:
    replayed = replay(known("status-before-id"), setup("tcg"))
    assert replayed.result == Result.NOT_STEERED
    assert replayed.step == 4
    assert "request_hints" in str(replayed)


def test_a_host_that_is_no_qemu_is_refused() -> None:
    with pytest.raises(BadInput, match="is no QEMU"):
        setup_for("linux-6.1+firecracker-1.14", setup().qemu)
