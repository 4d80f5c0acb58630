"""A violation is known by its cause: the defect whose fix ends its run, whatever its world is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hintproof.interpret.concrete import Concrete
from hintproof.story.build import build_story
from hintproof.story.likeness import find_likenesses
from hintproof.story.model import Likeness, describe_likenesses
from hintproof.trace.document import load
from hintproof.trace.replay import Trace, build, prepare
from hintproof.views.trace import drawing, explanation, mail, note, page
from tests.places import COUNTEREXAMPLES

TRACES = sorted(path.parent.name for path in COUNTEREXAMPLES.glob("*/trace.json"))


def trace_of(name: str, environment: str = "") -> Trace:
    """A known trace, or its steps in another world."""
    trace = load(COUNTEREXAMPLES / name / "trace.json")
    if not environment:
        return trace
    concrete = prepare(environment, trace.sizes)
    return build(environment, concrete, "", trace.property_name, trace.run, trace.loop)


def names(trace: Trace) -> list[str]:
    return [like.defect for like in find_likenesses(trace)]


@pytest.mark.parametrize("name", TRACES)
def test_each_known_trace_looks_like_its_defect(name: str) -> None:
    also = {"release-before-pop": ["discard-before-reuse-seen"]}  # v36 on Firecracker has both, and this fix is smaller
    assert names(trace_of(name)) == also.get(name, [name])


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("early-release", "linux-6.12+qemu-10+kvm-manual"),
        ("early-release", "linux-6.12+qemu-10+kvm-manual+timed-sync"),
        ("early-release-by-send", "linux-5.7+qemu-5.1+kvm-manual"),
        ("shared-start-cell", "linux-6.12+qemu-10+kvm-auto+timed-sync"),
        ("shared-start-cell", "linux-5.7+qemu-5.1+kvm-auto"),
    ],
)
def test_in_another_world_too(name: str, environment: str) -> None:
    assert names(trace_of(name, environment)) == [name]


def test_the_replay_is_part_of_it() -> None:
    [like] = find_likenesses(trace_of("shared-start-cell", "linux-6.12+qemu-10+kvm-auto"))
    assert describe_likenesses([like]) == "looks like shared-start-cell (N1)"
    assert like.shown == 'Replayed with driver.start_cell "one cell a round": step 37 is not possible.'
    assert "pop_start is not possible here" in like.because


def test_a_fix_that_does_not_end_the_run_shows_nothing() -> None:
    """The early release needs no shared cell, though its world has one."""
    trace = trace_of("early-release", "linux-6.12+qemu-10+kvm-manual")
    assert trace.property_name == "no_lost_write"
    assert "shared-start-cell" not in names(trace)


def test_a_violation_that_is_like_none() -> None:
    """Steps of a text that was changed are no run of the world whose name they have."""
    trace = trace_of("early-release")
    model = replace(prepare(trace.environment, trace.sizes).model)
    other = replace(trace, environment="virtio-1.3-driver+qemu-10+kvm-auto", concrete=Concrete(model, trace.sizes))
    assert find_likenesses(other) == ()
    assert find_likenesses(replace(trace, begins="anywhere")) == ()


def test_several_may_be_it() -> None:
    one = Likeness("a", "N1", "first", 'x "1"', 3, "because")
    two = Likeness("b", "N2", "second", 'y "2"', 0, "")
    assert describe_likenesses([one, two]) == "may be a (N1) or b (N2)"
    assert describe_likenesses([]) == ""
    story = replace(build_story(trace_of("early-release"), "known"), known_as="", looks_like=(one, two))
    assert story.likenesses == (
        'one of several: a (N1): first. Replayed with x "1": step 3 is not possible.; '
        'or b (N2): second. Replayed with y "2": nothing is violated at its end.'
    )


def test_every_view_says_it() -> None:
    story = build_story(trace_of("early-release", "linux-6.12+qemu-10+kvm-manual"))
    assert "looks like:  early-release (host 1)" in mail.render(story)
    for render in (explanation.render, note.render, page.render, drawing.render):
        text = render(story)
        assert "early-release (host 1)" in text, render


def test_a_known_one_is_not_looked_up() -> None:
    assert build_story(trace_of("early-release"), "known").looks_like == ()
