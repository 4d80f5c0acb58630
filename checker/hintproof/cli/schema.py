"""The command that prints the JSON Schema of a document."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated

from typer import Argument

from hintproof.system.documents import Document, json_schema, schema_id
from hintproof.system.errors import BadInput
from hintspec.language.errors import quote


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
        *(TraceDocument, ExplanationDocument, results.ResultsDocument, results.ProofsDocument, ManifestDocument),
        *(results.DefectListDocument, results.DefectsDocument, results.RulesDocument, results.MutantsDocument),
        *(GateDocument, ReplaysDocument, ObservationsDocument, BenchDocument),
    ]
    return {schema_id(kind).removeprefix("hintproof-").partition("/")[0]: kind for kind in kinds}


def schema_text(name: str) -> str:
    """The JSON Schema of a document, as text. Raises :class:`BadInput` for an unknown name."""
    if name not in documents():
        raise BadInput(f"no document is called {quote(name)}: {', '.join(documents())}")
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
