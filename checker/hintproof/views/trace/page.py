"""A trace as one HTML page that needs nothing else: no network, no other file.

The page is ``page_parts/template.html`` with ``page.css`` and the scripts beside it, and the story as JSON: each text,
action and value once, the first state, and the changes of each step. The scripts compute the states.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from hintproof.story.model import Link, Moment, Story, Values, Weight
from hintproof.views.sanitize import harmless
from hintproof.views.trace.sequence import SHOWN_BLOCKS, column, columns, traffic

if TYPE_CHECKING:
    from jinja2 import Template

#: The scripts, in the order in which they run.
_SCRIPTS = ("story.js", "diagram.js", "panels.js", "control.js")

#: What JSON in a script element must not hold as it is.
_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def render(story: Story) -> str:
    """The page as text, to be written as UTF-8."""
    style = _asset("page.css")
    script = '"use strict";\n(() => {\n' + "\n".join(map(_asset, _SCRIPTS)) + "})();\n"
    return _template().render(
        head=harmless(_head(story)),
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(_as_json(harmless(_Packed(story).data()))),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # here, as no other view needs it

    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("template.html")


@cache
def _asset(name: str) -> str:
    return (files("hintproof.views.trace") / "page_parts" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """The text's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _as_json(data: Any) -> str:
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _head(story: Story) -> dict[str, Any]:
    """The texts that the page shows before anything is drawn, and without scripts."""
    explanation = story.explanation
    chain = " ".join(cause.says for cause in explanation.chain)
    return {
        "claim": story.claim,
        "verdict": story.verdict,
        "says": story.says,
        "facts": [(name, value) for name, value in _facts(story) if value],
        "paragraph": explanation.paragraph if explanation.paragraph != chain else "",
        "chain": [{"step": cause.step, "says": cause.says[:1].upper() + cause.says[1:]} for cause in explanation.chain],
        "preventing_rules": [{**asdict(world), "fixes": world.fixes} for world in story.preventing_rules],
        "steps": len(story.moments),
    }


def _facts(story: Story) -> list[tuple[str, str]]:
    found = f"{story.engine} engine, {story.length}, replayed"
    return [
        ("clause", story.clause),
        ("known as", story.known_as),
        ("looks like", story.likenesses),
        ("environment", story.environment),
        ("sizes", story.sizes),
        ("found by", f"{story.engine} engine" if story.begins else found),
        ("begins", story.begins),
    ]


class _Packed:
    """A story as few numbers: each value and action is stored once, and a step names it by its index."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.places = {v.name: place for place, v in enumerate(story.variables)}
        self.values: dict[str, int] = {}
        self.actions: dict[str, int] = {}

    def data(self) -> dict[str, Any]:
        """All that the scripts read."""
        story = self.story
        start, initial = self._state(story.start), self._state(story.initial)
        steps = [self._step(moment) for moment in story.moments]
        return {
            "lanes": [asdict(lane) | {"column": column(story, i)} for i, lane in enumerate(story.lanes)],
            "columns": columns(story),
            "variables": [asdict(v) | {"short": v.short, "owner": v.owner, "beside": v.brief} for v in story.variables],
            "start": start,
            "initial": initial,
            "begins": story.begins,
            "loop": story.loop,
            "block": story.block,
            "blocks": story.blocks,
            "shown": story.shown_blocks(SHOWN_BLOCKS),
            "last_cause": story.explanation.last_cause,
            "weights": list(Weight),
            "steps": steps,
            "actions": [json.loads(text) for text in self.actions],
            "values": [json.loads(text) for text in self.values],
        }

    def _state(self, values: Values) -> list[int]:
        return [self._value(values[v.name]) for v in self.story.variables]

    def _value(self, value: Any) -> int:
        return self.values.setdefault(json.dumps(value), len(self.values))

    def _step(self, moment: Moment) -> list[Any]:
        """Its action, block, weight, changes; then, if there is any, ring traffic and what it breaks."""
        changes = [n for c in moment.changes for n in (self.places[c.variable], self._value(c.after))]
        ring = traffic(self.story, moment)
        step = [self._action(moment), moment.block, list(Weight).index(moment.weight), changes]
        if ring is None and not moment.breaks:
            return step
        return [*step, (ring.posted, ring.popped, ring.taken) if ring else None, moment.breaks]

    def _action(self, moment: Moment) -> int:
        said = {name: getattr(moment, name) for name in ("lane", "step", "where", "says", "text")}
        action = {"name": moment.action, **said, "links": [_link(link) for link in moment.links]}
        return self.actions.setdefault(json.dumps(action), len(self.actions))


def _link(link: Link) -> tuple[str, str]:
    """A link's text and address; no address but one on the web."""
    return link.text, link.address if link.address.startswith("https://") else ""
