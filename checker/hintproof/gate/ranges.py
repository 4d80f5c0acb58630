"""The input of the gate from a git range: its commits that change a watched file, as steps from text to text."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from hintproof.gate.apply import NO_DRIVER
from hintproof.gate.patches import Step
from hintproof.linux.source import DRIVER, MAX_BYTES, WATCHED, Source, decode, makefile_version
from hintproof.system.errors import BadInput
from hintspec.language.errors import quote

#: Seconds that one call of git may take, and commits that are looked at.
SECONDS, MAX_COMMITS = 120, 200

#: A repository can't make git run a program, page, or use the network. Its user's own settings count.
_SETTINGS = ("core.pager=cat", "core.fsmonitor=false", "log.showSignature=false", "diff.external=", "core.hooksPath=")
_QUIET = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color")


def commits_of(root: Path, given: str) -> tuple[Source, list[Step]]:
    """The source at the beginning of ``A..B``, and the commits that change a watched file, oldest first.

    A merge is among them only if it differs from every parent there. Raises :class:`BadInput` for no such range.
    """
    first, last = (_resolved(root, end, given) for end in _ends(given))
    listing = ("rev-list", "--reverse", "--topo-order", f"--max-count={MAX_COMMITS + 1}", f"{first}..{last}", "--")
    names = _git(root, *listing, *WATCHED).decode().split()
    if len(names) > MAX_COMMITS:
        raise BadInput(f"{quote(given)}: more than {MAX_COMMITS} commits change the driver: take a shorter range")
    version = makefile_version(_blob(root, first, "Makefile") or "")
    return Source(f"{root} at {first[:12]}", _watched(root, first), version), [_commit(root, name) for name in names]


def base_notes(source: Source, base: str) -> list[str]:
    """What is to be said of the tree that a series was made for (``base-commit:``), where it may be another one."""
    root = Path(source.name)
    made = f"it is made for base-commit {base[:12]}"
    try:
        known = _git(root, "cat-file", "-t", base).strip() == b"commit" if (root / ".git").exists() else False
    except BadInput:
        known = False
    if not known:
        return [f"{made}, which this tree does not have: whether its driver is the same is not known"]
    if _watched(root, base) != dict(source.files):
        return [f"{made}, where the driver is another one than in this tree"]
    return []


def _ends(given: str) -> tuple[str, str]:
    """Both ends of ``A..B``; without a B it is HEAD."""
    first, dots, last = given.partition("..")
    if not dots or not first or last.startswith(".") or ".." in last or re.search(r"[\s\x00-\x1f\x7f]", given):
        raise BadInput(f"--range {quote(given)}: say A..B, two commits, the older first")
    return first, last or "HEAD"


def _resolved(root: Path, end: str, given: str) -> str:
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{end}^{{commit}}").decode().strip()
    except BadInput as problem:
        if "status 1" not in str(problem):
            raise
        found = ""
    if not re.fullmatch(r"[0-9a-f]{40,64}", found):
        raise BadInput(f"--range {quote(given)}: {quote(end)} is no commit of {root}")
    return found


def _commit(root: Path, name: str) -> Step:
    """A commit as a step from the watched files in its first parent."""
    output = _git(root, "log", "-1", "--no-walk", *_DIFF, "--no-patch", "--format=%an <%ae>%x00%s%x00%P", name, "--")
    author, subject, parents = decode(output).rstrip("\n").split("\0")
    before, after = _watched(root, parents.split()[0]) if parents else {}, _watched(root, name)
    reason = NO_DRIVER if DRIVER not in after else ""
    if DRIVER not in before:
        reason = f"the tree before it has no {DRIVER}"
    return Step(name[:12], subject, author, before, None if reason else after, reason, commit=True)


def _watched(root: Path, commit: str) -> dict[str, str]:
    return {path: text for path in WATCHED if (text := _blob(root, commit, path)) is not None}


def _blob(root: Path, commit: str, path: str) -> str | None:
    """A file of a commit; None if there is none. Raises :class:`BadInput` for a link, or a file that is too large."""
    listed = _git(root, "ls-tree", "-l", "--full-tree", commit, "--", path).decode("utf-8", "replace").split()
    if not listed:
        return None
    mode, kind, blob, size = listed[:4]
    if kind != "blob" or mode not in ("100644", "100755") or int(size) > MAX_BYTES:
        raise BadInput(f"{root}: {path} of {commit[:12]} is no file of at most {MAX_BYTES >> 20} MiB")
    return decode(_git(root, "cat-file", "blob", blob))


def _git(root: Path, *arguments: str) -> bytes:
    """The output of git. Raises :class:`BadInput` with its first line if it fails."""
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_") or "CONFIG" in key}
    try:
        done = subprocess.run(
            ["git", "--no-pager", "-C", str(root), *settings, *arguments],
            env={**environment, **_QUIET},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise BadInput("--range needs git: install it, or give the patches as files") from None
    except subprocess.TimeoutExpired:
        raise BadInput(f"git took longer than {SECONDS} seconds in {root}") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().split("\n")[0][:200] or f"status {done.returncode}"
        raise BadInput(f"git {arguments[0]} in {root}: {ascii(reason)[1:-1]}")
    return done.stdout
