"""Stories for tests of views: those of the known defects, and one in which every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from hintproof.story.build import build_story
from hintproof.story.model import Cause, Condition, Explanation, Link, Moment, PreventingRule, Shape, Story, Values
from hintproof.trace.document import load
from tests.places import COUNTEREXAMPLES

FOLDER = COUNTEREXAMPLES

#: What a text would do to a terminal, to rich's markup, to textual's actions and to a page; and far too much of it.
HOSTILE = (
    "\x1b[2J\x1b]0;evil\x07\x9b31m\r\n\t\b[red]R[/red][@click=app.quit]Q[/]\u202e\u200b\u0301\u2028<script>"
    + "x" * 20_000
)


@cache
def story_of(name: str) -> Story:
    """The story of a known defect's run."""
    return build_story(load(FOLDER / name / "trace.json"))


def hostile_story() -> Story:
    """A story whose structure is sound and whose every text is hostile."""
    story = story_of("shared-start-cell")
    return replace(
        story,
        environment=HOSTILE,
        sizes=HOSTILE,
        engine=HOSTILE,
        length=HOSTILE,
        claim=HOSTILE,
        kind=HOSTILE,
        clause=HOSTILE,
        says=HOSTILE,
        known_as=HOSTILE,
        begins=HOSTILE,
        lanes=tuple(replace(lane, name=f"{lane.name}{HOSTILE}", letter=HOSTILE, says=HOSTILE) for lane in story.lanes),
        variables=tuple(
            replace(v, name=_named(v.name), says=HOSTILE, mark=v.mark and HOSTILE) for v in story.variables
        ),
        initial=_state(story, story.initial),
        start=_state(story, story.start),
        moments=tuple(_moment(story, moment) for moment in story.moments),
        explanation=Explanation((Cause(38, HOSTILE), Cause(0, HOSTILE)), HOSTILE),
        preventing_rules=(PreventingRule(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 38, HOSTILE, True, 10**9, (HOSTILE,)),),
    )


def _named(name: str) -> str:
    return name + HOSTILE


def _value(story: Story, name: str, value: Any) -> Any:
    shape = next(v.shape for v in story.variables if v.name == name)
    if shape in (Shape.LABEL, Shape.ID):
        return str(value) + HOSTILE
    if shape == Shape.RING:
        entries = [{**entry, "kind": "START", "governed_by": HOSTILE, "block": HOSTILE} for entry in value["entries"]]
        return {"used": value["used"], "entries": entries}
    return value


def _state(story: Story, state: Values) -> Values:
    return {_named(name): _value(story, name, value) for name, value in state.items()}


def _moment(story: Story, moment: Moment) -> Moment:
    changes = tuple(
        replace(
            change,
            variable=_named(change.variable),
            before=_value(story, change.variable, change.before),
            after=_value(story, change.variable, change.after),
        )
        for change in moment.changes
    )
    return replace(
        moment,
        action=HOSTILE,
        step=HOSTILE,
        where=HOSTILE,
        says=HOSTILE,
        text=HOSTILE,
        links=(Link(HOSTILE, HOSTILE),),
        changes=changes,
        breaks=(HOSTILE,),
        guard=(Condition(HOSTILE, HOSTILE),),
    )
