"""The text of one world, for a terminal and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from hintproof.tasks.text import ResolvedStep
from hintproof.views.markdown import escaped

#: How wide the text for a terminal is.
WIDTH = 100

HOW_TO_READ = (
    "A step may happen when all conditions after if hold; then all variables after then get their new values at once, "
    "computed from the old ones. choose(c, a, b) is a where c holds, else b. Ghosts serve the claims alone. A step "
    "with (block) may happen with any block."
)


def render(environment: str, steps: Sequence[ResolvedStep]) -> str:
    """The steps as plain text: by actor and function, each with its guard, its updates and the promises it makes."""
    lines = [environment, "", *textwrap.wrap(HOW_TO_READ, WIDTH)]
    for actor, of_actor in groupby(steps, lambda step: step.actor):
        lines += ["", actor.upper()]
        for function, group in groupby(of_actor, lambda step: step.function):
            lines += ["", function]
            for step in group:
                lines += ["", f"  {_title(step)}  [{step.step}]", *_wrap(_says(step), "    ", "    ")]
                lines += _lines(step, "    ")
    return "\n".join(lines) + "\n"


def page(environment: str, steps: Sequence[ResolvedStep]) -> str:
    """The steps as a page, with links to the functions that they cite."""
    parts = [
        f"# The text of {environment}",
        f"`docs/generate.py` writes this page; `hintproof text {environment}` prints it, and that of any other "
        "environment. It is the protocol text of one world, with all branches decided, in the order of the functions "
        f"of Linux and QEMU that it models. {HOW_TO_READ.replace('choose(c, a, b)', '`choose(c, a, b)`')}",
    ]
    for actor, of_actor in groupby(steps, lambda step: step.actor):
        parts.append(f"## {actor.capitalize()}")
        for function, group in groupby(of_actor, lambda step: step.function):
            parts.append(f"### {escaped(function)}")
            for step in group:
                where = escaped(step.where)
                for link in step.links:
                    where = where.replace(escaped(link.text), f"[{escaped(link.text)}]({link.address})", 1)
                parts.append(f"**{escaped(_title(step))}** ({step.step}). {escaped(_says(step))} *{where}*")
                parts.append("\n".join(["```text", *_lines(step, ""), "```"]))
    return "\n\n".join(parts) + "\n"


def _title(step: ResolvedStep) -> str:
    return f"{step.name}(block)" if step.takes_block else step.name


def _says(step: ResolvedStep) -> str:
    return " ".join(step.says.split())


def _lines(step: ResolvedStep, margin: str) -> Iterator[str]:
    """The lists of a step, wrapped, each with a label where it begins."""
    lists = {
        "if": step.guard,
        "then": [f"{name} := {value}" for name, value in step.updates],
        "ghosts": [f"{name} := {value}" for name, value in step.ghosts],
        "promises": [", ".join(step.promises)] if step.promises else [],
    }
    for label, texts in lists.items():
        for number, text in enumerate(texts):
            begin = f"{margin}{'' if number else label:<8} "
            yield from _wrap(text, begin, " " * (len(begin) + 2))


def _wrap(text: str, begin: str, further: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=begin, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
