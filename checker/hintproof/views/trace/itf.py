"""A trace in the Informal Trace Format, which viewers of other model checkers read.

The format is that of Apalache's ADR-015: a set is ``{"#set": [...]}``, an integer ``{"#bigint": "1"}``, and a ring
a record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hintproof.story.model import Shape, Story, describe_likenesses

#: Where the format is described.
_DESCRIBED = "https://apalache-mc.org/docs/adr/015adr-trace.html"

#: The variable, of ours alone, that names the step which led to a state.
STEP = "step"


def render(story: Story) -> str:
    """The trace as a JSON text, a line a state."""
    trace = document(story)
    states = ",\n".join(json.dumps(state) for state in trace["states"])
    rest = json.dumps({**trace, "states": []}, indent=1)
    return rest.replace('"states": []', f'"states": [\n{states}\n ]') + "\n"


def document(story: Story) -> dict[str, Any]:
    """The trace as a JSON document. Of a run that goes on for ever the last state is followed by that of ``loop``."""
    states = list(_states(story))
    trace: dict[str, Any] = {
        "#meta": {
            "format": "ITF",
            "format-description": _DESCRIBED,
            "source": story.environment,
            "description": "; ".join(
                filter(
                    None,
                    (
                        f"{story.claim}: {story.says} ({story.sizes}; {story.engine} engine, {story.length})",
                        story.known_as or describe_likenesses(story.looks_like),
                    ),
                )
            ),
            "status": "violation",
            "varTypes": {v.name: _TYPES[v.shape] for v in story.variables} | {STEP: "Str"},
        },
        "params": [],
        "vars": [STEP, *(v.name for v in story.variables)],
        "states": states,
    }
    if story.loop is not None:
        trace["loop"] = story.loop
        if story.loop < len(story.moments):  # the last state is the first of the loop again
            states.pop()
    return trace


_TYPES = {
    Shape.FLAG: "Bool",
    Shape.LABEL: "Str",
    Shape.ID: "Str",
    Shape.COUNT: "Int",
    Shape.BLOCK: "Str",
    Shape.BLOCKS: "Set(Int)",
    Shape.LIST: "Seq(Int)",
    Shape.RING: "{ entries: Seq({ kind: Str }), used: Int }",
}


def _states(story: Story) -> Iterator[dict[str, Any]]:
    steps = [(story.begins and "(before)") or "(initial)", *(moment.label for moment in story.moments)]
    for index, (step, state) in enumerate(zip(steps, story.states(), strict=True)):
        values = {v.name: _value(v.shape, state[v.name]) for v in story.variables}
        yield {"#meta": {"index": index}, STEP: step, **values}


def _value(shape: Shape, value: Any) -> Any:
    if shape == Shape.BLOCKS:
        return {"#set": [_integer(block) for block in value]}
    if shape == Shape.BLOCK:  # one type for a block and for none
        return "none" if value is None else f"block {value}"
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, list):
        return [_value(Shape.COUNT, item) for item in value]
    if isinstance(value, dict):
        return {name: _value(Shape.BLOCK if name == "block" else Shape.COUNT, item) for name, item in value.items()}
    return "none"


def _integer(value: int) -> dict[str, str]:
    return {"#bigint": str(value)}
