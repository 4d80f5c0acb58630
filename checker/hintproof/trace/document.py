"""The JSON document of a trace: written, and read with a replay of the run that it names.

A trace file names an environment, sizes and a list of steps. Whatever else it holds is recomputed when
it is read, so a file can't make a view show anything that the protocol text does not do.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from hintproof.engines.report import Run
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.trace.replay import Trace, build, prepare
from hintspec.catalogue.former_labels import FORMER_LABELS
from hintspec.language.errors import SpecError, quote
from hintspec.language.sizes import Sizes

#: Version of the document. A reader refuses any other.
SCHEMA = "hintproof-trace/1"

#: A trace file larger than this (bytes), or longer (steps), is refused unread.
MAX_BYTES, MAX_STEPS = 64 << 20, 100_000


class _StepFile(msgspec.Struct, forbid_unknown_fields=True):
    actor: str
    action: str
    block: int | None
    where: str
    changes: dict[str, Any]
    step: str = ""
    source: str = ""


class _TraceFile(msgspec.Struct, forbid_unknown_fields=True):
    schema: str
    environment: str
    sizes: dict[str, int]
    engine: str
    property: str
    steps: list[_StepFile]
    initial: dict[str, Any]
    clause: str = ""
    says: str = ""
    block: int | None = None
    why: str = ""
    loop: int | None = None


def document(trace: Trace, why: str) -> dict[str, Any]:
    """The trace as a JSON document."""
    declared = trace.declared
    return {
        "schema": SCHEMA,
        "environment": trace.environment,
        "sizes": asdict(trace.sizes),
        "engine": trace.engine,
        "property": trace.property_name,
        "clause": declared.clause if declared else "",
        "says": declared.says if declared else "a state without any step",
        "block": trace.block,
        "why": why,
        "initial": trace.states[0],
        "steps": [
            {
                "actor": step.action.actor.name,
                "action": step.action.name,
                "block": step.block,
                "step": step.action.step,
                "where": step.action.where,
                "source": f"{step.action.source[0]}.{step.action.name}",
                "changes": {n: {"from": a, "to": b} for n, (a, b) in step.changes.items()},
            }
            for step in trace.steps
        ],
        **({} if trace.loop is None else {"loop": trace.loop}),
    }


def save(trace: Trace, why: str, path: Path) -> None:
    """Write the document, whole or not at all. Raises :class:`BadInput` if it can't be written there."""
    write_atomically(path, json.dumps(document(trace, why), indent=1) + "\n")


def load(path: Path) -> Trace:
    """Read a trace file and replay it. Raises :class:`BadInput` with what is wrong, and where."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES >> 20} MiB: no trace of this tool is")
        raw = path.read_bytes()
    except OSError as problem:
        raise BadInput(f"can't read {path}: {problem.strerror or problem}") from None
    try:
        document = msgspec.json.decode(raw, type=_TraceFile)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        reason = ascii(str(problem).splitlines()[0][:160])[1:-1]
        raise BadInput(f"{path}: no trace of this tool: {reason}") from None
    if document.schema != SCHEMA:
        raise BadInput(f"{path}: schema {quote(document.schema)} is not {SCHEMA}: regenerate the trace")
    if len(document.steps) > MAX_STEPS:
        raise BadInput(f"{path}: more than {MAX_STEPS} steps")
    try:
        sizes = Sizes(**document.sizes)
    except (SpecError, TypeError) as problem:
        raise BadInput(f"{path}: {str(problem)[:160]}") from None
    run: Run = [(step.action, step.block) for step in document.steps]
    try:
        concrete = prepare(document.environment, sizes)
        trace = build(document.environment, concrete, document.engine, document.property, run, document.loop)
    except BadInput as problem:
        raise BadInput(f"{path}: {problem}") from None
    _compare(path, document, trace)
    return trace


def _compare(path: Path, document: _TraceFile, trace: Trace) -> None:
    """Refuse a file whose recorded changes are not those that the protocol text makes now."""
    for number, (kept, step) in enumerate(zip(document.steps, trace.steps, strict=True), 1):
        made = {n: {"from": a, "to": b} for n, (a, b) in step.changes.items()}
        recorded = {n: with_present_labels(n, change) for n, change in kept.changes.items()}
        if recorded != made:
            differs = sorted(n for n in {*recorded, *made} if recorded.get(n) != made.get(n))
            raise BadInput(
                f"{path}: step {number} ({step.action.name}) changes {quote(differs[0])} otherwise than recorded: "
                "the protocol text is not the one this trace was made with; regenerate it"
            )


def with_present_labels(variable: str, change: Any) -> Any:
    """The change of a variable as a file records it, with the present label for each that had another name once."""
    present = FORMER_LABELS.get(variable)
    if present is None or not isinstance(change, dict):
        return change
    return {end: present.get(str(value), value) for end, value in change.items()}
