"""The page on stateful tests, and the part of the README on them: their example is run, and prints what they show."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from marks import fill
from result_pages import load_summary

from hintproof.stateful import Violation, machine
from hintproof.views.markdown import table

#: The test that the pages show.
EXAMPLE = """from hintproof.stateful import machine

Firecracker = machine("v36+firecracker-1.14", properties=["no_lost_write"], ring=3, rounds=1)
TestFirecracker = Firecracker.TestCase"""


def example() -> str:
    """The test, and what pytest shows of its failure."""
    made = machine("v36+firecracker-1.14", properties=["no_lost_write"], ring=3, rounds=1)
    # On a CI server Hypothesis prints a blob of its own version beside the program, which is not ours to show.
    chosen = settings(made.TestCase.settings, derandomize=True, database=None, print_blob=False)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        try:
            run_state_machine_as_test(made, settings=chosen)
        except Violation as violation:
            shown = [f"{type(violation).__module__}.{type(violation).__name__}: {violation}", *violation.__notes__]
            return "```python\n" + EXAMPLE + "\n```\n\n```text\n" + "\n".join(shown) + "\n```"
    raise SystemExit("the example of a stateful test does not fail")


def stateful_page(docs: Path) -> str:
    """The page on stateful tests: the example, and how soon they find each defect."""
    rows = [
        [
            f"`{d['environment']}` {d['sizes']}",
            f"`{d['property']}`",
            f"{d['found']} of {d['seeds']}",
            *("-" if d[key] is None else f"{d[key]:.1f}" for key in ("median_seconds", "most_seconds")),
            " .. ".join(dict.fromkeys(str(n) for n in d["lengths"])) or "-",
            str(d["shortest"]),
        ]
        for d in load_summary(docs, "stateful")["defects"]
    ]
    columns = ["environment", "property", "found", "median s", "slowest s", "steps", "shortest"]
    page = fill((docs / "stateful.md").read_text(), "results", table(columns, rows))
    return fill(page, "example", example())
