"""Known defects as tables, and as a folder each: a page of Markdown and the shortest run."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.system.documents import to_json
from hintproof.system.words import first_paragraph
from hintproof.tasks.defects import TIMED_ENGINES, Derived, Fix
from hintproof.trace.document import trace_document
from hintproof.views import markdown
from hintproof.views.results import tables
from hintproof.views.trace import mail
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.out_of_scope import HARMLESS, OUT_OF_SCOPE

#: The proof for every size in the words of a page.
_EVERY_SIZE = {
    "proved": "proved for every size",
    "fails": "for every size it can't be proved",
    "not tried": "for every size no proof is tried",
}


def list_table(defects: list[Defect]) -> Table:
    """A row a defect."""
    made = tables.table("name", "label", "status", "what", "affects")
    for defect in defects:
        made.add_row(defect.name, defect.label, defect.status.value, defect.title, defect.affects)
    return made


def rest_lines() -> list[str]:
    """The entries of the history that are no defects of ours: harmless, or out of scope."""
    harmless = [f"does no harm: {item.label}: {item.title}: {item.why}" for item in HARMLESS]
    return [*harmless, *(f"can't be said: {item.label}: {item.title}: {item.reason}" for item in OUT_OF_SCOPE)]


def derived_table(found: list[Derived]) -> Table:
    """A row a defect: what each engine takes to find it, and the verdict in the world that fixes it."""
    engines = [engine for engine in TIMED_ENGINES if any(engine in d.timings for d in found)]
    made = tables.table("defect", "violates", right=(*engines, "states", "fixed: states", "every size"))
    for d in found:
        fix = d.fixes[0]
        made.add_row(
            *(d.defect.name, d.defect.violates, *(_timing(d, engine) for engine in engines), f"{d.found.states:,}"),
            *("VIOLATED" if fix.violated else f"{fix.states:,}", fix.proof),
        )
    return made


def _timing(derived: Derived, engine: str) -> str:
    """The seconds that an engine took, and the length of its run."""
    if engine not in derived.timings:
        return "-"
    seconds, steps = derived.timings[engine]
    if steps is not None:
        return f"{seconds:.1f} s, {steps} steps"
    never = engine == "exhaustive" and derived.trace is None
    return f"{seconds:.1f} s, never happens" if never else "-"


# -- a page -----------------------------------------------------------------------------------


def page(derived: Derived, seen: Sequence[str] = ()) -> str:
    """A page of Markdown that a maintainer can act on. ``seen`` has a line for each real system that ran it."""
    defect, trace = derived.defect, derived.trace
    declared = next(p for p in derived.result.properties if p.name == defect.violates)
    says = first_paragraph(declared.says)
    states = f"{derived.found.states:,} states"
    shortest = f"{trace.length} (all {states} were searched)" if trace else f"none: in all {states} it never happens"
    facts = [
        ("status", defect.status.value),
        ("affects", defect.affects),
        ("fixed by", defect.fix),
        ("seen on real software", defect.observed),
        *([("replayed on the real thing", "; ".join(seen))] if seen else []),
        ("refutes", f"`{defect.violates}`: {says} ({declared.clause})"),
        ("in", f"`{defect.environment}`, {defect.sizes}"),
        ("shortest run", shortest),
    ]
    title = f"{defect.title[:1].upper()}{defect.title[1:]}."
    parts = [f"# {defect.name} ({defect.label})", title, markdown.table(("", ""), facts)]
    parts += ["## What happens", defect.story]
    if trace is not None:
        parts.append(f"In the shortest run ([trace.txt](trace.txt)): {explain_end(trace)}")
    parts += ["## See it", "```sh\n" + "\n".join(_commands(derived, bool(seen))) + "\n```"]
    head = ("environment", f"`{defect.violates}`", "what else is violated there")
    parts += ["## Fixed, or not", markdown.table(head, map(_fix_row, derived.fixes))]
    return "\n\n".join(parts) + "\n"


def _commands(derived: Derived, replayed: bool) -> list[str]:
    defect = derived.defect
    sizes = " ".join(f"--{name.replace('=', ' ')}" for name in str(defect.sizes).split())
    lines = [f"hintproof check {defect.environment} {sizes}", f"hintproof defects {defect.name}"]
    if derived.trace is not None:
        lines.append(f"hintproof show {defect.name}")
    if replayed:
        lines.append(f"hintproof replay {defect.name} --on qemu")
    return lines


def _fix_row(fix: Fix) -> tuple[str, str, str]:
    return f"`{fix.environment}`", _verdict(fix), ", ".join(f"`{name}`" for name in fix.others) or "nothing"


def _verdict(fix: Fix) -> str:
    if fix.violated:
        return f"**violated**, after {fix.length} steps" if fix.length else "**violated**"
    return f"holds in all {fix.states:,} states of these sizes; {_EVERY_SIZE[fix.proof]}"


def files(derived: Derived, seen: Sequence[str] = ()) -> dict[str, str]:
    """The files of a defect's folder, by name; without a run there is only the page."""
    texts = {"README.md": page(derived, seen)}
    if derived.trace is not None:
        reason = explain_end(derived.trace)
        texts["trace.txt"] = mail.render(build_story(derived.trace, derived.defect.known))
        texts["trace.json"] = to_json(trace_document(derived.trace, reason))
    return texts
