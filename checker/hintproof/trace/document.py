"""The JSON document of a trace: written, and read with a replay of the run that it names.

A trace file names an environment, sizes and a list of steps. Whatever else it holds is recomputed when
it is read, so a file can't make a view show anything that the protocol text does not do.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from hintproof.engines.report import Run
from hintproof.system.documents import Document, parse, to_json
from hintproof.system.errors import BadInput
from hintproof.system.files import read_stdin, write_atomically
from hintproof.trace.replay import Trace, build, prepare
from hintproof.trace.shipped import STDIN
from hintspec.catalogue.former_labels import FORMER_LABELS
from hintspec.language.errors import SpecError, quote
from hintspec.language.sizes import Sizes

#: A trace file larger than this (bytes), or longer (steps), is refused unread.
MAX_BYTES, MAX_STEPS = 64 << 20, 100_000


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """The values of a variable before and after a step."""

    before: Any = msgspec.field(name="from")
    after: Any = msgspec.field(name="to")


class StepRecord(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A step: who takes it, its action and block, and the variables that it changes.

    ``where`` is the code or clause that it stands for; ``source`` is the function of the protocol text.
    """

    actor: str
    action: str
    block: int | None
    step: str = ""
    where: str
    source: str = ""
    changes: dict[str, Change]


class TraceDocument(Document, tag="hintproof-trace/1", kw_only=True, forbid_unknown_fields=True):
    """A run of an environment that ends where a property is violated, or is witnessed.

    ``loop``: the run goes on for ever, and after its last step it goes on as after that many.
    """

    environment: str
    sizes: dict[str, int]
    engine: str
    property: str
    clause: str = ""
    says: str = ""
    block: int | None = None
    why: str = ""
    initial: dict[str, Any]
    steps: list[StepRecord]
    loop: int | UnsetType | None = UNSET


def trace_document(trace: Trace, why: str) -> TraceDocument:
    """The trace as a document; ``why`` explains its end in a sentence."""
    declared = trace.declared
    return TraceDocument(
        environment=trace.environment,
        sizes=asdict(trace.sizes),
        engine=trace.engine,
        property=trace.property_name,
        clause=declared.clause if declared else "",
        says=declared.says if declared else "a state without any step",
        block=trace.block,
        why=why,
        initial=trace.states[0],
        steps=[
            StepRecord(
                actor=step.action.actor.name,
                action=step.action.name,
                block=step.block,
                step=step.action.step,
                where=step.action.where,
                source=f"{step.action.source[0]}.{step.action.name}",
                changes={name: Change(*values) for name, values in step.changes.items()},
            )
            for step in trace.steps
        ],
        loop=UNSET if trace.loop is None else trace.loop,
    )


def save(trace: Trace, why: str, path: Path) -> None:
    """Write the document, whole or not at all. Raises :class:`BadInput` if it can't be written there."""
    write_atomically(path, to_json(trace_document(trace, why)))


def load(path: Path) -> Trace:
    """Read a trace file (``-`` is standard input) and replay it.

    Raises :class:`BadInput` with what is wrong, and where.
    """
    raw = _read(path)
    if path == STDIN:
        path = Path("standard input")
    document = parse(raw, TraceDocument, path, "trace of this tool", "regenerate the trace")
    if len(document.steps) > MAX_STEPS:
        raise BadInput(f"{path}: more than {MAX_STEPS} steps")
    try:
        sizes = Sizes(**document.sizes)
    except (SpecError, TypeError) as problem:
        raise BadInput(f"{path}: {str(problem)[:160]}") from None
    run: Run = [(step.action, step.block) for step in document.steps]
    try:
        concrete = prepare(document.environment, sizes)
        loop = None if document.loop is UNSET else document.loop
        trace = build(document.environment, concrete, document.engine, document.property, run, loop)
    except BadInput as problem:
        raise BadInput(f"{path}: {problem}") from None
    _compare(path, document, trace)
    return trace


def _read(path: Path) -> bytes:
    """The bytes of a trace file. Raises :class:`BadInput` if they can't be read, or are too many."""
    try:
        raw = read_stdin(MAX_BYTES + 1) if path == STDIN else b""
        size = len(raw) if path == STDIN else path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES >> 20} MiB: no trace of this tool is")
        return raw if path == STDIN else path.read_bytes()
    except OSError as problem:
        raise BadInput(f"can't read {path}: {problem.strerror or problem}") from None


def _compare(path: Path, document: TraceDocument, trace: Trace) -> None:
    """Refuse a file whose recorded changes are not those that the protocol text makes now."""
    for number, (record, step) in enumerate(zip(document.steps, trace.steps, strict=True), 1):
        made = {name: Change(*values) for name, values in step.changes.items()}
        recorded = {name: with_present_labels(name, change) for name, change in record.changes.items()}
        if recorded != made:
            differs = sorted(n for n in {*recorded, *made} if recorded.get(n) != made.get(n))
            raise BadInput(
                f"{path}: step {number} ({step.action.name}) changes {quote(differs[0])} otherwise than recorded: "
                "the protocol text is not the one this trace was made with; regenerate it"
            )


def with_present_labels(variable: str, change: Change) -> Change:
    """The change of a variable as a file records it, with the present label for each that had another name once."""
    present = FORMER_LABELS.get(variable, {})
    return Change(*(present.get(str(value), value) for value in (change.before, change.after)))
