"""Reading diffs: names, kinds of change, refusals."""

from __future__ import annotations

import pytest

from hintproof.gate.diffs import FileChange, file_changes
from hintproof.linux.source import DRIVER, HEADER
from hintproof.system.errors import BadInput
from tests.checker.gate.made import HEADER_TEXT, TEXT, changed, diff

EDITED = changed("kick(vb);", "wait(vb);")


def only(text: str) -> FileChange:
    [change] = file_changes(text, "p")
    return change


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"a/{DRIVER}", f"b/{DRIVER}"),
        (DRIVER, DRIVER),
        (f"linux-6.1.orig/{DRIVER}", f"linux-6.1/{DRIVER}"),
        (f"i/{DRIVER}", f"w/{DRIVER}"),
        (f"{DRIVER}\t2024-01-01 00:00:00", f"{DRIVER}\t2024-01-02 00:00:00"),
        (f'"a/{DRIVER}"', f'"b/{DRIVER}"'),
        (f"{DRIVER}.orig", DRIVER),
        (f"a/{DRIVER}", f"b/{DRIVER}.new"),
        ('"a/drivers/virtio/virtio\\137balloon.c"', f"b/{DRIVER}"),
    ],
)
def test_names_of_a_watched_file(old: str, new: str) -> None:
    hunks = diff(EDITED).split("+++ ", 1)[1].split("\n", 1)[1]
    change = only(f"--- {old}\n+++ {new}\n{hunks}")
    assert (change.old, change.new, change.watched, len(change.hunks)) == (DRIVER, DRIVER, True, 1)


def test_a_hunk_has_its_lines_and_its_context() -> None:
    [hunk] = only(diff(EDITED)).hunks
    assert (hunk.lead, hunk.trail) == (3, 3)
    assert hunk.old[3] == "\tkick(vb);\n"
    assert hunk.new[3] == "\twait(vb);\n"
    assert hunk.header.startswith("@@ -15,7 +15,7 @@")


def test_a_missing_end_of_the_last_line_is_kept() -> None:
    [hunk] = only(diff(TEXT.removesuffix("\n"))).hunks
    assert hunk.old[-1] == "}\n"
    assert hunk.new[-1] == "}"


def test_other_files_have_no_hunks_and_may_have_any_name() -> None:
    text = diff("x\n", "y\n", "a dir/with space") + diff(EDITED) + "diff --git a/o ld b/n ew\nsimilarity index 100%\n"
    text += "rename from o ld\nrename to n ew\n" + "diff --git a/m ode b/m ode\nold mode 100644\nnew mode 100755\n"
    found = file_changes(text, "p")
    assert [c.path for c in found] == ["a dir/with space", DRIVER, "n ew", "a/m ode"[2:]]
    assert [c.watched for c in found] == [False, True, False, False]


def test_removed_and_new_and_renamed_and_copied() -> None:
    gone = (
        f"diff --git a/{HEADER} b/{HEADER}\ndeleted file mode 100644\n--- a/{HEADER}\n+++ /dev/null\n@@ -1,2 +0,0 @@\n"
    )
    gone += "".join(f"-{line}\n" for line in HEADER_TEXT.splitlines())
    assert (only(gone).old, only(gone).new) == (HEADER, None)
    new = f"diff --git a/{HEADER} b/{HEADER}\nnew file mode 100644\n--- /dev/null\n+++ b/{HEADER}\n@@ -0,0 +1 @@\n+x\n"
    assert (only(new).old, only(new).new) == (None, HEADER)
    away = f"diff --git a/{DRIVER} b/other.c\nsimilarity index 100%\nrename from {DRIVER}\nrename to other.c\n"
    assert only(away).watched
    assert not only(away.replace("rename", "copy")).watched


def test_binary_changes_are_known() -> None:
    head = f"diff --git a/{DRIVER} b/{DRIVER}\nindex 1..2 100644\n"
    assert only(f"{head}GIT binary patch\nliteral 3\nKcmZ\n\n").binary
    assert only(f"{head}Binary files a/{DRIVER} and b/{DRIVER} differ\n").binary


def test_line_ends_of_a_mail_are_taken_off() -> None:
    assert only(diff(EDITED).replace("\n", "\r\n")) == only(diff(EDITED))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../x",
        "a//etc/passwd",
        "a/drivers/../../x",
        '"a/..\\057..\\057x"',
        '"/e\\164c"',
    ],
)
def test_what_leaves_the_tree_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="not inside a tree: refused"):
        file_changes(f"--- {name}\n+++ {name}\n@@ -1 +1 @@\n-x\n+y\n", "p")
    with pytest.raises(BadInput, match="not inside a tree: refused"):
        file_changes(f"diff --git a/x {name}\nsimilarity index 100%\nrename from x\nrename to {name}\n", "p")


@pytest.mark.parametrize("path", [DRIVER, "drivers/virtio", "include"])
def test_a_link_in_the_place_of_a_watched_file_is_refused(path: str) -> None:
    text = f"diff --git a/{path} b/{path}\nnew file mode 120000\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+/etc\n"
    with pytest.raises(BadInput, match="symbolic link: refused"):
        file_changes(text, "p")


def test_a_link_elsewhere_is_none_of_ours() -> None:
    text = "diff --git a/d b/d\nnew file mode 120000\n--- /dev/null\n+++ b/d\n@@ -0,0 +1 @@\n+/etc\n"
    assert not only(text).watched


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -15,9 +15,9 @@"),
        lambda text: text.replace("\tkick", "kick", 1).replace("-kick", "kick"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -15,2 +15,2 @@"),
        # as mailers and hands spoil a header: GNU patch and git refuse these, too
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -15,7 +15,7"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -15,7\n+15,7 @@"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@  -15,7 +15,7 @@"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -15,7 +15,7@@"),
        lambda text: text.replace("@@ -15,7 +15,7 @@", "@@ -99999999999999999999999,7 +15,7 @@"),
    ],
)
def test_a_damaged_hunk_is_one_clear_line(spoil: object) -> None:
    with pytest.raises(BadInput, match=r"p: the diff.* is damaged: ") as problem:
        file_changes(spoil(diff(EDITED)), "p")  # type: ignore[operator]
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("header", ["@@ -15,7 +15,7", "@@", "@@  -15,7 +15,7 @@", "@@ -15,7\n +15,7 @@"])
def test_a_damaged_header_does_not_hide_its_hunk_behind_another(header: str) -> None:
    first = diff(TEXT.replace("#define ENTRIES 4", "#define ENTRIES 4 "))
    later = diff(EDITED).split("\n@@ -15,7 +15,7 @@", 1)[1]
    assert len(only(f"{first}@@ -15,7 +15,7 @@{later}").hunks) == 2
    with pytest.raises(BadInput, match=r"p: the diff.* is damaged: "):
        file_changes(f"{first}{header}{later}", "p")


def test_what_follows_a_signature_is_no_hunk() -> None:
    assert only(f"{diff(EDITED)}-- \n2.39\n\n@@ is a word of prose\n") == only(diff(EDITED))


def test_a_line_too_long_for_c_is_refused() -> None:
    with pytest.raises(BadInput, match="at most 50000 lines of 4000 characters"):
        file_changes(diff(changed("kick(vb);", "x" * 5000)), "p")


def test_a_file_without_git_s_header_is_seen_behind_one_that_has_it() -> None:
    plain = diff(EDITED).split("\n", 2)[2]
    for first in (diff("x\n", "y\n", "other.c"), "diff --git a/o b/o\nold mode 100644\nnew mode 100755\n"):
        found = file_changes(first + plain, "p")
        assert [change.watched for change in found] == [False, True] or "old mode" in first
        assert found[-1].hunks == only(diff(EDITED)).hunks


def test_a_header_inside_a_hunk_is_a_line() -> None:
    before = "-- a/x\nkept\n"
    text = diff("++ b/x\nkept\n", before, "other.c") + diff(EDITED)
    assert [change.path for change in file_changes(text, "p")] == ["other.c", DRIVER]


def test_a_hunk_that_would_hide_what_follows_is_refused() -> None:
    hides = diff("x\n", "y\n", "other.c").replace("@@ -1 +1 @@", "@@ -1,99 +1,99 @@")
    with pytest.raises(BadInput, match="ends a hunk too soon"):
        file_changes(hides + diff(EDITED), "p")


def test_text_without_a_diff_has_no_changes() -> None:
    assert file_changes("no diff\n--- a rule\nand text\n", "p") == []
