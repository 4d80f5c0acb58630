"""Measure how long traces take to open, and how large they are in each format.

python benchmarks/traces.py                          a table
python benchmarks/traces.py --json docs/traces.json  the figures that the docs show

Seconds are those of the processor, of one process that has everything imported. The long trace is a random walk that
ends with a broken promise.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.long_trace import long_trace

from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.story.model import Story
from hintproof.system.files import write_atomically
from hintproof.trace.document import load, save
from hintproof.trace.replay import Trace
from hintproof.views.trace import drawing, itf, mail, mermaid, note, page, terminal


def on_a_terminal(story: Story) -> str:
    """The lines of the terminal's view, 140 columns wide, without colours."""
    lines = terminal.whole(story, 140, terminal.Part(1, None, False, ()))
    return "\n".join("".join(text for text, _ in line) for line in lines)


#: What is made of a story, by name.
VIEWS: dict[str, Callable[[Story], str]] = {
    "terminal": on_a_terminal,
    "text": mail.render,
    "html": page.render,
    "svg": drawing.render,
    "markdown": note.render,
    "mermaid": mermaid.render,
    "itf": itf.render,
}


def measured(trace: Trace) -> dict[str, Any]:
    """Seconds and bytes of one trace."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        save(trace, explain_end(trace), file)
        loaded, loading = timed(lambda: load(file))
        story, telling = timed(lambda: build_story(loaded))
        size = file.stat().st_size
    views = {}
    for name, view in VIEWS.items():
        text, seconds = timed(lambda view=view: view(story))  # type: ignore[misc]
        views[name] = {"seconds": round(seconds, 3), "bytes": len(text.encode())}
    return {
        "steps": len(trace.steps),
        "load": round(loading, 3),
        "tell": round(telling, 3),
        "bytes": size,
        "views": views,
    }


def timed(what: Callable[[], Any]) -> tuple[Any, float]:
    """A result, and the seconds of the processor that it took."""
    began = time.process_time()
    result = what()
    return result, time.process_time() - began


def main() -> None:
    """Measure, and print or keep."""
    parser = argparse.ArgumentParser(description="Measure how long traces take to open, and how large they are.")
    parser.add_argument("--json", type=Path, help="file for the figures (default: printed)")
    parser.add_argument("--steps", type=int, default=10_000, help="steps of the long trace, at least")
    given = parser.parse_args()
    known = load(ROOT / "counterexamples" / "shared-start-cell" / "trace.json")
    found = {"traces": [measured(trace) for trace in (known, long_trace(given.steps))]}
    if given.json:
        write_atomically(given.json, json.dumps(found, indent=1) + "\n")
        return
    for trace in found["traces"]:
        print(f"{trace['steps']} steps: file {trace['bytes']} bytes, load {trace['load']} s, tell {trace['tell']} s")
        for name, view in trace["views"].items():
            print(f"  {name:<10} {view['seconds']:>6.2f} s {view['bytes']:>10} bytes")


if __name__ == "__main__":
    main()
