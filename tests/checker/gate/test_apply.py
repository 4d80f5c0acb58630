"""Diffs are applied as git and patch do it, and refused with a reason where they would refuse."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from hintproof.gate.apply import DoesNotApply, apply, apply_hunks
from hintproof.gate.diffs import file_changes
from hintproof.linux.source import DRIVER, HEADER
from tests.checker.gate.made import FILES, TEXT, changed, diff, write

EDITED = changed("kick(vb);", "wait(vb);")
TWICE = changed("reset(vb);", "stop(vb);", EDITED)


def after(text: str, files: dict[str, str] = FILES) -> tuple[str, tuple[str, ...]]:
    applied = apply(file_changes(text, "p"), files)
    return applied.files[DRIVER], applied.notes


def test_it_applies_as_it_is() -> None:
    assert after(diff(TWICE)) == (TWICE, ())


def test_moved_lines_are_told() -> None:
    text, notes = after(diff(TWICE), {DRIVER: f"\n\n{TEXT}"})
    assert text == f"\n\n{TWICE}"
    assert notes == (f"hunk 1 of {DRIVER} fits with offset 2 lines",)


@pytest.mark.parametrize(("away", "fuzz"), [("\terr = add(vb->cell);\n", 1), ("\tif (err)\n", 2)])
def test_context_that_differs_is_bent_as_patch_does(away: str, fuzz: int) -> None:
    text, notes = after(diff(EDITED), {DRIVER: changed(away, "\tother();\n")})
    assert text == changed(away, "\tother();\n", EDITED)
    assert notes == (f"hunk 1 of {DRIVER} fits with fuzz {fuzz}",)


def test_context_next_to_the_change_must_fit() -> None:
    with pytest.raises(DoesNotApply, match="does not apply"):
        after(diff(EDITED), {DRIVER: changed("\t\treturn err;\n", "\t\tgoto out;\n")})


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_end_of_the_last_line(end: str) -> None:
    before, wanted = TEXT.removesuffix("\n") + end, EDITED.removesuffix("\n") + end + ("" if end else "\n")
    assert after(diff(wanted, before), {DRIVER: before})[0] == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            diff(changed("kick(vb);", "wait(vb);", TEXT.replace("err", "oops")), TEXT.replace("err", "oops")),
            "hunk 1 of 1 ",
        ),
        (diff(TEXT, EDITED), "what it makes is there already"),
        (f"diff --git a/{DRIVER} b/{DRIVER}\nGIT binary patch\nliteral 3\n\n", "as a binary file"),
        (
            f"diff --git a/{DRIVER} b/x.c\nrename from {DRIVER}\nrename to x.c\n",
            "takes drivers/virtio/virtio_balloon.c away",
        ),
        (f"diff --git a/x.c b/{DRIVER}\nrename from x.c\nrename to {DRIVER}\n", "whose text the gate does not have"),
        (
            f"diff --git a/{DRIVER} b/{DRIVER}\nnew file mode 100644\n--- /dev/null\n+++ b/{DRIVER}\n@@ -0,0 +1 @@\n+",
            "which is there already",
        ),
    ],
)
def test_what_does_not_apply_says_why(text: str, message: str) -> None:
    with pytest.raises(DoesNotApply, match=message) as problem:
        after(text)
    assert problem.value.path == DRIVER


def test_a_file_that_the_tree_does_not_have() -> None:
    with pytest.raises(DoesNotApply, match=f"it changes {HEADER}, which the tree does not have"):
        after(diff("x\n", "y\n", HEADER), {DRIVER: TEXT})


def edited_at_random(text: str, choose: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(lines))
        lines[at : at + choose.randint(0, 2)] = [f"\tnew({choose.randint(0, 9)});\n"] * choose.randint(0, 3)
    return "".join(lines) or "\n"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git, with which to compare")
def test_what_git_applies_comes_out_the_same(tmp_path: Path) -> None:
    """Random edits, made to a text that other random edits changed: where git applies them, so do we."""
    choose, agreed = random.Random(7), 0
    (tmp_path / ".git").mkdir()  # so that git looks for no repository further up
    for number in range(60):
        patch = diff(edited_at_random(TEXT, choose), context=choose.choice([1, 3]))
        base = TEXT if number % 3 == 0 else f"{'// more' + chr(10)}{edited_at_random(TEXT, choose)}"
        write(tmp_path, {DRIVER: base, "p.diff": patch})
        done = subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, capture_output=True, check=False)
        if done.returncode == 0 and "@@" in patch:
            agreed += 1
            assert after(patch, {DRIVER: base})[0] == (tmp_path / DRIVER).read_text()
    assert agreed > 15


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch, with which to compare")
def test_what_patch_bends_comes_out_the_same(tmp_path: Path) -> None:
    choose, bent = random.Random(11), 0
    for _ in range(60):
        patch = diff(edited_at_random(TEXT, choose))
        base = edited_at_random(TEXT, choose)
        write(tmp_path, {DRIVER: base, "p.diff": patch})
        command = ["patch", "-p1", "-f", "-s", "--no-backup-if-mismatch", "-r", "-", "-i", "p.diff"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        if done.returncode == 0 and "@@" in patch:
            text, notes = after(patch, {DRIVER: base})
            bent += any("fuzz" in note for note in notes)
            assert text == (tmp_path / DRIVER).read_text()
    assert bent > 2


def test_hunks_without_context_go_where_they_say() -> None:
    [change] = file_changes(diff(TWICE, context=0), "p")
    assert apply_hunks(TEXT, change.hunks, DRIVER) == (TWICE, [])
