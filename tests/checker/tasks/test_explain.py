"""Explanations: the steps that matter, those that can be left out, the rules that a run needs."""

from __future__ import annotations

import json
import random
import re

import pytest

from hintproof import BadInput, Sizes
from hintproof.story.build import build_story
from hintproof.story.causes import summarize_end
from hintproof.story.model import Weight
from hintproof.tasks.attribution import other_rules
from hintproof.tasks.explain import explain, find_preventing_rules
from hintproof.trace.diff import in_world
from hintproof.trace.document import load
from hintproof.trace.reduce import can_be_left_out, reduce
from hintproof.trace.replay import Trace, build, prepare
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import compose
from hintspec.protocol.rules import World
from tests.places import ROOT

FOLDER = ROOT / "counterexamples"
WITH_TRACE = [name for name in DEFECTS if (FOLDER / name / "trace.json").exists()]

#: The rules that each defect needs, as last measured.
ROWS = json.loads((ROOT / "docs" / "rules.json").read_text())["rules"]
MEASURED = {name: [row for row in ROWS if row["defect"] == name] for name in DEFECTS}


def known(name: str) -> Trace:
    return load(FOLDER / name / "trace.json")


def differing_rules(one: World, other: World) -> set[str]:
    """The rules in which two worlds differ, found by changing rules of the one (not by the way the tool does)."""
    names = set()
    for part in ("driver", "device", "log", "guest"):
        left, right = vars(getattr(one, part)), vars(getattr(other, part))
        names |= {f"{part}.{rule}" for rule in left if left[rule] != right[rule]}
    return names


# -- which rule is to blame -------------------------------------------------------------------


@pytest.mark.parametrize("name", DEFECTS)
def test_the_guilty_rule_is_named(name: str) -> None:
    """One of the rules that the catalogue changes to mend a defect is among those that the explanation names."""
    defect = DEFECTS[name]
    changed = differing_rules(compose(defect.environment), compose(defect.fixed))
    named = {row["rule"] for row in MEASURED[name]}
    assert changed & named, f"the catalogue changes {sorted(changed)}, the explanation names {sorted(named)}"


@pytest.mark.parametrize("name", WITH_TRACE)
def test_the_measured_rules_are_true(name: str) -> None:
    """Each world that has a name prevents the run at the measured step."""
    trace = known(name)
    for row in (row for row in MEASURED[name] if row["environment"]):
        found = in_world(trace, row["environment"])
        assert (found.stops or 0, found.because) == (row["departs"], row["because"] if row["departs"] else "")
        if not row["departs"]:
            assert "does not fall" in found.ends


@pytest.mark.parametrize("name", ["poison-not-restored", "lost-kick", "tcg-hot-tlb"])
def test_rules_are_found_anew(name: str) -> None:
    found = find_preventing_rules(DEFECTS[name])
    assert [(s.rule, s.instead, s.departs, s.holds, s.states) for s in found] == [
        (k["rule"], k["instead"], k["departs"], k["holds"], k["states"]) for k in MEASURED[name]
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFECTS)
def test_all_rules_are_found_anew(name: str) -> None:
    found = find_preventing_rules(DEFECTS[name])
    assert [(s.rule, s.instead, s.departs, s.holds, s.states) for s in found] == [
        (k["rule"], k["instead"], k["departs"], k["holds"], k["states"]) for k in MEASURED[name]
    ]


def test_each_other_world_differs_in_the_rule_that_is_told() -> None:
    environment = "linux-6.1+qemu-7.2+kvm-manual"
    told = list(other_rules(environment))
    assert len({(rule.name, str(rule.instead)) for rule in told}) == len(told) > 40
    for rule in told:
        changed = differing_rules(compose(environment), rule.world)
        assert changed == {rule.name}
        assert not rule.environment or compose(rule.environment) == rule.world


def test_the_paragraph_tells_the_rule() -> None:
    story = explain(known("poison-not-restored"))
    assert story.preventing_rules[0].rule == "driver.tells_poison_on_restore"
    assert 'rule driver.tells_poison_on_restore "no"' in story.explanation.paragraph


# -- which steps matter -----------------------------------------------------------------------


def test_steps_that_matter() -> None:
    """Of the shared START cell: the id, the cell written twice, the hint, the write, the stale START."""
    weights = {moment.number: moment.weight for moment in build_story(known("shared-start-cell")).moments}
    assert [n for n, w in weights.items() if w == Weight.CAUSE] == [22, 26, 27, 38]
    feeding = [n for n, w in weights.items() if w == Weight.FEEDS]
    assert feeding == [1, 4, 8, 11, 12, 13, 16, 17, 19, 20, 21, 28, 29, 36, 37]


@pytest.mark.parametrize("name", WITH_TRACE)
def test_every_explanation_ends_in_a_step_that_matters(name: str) -> None:
    story = build_story(known(name))
    assert story.explanation.last_cause is not None
    assert any(moment.weight != Weight.ENABLES for moment in story.moments)
    assert story.state(len(story.moments)) == list(story.states())[-1] == known(name).states[-1]


# -- which steps can be left out --------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_TRACE)
def test_no_step_of_a_known_trace_can_be_left_out(name: str) -> None:
    trace = known(name)
    assert can_be_left_out(trace) == []
    assert len(reduce(trace).steps) == len(trace.steps)


def wandering(seed: int) -> Trace:
    """A long run against no_lost_write of the old TCG, by random steps."""
    environment = "no-hint+qemu-7.2+tcg"
    concrete = prepare(environment, Sizes(2, 2, 3))
    choice = random.Random(seed)
    bit = [p.name for p in concrete.state_properties].index("no_lost_write")
    while True:
        state, run = concrete.initial, list[tuple[str, int | None]]()
        while steps := concrete.successors(state):
            index, state, _ = choice.choice(steps)
            instance = concrete.instances[index]
            run.append((instance.action.name, instance.block))
            if concrete.judge(state) >> bit & 1:
                return build(environment, concrete, "walk", "no_lost_write", run)
            if len(run) > 400:
                break


@pytest.mark.parametrize("seed", range(5))
def test_a_long_trace_is_reduced(seed: int) -> None:
    """The end is the same, and no step of what is left can be left out: each is tried, strictly, one by one."""
    trace = wandering(seed)
    shorter = reduce(trace)
    assert shorter.property_name == trace.property_name
    assert len(shorter.steps) <= len(trace.steps)
    assert can_be_left_out(shorter) == []
    concrete = prepare(shorter.environment, shorter.sizes)
    for number in range(len(shorter.run)):
        run = shorter.run[:number] + shorter.run[number + 1 :]
        with pytest.raises(BadInput):
            build(shorter.environment, concrete, "", shorter.property_name, run)


def test_a_step_that_changes_nothing_is_left_out() -> None:
    trace = known("shared-start-cell")
    run = [*trace.run[:22], ("write", 1), *trace.run[22:]]
    longer = build(trace.environment, prepare(trace.environment, trace.sizes), "hand", trace.property_name, run)
    assert can_be_left_out(longer) == [22, 23]
    assert reduce(longer).run == trace.run


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("early-release", "The write of step 22 is remembered nowhere: step 25 (hint_drops_block) took the last mark"),
        ("tcg-hot-tlb", "The write of step 9 is remembered nowhere: it left no mark in any dirty log."),
        ("discard-before-reuse-seen", "The write of step 19 is gone: step 21 (discard) took it away."),
        ("hint-free-list", "The content of block 1 is remembered nowhere: step 17 (honour_hint) took the last mark"),
        ("id-read-twice", "Step 22 (ignore_hint) breaks this rule: As the device sees the queue, hints come only"),
        ("no-done-on-failure", "After step 27 (abort_migration) this does not hold: Once hinting is over and the"),
        ("full-ring-spin", "After step 20, steps 21 to 24 may repeat for ever, so this does not hold: Even if"),
        ("lost-kick", "After step 21, the last state may stay for ever, so this does not hold: If the device pops"),
    ],
)
def test_the_reason_comes_in_words_first(name: str, words: str) -> None:
    """Without the variables and values behind it."""
    trace = known(name)
    summary = summarize_end(trace)
    assert summary.startswith(words)
    assert not {v.name for v in trace.concrete.model.vars} & set(re.findall(r"\w+\.\w+", summary))
