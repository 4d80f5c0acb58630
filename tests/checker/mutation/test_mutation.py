"""Mutation: what the operators make, what must die and of what, and that a run can be continued."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path

import pytest

from hintproof import BadInput
from hintproof.engines.exhaustive import PlainSearch
from hintproof.interpret.concrete import Concrete
from hintproof.mutation.baseline import Baseline, MutantSystem
from hintproof.mutation.bisimulation import bisimilar
from hintproof.mutation.judge import EQUAL, GOAL, KILLED, LEMMA, PROPERTY, PROVED, Outcome, Stage, search_mutant
from hintproof.mutation.mutants import MERGE, Mutant, mutants
from hintproof.mutation.task import Results, counterpart, digest, judge_mutant, mutants_of, summarize
from hintproof.peers.two_phase_commit import two_phase_commit
from hintproof.system.workers import Task, run_in_order
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import PROVED as PROVED_WORLDS
from hintspec.catalogue.expected import WORKED_EXAMPLE
from hintspec.catalogue.mutation_stages import stages_for
from hintspec.language.folds import reads
from hintspec.language.sizes import Sizes
from tests.checker.command import hintproof

#: A world of few states, and with few steps.
SMALL = "no-hint+qemu-7.2+kvm-auto"


@cache
def toy() -> tuple[Baseline, dict[str, Mutant]]:
    concrete = two_phase_commit(3)
    return Baseline(concrete.model, concrete.sizes), {m.name: m for m in mutants(concrete.model)}


def toy_outcome(name: str) -> Outcome:
    base, made = toy()
    return search_mutant(made[name], [Stage(base.concrete.sizes)], lambda _: base)


def test_names_are_unique_and_every_step_has_mutants() -> None:
    concrete = two_phase_commit(3)
    made = mutants(concrete.model)
    assert len({m.name for m in made}) == len(made)
    assert {m.step for m in made} == {a.name for a in concrete.model.actions}


def test_a_mutant_differs_in_its_step_alone() -> None:
    model = two_phase_commit(3).model
    for mutant in mutants(model):
        changed = mutant.model(model)
        before = {a.name: a for a in model.actions}
        assert all(before[a.name] is a for a in changed.actions if a.name in before and a.name != mutant.step)


def test_a_commit_without_all_votes_is_refuted() -> None:
    found = toy_outcome("commit: guard 1 dropped")
    assert found.verdict == KILLED
    assert found.kill is not None
    assert (found.kill.kind, found.kill.by, found.kill.how) == (PROPERTY, "consistent", "falls")
    assert found.kill.length == 3  # one aborts by itself, the manager commits, another is told


def test_a_witness_that_is_lost_kills() -> None:
    found = toy_outcome("receive_commit: c.committed dropped")
    assert found.kill is not None
    assert (found.kill.by, found.kill.how) == ("all_commit", "is no longer met")


def test_what_changes_nothing_is_equal() -> None:
    # who is told to commit is never among the aborted, so that taking it out of them changes nothing
    assert toy_outcome("receive_commit: c.aborted dropped").verdict == EQUAL


def test_two_searches_agree_on_a_mutant() -> None:
    """A mutant by what is looked up of its original, and the same model searched as any other."""
    base, made = toy()
    for mutant in list(made.values())[::7]:
        changed = MutantSystem(base, mutant)
        plain = Concrete(mutant.model(base.concrete.model), base.concrete.sizes)
        reached = {plain.initial}
        waiting = [plain.initial]
        for state in waiting:
            there = {s for _, s, _ in plain.successors(state)}
            assert there == {s for _, s, _ in changed.successors(state)}
            waiting += there - reached
            reached |= there
        same = reached == set(base.search.order) and all(
            sorted((str(plain.instances[n]), s) for n, s, _ in plain.successors(state))
            == sorted((str(base.concrete.instances[n]), s) for n, s, _ in base.concrete.successors(state))
            for state in reached
        )
        assert same != changed.differs()


def small_outcome(name: str) -> tuple[MutantSystem, PlainSearch]:
    """A mutant of the worked example at few states, and its search."""
    base = small_base()
    changed = MutantSystem(base, mutants_of(WORKED_EXAMPLE)[name])
    search = PlainSearch(changed)
    search.search()
    return changed, search


@cache
def small_base() -> Baseline:
    return Baseline(prepare(WORKED_EXAMPLE, Sizes()).model, Sizes(1, 2, 1))


def test_what_nobody_reads_tells_nobody_anything() -> None:
    """A hint's field for a command id has another value: other states, and no way to tell."""
    changed, search = small_outcome("post_hint: ring.queue other constant@4")
    assert changed.differs()
    assert set(search.order) != set(small_base().search.order)
    assert changed.is_bisimilar(search)


def test_steps_that_lead_back_tell_nobody_anything() -> None:
    changed, search = small_outcome("shrink_newest: guard 2 dropped")
    assert search.transitions > small_base().search.transitions
    assert changed.is_bisimilar(search)


@pytest.mark.parametrize(
    "name", ["kick_hint: device.awake dropped", "post_stop: driver.at other constant", "write: ghost.stale dropped"]
)
def test_what_is_told_apart(name: str) -> None:
    """By steps that the one can take and the other can't, or by what is said of states."""
    changed, search = small_outcome(name)
    assert not changed.is_bisimilar(search)


def test_steps_to_states_of_which_something_else_is_said_tell() -> None:
    """Two counters alike but for what is said at their end, three steps from here."""
    base, made = toy()
    changed = MutantSystem(base, made["receive_commit: c.committed dropped"])
    search = PlainSearch(changed)
    search.search()
    assert not bisimilar(base.search, search, lambda via: via, lambda state: ())


@pytest.mark.parametrize(
    ("name", "kind", "by"),
    [
        ("send_takes: log.bitmap dropped", PROPERTY, None),
        ("send_reads: guard 0 dropped", None, None),
        ("complete: guard 2 dropped", PROPERTY, "no_lost_write"),
        ("write: log.kernel dropped", PROPERTY, "no_lost_write"),
        ("write: guard 0 dropped", PROPERTY, "guest_stands_still"),
        ("migrate: log.bitmap dropped", None, None),
    ],
)
def test_known_mutants_die(name: str, kind: str | None, by: str | None) -> None:
    outcome = judge_mutant(SMALL, name).outcome
    assert outcome.verdict == KILLED
    assert outcome.kill is not None
    assert kind in (None, outcome.kill.kind)
    assert by in (None, outcome.kill.by)


def test_a_mutant_is_the_same_elsewhere_if_its_words_are() -> None:
    write = mutants_of(WORKED_EXAMPLE)["write: log.kernel dropped"]
    assert counterpart(SMALL, write) is not None
    assert counterpart("no-hint+qemu-10+tcg", write) is None


def test_steps_are_merged_by_substitution() -> None:
    merged = [m for m in mutants_of(WORKED_EXAMPLE).values() if m.operator == MERGE]
    names = {action.name for m in merged for action in m.made}
    assert {"post_start+kick_start", "post_hint+kick_hint", "set_active_id+post_start"} <= names
    assert all(m.between is not None for m in merged)


def test_a_ghost_influences_no_mutant() -> None:
    model = prepare(WORKED_EXAMPLE, Sizes()).model
    ghosts = {v.name for v in model.vars if v.declared.ghost}
    for mutant in mutants_of(WORKED_EXAMPLE).values():
        for action in mutant.made:
            ordinary = [term for name, term in action.updates.items() if name not in ghosts]
            for term in (*(c.term for c in action.guard), *ordinary):
                assert ghosts.isdisjoint(reads(term)), mutant.name


def test_results_are_continued_and_those_of_another_model_are_not(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    kept = Results(file, SMALL)
    name = "write: log.kernel dropped"
    kept.add(judge_mutant(SMALL, name))
    half = file.read_text() + '{"environment": "no-hint'  # the process ended while it wrote
    file.write_text(half)
    again = Results(file, SMALL)
    assert list(again.rows) == [name]
    assert again.rows[name] == kept.rows[name]
    stale = json.loads(file.read_text())
    assert stale["digest"] == digest(SMALL)
    file.write_text(json.dumps({**stale, "digest": "another"}) + "\n")
    assert not Results(file, SMALL).rows


def test_a_file_that_is_none_of_ours_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    file.write_text("not ours\n")
    with pytest.raises(BadInput, match="no result"):
        Results(file, SMALL)
    assert file.read_text() == "not ours\n"


@pytest.mark.slow
def test_nothing_survives_of_some_steps() -> None:
    """Every mutant of some steps is killed, or equivalent."""
    steps = ("allocate", "send_reads", "kick_start", "stop_does_not_fit")
    names = [m.name for m in mutants_of(WORKED_EXAMPLE).values() if m.step in steps]
    rows = run_in_order([Task(name, "mutant", partial(judge_mutant, WORKED_EXAMPLE, name)) for name in names])
    summary = summarize(WORKED_EXAMPLE, rows)
    assert len(summary.rows) == len(names) > 30
    assert [row.name for row in summary.survivors] == []
    assert summary.undecided == []
    kinds = {row.outcome.kill.kind for row in summary.killed if row.outcome.kill}
    assert PROPERTY in kinds
    assert any(row.outcome.verdict == PROVED for row in summary.rows)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_no_rule_of_the_worked_example_is_slack(part: int) -> None:
    """Every mutant of one full environment, in ten parts of some minutes each."""
    names = list(mutants_of(WORKED_EXAMPLE))
    assert len(names) > 1_000
    names = names[part::10]
    rows = run_in_order([Task(name, "mutant", partial(judge_mutant, WORKED_EXAMPLE, name)) for name in names])
    summary = summarize(WORKED_EXAMPLE, rows)
    assert summary.survivors == []
    assert summary.score == 1.0
    assert {row.outcome.kill.kind for row in summary.killed if row.outcome.kill} == {PROPERTY, LEMMA, GOAL}


def test_the_stages_are_worlds_that_are_known() -> None:
    own = [sizes for world, sizes in stages_for(WORKED_EXAMPLE) if world == WORKED_EXAMPLE]
    assert WORKED_EXAMPLE in PROVED_WORLDS
    assert Sizes(2, 2, 1) in own


def test_command_line(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "mutate", SMALL, "--only", "send_reads", "--results", "r.jsonl", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit"]
    assert len(told["mutants"]) == len((tmp_path / "r.jsonl").read_text().splitlines()) > 5
    assert told["killed"] + told["equivalent"] + told["survivors"] == len(told["mutants"])


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    for arguments in (["no-such-world"], [SMALL, "--only", "send_read"], [SMALL, "--jobs", "0"]):
        done = hintproof(tmp_path, "mutate", *arguments)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1
