"""Ranges of a git tree: which commits, with which texts; and that a repository runs nothing of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hintproof.gate.apply import NO_DRIVER
from hintproof.gate.ranges import commits_of
from hintproof.linux.source import DRIVER, HEADER
from hintproof.system.errors import BadInput
from tests.checker.gate.made import FILES, TEXT, changed, git, write

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

FIRST = changed("kick(vb);", "wait(vb);")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Three commits: the driver, something else, a change of the driver; in a directory with spaces."""
    root = write(tmp_path / "a tree", {**FILES, "Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 9\n"})
    git(root, "init", "-q", "-b", "main")
    commit(root, "the driver")
    write(root, {"README": "x\n"})
    commit(root, "something else")
    write(root, {DRIVER: FIRST})
    commit(root, "virtio_balloon: wait")
    return root


def commit(root: Path, subject: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)


def test_commits_that_change_the_driver(tree: Path) -> None:
    source, commits = commits_of(tree, "HEAD~2..")
    assert source.version == "6.1.9"
    assert source.files[DRIVER] == TEXT
    [only] = commits
    assert only.subject == "virtio_balloon: wait"
    assert only.author == "name@example.org <email@example.org>"
    assert only.name == git(tree, "rev-parse", "HEAD").strip()[:12]
    assert (only.before, only.after) == (FILES, {**FILES, DRIVER: FIRST})


def test_the_work_tree_does_not_matter(tree: Path) -> None:
    write(tree, {DRIVER: "junk\n"})
    after = commits_of(tree, "main~1..main")[1][0].after
    assert after is not None
    assert after[DRIVER] == FIRST


def test_no_commit_that_matters(tree: Path) -> None:
    assert commits_of(tree, "main~2..main~1")[1] == []


def test_merges_are_told_if_they_change_something_of_their_own(tree: Path) -> None:
    git(tree, "checkout", "-q", "-b", "side", "main~1")
    write(tree, {DRIVER: changed("reset(vb);", "stop(vb);")})
    commit(tree, "side")
    git(tree, "merge", "-q", "-m", "merge", "main")
    commits = commits_of(tree, "main~1..side")[1]
    assert sorted(c.subject for c in commits) == ["merge", "side", "virtio_balloon: wait"]
    assert commits[-1].subject == "merge"


def test_a_driver_that_comes_and_goes(tree: Path) -> None:
    (tree / DRIVER).unlink()
    commit(tree, "away")
    [only] = commits_of(tree, "main~1..")[1]
    assert (only.after, only.reason) == (None, NO_DRIVER)
    assert only.before.keys() == {DRIVER, HEADER}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("main", "say A..B"),
        ("..main", "say A..B"),
        ("main...side", "say A..B"),
        ("a..b..c", "say A..B"),
        ("--output=/tmp/x..main", "is no commit"),
        ("main..--all", "is no commit"),
        ("none..main", "'none' is no commit"),
        ("main..main:README", "is no commit"),
        ("main..ma\nin", "say A..B"),
    ],
)
def test_ranges_that_are_none(tree: Path, given: str, message: str) -> None:
    with pytest.raises(BadInput, match=message) as problem:
        commits_of(tree, given)
    assert "\n" not in str(problem.value)
    assert not Path("/tmp/x..main").exists()


def test_a_directory_that_is_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")  # is not passed on
    with pytest.raises(BadInput, match="not a git repository"):
        commits_of(tmp_path, "a..b")


def test_a_link_in_the_place_of_the_driver_is_refused(tree: Path) -> None:
    (tree / DRIVER).unlink()
    (tree / DRIVER).symlink_to("/etc/passwd")
    commit(tree, "a link")
    with pytest.raises(BadInput, match=r"virtio_balloon\.c of [0-9a-f]{12} is no file"):
        commits_of(tree, "main~1..")


def test_a_repository_runs_nothing_of_its_own(tree: Path, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    script = tmp_path / "spy.sh"
    script.write_text(f"#!/bin/sh\ntouch '{spy}'\n")
    script.chmod(0o755)
    for setting in (
        "diff.external",
        "core.pager",
        "core.fsmonitor",
        "gpg.program",
        "diff.spied.textconv",
        "core.sshCommand",
    ):
        git(tree, "config", setting, str(script))
    git(tree, "config", "log.showSignature", "true")
    write(tree, {".git/info/attributes": "* diff=spied filter=spied\n"})
    git(tree, "config", "filter.spied.smudge", str(script))
    assert len(commits_of(tree, "main~1..")[1]) == 1
    assert not spy.exists()


def test_a_clone_without_its_texts_is_not_completed(tree: Path, tmp_path: Path) -> None:
    git(tree, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", f"file://{tree}", "partial")
    with pytest.raises(BadInput, match="git "):
        commits_of(tmp_path / "partial", "main~1..main")
