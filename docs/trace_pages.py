"""The pages that print traces: how to read one, and how it is explained."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from marks import fill
from textual.widgets import Static

from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.trace.diff import in_world
from hintproof.trace.document import load
from hintproof.viewer.app import Viewer
from hintproof.viewer.steps import Steps
from hintproof.viewer.texts import KEYS, PANES
from hintproof.views.markdown import table
from hintproof.views.trace import differences, explanation, terminal
from hintproof.views.trace.one_step import step_in_full
from hintproof.views.trace.sheet import Line, text_of, without_end
from hintspec.catalogue.defects import DEFECTS


def load_rules(docs: Path) -> dict[str, tuple[PreventingRule, ...]]:
    """Read the rules that each known defect needs, as last measured (``docs/rules.json``)."""
    rules: dict[str, tuple[PreventingRule, ...]] = dict.fromkeys(DEFECTS, ())
    for row in json.loads((docs / "rules.json").read_text())["rules"]:
        defect = row.pop("defect")
        rules[defect] += (msgspec.convert(row, PreventingRule),)
    return rules


def explaining_page(docs: Path) -> str:
    """The page on explanations, with an explanation and a comparison as the commands print them."""
    defect = DEFECTS["shared-start-cell"]
    trace = load(docs.parent / "counterexamples" / defect.name / "trace.json")
    explained = explanation.render(build_story(trace, "", load_rules(docs)[defect.name]))
    compared = differences.render(in_world(trace, defect.fixed))
    page = fill((docs / "explaining.md").read_text(), "explain", f"```text\n{explained}```")
    return fill(page, "diff", f"```text\n{compared}```")


def reading_page(docs: Path) -> str:
    """The page on reading a trace, with the output of the terminal view and of the viewer."""
    story = build_story(load(docs.parent / "counterexamples" / "shared-start-cell" / "trace.json"))
    page = (docs / "reading-a-trace.md").read_text()
    lines = terminal.trace_lines(story, terminal.WIDTH, terminal.Part(only_matters=True))
    page = fill(page, "terminal", _printed("--only matters", lines))
    page = fill(page, "step", _printed("--step 38", step_in_full(story, 38, terminal.WIDTH)))
    keys = table(["key", ""], [[f"`{key}`", says] for key, says in KEYS])
    page = fill(page, "sizes", _sizes(json.loads((docs / "traces.json").read_text())["traces"]))
    return fill(page, "viewer", f"```text\n{asyncio.run(_render_viewer(story))}\n```\n\n{keys}")


def _sizes(traces: list[dict[str, Any]]) -> str:
    """The table of the seconds that each view takes, and of the sizes of the files."""
    head = ["", *(f"{trace['steps']:,} steps" for trace in traces)]
    rows = [
        ["read and replayed", *(f"{trace['load']:.1f} s, {_size(trace['bytes'])}" for trace in traces)],
        ["made into the trace model", *(f"{trace['tell']:.1f} s" for trace in traces)],
    ]
    for name in traces[0]["views"]:
        views = [trace["views"][name] for trace in traces]
        rows.append([f"as {name}", *(f"{view['seconds']:.1f} s, {_size(view['bytes'])}" for view in views)])
    return table(head, rows)


def _size(count: int) -> str:
    return f"{count / 1000:,.0f} kB"


def _printed(options: str, lines: Iterable[Line]) -> str:
    text = text_of(without_end(line) for line in lines).plain
    command = f"hintproof show {options} shared-start-cell"
    return f"```sh\n{command}\n```\n\n```text\n{text}\n```"


async def _render_viewer(story: Story) -> str:
    """Open a story in the viewer, 100 columns wide: its steps, a pane, its last line."""
    app = Viewer(story)
    async with app.run_test(size=(terminal.WIDTH, 34)) as pilot:
        await pilot.pause()
        steps = app.query_one(Steps)
        lines = [steps.render_line(y).text.rstrip() for y in range(steps.size.height)]
        pane, status = (app.query_one(name, Static).content for name in ("#step-text", "#status"))
        return "\n".join([*lines, f"-- {PANES['step']} --", str(pane), "", str(status)])
