"""Write the parts of the docs that come from the code: run after a change of the spec.

python docs/generate.py           writes them
python docs/generate.py --check   says which are out of date, exit code 1
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pages import (
    between,
    defects_page,
    explaining_page,
    exploration_page,
    gate_page,
    mutation_page,
    reading_page,
    speed_page,
)
from rooms import with_imports

from hintproof.engines.report import length
from hintproof.interpret.wording import wording
from hintproof.system.workers import cores, run_all
from hintproof.tasks.defects import Derived, DeriveTask
from hintproof.tasks.dependencies import GUARD, LEMMA, Needed, RestingTask, parts_of, term_of, why_not_needed
from hintproof.tasks.prove import Failure, ProofResult, ProofTask
from hintproof.views.markdown import table
from hintproof.views.results.defects import files as defect_files
from hintproof.views.results.real import seen_lines
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.catalogue.expected import PROVED, RECORDS, WORKED_EXAMPLE, Record, pins
from hintspec.language.declare import PROGRESS, Change, Fairness, Var
from hintspec.text import PROTOCOL

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

#: The defect whose run the README prints.
FIRST = "early-release"


def one_line(text: str) -> str:
    """A docstring as one line."""
    return " ".join(text.split())


def steps_page() -> str:
    """Every action of the text, in reading order."""
    parts = [
        "# Every step",
        "Written from the text by `docs/generate.py`. *Step* is the label used in these pages; *where* is the code "
        "or clause that the step speaks of; the name links a trace line to the function in `spec/hintspec`.",
    ]
    module = ""
    rows: list[list[str]] = []
    for item in PROTOCOL.actions:
        if item.source[0] != module:
            parts += [table(["step", "name", "actor", "what happens", "where"], rows)] if rows else []
            module, rows = item.source[0], []
            doc = one_line((sys.modules[module].__doc__ or "").strip().split("\n\n")[0])
            parts += [f"## `{module}`", doc]
        rows.append([item.step, f"`{item.name}`", item.actor.name, one_line(item.says), item.where])
    parts.append(table(["step", "name", "actor", "what happens", "where"], rows))
    return "\n\n".join(parts) + "\n"


def state_page() -> str:
    """Every variable."""
    parts = ["# Every variable", "Written from the text by `docs/generate.py`. Ghosts serve the properties alone."]
    for name, part in PROTOCOL.parts.items():
        rows = [
            [f"`{name}.{attribute}`", declared.mark, "ghost" if declared.ghost else "", declared.says]
            for attribute, declared in vars(part).items()
            if isinstance(declared, Var)
        ]
        parts += [f"## {name}: {one_line(part.__doc__ or '')}", table(["variable", "mark", "", "meaning"], rows)]
    return "\n\n".join(parts) + "\n"


#: Refuted worlds whose proof is told, beside the sound ones.
BROKEN = (
    "linux-6.1+qemu-7.2+kvm-auto",
    "linux-6.1+virtio-1.3-device",
    "linux-6.1+qemu-7.2+kvm-manual+cell-per-round",
    "linux-6.1+firecracker-1.14+cell-per-round",
    "no-hint+qemu-7.2+tcg",
    "v36+qemu-4.0+kvm-auto",
)


def proof_pages() -> tuple[str, str]:
    """The page of the proof, and that of what rests on what; all that they need is made side by side."""
    parts = parts_of(ProofTask(WORKED_EXAMPLE).model())
    halves = [RestingTask(WORKED_EXAMPLE, tuple(half)) for half in (parts[: len(parts) // 2], parts[len(parts) // 2 :])]
    tasks = [*halves, *(ProofTask(name) for name in (*PROVED, *BROKEN))]
    made: dict[Any, Any] = dict(run_all(tasks, cores()))
    proofs = {task.environment: made[task] for task in tasks if isinstance(task, ProofTask)}
    return proof_page(proofs), resting_page([row for half in halves for row in made[half]])


def proof_page(proofs: dict[str, ProofResult]) -> str:
    """The proof: the worlds in which it stands, where it fails, what it assumes, its lemmas."""
    text = (DOCS / "proof.md").read_text()
    proved = [
        [
            f"`{name}`",
            str(len(proofs[name].proof.obligations)),
            ", ".join(f"`{p}`" for p in proofs[name].proof.proved),
            ", ".join(f"`{p}` ({DEFECTS[f].label})" for p, f in PROVED[name].items()),
        ]
        for name in PROVED
    ]
    text = between(text, "proved", table(["environment", "obligations", "proved", "known to fall"], proved))
    refuted = [
        [f"`{name}`", f"`{f.obligation.by}`", f"`{f.obligation.claim}`", _gets_there(f)]
        for name in BROKEN
        for f in proofs[name].failures
    ]
    text = between(text, "refuted", table(["environment", "step", "does not keep", "the protocol gets there"], refuted))
    assumed = [[f"`{a.name}`", one_line(a.says), a.clause] for a in PROTOCOL.assumptions]
    text = between(text, "assumed", table(["assumption", "says", "because"], assumed))
    lemmas = [
        [f"`{item.name}`", one_line(item.says), ", ".join(f"`{lean}`" for lean in item.leans_on)]
        for item in (*PROTOCOL.lemmas, *(p for p in PROTOCOL.properties if p.leans_on))
    ]
    return between(text, "lemmas", table(["lemma or property", "says", "leans on"], lemmas))


def _gets_there(failure: Failure) -> str:
    reached = failure.reached
    if reached is None:
        return "not from a small state that keeps all lemmas"
    if reached.run is None:
        return f"not found in {reached.states:,} states" + (", which are all" if reached.finished else "")
    return f"in {len(reached.run)} steps"


def resting_page(rows: list[Needed]) -> str:
    """What rests on what in one world."""
    model = ProofTask(WORKED_EXAMPLE).model()
    needed: list[list[str]] = []
    unneeded: list[list[str]] = []
    for row in rows:
        term = term_of(model, row.part)
        assert term is not None
        says = f"`{wording(term)}`"
        if row.part.kind == LEMMA:
            says = one_line(model.claim_named(row.part.name).declared.says)
        if row.falls:
            needed.append([f"{row.part.kind} `{row.part}`", says, ", ".join(f"`{name}`" for name in row.falls)])
        elif row.part.kind == GUARD:
            unneeded.append([f"`{row.part}`", says, why_not_needed(term)])
    parts = [
        "# What rests on what",
        f"Written by `docs/generate.py` for `{WORKED_EXAMPLE}`. Each guard, update and lemma was left out in turn, "
        "and what it could matter to was asked again. `hintproof why NAME` does the same for a lemma, a step, a "
        "variable or a function of the real code; `--environment` names any other world.",
        "## Needed",
        "Without it, the properties named lose their proof.",
        table(["left out", "which says", "and with it falls"], needed),
        "## Guards that safety does not need",
        "Each is in the text because the real code has it. Without it every proof stands, for the reason given; it "
        "may well be needed for progress.",
        table(["guard", "which says", "why nothing is lost"], unneeded),
    ]
    return "\n\n".join(parts) + "\n"


def properties_page() -> str:
    """Every property."""
    kinds = {
        "always": "holds in every reachable state",
        "step": "holds before every step that could break it",
        "sometimes": "some reachable state shows it",
        "recoverable": "from every reachable state, a state with it can still be reached",
        "progress": "on every fair run it comes again and again, see [verdicts](verdicts.md#progress)",
    }
    rows = [[f"`{p.name}`", p.kind, one_line(p.says), p.clause] for p in PROTOCOL.properties]
    live = [p for p in PROTOCOL.properties if p.kind == PROGRESS]
    conditions = dict.fromkeys(condition for p in live for condition in p.fair)
    fair = [[f.name, f.says, _obliged(f), ", ".join(f"`{p.name}`" for p in live if f in p.fair)] for f in conditions]
    return (
        "\n\n".join(
            [
                "# Properties",
                "Written from the text by `docs/generate.py`. A property is of one of five kinds; the engines add "
                "`no_deadlock`: in every reachable state some step is possible.",
                table(["kind", "means"], [[kind, means] for kind, means in kinds.items()]),
                table(["property", "kind", "says", "clause or reason"], rows),
                "A *recoverable* or *progress* property is decided by the exhaustive engine alone; a *sometimes* "
                "property is witnessed by a run, and refuted only by a search of all states.",
                "## What every change owes",
                "Said of the state before and after a step, once for all steps that write one of the variables "
                "(`spec/hintspec/changes.py`). Each becomes a promise of these steps, with their new values put in, "
                "but for those that keep it as they are written.",
                table(["what", "says", "of", "by", "promised as"], [_change(c) for c in PROTOCOL.changes]),
                "## Whose part is taken for granted",
                "A run is fair to a condition if time and again one of its steps happens, or none of them is possible.",
                table(["condition", "says", "steps", "taken for granted by"], fair),
            ]
        )
        + "\n"
    )


def _change(item: Change) -> list[str]:
    variables, actors = (", ".join(names) for names in ([f"`{v}`" for v in item.of], [a.name for a in item.by]))
    return [f"`{item.name}`", one_line(item.says), variables, actors, f"`{item.claimed.name}`"]


def _obliged(condition: Fairness) -> str:
    """The steps of a condition; of a long list how many."""
    steps = [f"`{a.name}`" for a in PROTOCOL.actions if condition.obliges(a)]
    if condition.by is None:
        return ", ".join(steps)
    left_out = [f"`{a.name}`" for a in PROTOCOL.actions if a.actor == condition.by and not condition.obliges(a)]
    return f"all of the {condition.by.name}" + (f" but {', '.join(left_out)}" if left_out else "")


def environments_page() -> str:
    """Every word of an environment's name, and the recorded checks with their counts."""
    words = (("Drivers", DRIVERS), ("Devices", DEVICES), ("Dirty logs", LOGS), ("Changes", CHANGES))
    parts = [
        "# Environments",
        "Written from the text by `docs/generate.py`. A name is a driver, a device, a dirty log (with QEMU) and any "
        "changes, joined by `+`: `linux-6.1+qemu-7.2+kvm-manual+eager-clear`.",
    ]
    for title, known in words:
        parts += [f"## {title}", table(["word", "meaning"], [[f"`{n}`", w.says] for n, w in known.items()])]
    parts += ["## Aliases", table(["name", "is"], [[f"`{n}`", f"`{m}`"] for n, m in ALIASES.items()])]
    rows = [
        [
            f"`{r.environment}`",
            str(r.sizes),
            f"{pins()[r.key]['states']:,}",
            f"{pins()[r.key]['transitions']:,}",
            ", ".join(f"`{p}` ({_length(r, p)})" for p in r.known) or "nothing",
        ]
        for r in RECORDS
    ]
    parts += ["## Recorded checks", table(["environment", "sizes", "states", "transitions", "known to fall"], rows)]
    parts += ["What is behind the names of defects is told in [Known defects](defects.md)."]
    return "\n\n".join(parts) + "\n"


def _length(item: Record, name: str) -> str:
    """The pinned length of the run against a property."""
    pinned = pins()[item.key]
    return length(pinned["lengths"][name], pinned["loops"].get(name))


def derived() -> list[Derived]:
    """All known defects, derived anew on all cores."""
    tasks = [DeriveTask(name) for name in DEFECTS]
    by_task = dict(run_all(tasks, cores()))
    return [by_task[task] for task in tasks]


def readme(text: str) -> str:
    """The README with the trace between its marks printed anew."""
    return between((ROOT / "README.md").read_text(), "trace", f"```text\n{text}```")


def generated() -> dict[Path, str]:
    """All generated files."""
    proof, resting = proof_pages()
    files = {
        DOCS / "architecture.md": with_imports((DOCS / "architecture.md").read_text()),
        DOCS / "steps.md": steps_page(),
        DOCS / "state.md": state_page(),
        DOCS / "properties.md": properties_page(),
        DOCS / "environments.md": environments_page(),
        DOCS / "proof.md": proof,
        DOCS / "resting.md": resting,
        DOCS / "speed.md": speed_page(DOCS),
        DOCS / "defects.md": defects_page(DOCS),
        DOCS / "exploration.md": exploration_page(DOCS),
        DOCS / "mutation.md": mutation_page(DOCS),
        DOCS / "explaining.md": explaining_page(DOCS),
        DOCS / "gate.md": gate_page(DOCS),
        DOCS / "reading-a-trace.md": reading_page(DOCS),
    }
    for item in derived():
        if item.problems:
            raise SystemExit("\n".join(item.problems))
        folder = ROOT / "counterexamples" / item.defect.name
        texts = defect_files(item, seen_lines(folder))
        files |= {folder / name: text for name, text in texts.items()}
        if item.defect.name == FIRST:
            files[ROOT / "README.md"] = readme(texts["trace.txt"])
    return files


def main() -> int:
    """Write, or compare."""
    only_check = "--check" in sys.argv
    stale = {p: text for p, text in generated().items() if not p.exists() or p.read_text() != text}
    for path, text in stale.items():
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(f"{path.relative_to(ROOT)} {'is out of date' if only_check else 'written'}")
    return 1 if only_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
