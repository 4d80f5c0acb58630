"""Counterexamples on a stock QEMU: what the model says is lost is lost, and a repair repairs it."""

from __future__ import annotations

import pytest

from hintproof.engines.report import Run
from hintproof.qemu.layout import PAGE
from hintproof.qemu.observations import load_observations
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, count_results, judge_loss, play, replay, replay_all, setup_for
from hintproof.qemu.steering import Steering
from hintproof.system.errors import BadInput
from hintproof.trace.document import load
from hintproof.trace.replay import Trace
from hintproof.views.results.real import observation_lines
from hintspec.language.sizes import Sizes
from tests.checker.qemu.needs import course, needs_kvm, needs_qemu, setup
from tests.places import COUNTEREXAMPLES
from tests.script import Script

pytestmark = needs_qemu


def known(name: str) -> Trace:
    return load(COUNTEREXAMPLES / name / "trace.json")


def test_the_shared_start_cell_loses_data_each_time() -> None:
    settings = setup_for(known("shared-start-cell").environment, setup().qemu, "tcg")
    replayed = replay_all([Course.of(known("shared-start-cell"))] * 10, settings)
    assert count_results(replayed) == {Result.LOST: 10}
    [lost] = replayed[0].lost
    assert (lost.block, lost.destination) == (1, 0)


@needs_kvm
def test_early_release_loses_data_each_time_under_kvm() -> None:
    settings = setup_for(known("early-release").environment, setup().qemu, "kvm")
    assert count_results(replay_all([Course.of(known("early-release"))] * 10, settings)) == {Result.LOST: 10}


def a_hint_of_something_else(steering: Steering, *_: object) -> None:
    steering._rig.balloon.post_hint(PAGE, PAGE)


def test_a_replay_goes_on_where_only_the_host_does_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a host in which the defect is fixed: the hint takes nothing out of the bitmap, and nothing is lost."""
    monkeypatch.setattr(Steering, "_do_post_hint", a_hint_of_something_else)
    reason = "0 pages were taken out of the bitmap, in the model 1"
    replayed = replay(known("early-release"), setup("tcg"))
    assert str(replayed) == f"not lost (at step 25 {reason})"
    strictly = play(Course.of(known("early-release")), setup("tcg"))
    assert str(strictly) == f"the real system does otherwise at step 25: {reason}"


def test_poison_in_a_block_that_was_hinted_on_the_free_list_does_not_arrive() -> None:
    replayed = replay(known("hint-free-list"), setup("tcg"))
    assert replayed.result == Result.LOST
    assert known("hint-free-list").states[-1]["ghost.data"] == []  # what is lost is content of a free block


def with_a_cell_a_round(trace: Trace) -> Course:
    """This run with a cell for each START: the stale one is ignored, and the block is sent."""
    other = {"pop_start": "ignore_out_buffer", "honour_hint": "ignore_hint"}
    run = [(other.get(name, name), block) for name, block in trace.run]
    return Course.along(f"{trace.environment}+cell-per-round", trace.sizes, [*run[:-1], *SEND, run[-1]])


SEND: Run = [("send_takes", 1), ("send_reads", None)]


@pytest.mark.slow
def test_a_cell_a_round_mends_it() -> None:
    played = play(with_a_cell_a_round(known("shared-start-cell")), setup("tcg"))
    assert judge_loss(played).result == Result.KEPT


def over_a_cancelled_migration(environment: str) -> Course:
    """START and hint stay on the queue while a migration is cancelled; the guest has its block back, and uses it."""
    script = Script(environment, Sizes(blocks=1, ring=4, rounds=2, migrations=2)).take("migrate").sync().hint(1)
    script.take("abort_migration", "config_changed", "test_read_bit", "read_config", "leave_loop", "post_stop")
    script.take("work_starts", "test_read_bit", "release_on_done", "allocate(1)", "write(1)", "migrate").sync()
    script.take("config_changed", "work_starts", "test_read_bit", "read_config", "round_begins", "test_read_bit")
    script.take("set_active_id").take_any("pop_start", "ignore_out_buffer").take_any("honour_hint", "ignore_hint")
    return course(script.finish())


@pytest.mark.slow
def test_a_cell_a_round_mends_it_over_a_cancelled_migration() -> None:
    own = over_a_cancelled_migration("linux-6.1+qemu-7.2+kvm-auto+cell-per-round")
    assert judge_loss(play(own, setup("tcg"))).result == Result.KEPT


@pytest.mark.slow
def test_tcg_before_9_loses_a_store_without_any_hint() -> None:
    """The sync takes the mark of a store and leaves the TLB entry as it is: the next store is not marked."""
    script = Script("no-hint+qemu-7.2+tcg", Sizes(blocks=1, ring=2, rounds=3)).take("allocate(1)", "migrate").sync()
    script.take("write(1)", "next_sync").sync().send(1).take("write(1)").finish()
    played = judge_loss(play(course(script), setup("tcg", vcpu_stores=True)))
    assert played.result == Result.LOST
    assert played.arrivals[0].problem == ""


@pytest.mark.slow
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
    played = replay_all([course for course in courses.values() for _ in range(10)], setup(accelerator), 20)
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


def test_what_was_kept_is_of_the_trace_that_is_there_and_could_be_steered() -> None:
    seen = {file.parent.name: load_observations(file) for file in COUNTEREXAMPLES.glob("*/seen.json")}
    assert {"shared-start-cell", "early-release"} <= seen.keys()
    for name, several in seen.items():
        assert (COUNTEREXAMPLES / name / "trace.json").exists()
        page = (COUNTEREXAMPLES / name / "README.md").read_text()
        assert all(line in page for line in observation_lines(COUNTEREXAMPLES / name))
        for one in several:
            assert Result.NOT_STEERED not in one.results
            assert sum(one.results.values()) == one.times
