"""Known defects as tables for a terminal, as a page of Markdown each, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from hintproof.engines.report import length
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.tasks.defects import SEEKERS, Cure, Derived
from hintproof.trace.document import document
from hintproof.views import markdown
from hintproof.views.trace import mail
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.out_of_scope import HARMLESS, UNSAID

#: What a page says of the proof for every size.
_EVERY_SIZE = {
    "proved": "proved for every size",
    "fails": "for every size it can't be proved",
    "not tried": "for every size no proof is tried",
}


def list_table(defects: list[Defect]) -> Table:
    """A row a defect."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "label", "status", "what", "affects"):
        table.add_column(column, overflow="fold")
    for defect in defects:
        table.add_row(defect.name, defect.label, defect.status.value, defect.title, defect.affects)
    return table


def rest_lines() -> list[str]:
    """What else the history has: what does no harm, and what can't be said."""
    harmless = [f"does no harm: {item.label}: {item.title}: {item.why}" for item in HARMLESS]
    return [*harmless, *(f"can't be said: {item.label}: {item.title}: {item.reason}" for item in UNSAID)]


def derived_table(found: list[Derived]) -> Table:
    """A row a defect: what each engine says, and what becomes of it when it is mended."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("defect", "falls"):
        table.add_column(column, overflow="fold")
    engines = [engine for engine in SEEKERS if any(engine in d.seekers for d in found)]
    for column in (*engines, "states", "mended: states", "every size"):
        table.add_column(column, justify="right")
    for d in found:
        states = d.found.states
        table.add_row(
            *(d.defect.name, d.defect.falls, *(sought(d, engine) for engine in engines), f"{states:,}"),
            *(f"{d.cures[0].states:,}" if not d.cures[0].falls else "FALLS", d.cures[0].proof),
        )
    return table


def sought(derived: Derived, engine: str) -> str:
    """How long an engine took, and how long its run is."""
    if engine not in derived.seekers:
        return "-"
    seconds, steps = derived.seekers[engine]
    if steps is not None:
        return f"{seconds:.1f} s, {steps} steps"
    never = engine == "exhaustive" and derived.trace is None
    return f"{seconds:.1f} s, never happens" if never else "-"


def to_json(found: list[Derived]) -> dict[str, Any]:
    """All figures."""
    return {"schema": "hintproof-defects/1", "defects": [_defect_json(d) for d in found]}


def _defect_json(d: Derived) -> dict[str, Any]:
    return {
        "name": d.defect.name,
        "label": d.defect.label,
        "environment": d.defect.environment,
        "sizes": str(d.defect.sizes),
        "falls": d.defect.falls,
        "states": d.found.states,
        "steps": d.trace.length if d.trace else None,
        "engines": {e: {"seconds": round(s, 3), "steps": steps} for e, (s, steps) in d.seekers.items()},
        "mended": [
            {"environment": c.environment, "falls": c.falls, "states": c.states, "steps": c.length, "proof": c.proof}
            for c in d.cures
        ],
        "problems": d.problems,
    }


# -- a page -----------------------------------------------------------------------------------


def page(derived: Derived, seen: Sequence[str] = ()) -> str:
    """A page of Markdown that a maintainer can act on. ``seen`` is what came of its run on real systems, in words."""
    defect, trace = derived.defect, derived.trace
    declared = next(p for p in derived.result.properties if p.name == defect.falls)
    says = " ".join(declared.says.split("\n\n")[0].split())
    facts = [
        ("status", defect.status.value),
        ("affects", defect.affects),
        ("mended by", defect.mended_by),
        ("seen on real software", defect.real),
        *([("replayed on the real thing", "; ".join(seen))] if seen else []),
        ("refutes", f"`{defect.falls}`: {says} ({declared.clause})"),
        ("in", f"`{defect.environment}`, {defect.sizes}"),
        ("shortest run", _shortest(derived)),
    ]
    parts = [f"# {defect.name} ({defect.label})", _capital(defect.title) + ".", markdown.table(("", ""), facts)]
    parts += ["## What happens", defect.story]
    if trace is not None:
        parts.append(f"In the shortest run ([trace.txt](trace.txt)): {explain_end(trace)}")
    parts += ["## See it", "```sh\n" + "\n".join(_commands(derived, bool(seen))) + "\n```"]
    parts += [
        "## Mended, or not",
        markdown.table(("world", f"`{defect.falls}`", "what else falls there"), _cures(derived)),
    ]
    return "\n\n".join(parts) + "\n"


def _shortest(derived: Derived) -> str:
    found = derived.found
    if derived.trace is None:
        return f"none: in all {found.states:,} states it never happens"
    return f"{derived.trace.length} (all {found.states:,} states were searched)"


def _commands(derived: Derived, replayed: bool) -> list[str]:
    defect = derived.defect
    file = f"counterexamples/{defect.name}/trace.json"
    sizes = " ".join(f"--{name.replace('=', ' ')}" for name in str(defect.sizes).split())
    lines = [f"hintproof check {defect.environment} {sizes}", f"hintproof defects {defect.name}"]
    if derived.trace is not None:
        lines.append(f"hintproof show {file}")
    if replayed:
        lines.append(f"hintproof replay {file} --on qemu")
    return lines


def _cures(derived: Derived) -> list[tuple[str, str, str]]:
    return [
        (f"`{c.environment}`", _verdict(c), ", ".join(f"`{n}`" for n in c.others) or "nothing") for c in derived.cures
    ]


def _verdict(told: Cure) -> str:
    if told.falls:
        return f"**falls**, after {length(told.length or 0)}" if told.length else "**falls**"
    return f"holds in all {told.states:,} states of these sizes; {_EVERY_SIZE[told.proof]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def files(derived: Derived, seen: Sequence[str] = ()) -> dict[str, str]:
    """The files of a defect's folder, by name; of one that has no run the page alone."""
    told = {"README.md": page(derived, seen)}
    if derived.trace is not None:
        reason = explain_end(derived.trace)
        told["trace.txt"] = mail.render(build_story(derived.trace, derived.defect.known))
        told["trace.json"] = json.dumps(document(derived.trace, reason), indent=1) + "\n"
    return told
