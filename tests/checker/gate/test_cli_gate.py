"""The command, with a checker that reads marks: options, forms, exit codes, output."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from hintproof.cli.main import app
from hintproof.gate.checker import DriverChecker
from hintproof.linux.source import DRIVER
from hintproof.system.errors import BadInput
from hintproof.views.gate.formats import FORMATS
from tests.checker.gate.made import TEXT, MarkChecker, changed, diff, git, mail, write

LOSES = changed("\tkick(vb);", "\tkick(vb); /* falls: no_lost_write 24 */")
WAITS = changed("\tkick(vb);", "\twait(vb);")


class Ran(NamedTuple):
    """How a run ended."""

    code: int
    out: str


def gate(
    capsys: pytest.CaptureFixture[str], *arguments: object, checker: Callable[[bool], DriverChecker] | None = None
) -> Ran:
    made = checker or (lambda thorough: MarkChecker())
    code = app(["gate", *map(str, arguments)], obj=made, standalone_mode=False)
    return Ran(code or 0, capsys.readouterr().out)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "a tree")


def patch(tmp_path: Path, text: str, name: str = "0001-a patch.patch") -> Path:
    (tmp_path / name).write_text(mail(diff(text)))
    return tmp_path / name


def noting_checker() -> tuple[list[bool], Callable[[bool], DriverChecker]]:
    """A maker of checkers, and of each that was made whether it is thorough."""
    asked: list[bool] = []

    def checker(thorough: bool) -> DriverChecker:
        asked.append(thorough)
        return MarkChecker()

    return asked, checker


def test_a_refuted_patch(
    tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    ran = gate(capsys, patch(tmp_path, LOSES), "--linux", tree)
    assert ran.code == 1
    assert "new       no_lost_write (late device) is violated, and was not without this patch (24 steps)" in ran.out
    assert "1 patch: 1 REFUTED;" in ran.out
    assert {path.name for path in tmp_path.iterdir()} == {"a tree", "0001-a patch.patch"}


def test_a_patch_that_adds_nothing_bad(tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert gate(capsys, patch(tmp_path, WAITS), "--linux", tree).code == 0


def test_strict_and_thorough(tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tree, {DRIVER: LOSES})
    file = tmp_path / "p"
    file.write_text(diff(changed("reset(vb);", "stop(vb);", LOSES), LOSES))
    asked, checker = noting_checker()
    assert gate(capsys, file, "--linux", tree, checker=checker).code == 0
    assert gate(capsys, file, "--linux", tree, "--strict", "--thorough", checker=checker).code == 1
    assert asked == [False, True]


def test_pyproject_has_the_defaults(
    tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = f'[tool.hintproof.gate]\nlinux = "{tree}"\nformat = "terse"\nstrict = true\nthorough = true\n'
    (tmp_path / "pyproject.toml").write_text(table)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    write(tree, {DRIVER: LOSES})
    file = tmp_path / "p"
    file.write_text(diff(changed("reset(vb);", "stop(vb);", LOSES), LOSES))
    asked, checker = noting_checker()
    ran = gate(capsys, file, checker=checker)
    assert ran.code == 1
    assert "no_lost_write" in ran.out
    assert "1 patch:" not in ran.out, "terse"
    again = gate(capsys, file, "--no-strict", "--quick", "--format", "terminal", checker=checker)
    assert (again.code, "1 patch:" in again.out, asked) == (0, True, [True, False])
    (tmp_path / "pyproject.toml").write_text("[tool.hintproof.gate]\nstrict = 3\n")
    with pytest.raises(BadInput, match=r"pyproject.toml: \[tool.hintproof\]: Expected `bool`, got `int`"):
        gate(capsys, file)


def test_undecided(tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = gate(capsys, patch(tmp_path, changed("kick(vb);", "kick(vb; /* COMPILE */")), "--linux", tree)
    assert (ran.code, "error: it says so" in ran.out) == (3, True)


@pytest.mark.parametrize("form", ["terminal", *FORMATS])
def test_forms_on_the_terminal_and_in_a_file(
    form: str, tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = patch(tmp_path, LOSES), tmp_path / "out dir" / "report"
    shown = gate(capsys, file, "--linux", tree, "--format", form)
    kept = gate(capsys, file, "--linux", tree, "--format", form, "--output", out)
    assert (shown.code, kept.code, kept.out) == (1, 1, "")
    assert "no_lost_write" in out.read_text()
    assert "no_lost_write" in shown.out
    assert [path.name for path in out.parent.iterdir()] == ["report"]


def test_standard_input(tree: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As b4 calls a check: the patch on standard input; silence means that there is nothing to say."""
    same = changed("kick(vb);", "kick(vb); /* a word */")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(mail(diff(same)).encode())))
    assert gate(capsys, "-", "--linux", tree, "--format", "terse") == Ran(0, "")


def test_a_range(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tree, "init", "-q", "-b", "main")
    for text in (TEXT, LOSES):
        write(tree, {DRIVER: text})
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", f"loses {text == LOSES}")
    ran = gate(capsys, "--linux", tree, "--range", "main~1..", "--format", "json")
    document = json.loads(ran.out)
    assert (ran.code, document["exit"], document["patches"][0]["subject"]) == (1, 1, "loses True")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["p"], "--linux is missing"),
        (["--linux", "."], "give patches, or --range A..B: one of both"),
        (["p", "--linux", ".", "--range", "a..b"], "one of both"),
        (["--linux", "linux-source-6.1", "--range", "a..b"], "--range needs a git tree"),
        (["p", "--linux", ".", "--format", "\x1b[31m"], r"--format '\\x1b\[31m': say terminal, mail"),
        (["p", "--linux", ".", "--seconds", "0"], "--seconds must be more than 0"),
        (["-", "-", "--linux", "."], "standard input can be read only once"),
        (["none", "--linux", "."], "can't read none: No such file"),
    ],
)
def test_what_can_not_be_meant(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match=message) as problem:
        gate(capsys, *arguments)
    assert "\n" not in str(problem.value)


def test_a_file_that_can_not_be_written(tmp_path: Path, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="can't write"):
        gate(capsys, patch(tmp_path, LOSES), "--linux", tree, "--output", "/proc/none/report")
