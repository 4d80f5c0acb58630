"""Patches that leave the code as it is: known without a search, and only where it is surely so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hintproof.gate.same_code import same_code, tokens
from hintproof.linux.build import compiled_lines
from hintproof.linux.source import DRIVER, HEADER, Source
from tests.checker.linux.trees import PACKAGES, source


def spelled(text: str) -> list[str] | None:
    found = tokens(text)
    return None if found is None else [token for _, token in found]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = b;", "a=b ;"),
        ("a = b;", "/* why */ a = // here\n\tb;"),
        ("f(a,\n  b);", "f(a, b);"),
        ("#define X  1 \\\n\t+ 2\n", "#define X 1 + 2\n"),
        ("int a;", "int/**/a;"),
        ("#define X /* a\n b */ 1\n", "#define X 1\n"),
        ("/* a\n b */\n#define X 1\n", "#define X 1\n"),
        ('s = "/*";', 's\n=\n"/*";'),
    ],
)
def test_the_same_tokens(one: str, other: str) -> None:
    assert spelled(one) == spelled(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a++ + b;", "a + ++b;"),
        ("a = b;", "a == b;"),
        ("ab;", "a b;"),
        ("x = 0x1f;", "x = 0x1 f;"),
        ("a / *b;", "a /*b;*/;"),
        ('s = "a b";', 's = "a  b";'),
        ("#define X /* a\n */ 1\n", "#define X\n1\n"),
        ('#define S "a  b"\n', '#define S "a b"\n'),
        ("#define X(y) y\n", "#define X (y) y\n"),
        ("#if A\nint a;\n#endif\n", "int a;\n"),
        ("a = '\"'; /* b */ c();", "a = '\"'; /* b c(); */"),
        ("return x; // go on \\\nfree(x);", "return x; free(x);"),
    ],
)
def test_other_tokens(one: str, other: str) -> None:
    assert spelled(one) != spelled(other)


@pytest.mark.parametrize("text", ['a = "b;\n', "a; /* b", "a = 'b;\n"])
def test_what_has_no_end_has_no_tokens(text: str) -> None:
    assert tokens(text) is None


@given(st.text(alphabet="ab_1 \n\t/*\"'\\#+-=;(){}"))
def test_any_text_is_read_to_its_end(text: str) -> None:
    found = tokens(text)
    if found is not None:
        assert all(1 <= line <= text.count("\n") + 1 for line, _ in found)


def changes(tree: Source, pattern: str, replacement: str, path: str = DRIVER) -> str:
    text = re.sub(pattern, replacement, tree.files[path])
    assert text != tree.files[path]
    return same_code(tree.files, {**tree.files, path: text})


@pytest.mark.parametrize("package", PACKAGES)
def test_on_real_drivers(package: str) -> None:
    tree = source(package)
    assert (
        changes(tree, r"(static int send_cmd_id_start)", r"/* a word */\n\n\1")
        == "only comments and white space differ"
    )
    assert changes(tree, r"\bunused\b", "not_used").startswith("the compiler makes the same machine code")
    assert changes(tree, "VIRTIO_BALLOON_CMD_ID_STOP\t", "VIRTIO_BALLOON_CMD_ID_STOP  /* 0 */ ", HEADER)
    assert changes(tree, "(?m)^#include <linux/module.h>", "#include <linux/module.h>\n#define NEVER 1") == ""
    compaction = "#ifdef CONFIG_BALLOON_COMPACTION"
    assert changes(tree, f"(?m)^{compaction}", f"{compaction}\nint never;") == "", "it is not compiled"
    assert changes(tree, r"VIRTIO_BALLOON_CMD_ID_STOP\t+0", "VIRTIO_BALLOON_CMD_ID_STOP\t5", HEADER) == ""


def test_what_does_not_compile_is_not_known_to_be_the_same() -> None:
    tree = source(PACKAGES[0])
    assert changes(tree, r"(static int send_cmd_id_start)", r"int = 1;\n\1") == ""


def test_the_lines_of_which_there_is_code() -> None:
    tree = source(PACKAGES[0])
    lines = tree.files[DRIVER].split("\n")
    compiled = compiled_lines(tree)[DRIVER]
    [start] = [n for n, line in enumerate(lines, 1) if line.startswith("static int send_cmd_id_start")]
    assert {start, start + 2} <= compiled
    assert not any(lines[n - 1].startswith("#") for n in compiled)
