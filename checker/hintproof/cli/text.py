"""The command that prints the text of one world."""

from __future__ import annotations

from typing import Annotated

import typer

from hintproof.cli.options import Environment
from hintproof.tasks.text import resolve
from hintproof.views.results.text import render

app = typer.Typer(rich_markup_mode=None)


@app.command()
def text(
    environment: Environment,
    actor: Annotated[str, typer.Option(help="Only the steps of guest, driver, device or hypervisor.")] = "",
) -> None:
    """Print the protocol text of an environment: its steps with all branches decided, by C function."""
    print(render(environment, resolve(environment, actor)), end="")
