"""The pictures of the README: a trace drawn, and its end as a terminal shows it."""

from __future__ import annotations

import io
import re

from rich.console import Console
from rich.text import Text

from hintproof.story.build import build_story
from hintproof.trace.replay import Trace
from hintproof.views.trace import drawing, terminal

#: Columns of the terminal.
WIDTH = 100

#: The command that the terminal shows: only the steps that matter.
COMMAND = "hintproof show early-release --only matters"


def pictures(trace: Trace) -> dict[str, str]:
    """The SVG files by name."""
    story = build_story(trace)
    return {"early-release.svg": drawing.render(story), "terminal.svg": _terminal(trace)}


def _terminal(trace: Trace) -> str:
    """What the command prints, drawn by rich; without the fonts that it would fetch from another host."""
    out = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    out.print(Text.assemble(("$ ", "dim"), (COMMAND, "bold")))
    for line in terminal.trace_lines(build_story(trace), WIDTH, terminal.Part(only_matters=True)):
        out.print(Text.assemble(*line), soft_wrap=True)
    svg = out.export_svg(title="hintproof", unique_id="hintproof")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
