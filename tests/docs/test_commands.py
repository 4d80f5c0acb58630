"""The commands that the documents show exist, with the options that they show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hintproof.cli import commands
from hintproof.cli.main import app
from tests.places import ROOT

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
APPLICATION: Any = typer.main.get_command(app)
COMMANDS: dict[str, Any] = {name: commands.load_command(name) for name in commands.COMMANDS}

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINE = re.compile(
    r"^\s*(?:- run: |prep-perpatch-check-cmd = )?(?:\.venv/bin/)?hintproof (.+?)(?: #.*| \| .*)?$", re.MULTILINE
)
_INLINE = re.compile(r"`(?:\.venv/bin/)?hintproof ([^`]+)`")


def shown(document: Path) -> list[list[str]]:
    """The commands in a document, in code and in sentences, each split into words."""
    text = document.read_text()
    code = [line for language, block in _FENCE.findall(text) if language != "text" for line in _LINE.findall(block)]
    return [shlex.split(line) for line in (*code, *_INLINE.findall(_FENCE.sub("", text)))]


def unknown_parts(words: list[str]) -> list[str]:
    """The command's name, or those of its options, that hintproof does not have."""
    name, *rest = words
    if name not in COMMANDS and not name.startswith("-"):
        return [name]
    command, words = (APPLICATION, words) if name.startswith("-") else (COMMANDS[name], rest)
    options = {"--help", "-h"} | {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    return [word for word in words if re.match(r"--?[a-z]", word) and word not in options]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_a_document_exist(document: Path) -> None:
    assert [(words, unknown) for words in shown(document) if (unknown := unknown_parts(words))] == []


def test_commands_are_found() -> None:
    assert len(shown(ROOT / "README.md")) > 20
    assert unknown_parts(["check", "virtio-1.3", "--no-such-option"]) == ["--no-such-option"]
    assert unknown_parts(["--version"]) == []
    assert unknown_parts(["--vision"]) == ["--vision"]
