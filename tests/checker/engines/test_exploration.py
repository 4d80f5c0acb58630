"""The exploration with Hypothesis: it gets deep, its runs are short, it repeats itself, and says what it saw."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from hintproof import BadInput, Limits, Options, SamplingOptions, Sizes, Verdict
from hintproof.engines.exhaustive import explore_all
from hintproof.engines.options import PROFILES
from hintproof.engines.report import SampledFound
from hintproof.engines.sampling import sample
from hintproof.engines.shorten import Replay, shorten
from hintproof.engines.walks import Guide, unlinked
from hintproof.interpret.concrete import Concrete
from hintproof.peers.two_phase_commit import MANAGER, RESOURCE, STEPS, S, two_phase_commit
from hintproof.system.workers import Task
from hintproof.tasks.check import Found, plan, run_engine
from hintproof.trace.replay import follow, from_engine, prepare
from hintproof.views.results.documents import to_exploration
from hintproof.views.results.tables import never_taken
from hintspec.catalogue.expected import RECORDS, Record, pins
from hintspec.language.declare import ALWAYS, STEP, Text, action, require
from hintspec.language.recording import record
from hintspec.language.sorts import BOOL
from hintspec.language.terms import Term, choose, just
from hintspec.language.variables import Part, PartOf, StateView, var

CELL = "linux-6.1+qemu-7.2+kvm-auto"
SMALL = "linux-6.1+firecracker-1.14"

#: How much longer than the shortest run a shrunk one may be.
SLACK = 2


def explored(item: Record, runs: int, seed: int = 0) -> tuple[SampledFound, Concrete]:
    concrete = prepare(item.environment, item.sizes)
    return sample(concrete, options=SamplingOptions(runs, seed=seed)), concrete


def known_safety(item: Record, concrete: Concrete) -> set[str]:
    """The properties of a record that are known to fall, by runs of finite length."""
    kinds = {p.name: p.declared.kind for p in concrete.model.properties}
    return {name for name in item.known if kinds.get(name) in (ALWAYS, STEP)}


def must_be_short(item: Record, found: SampledFound, concrete: Concrete) -> None:
    lengths = pins()[item.key]["lengths"]
    for name, run in found.against.items():
        from_engine(item.environment, concrete, "sampled", name, run)  # replays it, or raises
        assert lengths[name] <= len(run) <= lengths[name] + SLACK, f"{item.key}: {name}"


def test_the_shared_start_cell_is_found_by_a_quick_exploration() -> None:
    """Uniform choice did not find it in 26,000 runs."""
    item = next(r for r in RECORDS if r.environment == CELL)
    concrete = prepare(item.environment, item.sizes)
    found = sample(concrete)
    assert item.known["id_at_most_once"] == "shared-start-cell"
    assert "id_at_most_once" in found.against
    assert set(found.against) <= known_safety(item, concrete)
    must_be_short(item, found, concrete)


@pytest.mark.parametrize(
    "item", [r for r in RECORDS if r.sizes.rounds == 1 and r.sizes.blocks == 1], ids=lambda item: item.key
)
def test_what_is_found_is_known_and_short(item: Record) -> None:
    found, concrete = explored(item, runs=1_500, seed=1)
    assert set(found.against) <= known_safety(item, concrete)
    assert found.against or not known_safety(item, concrete)
    must_be_short(item, found, concrete)


@pytest.mark.slow
@pytest.mark.parametrize("item", RECORDS, ids=lambda item: item.key)
def test_every_safety_defect_is_found(item: Record) -> None:
    concrete = prepare(item.environment, item.sizes)
    known = known_safety(item, concrete)
    # As many walks as a thorough search takes in its minute, and no seconds: other jobs beside it make no difference.
    thorough = SamplingOptions(runs=300_000, profile="thorough", seed=5, until=frozenset(known))
    found = sample(concrete, options=thorough if known else SamplingOptions())
    assert set(found.against) == known
    must_be_short(item, found, concrete)


def test_a_sound_world_is_sampled() -> None:
    found = sample(prepare("virtio-1.3", Sizes(1, 3, 1)), options=SamplingOptions(1_000))
    assert found.finished
    assert not found.against
    assert found.runs == 1_000


def test_the_same_seed_makes_the_same_runs_and_another_one_others() -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    one, same, other = (sample(concrete, options=SamplingOptions(1_000, seed=seed)) for seed in (7, 7, 8))
    assert (one.against, one.witnesses, one.coverage) == (same.against, same.witnesses, same.coverage)
    assert one.against
    assert one.fired != other.fired


def test_a_limit_is_undecided_and_keeps_what_was_found() -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    nothing = sample(concrete, Limits(seconds=0.0))
    assert not nothing.finished
    assert nothing.stopped_by == "limit of 0 seconds"
    some = sample(concrete, Limits(seconds=1.0), SamplingOptions(profile="thorough"))
    assert not some.finished
    for name, run in some.against.items():
        from_engine(SMALL, concrete, "sampled", name, run)


# -- the example database ---------------------------------------------------------------------


def test_what_failed_is_replayed_first(tmp_path: Path) -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    options = SamplingOptions(1_500, database=str(tmp_path), name="a world")
    first = sample(concrete, options=options)
    assert "no_lost_write" in first.against
    assert not first.replayed
    again = sample(concrete, options=replace(options, runs=1, seed=99))
    assert again.replayed == set(first.against)
    assert again.against == first.against
    assert not sample(concrete, options=replace(options, runs=1, name="another world")).against
    assert not sample(concrete, options=replace(options, runs=1, database=None)).replayed


def test_a_kept_run_that_fails_no_more_is_no_refutation(tmp_path: Path) -> None:
    broken, mended = (prepare(SMALL + word, Sizes(1, 3, 1)) for word in ("", "+wait-on-ack"))
    options = SamplingOptions(1_500, database=str(tmp_path), name="a world")
    assert "no_lost_write" in sample(broken, options=options).against
    after = sample(mended, options=replace(options, runs=1))
    assert "no_lost_write" not in after.against
    assert "no_lost_write" not in after.replayed
    assert after.finished


# -- generic ----------------------------------------------------------------------------------


@action(by=RESOURCE, where="broken")
def commit_unasked(s: S, block: Term) -> None:
    require(s.c.prepared.has(block))
    s.c.committed = s.c.committed | just(block)


@pytest.mark.parametrize("managers", [2, 60])
def test_a_model_of_many_steps_is_explored(managers: int) -> None:
    """With 60 managers there are more steps than a byte has values."""
    model = two_phase_commit(managers, (*STEPS, commit_unasked))
    found = sample(model, options=SamplingOptions(100))
    assert len(found.against["consistent"]) == 3
    follow(model, found.against["consistent"])


class Lamp(Part):
    on = var(BOOL, False, "it shines")
    broken = var(BOOL, False, "it can't any more")


class LampState(StateView[None]):
    lamp = PartOf(Lamp)


@action(by=MANAGER, where="switch")
def switch(s: LampState) -> None:
    require(~s.lamp.broken)
    s.lamp.on = choose(s.lamp.broken, False, ~s.lamp.on)


@action(by=RESOURCE, where="time")
def breaks(s: LampState) -> None:
    require(s.lamp.on)
    s.lamp.broken = True
    s.lamp.on = False


@action(by=RESOURCE, where="never")
def mends(s: LampState) -> None:
    require(s.lamp.on, s.lamp.broken)
    s.lamp.broken = False


def test_coverage_tells_steps_conditions_and_pairs() -> None:
    text = Text(LampState, (MANAGER, RESOURCE), (switch, breaks, mends), ())
    found = sample(Concrete(record(text, None), Sizes()), options=SamplingOptions(200))
    seen = found.coverage
    assert seen is not None
    assert never_taken(seen) == ["mends"]
    assert {(b.step, b.kind, b.condition): (b.true, b.false) for b in seen.branches} == {
        ("switch", "guard", 0): (True, True),
        ("switch", "lamp.on", 0): (False, True),  # asked only where the guard holds
        ("breaks", "guard", 0): (True, True),
        ("mends", "guard", 0): (True, True),
        ("mends", "guard", 1): (True, True),
    }
    assert {pair: bool(count) for pair, count in seen.pairs.items()} == {
        "manager > manager": True,
        "manager > resource": True,
        "resource > manager": False,
        "resource > resource": False,
    }


def test_coverage_adds_up() -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    found = sample(concrete, options=SamplingOptions(500))
    seen = found.coverage
    assert seen is not None
    assert sum(seen.steps.values()) == found.transitions > 500
    assert found.fired == seen.steps
    assert found.transitions - 500 <= sum(seen.pairs.values()) < found.transitions
    assert len(seen.branches) > sum(len(a.guard) for a in concrete.model.actions)
    for branch in seen.branches:  # no step was taken whose guard was not seen to hold
        if branch.kind == "guard" and seen.steps[branch.step]:
            assert branch.true, branch
    both = seen.merged(seen)
    assert both.branches == seen.branches
    assert both.steps == {name: 2 * count for name, count in seen.steps.items()}
    assert len(to_exploration(found, seen).conditions) == len(seen.branches)


def test_two_explorations_together_have_the_shorter_runs() -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    one, two = (sample(concrete, options=SamplingOptions(800, seed=seed)) for seed in (1, 2))
    long = one.against["hint_in_batch"] + one.against["hint_in_batch"]
    both = replace(one, against={"hint_in_batch": long}).merged(two)
    assert both.against["hint_in_batch"] == two.against["hint_in_batch"]
    assert both.runs == 1_600
    assert both.transitions == one.transitions + two.transitions
    assert not replace(one, stopped_by="limit of 1 seconds").merged(two).finished


def test_a_long_run_is_shortened_to_the_shortest() -> None:
    concrete = prepare(SMALL, Sizes(1, 3, 1))
    replay, guide = Replay(concrete), Guide(concrete, seed=3)
    shortest = explore_all(concrete).against["hint_in_batch"]
    while True:
        walked = unlinked(list(guide.walk())[-1][3])
        run = replay.until("hint_in_batch", walked)
        if run is not None and len(run) > len(shortest) + 10:
            break
    shorter = shorten(replay, "hint_in_batch", run, lambda: False)
    assert len(shortest) <= len(shorter) <= len(shortest) + SLACK
    assert replay.until("hint_in_batch", shorter) == shorter
    assert shorten(replay, "hint_in_batch", run, lambda: True) == run


# -- the fronts -------------------------------------------------------------------------------


def options_of(task: Task[Found]) -> SamplingOptions:
    assert isinstance(task.run, partial)
    options = task.run.args[-1]
    assert isinstance(options, SamplingOptions)
    return options


def test_thorough_takes_all_cores_and_quick_one() -> None:
    many = SamplingOptions(profile="thorough", threads=2, seed=3)
    _, quick = plan(SMALL, engines=["sampled"], options=Options(sampled=SamplingOptions(threads=2)))
    _, thorough = plan(SMALL, engines=["sampled"], options=Options(sampled=many))
    assert len(quick) == 1
    assert [options_of(task).seed for task in thorough] == [3, 3 + (1 << 32)]
    assert set(PROFILES) == {"quick", "thorough"}


def test_the_parts_of_a_thorough_check_are_put_together() -> None:
    result, tasks = plan(SMALL, engines=["sampled"], options=Options(sampled=SamplingOptions(300)))
    [task] = tasks
    result.add(task.run())
    result.add(run_engine("sampled", SMALL, result.sizes, Limits(), replace(options_of(task), seed=1)))
    assert result.found["sampled"].counts["runs"] == 600
    assert result.verdict("block_conserved") == Verdict.SAMPLED


def test_an_unknown_profile_is_bad_input() -> None:
    with pytest.raises(BadInput, match="unknown profile 'deep': choose from quick, thorough"):
        plan(SMALL, options=Options(sampled=SamplingOptions(profile="deep")))


TEST = f"""
def test_it(hintproof_check):
    hintproof_check("{SMALL}", engines=["sampled"], ring=3, rounds=1).must_hold("no_lost_write")
"""


def test_hypothesis_seed_reproduces_and_the_database_replays(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)

    def trace(*arguments: str) -> str:
        pytester.runpytest_subprocess(*arguments).assert_outcomes(failed=1)
        return json.dumps(json.loads(next(pytester.path.glob("hintproof-traces/*.json")).read_text())["steps"])

    assert trace("--hypothesis-seed=4") == trace("--hypothesis-seed=4")
    assert not (pytester.path / ".hypothesis" / "examples").exists()
    trace("--hintproof-no-database")
    assert not (pytester.path / ".hypothesis" / "examples").exists()
    assert trace() == trace()
    assert list((pytester.path / ".hypothesis" / "examples").iterdir())
