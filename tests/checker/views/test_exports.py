"""Traces in other formats: golden files, a schema, what is hostile, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import markdown
import pytest

from hintproof import BadInput
from hintproof.cli import main
from hintproof.story.build import build_story
from hintproof.story.model import Story, Weight
from hintproof.trace.document import load
from hintproof.views.trace import itf, mail, mermaid, note
from hintproof.views.trace.formats import FORMATS, format_for
from hintproof.views.trace.rows import mattering
from hintspec.catalogue.defects import DEFECTS
from tests.places import COUNTEREXAMPLES
from tests.stories import hostile_story

HERE = Path(__file__).parent
FOLDER = COUNTEREXAMPLES
WITH_TRACE = [name for name in DEFECTS if (FOLDER / name / "trace.json").exists()]
ITF_SCHEMA = json.loads((HERE / "itf.schema.json").read_text())

#: What no view may let through as it is.
HOSTILE = "\x1b[31mred\x07 <script>alert(1)</script> | `code` \n# heading\n```\n**bold** %%{init}%% ; end\u202e "
HOSTILE += "x" * 500


def story(name: str) -> Story:
    return build_story(load(FOLDER / name / "trace.json"))


# -- golden files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["shared-start-cell", "full-ring-spin"])
@pytest.mark.parametrize("format", ["markdown", "mermaid", "itf"])
def test_golden(name: str, format: str) -> None:
    """Written by ``hintproof export``; the text for a mail has its golden files in counterexamples/."""
    chosen = FORMATS[format]
    golden = HERE / "golden" / f"{name}{chosen.suffixes[0]}"
    assert chosen.render(load(FOLDER / name / "trace.json")) == golden.read_text()


# -- several blocks ---------------------------------------------------------------------------


def test_a_view_shows_as_many_blocks_as_it_has_room_for_those_that_matter_first() -> None:
    many = replace(story("clear-unseen"), blocks=5, block=4)
    assert many.shown_blocks(9) == [1, 2, 3, 4, 5]
    taken = [moment.block for moment in many.moments if moment.weight is Weight.CAUSE and moment.block]
    assert many.shown_blocks(2) == sorted({4, taken[0]})
    assert many.shown_blocks(1) == [4]


def test_a_mail_says_which_blocks_it_shows() -> None:
    text = " ".join(mail.render(replace(story("clear-unseen"), blocks=3)).split())
    assert "(shown: 1, 2 of 3)" in text
    assert "(shown:" not in mail.render(story("clear-unseen"))


# -- ITF --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_TRACE)
def test_itf_keeps_to_its_schema(name: str) -> None:
    document = itf.document(story(name))
    jsonschema.validate(document, ITF_SCHEMA)
    assert all(set(state) == {"#meta", *document["vars"]} for state in document["states"])
    assert set(document["#meta"]["varTypes"]) == set(document["vars"])


def test_the_schema_refuses_what_is_no_itf() -> None:
    document = itf.document(story("tcg-hot-tlb"))
    document["states"][3]["memory.free"] = {"#set": [1]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, ITF_SCHEMA)


def unpacked(value: Any) -> Any:
    """An ITF value as plain JSON."""
    if isinstance(value, dict):
        if "#set" in value:
            return [unpacked(v) for v in value["#set"]]
        return int(value["#bigint"]) if "#bigint" in value else {n: unpacked(v) for n, v in value.items()}
    return [unpacked(v) for v in value] if isinstance(value, list) else value


def with_blocks_in_words(name: str, value: Any) -> Any:
    """A value with each place that a block or none may take as a word, so that it has one type."""
    if name in ("driver.in_hand", "migration.sending", "device.clearing", "block"):
        return "none" if value is None else f"block {value}"
    if isinstance(value, dict):
        entries = [{n: with_blocks_in_words(n, v) for n, v in entry.items()} for entry in value["entries"]]
        return {**value, "entries": entries}
    return value


@pytest.mark.parametrize("name", ["shared-start-cell", "early-release", "full-ring-spin", "nobody-reclaims"])
def test_itf_has_every_state(name: str) -> None:
    trace = load(FOLDER / name / "trace.json")
    document = itf.document(build_story(trace))
    for state, made in zip(trace.states, document["states"], strict=False):
        for variable, value in state.items():
            assert unpacked(made[variable]) == with_blocks_in_words(variable, value), variable
    left_out = len(trace.states) - len(document["states"])
    assert left_out == (trace.loop is not None and trace.loop < len(trace.steps))
    assert document.get("loop") == trace.loop


# -- Mermaid ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_TRACE)
def test_mermaid_is_made_of_known_lines(name: str) -> None:
    first, *lines = mermaid.render(story(name)).splitlines()
    assert first == "sequenceDiagram"
    for line in lines:
        assert line.startswith(("  participant ", "  Note over ", "  loop for ever", "  end")) or "->>" in line
    messages = [line for line in lines if "->>" in line]
    assert len(messages) == len(mattering(story(name)))
    assert sum(line == "  loop for ever" for line in lines) == sum(line == "  end" for line in lines)


# -- what is hostile --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["shared-start-cell", "full-ring-spin"])
def test_hostile_text_stays_text(name: str) -> None:
    shown = hostile_story(name, HOSTILE)
    text = mail.render(shown)
    assert text.isascii()
    assert all(len(line) <= 78 and line.isprintable() for line in text.splitlines())
    page = note.render(shown)
    assert not set(page) & set("\x1b\x07\u202e")
    assert page.count("```") == 2
    drawn_page = markdown.markdown(page, extensions=["tables", "fenced_code"])
    assert "<script" not in drawn_page
    assert "<strong>bold" not in drawn_page
    assert drawn_page.count("<h1>") == 1
    drawn = mermaid.render(shown)
    assert not set(drawn.replace("->>", "")) & set("<>%{}\x1b\u202e")
    assert all("#" in line.split(";")[0] for line in drawn.splitlines() if ";" in line)
    jsonschema.validate(itf.document(shown), ITF_SCHEMA)
    assert itf.render(shown).isascii()


# -- the command ------------------------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["hintproof", *arguments])
    with pytest.raises(SystemExit) as left:
        main.run()
    return int(left.value.code or 0)


def test_export_writes_what_the_suffix_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = FOLDER / "tcg-hot-tlb" / "trace.json"
    for name, chosen in FORMATS.items():
        out = tmp_path / f"a b{chosen.suffixes[0]}"
        assert command(monkeypatch, "export", str(trace), "-o", str(out)) == 0
        assert out.read_text() == chosen.render(load(trace)), name
    assert load(tmp_path / "a b.json").run == load(trace).run
    assert len(list(tmp_path.iterdir())) == len(FORMATS)


@pytest.mark.parametrize(
    ("format", "output", "complaint"),
    [
        ("pdf", None, "no format is called 'pdf'"),
        (None, Path("trace.pdf"), "no format has this suffix"),
        (None, None, "say --format"),
        ("\x1b[31m" * 40, None, "no format is called '\\x1b[31m"),
    ],
)
def test_formats_that_there_are_not(format: str | None, output: Path | None, complaint: str) -> None:
    with pytest.raises(BadInput) as refused:
        format_for(format, output)
    assert complaint in str(refused.value)
    assert str(refused.value).isprintable()


def test_an_export_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (tmp_path / "file").touch()
    trace = FOLDER / "tcg-hot-tlb" / "trace.json"
    assert command(monkeypatch, "export", str(trace), "-o", str(tmp_path / "file" / "x.md")) == 2
    assert "can't write" in capsys.readouterr().err
