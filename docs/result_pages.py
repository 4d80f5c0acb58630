"""The pages that print measured results, each of a summary ``NAME.json`` in this folder, which a command writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from marks import fill

from hintproof.tasks.defects import TIMED_ENGINES
from hintproof.views.markdown import table
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.out_of_scope import HARMLESS, OUT_OF_SCOPE

#: What became of a mutant, with the head of its column.
OUTCOMES = {
    "property": "by property",
    "lemma": "by lemma",
    "goal": "by goal",
    "proved": "equal, proved",
    "equal": "equal as searched",
    "survives": "survive",
    "undecided": "undecided",
}


def load_summary(docs: Path, name: str) -> dict[str, Any]:
    """Read a summary of measured results."""
    summary: dict[str, Any] = json.loads((docs / f"{name}.json").read_text())
    return summary


def gate_page(docs: Path) -> str:
    """The page on the gate, with its answers to the changes of the tests."""
    page = fill((docs / "gate.md").read_text(), "changes", _changes_table(load_summary(docs, "gate")["changes"]))
    page = fill(page, "kernels", _kernels_table(load_summary(docs, "gate-kernels")["kernels"]))
    return fill(page, "history", _history_table(load_summary(docs, "gate-history")["history"]))


def _changes_table(rows: list[dict[str, Any]]) -> str:
    """A row a change: what the gate says of it, and the seconds on each kernel."""
    kernels = list(dict.fromkeys(row["kernel"] for row in rows))
    cells = []
    for name in dict.fromkeys(row["name"] for row in rows):
        on = {row["kernel"]: row for row in rows if row["name"] == name}
        cells.append(
            [
                name,
                next(row["says"] for row in on.values()),
                _by_kernel({kernel: [row["outcome"]] for kernel, row in on.items()}),
                *(
                    _by_kernel({kernel: [f"`{code}`" for code in row[column]] for kernel, row in on.items()})
                    for column in ("new", "mended")
                ),
                *(f"{on[kernel]['seconds']:.0f}" if kernel in on else "" for kernel in kernels),
            ]
        )
    return table(["change", "what it does", "answer", "newly violated", "fixed", *(f"s, {k}" for k in kernels)], cells)


def _by_kernel(words: dict[str, list[str]]) -> str:
    """Words that hold on all kernels; those of some only with the kernels."""
    given = []
    for word in dict.fromkeys(word for of_kernel in words.values() for word in of_kernel):
        where = [kernel for kernel, of_kernel in words.items() if word in of_kernel]
        given.append(word if len(where) == len(words) else f"{word} ({', '.join(where)})")
    return ", ".join(given)


def _history_table(rows: list[dict[str, Any]]) -> str:
    """A row a step of the driver's history: what the gate says of it."""
    head = ["from", "to", "answer", "newly violated", "fixed"]
    return table(head, [[r["from"], r["to"], r["outcome"], _codes(r["new"]), _codes(r["mended"])] for r in rows])


def _kernels_table(rows: list[dict[str, Any]]) -> str:
    """A row a kernel: what the gate says of each change, and how many seconds it took."""
    cells: dict[str, dict[str, str]] = {}
    for row in rows:
        cells.setdefault(row["kernel"], {})[row["name"]] = f"{row['outcome']}, {row['seconds']:.0f} s"
    names = list(dict.fromkeys(row["name"] for row in rows))
    return table(
        ["Linux", *names], [[kernel, *(by_name.get(n, "") for n in names)] for kernel, by_name in cells.items()]
    )


def _codes(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def mutation_page(docs: Path) -> str:
    """The page on mutation, with the outcomes of all mutants."""
    summary = load_summary(docs, "mutation")
    stages = table(["stage", "world and sizes"], [[str(n), f"`{s}`"] for n, s in enumerate(summary["stages"], 1)])
    results = "\n\n".join(
        [
            f"Of {summary['made']:,} mutants {summary['judged']:,} were judged: {summary['killed']:,} are killed, "
            f"{summary['equivalent']:,} equivalent, {summary['survivors']:,} survive, {summary['undecided']:,} are "
            f"undecided. Of those that are not equivalent {summary['score']:.1%} are killed. "
            f"The searches took {summary['seconds'] / 60:.0f} minutes of one core.",
            _mutants_by_step(summary["steps"]),
            "The claims that kill them, and the lengths of the runs:",
            _mutants_by_claim(summary["claims"]),
        ]
    )
    return fill(fill((docs / "mutation.md").read_text(), "stages", stages), "results", results)


def _mutants_by_step(steps: list[dict[str, Any]]) -> str:
    counts = [[row.get(outcome, 0) for outcome in OUTCOMES] for row in steps]
    rows = [
        [f"`{row['step']}`", str(sum(numbers)), *(str(n or "") for n in numbers)]
        for row, numbers in zip(steps, counts, strict=True)
    ]
    totals = [sum(column) for column in zip(*counts, strict=True)]
    rows.append(["**all**", *(f"**{n:,}**" for n in (sum(totals), *totals))])
    return table(["step", "mutants", *OUTCOMES.values()], rows)


def _mutants_by_claim(claims: list[dict[str, Any]]) -> str:
    rows = [
        [f"`{row['claim']}`", row["kind"], str(row["mutants"]), " .. ".join(str(n) for n in row["lengths"])]
        for row in claims
    ]
    return table(["claim", "kind", "mutants", "steps"], rows)


def defects_page(docs: Path) -> str:
    """The catalogue of known defects, with the figures of each."""
    measured = {row["name"]: row for row in load_summary(docs, "defects")["defects"]}
    known = [[f"`{d.name}`", d.label, d.status.value, d.title, d.affects, d.fix] for d in DEFECTS.values()]
    harmless = [[h.label, h.title, f"`{h.environment}` {h.sizes}", h.why] for h in HARMLESS]
    unsaid = [[u.label, u.title, u.reason] for u in OUT_OF_SCOPE]
    parts = [
        "# Known defects",
        "`docs/generate.py` writes this page from the catalogue (`spec/hintspec/catalogue/defects_guest.toml` and "
        "`defects_host.toml`) and from the figures in `docs/defects.json`. Each defect has a folder "
        "`counterexamples/NAME`: its shortest run (`trace.json`, `trace.txt`), and a page (`README.md`) that says what "
        "happens, how to see it, and which repairs fix it. `hintproof defects --again NAME` derives all of it anew.",
        "## What is known",
        table(["name", "label", "status", "what happens", "affects", "fixed by"], known),
        "## Refuted, and fixed",
        "For each engine: the seconds that it took, and the length of its run. The exhaustive engine always visits all "
        "states. The bounded engine searches up to the length of the shortest run. The sampled engine stops at its "
        "first run. *Never* and *for ever* need the exhaustive engine. *Fixed* is the world in which the catalogue "
        "fixes the defect: its states, and its proof for every size.",
        table(
            ["name", "violated", *TIMED_ENGINES, "fixed: all states", "every size"],
            [_figures(measured[d.name]) for d in DEFECTS.values()],
        ),
        "## Harmless changes",
        "In these worlds no property is violated that holds without the change "
        "(`tests/checker/tasks/test_defects.py`).",
        table(["label", "what", "world", "why"], harmless),
        "## Out of scope",
        "The text can't express these.",
        table(["label", "what", "why not"], unsaid),
    ]
    return "\n\n".join(parts) + "\n"


def _figures(row: dict[str, Any]) -> list[str]:
    """The cells of a defect: each engine's seconds and steps, and the states and proof of the fixed world."""
    cells = []
    for engine in TIMED_ENGINES:
        seconds, steps = row["engines"][engine]["seconds"], row["engines"][engine]["steps"]
        never = engine == "exhaustive" and row["steps"] is None
        cells.append(f"{seconds:.1f} s, {steps}" if steps is not None else f"{seconds:.1f} s, never" if never else "-")
    return [f"`{row['name']}`", f"`{row['falls']}`", *cells, f"{row['fixed']['states']:,}", row["fixed"]["proof"]]


def speed_page(docs: Path) -> str:
    """The page on speed, with the tables of all searches and of the ratios to SPIN."""
    summary = load_summary(docs, "speed")
    ratios = [
        [
            f"`{r['environment']}` {r['sizes']}",
            f"`{r['spin']}`",
            "agree" if r["agree"] else "DIFFER",
            *("-" if r[key] is None else f"{r[key]:.1f} x" for key in ("transitions", "verdict")),
        ]
        for r in summary["against_spin"]
    ]
    versus = ["ours, one core each", "against", "counts", "transitions/s", "time to verdict, ours with symmetry"]
    rows = [
        [
            f"`{m['environment']}` {m['sizes']}",
            f"{m['engine']} {m['version']}".strip(),
            f"{m['states']:,}",
            *("-" if m[key] is None else f"{m[key]:,.0f}" for key in ("transitions", "transitions_per_second")),
            f"{m['seconds']:.2f}",
            f"{m['ready']:.1f}",
            f"{m['megabytes']:,}",
            "-" if m["bytes_per_state"] is None else f"{m['bytes_per_state']:.0f}",
        ]
        for m in summary["searches"]
    ]
    counts, memory = ["states", "transitions", "transitions/s"], ["MB", "bytes a state"]
    columns = ["world", "search", *counts, "seconds", "ready in", *memory]
    return fill((docs / "speed.md").read_text(), "results", f"{table(versus, ratios)}\n\n{table(columns, rows)}")


def exploration_page(docs: Path) -> str:
    """The page on exploration: how soon the sampled engine finds each defect."""
    rows = [
        [
            f"`{d['environment']}` {d['sizes']}",
            f"`{d['property']}`",
            str(d["cores"]),
            f"{d['found']} of {d['seeds']}",
            *("-" if d[key] is None else f"{d[key]:.1f}" for key in ("median_seconds", "most_seconds")),
            " .. ".join(dict.fromkeys(str(n) for n in d["lengths"])) or "-",
            str(d["shortest"]),
        ]
        for d in load_summary(docs, "exploration")["defects"]
    ]
    columns = ["environment", "property", "cores", "found", "median s", "slowest s", "steps", "shortest"]
    return fill((docs / "exploration.md").read_text(), "results", table(columns, rows))
