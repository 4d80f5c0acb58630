"""JSON documents: each is a Struct with a schema id of its own, which its files have under ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hintproof.system.errors import BadInput


class Document(msgspec.Struct, kw_only=True, tag_field="schema"):
    """A JSON document. A subclass gives its schema id as ``tag``, such as "hintproof-trace/1"."""


D = TypeVar("D", bound=Document)


class _Header(msgspec.Struct):
    schema: str


def schema_id(kind: type[Document]) -> str:
    """The schema id of a kind of document."""
    return str(kind.__struct_config__.tag)


def to_json(document: Document) -> str:
    """The text of a document: ASCII, indented by one, with a line end."""
    return json.dumps(to_values(document), indent=1) + "\n"


def to_values(document: Document) -> dict[str, Any]:
    """A document as plain values: dictionaries, lists, strings and numbers."""
    values: dict[str, Any] = msgspec.to_builtins(document)
    return values


def parse(raw: bytes, kind: type[D], file: Path, noun: str, remedy: str) -> D:
    """A document from the text of a file. Raises :class:`BadInput` that names the file, and what is wrong.

    ``noun`` is what the file should be, ``remedy`` the advice for a document with another schema id.
    """
    try:
        header = msgspec.json.decode(raw, type=_Header)
        if header.schema != schema_id(kind):
            raise BadInput(f"{file}: schema {header.schema[:80]!a} is not {schema_id(kind)}: {remedy}")
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        reason = ascii(str(problem).splitlines()[0][:160])[1:-1]
        raise BadInput(f"{file}: no {noun}: {reason}") from None


def json_schema(kind: type[Document]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a kind of document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
