"""Measure how long each format of a trace takes, and how large its file is.

python benchmarks/traces.py                          a table
python benchmarks/traces.py --json docs/traces.json  the figures that the docs show

Seconds are CPU seconds of one process that has imported everything. The long trace is a random walk that ends with
a violated promise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from summarize import write_summary
from tests.long_trace import long_trace

from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.story.model import Story
from hintproof.trace.document import load, save
from hintproof.trace.replay import Trace
from hintproof.views.trace import drawing, itf, mail, mermaid, note, page, terminal


def on_a_terminal(story: Story) -> str:
    """The terminal view, 140 columns wide, without colours."""
    lines = terminal.trace_lines(story, 140, terminal.Part(1, None, False, ()))
    return "\n".join("".join(text for text, _ in line) for line in lines)


#: The views of a story, by name.
VIEWS: dict[str, Callable[[Story], str]] = {
    "terminal": on_a_terminal,
    "text": mail.render,
    "html": page.render,
    "svg": drawing.render,
    "markdown": note.render,
    "mermaid": mermaid.render,
    "itf": itf.render,
}


def measure(trace: Trace) -> dict[str, Any]:
    """Measure the seconds and bytes of one trace."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        save(trace, explain_end(trace), file)
        loaded, loading = time_call(lambda: load(file))
        story, telling = time_call(lambda: build_story(loaded))
        size = file.stat().st_size
    views = {}
    for name, view in VIEWS.items():
        text, seconds = time_call(lambda view=view: view(story))  # type: ignore[misc]
        views[name] = {"seconds": round(seconds, 3), "bytes": len(text.encode())}
    return {
        "steps": len(trace.steps),
        "load": round(loading, 3),
        "tell": round(telling, 3),
        "bytes": size,
        "views": views,
    }


def time_call(call: Callable[[], Any]) -> tuple[Any, float]:
    """Call a function: its result, and the CPU seconds that it took."""
    began = time.process_time()
    result = call()
    return result, time.process_time() - began


def main() -> None:
    """Measure, and print the figures or write them to a file."""
    parser = argparse.ArgumentParser(description="Measure how long traces take to open, and how large they are.")
    parser.add_argument("--json", type=Path, help="file for the figures (default: printed)")
    parser.add_argument("--steps", type=int, default=10_000, help="steps of the long trace, at least")
    given = parser.parse_args()
    known = load(ROOT / "counterexamples" / "shared-start-cell" / "trace.json")
    found = {"traces": [measure(trace) for trace in (known, long_trace(given.steps))]}
    if given.json:
        write_summary(given.json, found)
        return
    for trace in found["traces"]:
        print(f"{trace['steps']} steps: file {trace['bytes']} bytes, load {trace['load']} s, tell {trace['tell']} s")
        for name, view in trace["views"].items():
            print(f"  {name:<10} {view['seconds']:>6.2f} s {view['bytes']:>10} bytes")


if __name__ == "__main__":
    main()
