"""The failures of a stateful test: what is violated, by which run, and where its trace is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hintproof.engines.report import Run
from hintproof.interpret.concrete import Concrete
from hintproof.story.causes import explain_end
from hintproof.system.errors import BadInput
from hintproof.trace.document import save
from hintproof.trace.replay import from_engine
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import known_at


class Traces:
    """Where traces are saved. The pytest plugin sets the directory of ``--hintproof-traces``."""

    directory = Path("hintproof-traces")


class Violation(AssertionError):
    """A property is violated. Each property has a subclass of its own name, so that Hypothesis tells them apart.

    ``run`` has the steps from the initial state on.
    """

    def __init__(self, message: str, run: Run) -> None:
        super().__init__(message)
        self.run = run


class NotPossible(Exception):
    """The protocol does not allow a step in this state. The message names the guard and the values that it reads."""


@cache
def violation_of(name: str) -> type[Violation]:
    """The exception of one property."""
    return type(name, (Violation,), {"__module__": "hintproof.stateful", "__doc__": f"{name} is violated."})


def describe_violation(
    environment: str, system: Concrete, name: str, says: str, run: Run | None, loop: int | None = None
) -> str:
    """What is violated, with the trace of the run: replayed first, and saved.

    Without a run, as the machine began elsewhere or was changed by hand, there is no trace.
    """
    lines = [says]
    if run is None:
        return "\n".join([*lines, "no trace: this run has more than steps of the protocol from its initial state"])
    trace = from_engine(environment, system, "stateful", name, run, loop)
    if trace.declared and trace.declared.clause:
        lines.append(f"clause: {trace.declared.clause}")
    shown_by = {d.violates: d.name for d in DEFECTS.values() if d.environment == environment}
    known = known_at(environment, system.sizes).get(name) or shown_by.get(name)
    if known is not None:
        lines.append(f"known as: {DEFECTS[known].known}")
    why = explain_end(trace)
    lines.append(f"why: {why}")
    path = Traces.directory / f"{environment},{name}.json"
    try:
        save(trace, why, path)
    except BadInput as problem:
        return "\n".join([*lines, f"the trace could not be saved: {problem}"])
    return "\n".join([*lines, f"trace: {trace.length}, replayed; see it with: hintproof show {path}"])
