"""The pages that are made of kept results: what was measured last, beside the text that is written by hand."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from textual.widgets import Static

from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.tasks.defects import SEEKERS
from hintproof.trace.diff import in_world
from hintproof.trace.document import load
from hintproof.viewer.app import KEYS, PANES, Viewer
from hintproof.viewer.steps import Steps
from hintproof.views.markdown import table
from hintproof.views.trace import differences, explanation, terminal
from hintproof.views.trace.sheet import Line, text_of, without_end
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.out_of_scope import HARMLESS, UNSAID


def between(text: str, name: str, new: str) -> str:
    """The text with what stands between two marks made new."""
    head, rest = text.split(f"<!-- {name}: begin -->")
    return f"{head}<!-- {name}: begin -->\n\n{new}\n\n<!-- {name}: end -->{rest.split(f'<!-- {name}: end -->')[1]}"


def kept_rules(docs: Path) -> dict[str, tuple[PreventingRule, ...]]:
    """Which rules each known defect needs, as found last (``docs/rules.json``)."""
    told = json.loads((docs / "rules.json").read_text())["defects"]
    return {d["name"]: msgspec.convert(d["stopped_by"], tuple[PreventingRule, ...]) for d in told}


def gate_page(docs: Path) -> str:
    """The page on the gate, with what it answered to the changes of the tests (``docs/gate.json``)."""
    told = json.loads((docs / "gate.json").read_text())
    rows = [
        [
            *(c["name"], c["says"], c["outcome"], ", ".join(f"`{n}`" for n in c["new"])),
            *(", ".join(f"`{n}`" for n in c["mended"]), f"{c['seconds']:.0f}"),
        ]
        for c in told["changes"]
    ]
    head = ["change", "what it does", "answer", "falls anew", "mended", "seconds"]
    return between((docs / "gate.md").read_text(), "changes", table(head, rows))


def explaining_page(docs: Path) -> str:
    """The page on explanations, with one of them, and one comparison, printed anew."""
    defect = DEFECTS["shared-start-cell"]
    trace = load(docs.parent / "counterexamples" / defect.name / "trace.json")
    explained = explanation.render(build_story(trace, "", kept_rules(docs)[defect.name]))
    compared = differences.render(in_world(trace, defect.mended))
    page = between((docs / "explaining.md").read_text(), "explain", f"```text\n{explained}```")
    return between(page, "diff", f"```text\n{compared}```")


def reading_page(docs: Path) -> str:
    """The page on reading a trace, with what is printed on a terminal, and what the viewer shows, made anew."""
    story = build_story(load(docs.parent / "counterexamples" / "shared-start-cell" / "trace.json"))
    page = (docs / "reading-a-trace.md").read_text()
    lines = terminal.whole(story, terminal.WIDTH, terminal.Part(only_matters=True))
    page = between(page, "terminal", _printed("--only matters", lines))
    page = between(page, "step", _printed("--step 38", terminal.one(story, 38, terminal.WIDTH)))
    keys = table(["key", ""], [[f"`{key}`", says] for key, says in KEYS])
    page = between(page, "sizes", _sizes(json.loads((docs / "traces.json").read_text())["traces"]))
    return between(page, "viewer", f"```text\n{asyncio.run(_viewed(story))}\n```\n\n{keys}")


def _sizes(traces: list[dict[str, Any]]) -> str:
    """How long traces take to open, and how large they are."""
    head = ["", *(f"{trace['steps']:,} steps" for trace in traces)]
    rows = [
        ["read and replayed", *(f"{trace['load']:.1f} s, {_size(trace['bytes'])}" for trace in traces)],
        ["made into the trace model", *(f"{trace['tell']:.1f} s" for trace in traces)],
    ]
    for name in traces[0]["views"]:
        told = [trace["views"][name] for trace in traces]
        rows.append([f"as {name}", *(f"{view['seconds']:.1f} s, {_size(view['bytes'])}" for view in told)])
    return table(head, rows)


def _size(count: int) -> str:
    return f"{count / 1000:,.0f} kB"


def _printed(options: str, lines: Iterable[Line]) -> str:
    told = text_of(without_end(line) for line in lines).plain
    command = f"hintproof show {options} counterexamples/shared-start-cell/trace.json"
    return f"```sh\n{command}\n```\n\n```text\n{told}\n```"


async def _viewed(story: Story) -> str:
    """What the viewer shows of a story as it opens, in 100 columns: the steps, a pane, the last line."""
    app = Viewer(story)
    async with app.run_test(size=(terminal.WIDTH, 34)) as pilot:
        await pilot.pause()
        steps = app.query_one(Steps)
        told = [steps.render_line(y).text.rstrip() for y in range(steps.size.height)]
        pane, status = (app.query_one(name, Static).content for name in ("#step-text", "#status"))
        return "\n".join([*told, f"-- {PANES['step']} --", str(pane), "", str(status)])


def mutation_page(docs: Path) -> str:
    """The page on mutation, with what became of all mutants when they were searched last (``docs/mutation.json``)."""
    told = json.loads((docs / "mutation.json").read_text())
    page = (docs / "mutation.md").read_text()
    stages = table(["stage", "world and sizes"], [[str(n), f"`{s}`"] for n, s in enumerate(told["stages"], 1)])
    columns = ("property", "lemma", "goal", "proved", "equal", "survives", "undecided")
    by_step: dict[str, Counter[str]] = {}
    for m in told["mutants"]:
        step = m["name"].split(":")[0]
        by_step.setdefault(step, Counter())[m.get("kind") or m["verdict"]] += 1
    rows = [
        [f"`{step}`", str(sum(c.values())), *(str(c[k]) if c[k] else "" for k in columns)]
        for step, c in by_step.items()
    ]
    total = Counter(m.get("kind") or m["verdict"] for m in told["mutants"])
    rows.append(["**all**", f"**{len(told['mutants']):,}**", *(f"**{total[k]:,}**" for k in columns)])
    head = ["step", "mutants", "by property", "by lemma", "by goal", "equal, proved", "equal as searched"]
    score = (
        f"Of {told['made']:,} mutants {told['judged']:,} were judged: {told['killed']:,} are killed, "
        f"{told['equivalent']:,} equivalent, {told['survivors']:,} survive, {told['undecided']:,} are undecided. "
        f"Of those that are not equivalent {told['score']:.1%} are killed. "
        f"The searches took {told['seconds'] / 60:.0f} minutes of one core."
    )
    killers = Counter((m["kind"], m["by"]) for m in told["mutants"] if "by" in m)
    shortest: dict[str, list[int]] = {}
    for m in told["mutants"]:
        if m.get("length"):
            shortest.setdefault(m["by"], []).append(m["length"])
    by_what = [
        [f"`{name}`", kind, str(n), f"{min(shortest[name])} .. {max(shortest[name])}" if name in shortest else ""]
        for (kind, name), n in killers.most_common()
    ]
    results = "\n\n".join(
        [score, table([*head, "survive", "undecided"], rows), "By what they are killed, and how long the runs are:"]
        + [table(["claim", "kind", "mutants", "steps"], by_what)]
    )
    return between(between(page, "stages", stages), "results", results)


def defects_page(docs: Path) -> str:
    """The catalogue, with the figures that were measured last (``docs/defects.json``)."""
    told = {d["name"]: d for d in json.loads((docs / "defects.json").read_text())["defects"]}
    parts = [
        "# Known defects",
        "Written by `docs/generate.py` from the catalogue in the text (`spec/hintspec/defects.py`) and from what "
        "`hintproof defects --engine exhaustive --engine bounded --engine sampled --json` measured "
        "(`docs/defects.json`). "
        "Each has a folder `counterexamples/NAME` with its shortest run (`trace.json`, `trace.txt`) and a page "
        "(`README.md`) that tells what happens, how to see it, and what mends it. "
        "`hintproof defects NAME` derives it anew.",
    ]
    known = [[f"`{d.name}`", d.label, d.status.value, d.title, d.affects, d.mended_by] for d in DEFECTS.values()]
    parts += ["## What is known", table(["name", "label", "status", "what", "affects", "mended by"], known)]
    rows = [_measured(told[d.name]) for d in DEFECTS.values()]
    head = ["name", "falls", *SEEKERS, "mended: all states", "every size"]
    parts += [
        "## Refuted, and mended",
        "By each engine: seconds until it was done, and the length of its run. The exhaustive engine visits all states "
        "whatever falls, the bounded one looks no further than the length of the shortest run, the sampled one "
        "stops at its first run. Bounded and sampled search have no notion of *for ever* or *never*.",
        table(head, rows),
    ]
    harmless = [[h.label, h.title, f"`{h.environment}` {h.sizes}", h.why] for h in HARMLESS]
    parts += [
        "## What does no harm",
        "In these worlds nothing falls that does not fall without the change (`tests/checker/test_catalogue.py`).",
        table(["label", "what", "world", "why"], harmless),
    ]
    unsaid = [[u.label, u.title, u.reason] for u in UNSAID]
    parts += ["## What this text can't say", table(["label", "what", "why not"], unsaid)]
    return "\n\n".join(parts) + "\n"


def _measured(told: dict[str, Any]) -> list[str]:
    """A row of the table of what was measured."""
    cells = []
    for engine in SEEKERS:
        seconds, steps = told["engines"][engine]["seconds"], told["engines"][engine]["steps"]
        never = engine == "exhaustive" and told["steps"] is None
        cells.append(f"{seconds:.1f} s, {steps}" if steps is not None else f"{seconds:.1f} s, never" if never else "-")
    mended = told["mended"][0]
    return [f"`{told['name']}`", f"`{told['falls']}`", *cells, f"{mended['states']:,}", mended["proof"]]


def speed_page(docs: Path) -> str:
    """The page on speed, with the tables of what was measured last (``docs/speed.json``)."""
    told = json.loads((docs / "speed.json").read_text())
    rows = [
        [
            *(f"`{m['environment']}` {m['sizes']}", f"{m['engine']} {m['version']}".strip(), f"{m['states']:,}"),
            *("-" if m[key] is None else f"{m[key]:,.0f}" for key in ("transitions", "transitions_per_second")),
            *(f"{m['seconds']:.2f}", f"{m['ready']:.1f}", f"{m['megabytes']:,}"),
            "-" if m["bytes_per_state"] is None else f"{m['bytes_per_state']:.0f}",
        ]
        for m in told["searches"]
    ]
    columns = [
        "world",
        "search",
        "states",
        "transitions",
        "transitions/s",
        "seconds",
        "ready in",
        "MB",
        "bytes a state",
    ]
    ratios = [
        [
            f"`{r['environment']}` {r['sizes']}",
            f"`{r['spin']}`",
            "agree" if r["agree"] else "DIFFER",
            *("-" if r[key] is None else f"{r[key]:.1f} x" for key in ("transitions", "verdict")),
        ]
        for r in told["against_spin"]
    ]
    versus = ["ours, one core each", "against", "counts", "transitions/s", "time to verdict, ours with symmetry"]
    return between((docs / "speed.md").read_text(), "results", f"{table(versus, ratios)}\n\n{table(columns, rows)}")


def exploration_page(docs: Path) -> str:
    """The page on exploration, with the table of what was measured last (``docs/exploration.json``)."""
    told = json.loads((docs / "exploration.json").read_text())
    rows = [
        [
            *(
                f"`{d['environment']}` {d['sizes']}",
                f"`{d['property']}`",
                str(d["cores"]),
                f"{d['found']} of {d['seeds']}",
            ),
            *("-" if d[key] is None else f"{d[key]:.1f}" for key in ("median_seconds", "most_seconds")),
            " .. ".join(dict.fromkeys(str(n) for n in (*d["lengths"][:1], *d["lengths"][-1:]))) or "-",
            str(d["shortest"]),
        ]
        for d in told["defects"]
    ]
    columns = ["environment", "property", "cores", "found", "median s", "slowest s", "steps", "shortest"]
    return between((docs / "exploration.md").read_text(), "results", table(columns, rows))
