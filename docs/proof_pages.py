"""The page of the proof, and that of proof dependencies. Both are made of proofs that run as the pages are written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from marks import fill, join_lines

from hintproof.interpret.wording import wording
from hintproof.system.workers import Task, run_in_order
from hintproof.tasks.dependencies import GUARD, LEMMA, Dependency, find_dependencies, parts_of, term_of, why_not_needed
from hintproof.tasks.prove import Failure, ProofResult, prove, unbounded_model
from hintproof.views.markdown import table
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import PROVED, WORKED_EXAMPLE
from hintspec.text import PROTOCOL

#: Refuted worlds whose proof the page shows beside the sound ones.
BROKEN = (
    "linux-6.1+qemu-7.2+kvm-auto",
    "linux-6.1+virtio-1.3-device",
    "linux-6.1+qemu-7.2+kvm-manual+cell-per-round",
    "linux-6.1+firecracker-1.14+cell-per-round",
    "no-hint+qemu-7.2+tcg",
    "v36+qemu-4.0+kvm-auto",
)


def proof_pages(docs: Path) -> tuple[str, str]:
    """The page of the proof, and that of proof dependencies. One pool of processes makes all proofs of both."""
    parts = parts_of(unbounded_model(WORKED_EXAMPLE))
    halves = (parts[: len(parts) // 2], parts[len(parts) // 2 :])
    names = (*PROVED, *BROKEN)
    tasks: list[Task[Any]] = [
        *(Task(WORKED_EXAMPLE, "dependencies", partial(find_dependencies, WORKED_EXAMPLE, half)) for half in halves),
        *(Task(name, "proof", partial(prove, name)) for name in names),
    ]
    first, second, *results = run_in_order(tasks)
    proofs = dict(zip(names, results, strict=True))
    return _proof_page(docs, proofs), _dependencies_page([*first, *second])


def _proof_page(docs: Path, proofs: dict[str, ProofResult]) -> str:
    """The worlds in which the proof succeeds, where it fails, its assumptions, its lemmas."""
    text = (docs / "proof.md").read_text()
    proved = [
        [
            f"`{name}`",
            str(len(proofs[name].proof.obligations)),
            ", ".join(f"`{p}`" for p in proofs[name].proof.proved),
            ", ".join(f"`{p}` ({DEFECTS[f].label})" for p, f in PROVED[name].items()),
        ]
        for name in PROVED
    ]
    text = fill(text, "proved", table(["environment", "obligations", "proved", "known violations"], proved))
    refuted = [
        [f"`{name}`", f"`{f.obligation.by}`", f"`{f.obligation.claim}`", _reached(f)]
        for name in BROKEN
        for f in proofs[name].failures
    ]
    text = fill(text, "refuted", table(["environment", "step", "does not keep", "the protocol reaches it"], refuted))
    assumed = [[f"`{a.name}`", join_lines(a.says), a.clause] for a in PROTOCOL.assumptions]
    text = fill(text, "assumed", table(["assumption", "says", "because"], assumed))
    lemmas = [
        [f"`{item.name}`", join_lines(item.says), ", ".join(f"`{lean}`" for lean in item.leans_on)]
        for item in (*PROTOCOL.lemmas, *(p for p in PROTOCOL.properties if p.leans_on))
    ]
    return fill(text, "lemmas", table(["lemma or property", "says", "leans on"], lemmas))


def _reached(failure: Failure) -> str:
    reached = failure.reached
    if reached is None:
        return "not from a small state that keeps all lemmas"
    if reached.run is None:
        return f"not found in {reached.states:,} states" + (", which are all" if reached.finished else "")
    return f"in {len(reached.run)} steps"


def _dependencies_page(rows: list[Dependency]) -> str:
    """The guards, updates and lemmas of one world, each with the properties whose proof needs it."""
    model = unbounded_model(WORKED_EXAMPLE)
    needed: list[list[str]] = []
    unneeded: list[list[str]] = []
    for row in rows:
        term = term_of(model, row.part)
        assert term is not None
        says = f"`{wording(term)}`"
        if row.part.kind == LEMMA:
            says = join_lines(model.claim_named(row.part.name).declared.says)
        if row.unproved:
            needed.append([f"{row.part.kind} `{row.part}`", says, ", ".join(f"`{name}`" for name in row.unproved)])
        elif row.part.kind == GUARD:
            unneeded.append([f"`{row.part}`", says, why_not_needed(term)])
    parts = [
        "# Proof dependencies",
        f"`docs/generate.py` writes this page for `{WORKED_EXAMPLE}`. It leaves out each guard, update and lemma in "
        "turn, and proves again every claim that could depend on it. `hintproof why NAME` does this for a lemma, a "
        "step, a variable or a function of the real code, and in any world (`--environment`).",
        "## Needed",
        "Without this part, the named properties lose their proof.",
        table(["left out", "which says", "properties that lose their proof"], needed),
        "## Guards that safety does not need",
        "The text has each of these guards because the real code has it. Without it every proof still succeeds, for "
        "the reason given. Liveness may need it.",
        table(["guard", "which says", "reason"], unneeded),
    ]
    return "\n\n".join(parts) + "\n"
