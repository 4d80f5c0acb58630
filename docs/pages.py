"""What generated pages are made of, and the page on mutation, which is made of kept results."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def between(text: str, name: str, new: str) -> str:
    """The text with what stands between two marks made new."""
    head, rest = text.split(f"<!-- {name}: begin -->")
    return f"{head}<!-- {name}: begin -->\n\n{new}\n\n<!-- {name}: end -->{rest.split(f'<!-- {name}: end -->')[1]}"


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
        f"{told['equivalent']:,} equivalent, {told['survivors_with_reason']:,} survive with a reason and "
        f"{told['survivors_without_reason']:,} without; {told['undecided']:,} are undecided. Of those that are not "
        f"equivalent {told['score']:.1%} are killed. The searches took {told['seconds'] / 60:.0f} minutes of one core."
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
    reasons: dict[str, list[str]] = {}
    for m in told["mutants"]:
        if m["verdict"] == "survives":
            reasons.setdefault(m.get("reason", "**none yet**"), []).append(f"`{m['name']}`")
    survivors = table(["why nothing need notice", "mutants"], [[why, ", ".join(n)] for why, n in reasons.items()])
    page = between(page, "stages", stages)
    page = between(page, "results", results)
    return between(page, "survivors", survivors)
