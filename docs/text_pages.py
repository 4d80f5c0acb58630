"""The pages that list the protocol text: steps, variables, properties, environments."""

from __future__ import annotations

import sys
from itertools import groupby

from marks import join_lines

from hintproof.engines.report import length
from hintproof.tasks.text import resolve
from hintproof.views.markdown import escaped, table
from hintproof.views.results.text import HOW_TO_READ, title, wrapped_lists
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.catalogue.expected import RECORDS, Record, pins
from hintspec.language.declare import PROGRESS, Fairness, TransitionInvariant
from hintspec.text import PROTOCOL


def steps_page() -> str:
    """Every action of the text, in reading order."""
    parts = [
        "# Every step",
        "`docs/generate.py` writes this page from the text. *Step* is the label that these pages use. *Where* cites "
        "the code or the clause that the step models. The name is that of the function in `spec/hintspec`, and of the "
        "step in a trace.",
    ]
    rows: dict[str, list[list[str]]] = {}
    for item in PROTOCOL.actions:
        row = [item.step, f"`{item.name}`", item.actor.name, join_lines(item.says), item.where]
        rows.setdefault(item.source[0], []).append(row)
    modern = [module for module in rows if not module.endswith("_steps")]
    for module in (*modern, *(m for m in rows if m not in modern)):
        doc = join_lines((sys.modules[module].__doc__ or "").strip().split("\n\n")[0])
        parts += [f"## `{module}`", doc, table(["step", "name", "actor", "what happens", "where"], rows[module])]
    return "\n\n".join(parts) + "\n"


def resolved_page(environment: str) -> str:
    """The text of one world, with links to the functions that it cites."""
    parts = [
        f"# The text of {environment}",
        f"`docs/generate.py` writes this page; `hintproof text {environment}` prints it, and that of any other "
        "environment. It is the protocol text of one world, with all branches decided, in the order of the functions "
        f"of Linux and QEMU that it models. {HOW_TO_READ.replace('choose(c, a, b)', '`choose(c, a, b)`')}",
    ]
    for actor, of_actor in groupby(resolve(environment), lambda step: step.actor):
        parts.append(f"## {actor.capitalize()}")
        for function, group in groupby(of_actor, lambda step: step.function):
            parts.append(f"### {escaped(function)}")
            for step in group:
                where = escaped(step.where)
                for link in step.links:
                    where = where.replace(escaped(link.text), f"[{escaped(link.text)}]({link.address})", 1)
                parts.append(f"**{escaped(title(step))}** ({step.step}). {escaped(join_lines(step.says))} *{where}*")
                parts.append("\n".join(["```text", *wrapped_lists(step, ""), "```"]))
    return "\n\n".join(parts) + "\n"


def state_page() -> str:
    """Every variable."""
    parts = [
        "# Every variable",
        "`docs/generate.py` writes this page from the text. [Ghosts](glossary.md) serve the claims alone.",
    ]
    for name, part in PROTOCOL.state.parts().items():
        rows = [
            [f"`{name}.{attribute}`", declared.mark, "ghost" if declared.ghost else "", declared.says]
            for attribute, declared in part.declared().items()
        ]
        parts += [f"## {name}: {join_lines(part.__doc__ or '')}", table(["variable", "mark", "", "meaning"], rows)]
    return "\n\n".join(parts) + "\n"


def properties_page() -> str:
    """Every property."""
    kinds = {
        "always": "holds in every reachable state",
        "step": "holds whenever a step is taken that could break it",
        "sometimes": "some reachable state shows it",
        "recoverable": "from every reachable state, a state with it can still be reached",
        "progress": "on every fair run it is met again and again, see [verdicts](verdicts.md#progress)",
    }
    rows = [[f"`{p.name}`", p.kind, join_lines(p.says), p.clause] for p in PROTOCOL.properties]
    live = [p for p in PROTOCOL.properties if p.kind == PROGRESS]
    conditions = dict.fromkeys(condition for p in live for condition in p.fair)
    fair = [[f.name, f.says, _obliged(f), ", ".join(f"`{p.name}`" for p in live if f in p.fair)] for f in conditions]
    return (
        "\n\n".join(
            [
                "# Properties",
                "`docs/generate.py` writes this page from the text. A property is of one of five kinds. The engines "
                "add `no_deadlock`: in every reachable state some step is possible. Clauses cite the rules of virtio "
                "1.3 by the [numbers that they have here](protocol.md#the-rules-of-virtio-13).",
                table(["kind", "means"], [[kind, means] for kind, means in kinds.items()]),
                table(["property", "kind", "says", "clause or reason"], rows),
                "Only the exhaustive engine decides a *recoverable* or a *progress* property. A run witnesses a "
                "*sometimes* property; only a search of all states refutes one.",
                "## Transition invariants",
                "A transition invariant is a condition over the states before and after a step. It covers all steps "
                "that write one of its variables (`spec/hintspec/properties/transitions.py`). Each of these steps "
                "promises it, with the new values of the step put in. A step that keeps it as written promises "
                "nothing.",
                table(
                    ["name", "says", "variables", "actors", "promised as"],
                    [_change(c) for c in PROTOCOL.transition_invariants],
                ),
                "## Fairness",
                "A run is fair to a condition if one of its steps happens again and again, or if again and again none "
                "of them is possible. A progress property assumes the conditions in its row and no others.",
                table(["condition", "says", "steps", "assumed by"], fair),
            ]
        )
        + "\n"
    )


def _change(item: TransitionInvariant) -> list[str]:
    variables, actors = (", ".join(names) for names in ([f"`{v}`" for v in item.of], [a.name for a in item.by]))
    return [f"`{item.name}`", join_lines(item.says), variables, actors, f"`{item.property.name}`"]


def _obliged(condition: Fairness) -> str:
    """The steps that a fairness condition obliges; those of a whole actor by the steps that it leaves out."""
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
        "`docs/generate.py` writes this page from the text. A name joins a driver, a device, a dirty log (with QEMU) "
        "and any changes by `+`: `linux-6.1+qemu-7.2+kvm-manual+eager-clear`.",
    ]
    for heading, known in words:
        parts += [f"## {heading}", table(["word", "meaning"], [[f"`{n}`", w.says] for n, w in known.items()])]
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
    parts += ["## Recorded checks", table(["environment", "sizes", "states", "transitions", "known violations"], rows)]
    parts += ["[Known defects](defects.md) describes the defects behind these violations."]
    return "\n\n".join(parts) + "\n"


def _length(item: Record, name: str) -> str:
    """The pinned length of the run against a property."""
    pinned = pins()[item.key]
    return length(pinned["lengths"][name], pinned["loops"].get(name))
