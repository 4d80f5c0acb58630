"""The texts of the viewer: its panes, its status line and its help."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.viewer.place import Place
from hintproof.views.trace import terminal
from hintproof.views.trace.blocks import block_map
from hintproof.views.trace.lanes import Lanes
from hintproof.views.trace.one_step import WEIGHTS, describe_step, state_table
from hintproof.views.trace.sheet import Line, clip, field

#: The panes, in the order of the keys that choose one: a name, and its title.
PANES = {"step": "1 step", "state": "2 state", "blocks": "3 blocks", "why": "4 why"}

#: The keys, as the help lists them.
KEYS = (
    ("up down, j k", "one step back, one further"),
    ("PgUp PgDn", "a screen back, or further"),
    ("Home End", "where the trace begins, its last step"),
    ("/", "search actions, variables and sentences; a number goes to that step"),
    ("n N", "the next that was found, the one before"),
    ("c", "to the cause; from there to the station before it"),
    ("m", "only steps that matter, or all"),
    ("1 2 3 4", "a pane: step, state, blocks, why (where there is no room for all)"),
    ("Tab", "to the next pane, to scroll it; Escape goes back to the steps"),
    ("?", "this help"),
    ("q", "leave"),
)


def help_lines(lanes: Lanes, width: int) -> Iterator[Line]:
    """The keys, and the meaning of the letters in the lanes."""
    for keys, says in KEYS:
        yield from field(keys, says, width)
    yield []
    yield from terminal.legend(lanes.story, lanes, width)


def pane_lines(name: str, place: Place, width: int) -> Iterator[Line]:
    """The lines of a pane."""
    story, at = place.story, place.at
    before, after = place.state(max(at - 1, 0)), place.state(at)
    if name == "step":
        yield from describe_step(story, at, width)
    elif name == "state":
        yield from state_table(story, before, after, width, changed_first=True)
    elif name == "blocks":
        moment = place.moment(at)
        yield from block_map(story, before, after, width, [moment.block if moment else None])
    else:
        yield from _causes(place, width)


def _causes(place: Place, width: int) -> Iterator[Line]:
    """The stations of the causal chain; that at which the reader stands is marked."""
    for cause in place.story.explanation.chain:
        here = cause.step and cause.step == place.at
        label = f"{'>' if here else '-'} {f'step {cause.step}' if cause.step else ''}"
        yield from field(label, cause.says, width, "bold" if here else "")
    yield from terminal.rule_lines(place.story, width)
    yield []
    yield from terminal.head(place.story, width)


def status(place: Place, message: str) -> str:
    """The status line: the place of the reader, and a message."""
    story, moment = place.story, place.moment(place.at)
    parts = [f"step {place.at} of {len(story.moments)}"]
    if moment:
        parts.append(WEIGHTS[moment.weight].split(":")[0])
    if story.loop is not None and place.at > story.loop:
        parts.append(f"in the loop, which goes on with step {story.loop + 1}")
    if place.only_matters:
        parts.append(f"{len(story.moments) + 1 - len(place.shown)} left out")
    return "  |  ".join(filter(None, [*parts, clip(message, 120)]))
