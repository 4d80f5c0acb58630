"""The commands that list environments and properties, and that print the text of one world."""

from __future__ import annotations

from typing import Annotated

from rich.table import Table
from typer import Option

from hintproof.cli.options import Environment
from hintproof.tasks.text import resolve
from hintproof.views.results import tables
from hintproof.views.results.text import render
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.catalogue.expected import RECORDS
from hintspec.text import PROTOCOL


def environments() -> None:
    """List the words that environments are made of, and the recorded checks."""
    out = tables.console()
    for title, words in (("drivers", DRIVERS), ("devices", DEVICES), ("dirty logs", LOGS), ("changes", CHANGES)):
        table = Table(box=None, title=title, title_justify="left", show_header=False, title_style="bold")
        for name, word in words.items():
            table.add_row(name, word.says)
        out.print(table)
    for name, meaning in ALIASES.items():
        out.print(f"[bold]alias[/bold]\n {name} = {meaning}")
    table = tables.table("environment", "sizes", "known violations", pad_edge=True, title="recorded")
    for record in RECORDS:
        table.add_row(record.environment, str(record.sizes), ", ".join(record.known) or "nothing")
    out.print(table)


def properties() -> None:
    """List the properties, with the clause or reason behind each."""
    table = tables.table("property", "kind", "says", "clause", pad_edge=True)
    for item in PROTOCOL.properties:
        table.add_row(item.name, item.kind, " ".join(item.says.split()), item.clause)
    tables.console().print(table)


def text(
    environment: Environment,
    actor: Annotated[str, Option(help="Only the steps of guest, driver, device or hypervisor.")] = "",
) -> None:
    """Print the protocol text of an environment: its steps with all branches decided, by C function."""
    print(render(environment, resolve(environment, actor)), end="")
