"""Random runs on a stock QEMU: the model says what happens, and a model that says otherwise is found out."""

from __future__ import annotations

import pytest

from hintproof.qemu import conformance, device, shortening
from hintproof.qemu.binary import Qemu
from hintproof.qemu.conformance import STEPS, Conformance, RunDifference, compare, conform, course_of, world_of
from hintproof.qemu.machine import Setup
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import Course, Played
from hintproof.system.errors import BadInput
from hintspec.language.sizes import Sizes
from tests.checker.qemu.needs import course, needs_kvm, needs_qemu, setup
from tests.script import Script

#: A model of TCG's log with writes over qtest. Before QEMU 8.2 there is no ioeventfd without KVM.
TCG = "linux-6.1+qemu-10+tcg+no-ioeventfd"

#: The same with stores of the virtual CPU, some of which it loses: it has its world, too.
TCG_STORES = "linux-6.1+qemu-7.2+tcg"

SYSTEMS = ["tcg", "tcg stores", pytest.param("kvm", marks=needs_kvm)]

#: Runs of each by default: 40 in all.
FEW = {"tcg": 10, "tcg stores": 10, "kvm": 20}


def compare_on(system: str, seeds: range) -> Conformance:
    """Random runs on a system, compared with the model of it; KVM's dirty log is as QEMU and kernel agree on it."""
    if system == "kvm":
        return conform(f"linux-6.1+qemu-7.2+{setup().qemu.log_mode('kvm')}", setup("kvm"), seeds)
    stores = system == "tcg stores"
    return conform(TCG_STORES if stores else TCG, setup("tcg", vcpu_stores=stores), seeds)


def test_the_world_that_a_qemu_should_be() -> None:
    words = {(3, 1): "qemu-4.0", (5, 2, 0): "qemu-5.1", (7, 2, 22): "qemu-7.2", (11, 0): "qemu-10"}
    words |= {(4, 2): "qemu-5.0", (8, 1): "qemu-7.2", (9, 1): "qemu-10"}  # by the ranges, not by the words' numbers
    for version, word in words.items():
        assert world_of(Qemu("/qemu", version, "", ("tcg",)), "tcg") == f"linux-6.1+{word}+tcg"
    with pytest.raises(BadInput, match="has no kvm"):
        world_of(Qemu("/qemu", (7, 2), "", ("tcg",)), "kvm")


def test_a_seed_is_a_run() -> None:
    courses = [course_of(TCG, False, seed) for seed in (1, 1, 2)]
    assert courses[0] == courses[1] != courses[2]
    assert len(courses[0].run) >= STEPS


@pytest.mark.parametrize("lazy", [False, True])
def test_what_qemu_does_at_once_is_drawn_as_a_whole(lazy: bool) -> None:
    world = "linux-6.1+qemu-7.2+kvm-manual" if lazy else TCG
    runs = [[name for name, _ in course_of(world, lazy, seed).run] for seed in range(20)]
    pairs = {(name, run[place + 1]) for run in runs for place, name in enumerate(run[:-1])}
    follows = {name: {b for a, b in pairs if a == name} for run in runs for name in run}
    assert follows["next_sync"] == {"sync_get"}
    assert follows["sync_get"] == {"sync_merge"}
    assert follows["sync_merge"] <= {"publish_id", "publish_done", "publish_nothing"}
    assert follows["send_clears" if lazy else "send_takes"] == {"send_takes_cleared" if lazy else "send_reads"}
    assert {"hint_drops_block" if lazy else "honour_hint", "complete", "resume", "pop_stop"} <= {*follows}


@needs_qemu
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_real_system_does_what_the_model_says(system: str) -> None:
    counts = compare_on(system, range(FEW[system]))
    assert [str(d) for d in counts.differences + counts.not_steered] == []
    assert counts.agree == FEW[system]
    assert counts.migrations >= FEW[system] // 2


@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_hundreds_of_runs(system: str) -> None:
    counts = compare_on(system, range(100, 400))
    assert [str(d) for d in counts.differences] == []
    assert counts.agree >= 295  # a very busy machine may not let some be steered
    assert bool(counts.losses) == (system != "tcg")  # some of them lose what the model says is lost


# -- a model that is wrong --------------------------------------------------------------------


def describe_difference(script: Script, accelerator: str) -> str:
    played_course, played = compare(course(script), setup(accelerator))
    assert played.result == Result.DIFFERS
    return str(RunDifference(0, played_course, played))


@needs_kvm
def test_a_model_of_another_dirty_log_is_found_out() -> None:
    """KVM's log that is cleared as it is read keeps a write that the one in use here loses."""
    script = Script("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", Sizes(1, 3, 1)).take("migrate").sync().hint(1)
    script.take("shrink_newest", "allocate(1)", "write(1)").pop_hint().finish()
    assert "blocks [1] are not as at the source, in the model []" in describe_difference(script, "kvm")


SOUGHT, OTHERWISE = ("post_hint", "write"), Played(Result.DIFFERS)


def as_if(course: Course, setup: Setup | None = None) -> tuple[Course, Played]:
    """Compared with a system that does otherwise if anything is written after a hint was posted."""
    hint, write = ([at for at, (name, _) in enumerate(course.run) if name == wanted] for wanted in SOUGHT)
    return course, Played(Result.DIFFERS if hint and write and hint[0] < write[-1] else Result.FOLLOWED)


@pytest.mark.parametrize("alone", [False, True], ids=["stretches first", "by Hypothesis alone"])
def test_a_run_that_differs_is_shrunk_as_far_as_it_goes(alone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance, "compare", as_if)
    long = next(c for seed in range(99) if as_if(c := course_of(TCG, False, seed))[1] == OTHERWISE)
    differs = RunDifference(1, long, OTHERWISE)
    machine = Setup(Qemu("/qemu", (7, 2), "7.2", ("tcg",)), "tcg")
    short = shortening._shrunk(differs, as_if, 30) if alone else shortening.shorten(differs, machine)
    names = [name for name, _ in short.course.run]
    assert (names[-1], names.count("post_hint"), names.count("write")) == ("write", 1, 1)
    assert 19 <= len(names) <= (19 if not alone else 30) < len(long.run)


@needs_kvm
@pytest.mark.slow
def test_a_long_run_that_differs_is_shortened() -> None:
    script = Script("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", Sizes(2, 3, 1, chunk=2)).take(
        "allocate(2)", "write(2)"
    )
    script.take("free(2)", "migrate").sync().hint(1).take("shrink_newest", "allocate(1)", "write(1)", "write(1)")
    script.take("test_read_bit", "stay_in_loop", "no_block_left").pop_hint().finish()
    differs = RunDifference(0, *compare(course(script), setup("kvm")))
    short = shortening.shorten(differs, setup("kvm"))
    assert short.played.result == Result.DIFFERS
    assert len(short.course.run) < len(differs.course.run) - 4
    assert ("write", 1) in short.course.run


@needs_qemu
@pytest.mark.slow
def test_a_model_of_another_clean_up_is_found_out() -> None:
    """A device that says STOP after a cancelled migration is not the one that is there."""
    script = Script("linux-6.1+qemu-7.2+kvm-auto+stop-on-cleanup", Sizes(1, 3, 1)).take("migrate").sync()
    difference = describe_difference(script.take("abort_migration"), "tcg")
    assert "at step 5: config shows 0x1, in the model STOP; after migrate sync_get sync_merge publish_id" in difference


@needs_qemu
@pytest.mark.slow
def test_a_device_that_nobody_woke_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ioeventfd, as under TCG, the queue is not looked at as the VM starts again."""
    monkeypatch.setattr(device, "_SECONDS", 0.3)
    script = Script("linux-6.1+qemu-10+tcg", Sizes(1, 3, 1)).take("migrate").sync()
    script.take("config_changed", "work_starts", "test_read_bit", "read_config").finish().take("resume")
    script.take("config_changed", "round_begins", "test_read_bit", "read_config", "set_active_id", "post_start")
    assert "the device sleeps, and nobody wakes it" in describe_difference(script.take("ignore_out_buffer"), "tcg")
