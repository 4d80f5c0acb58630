"""The commands that list environments and properties, and that print the text of a world and JSON Schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated

from rich.table import Table
from rich.text import Text
from typer import Argument, Option

from hintproof.cli.console import print_lines, screen
from hintproof.cli.options import Environment, name_environment
from hintproof.system.documents import Document, json_schema, schema_id
from hintproof.system.errors import BadInput
from hintproof.tasks.text import resolve
from hintproof.views.results import tables
from hintproof.views.results.lines import Screen, wrapped
from hintproof.views.results.text import render
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.catalogue.expected import RECORDS, Record
from hintspec.language.errors import quote, suggest
from hintspec.text import PROTOCOL


def environments(
    search: Annotated[
        list[str] | None,
        Argument(metavar="[SEARCH]...", help='A release ("QEMU 8.1"), a word, or a part of its meaning.'),
    ] = None,
    driver: Annotated[str, Option(metavar="WORD", help="Only recorded checks of this driver, or release.")] = "",
    device: Annotated[str, Option(metavar="WORD", help="Only recorded checks of this device, or release.")] = "",
    log: Annotated[str, Option(metavar="WORD", help="Only recorded checks of this dirty log.")] = "",
) -> None:
    """List the words that environments are made of, and the recorded checks; all, or those that fit.

    A release stands for the words whose rules it keeps to: hintproof environments "QEMU 8.1".
    """
    out = tables.console()
    chosen = [
        word
        for option, given, known in (("driver", driver, DRIVERS), ("device", device, DEVICES), ("log", log, LOGS))
        for word in (_words_of_kind(option, given, known) if given else ())
    ]
    sought = " ".join(search or ())
    found = words_for(sought) if sought else set(chosen)
    groups = {"drivers": DRIVERS, "devices": DEVICES, "dirty logs": LOGS, "changes": CHANGES}
    for title, words in groups.items():
        table = Table(box=None, title=title, title_justify="left", show_header=False, title_style="bold")
        for name, word in words.items():
            if name in found or not (sought or chosen):
                table.add_row(name, word.says)
        if table.row_count:
            out.print(table)
    if not (sought or chosen):
        for name, meaning in ALIASES.items():
            out.print(f"[bold]alias[/bold]\n {name} = {meaning}")
    recorded = []
    for record in RECORDS:
        words_of = set(ALIASES.get(record.environment, record.environment).split("+"))
        if words_of.issuperset(chosen) and (not sought or words_of & found):
            recorded.append(record)
    print_lines(_recorded_lines(recorded, screen()))


def _recorded_lines(recorded: Sequence[Record], on: Screen) -> Iterator[Text]:
    """Of each recorded check the environment, on a line of its own, then its sizes and what is known to be violated."""
    if not recorded:
        yield Text("nothing is recorded with it; hintproof check takes any environment")
        return
    yield Text("recorded", "bold")
    for record in recorded:
        yield Text(f" {record.environment}", no_wrap=True)
        known = f"violates {', '.join(record.known)}" if record.known else "violates nothing"
        yield from wrapped([f"{record.sizes}; {known}"], on, "    ")


_RELEASE = re.compile(r"(linux|kernel|qemu|firecracker)[\s-]*v?(\d+(?:\.\d+)*|latest)", re.IGNORECASE)


def words_for(sought: str) -> set[str]:
    """The words of environments that a search finds: those for a release, else those that have it in name or meaning.

    Raises :class:`BadInput` for a release whose rules are not known, and where nothing is found.
    """
    release = _RELEASE.fullmatch(sought.strip())
    if release is not None:
        family = release[1].lower().replace("kernel", "linux")
        return set(str(name_environment(f"{family}-{release[2].lower()}")).split("+"))
    every = DRIVERS | DEVICES | LOGS | CHANGES
    found = {name for name, word in every.items() if sought.casefold() in f"{name} {word.says}".casefold()}
    if not found:
        raise BadInput(f"no word of environments has {quote(sought)}{suggest(sought, every)}")
    return found


def _words_of_kind(option: str, given: str, known: Mapping[str, object]) -> list[str]:
    """The words that an option names: a word of its kind, or those for a release. Raises :class:`BadInput`."""
    words = str(name_environment(given)).split("+")
    if words[0] not in known:
        hint = suggest(given, known)
        raise BadInput(f"--{option} {quote(given)} is no {option} word{hint} ({', '.join(known)})")
    return words


def properties() -> None:
    """List the properties, with the clause or reason behind each."""
    table = tables.table("property", "kind", "says", "clause", pad_edge=True)
    table.columns[0].no_wrap = True
    for item in PROTOCOL.properties:
        table.add_row(item.name, item.kind, " ".join(item.says.split()), item.clause)
    tables.console().print(table)


def text(
    environment: Environment,
    actor: Annotated[str, Option(help="Only the steps of guest, driver, device or hypervisor.")] = "",
) -> None:
    """Print the protocol text of an environment: its steps with all branches decided, by C function."""
    print(render(environment, resolve(environment, actor)), end="")


@cache
def documents() -> dict[str, type[Document]]:
    """The kinds of documents by name: "results" has the schema id "hintproof-results/1"."""
    from hintproof.qemu.observations import ObservationsDocument  # here, as it brings all of the real QEMU along
    from hintproof.tasks.certify import ManifestDocument
    from hintproof.trace.document import TraceDocument
    from hintproof.views.gate.json_report import GateDocument
    from hintproof.views.results import documents as results
    from hintproof.views.results.real import ReplaysDocument
    from hintproof.views.results.speed import BenchDocument
    from hintproof.views.trace.explanation import ExplanationDocument

    kinds: list[type[Document]] = [
        *(TraceDocument, ExplanationDocument, results.ResultsDocument, results.ProofsDocument, results.CoverDocument),
        ManifestDocument,
        *(results.DefectListDocument, results.DefectsDocument, results.RulesDocument, results.MutantsDocument),
        *(GateDocument, ReplaysDocument, ObservationsDocument, BenchDocument),
    ]
    return {schema_id(kind).removeprefix("hintproof-").partition("/")[0]: kind for kind in kinds}


def schema_text(name: str) -> str:
    """The JSON Schema of a document, as text. Raises :class:`BadInput` for an unknown name."""
    if name not in documents():
        raise BadInput(f"no document is called {quote(name)}{suggest(name, documents())}: {', '.join(documents())}")
    return json.dumps(json_schema(documents()[name]), indent=1) + "\n"


def schema(
    name: Annotated[str | None, Argument(help="A document; without, the list of documents.")] = None,
) -> None:
    """Print the JSON Schema of a document, or list the documents that the commands write."""
    if name is not None:
        print(schema_text(name), end="")
        return
    for known, kind in documents().items():
        print(f"{known:<14} {schema_id(kind):<28} {(kind.__doc__ or '').splitlines()[0].replace('``', '')}")
