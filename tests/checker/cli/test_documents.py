"""JSON documents: as they were, each with a schema that it keeps to, and the schemas are current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from hintproof.cli.reference import documents, schema_text
from hintproof.system.documents import Document, parse, schema_id, to_json
from hintproof.system.errors import BadInput
from tests.checker.cli.test_cli import TRACE
from tests.checker.command import hintproof
from tests.places import COUNTEREXAMPLES, ROOT

HERE = Path(__file__).parent
SCHEMAS = ROOT / "docs" / "schemas"


def validate(document: Any) -> None:
    """Check a document against the schema of its id."""
    name = document["schema"].removeprefix("hintproof-").partition("/")[0]
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)


def test_the_schemas_in_the_docs_are_current() -> None:
    assert {path.stem for path in SCHEMAS.iterdir()} == set(documents())
    for name in documents():
        assert json.loads((SCHEMAS / f"{name}.json").read_text()) == json.loads(schema_text(name)), name


def test_every_kind_of_document_has_an_id_of_its_own() -> None:
    ids = [schema_id(kind) for kind in documents().values()]
    assert len(set(ids)) == len(ids) == len(documents()) > 10


def test_the_command_lists_and_prints_schemas(tmp_path: Path) -> None:
    listed = hintproof(tmp_path, "schema").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [[name, schema_id(kind)] for name, kind in documents().items()]
    assert hintproof(tmp_path, "schema", "trace").stdout == schema_text("trace")
    wrong = hintproof(tmp_path, "schema", "traces")
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)


def test_results_are_as_they_were(tmp_path: Path) -> None:
    """But for ``looks_like``, the golden file is that of before documents became Structs."""
    command = ["check", "linux-6.1+firecracker-1.14", "--engine", "exhaustive", "--json", "--traces", "tr2"]
    document = json.loads(hintproof(tmp_path, *command).stdout)
    validate(document)
    for result in document["results"]:
        for engine in result["engines"].values():
            engine["seconds"] = 0
    assert document == json.loads((HERE / "golden" / "results.json").read_text())


def test_an_exploration_is_part_of_the_results(tmp_path: Path) -> None:
    command = ["check", "no-hint+qemu-7.2+tcg", "--engine", "sampled", "--seed", "1", "--runs", "50", "--json"]
    document = json.loads(hintproof(tmp_path, *command).stdout)
    validate(document)
    assert document["results"][0]["engines"]["sampled"]["exploration"]["steps"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["prove", "no-hint+qemu-10+tcg", "--json"],
        ["certify", "no-hint+qemu-10+tcg", "--json"],
        ["cover", "virtio-1.3", "--json"],
        ["defects", "--json"],
        ["defects", "hint-free-list", "--derive", "--engine", "bounded", "--json"],
        ["mutate", "no-hint+qemu-10+tcg", "--only", "complete", "--json"],
        ["explain", TRACE, "--no-rules", "--json"],
    ],
    ids=lambda arguments: "-".join(arguments[::2]) if arguments[0] != "explain" else "explain",
)
def test_what_a_command_prints_keeps_to_its_schema(tmp_path: Path, arguments: list[str]) -> None:
    done = hintproof(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    validate(json.loads(done.stdout))


@pytest.mark.parametrize(
    "path", sorted(COUNTEREXAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_shipped_traces_and_observations_keep_to_their_schemas(path: Path) -> None:
    document = json.loads(path.read_text())
    validate(document)
    name = document["schema"].removeprefix("hintproof-").partition("/")[0]
    assert to_json(parse(path.read_bytes(), documents()[name], path, "", "")) == path.read_text()


class Letter(Document, tag="letter/1", forbid_unknown_fields=True):
    """A document of this test."""

    text: str


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b'{"schema": "letter/2", "text": ""}', "a: schema 'letter/2' is not letter/1: write again"),
        (b'{"text": ""}', "a: no letter: Object missing required field `schema`"),
        (b'{"schema": "letter/1"}', "a: no letter: Object missing required field `text`"),
        (b'{"schema": "letter/1", "text": "", "ps": ""}', "a: no letter: Object contains unknown field `ps`"),
        (b"[]", "a: no letter: Expected `object`, got `array`"),
        (b"[" * 100_000, "a: no letter"),
        (b"\xff", "a: no letter"),
    ],
)
def test_what_is_no_such_document_is_refused_in_a_line(raw: bytes, complaint: str) -> None:
    assert parse(to_json(Letter(text="dear")).encode(), Letter, Path("a"), "letter", "write again").text == "dear"
    with pytest.raises(BadInput) as caught:
        parse(raw, Letter, Path("a"), "letter", "write again")
    assert str(caught.value).startswith(complaint)


def test_a_value_that_is_unset_is_left_out() -> None:
    class Note(Document, tag="note/1"):
        text: str | msgspec.UnsetType = msgspec.UNSET

    assert json.loads(to_json(Note())) == {"schema": "note/1"}
