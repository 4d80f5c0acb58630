"""The text of one world, for a terminal; ``docs/text_pages.py`` makes a page of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby

from hintproof.tasks.text import ResolvedStep

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
                lines += ["", f"  {title(step)}  [{step.step}]", *_wrap(" ".join(step.says.split()), "    ", "    ")]
                lines += wrapped_lists(step, "    ")
    return "\n".join(lines) + "\n"


def title(step: ResolvedStep) -> str:
    """The name of a step, and whether it takes a block."""
    return f"{step.name}(block)" if step.takes_block else step.name


def wrapped_lists(step: ResolvedStep, margin: str) -> Iterator[str]:
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
