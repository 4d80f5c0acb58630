"""Unified diffs: the files that they change, and the hunks of the watched ones. Nothing here touches a disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as ReadHunk
from unidiff.patch import PatchSet

from hintproof.linux.source import WATCHED
from hintproof.system.errors import BadInput
from hintspec.language.errors import quote

#: A change of a watched file with a longer line (characters), or more lines, is no C.
MAX_LINE, MAX_LINES = 4000, 50_000

_SYMLINK = "120000"
_NOWHERE = "/dev/null"
_IN_A_HUNK = (" ", "+", "-", "\\", "", "\r")
_BINARY = re.compile(r"^(Binary files .* differ|GIT binary patch)\r?$", re.MULTILINE)
_MODE = re.compile(r"^new (?:file )?mode (\d+)\r?$", re.MULTILINE)
_GONE = re.compile(r"^deleted file mode ", re.MULTILINE)
_NEW = re.compile(r"^new file mode ", re.MULTILINE)
_COUNTS = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_SIGNATURE = ("--", "-- ", "-- \r")
_TWO_NAMES = (("--- ", r"\+\+\+ "), ("rename from ", "rename to "), ("copy from ", "copy to "))
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


@dataclass(frozen=True)
class Hunk:
    """One hunk: lines with their ends, of which the first ``lead`` and the last ``trail`` are context.

    ``old_start`` and ``new_start`` count lines from 1; 0 means before the first.
    """

    old_start: int
    new_start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    lead: int
    trail: int

    @property
    def header(self) -> str:
        """Its first line, without the function that git adds to it."""
        return f"@@ -{self.old_start},{len(self.old)} +{self.new_start},{len(self.new)} @@"

    @property
    def reverse(self) -> Hunk:
        """The hunk that takes it back."""
        return Hunk(self.new_start, self.old_start, self.new, self.old, self.lead, self.trail)


@dataclass(frozen=True)
class FileChange:
    """The change of one file. Names are those inside the tree; None where there is no file.

    Only watched files have hunks here. ``copied``: the old file stays.
    """

    old: str | None
    new: str | None
    binary: bool = False
    copied: bool = False
    hunks: tuple[Hunk, ...] = ()

    @property
    def watched(self) -> bool:
        """Whether it changes a watched file, or makes or removes one."""
        return self.new in WATCHED or (self.old in WATCHED and not self.copied)

    @property
    def path(self) -> str:
        """The name of the file after the change, or before, if there is none."""
        return self.new or self.old or ""


def file_changes(diff: str, name: str) -> list[FileChange]:
    """The changes of a diff, file by file; empty if the text holds no diff.

    Raises :class:`BadInput`, beginning with ``name``, for a diff that is damaged or reaches out of the tree.
    """
    return [_change(section, name) for section in _sections(diff, name)]


def _sections(diff: str, name: str) -> Iterator[str]:
    """The parts of a diff, one a file, with git's header or without.

    It counts through hunks: a removed line may look like the header of a file, and a header that is taken for a line of
    a hunk would hide all that follows it.
    """
    lines, hunk = diff.split("\n"), _HunkCounter()
    starts: list[int] = []
    headed = False  # by git, and neither names nor a hunk were seen since
    for number, line in enumerate(lines):
        if hunk.takes(line):
            if line[:1] not in _IN_A_HUNK:
                raise BadInput(f"{name}: the diff is damaged: line {number + 1} ends a hunk too soon; get it anew")
        elif starts and hunk.begins(line):
            headed = False
        elif line.startswith("diff --git "):
            starts.append(number)
            headed = True
        elif line.startswith("--- ") and _names_a_file(lines, number):
            if not headed:
                starts.append(number)
            headed = False
    for start, end in pairwise([*starts, len(lines)]):
        yield "\n".join(lines[start:end])


def _names_a_file(lines: list[str], number: int) -> bool:
    """Whether both names of a file stand there, before a hunk."""
    return [line[:4] for line in lines[number + 1 : number + 3]] == ["+++ ", "@@ -"]


class _HunkCounter:
    """Counts through hunks, by the lengths in their headers."""

    def __init__(self) -> None:
        self._old = self._new = 0

    def begins(self, line: str) -> bool:
        """Whether the line is the header of a hunk, which begins then."""
        counts = _COUNTS.match(line)
        if counts:
            self._old, self._new = (1 if count is None else int(count) for count in counts.groups())
        return counts is not None

    def takes(self, line: str) -> bool:
        """Whether the line belongs to the hunk that has begun."""
        if self._old <= 0 and self._new <= 0:
            return False
        self._old -= line[:1] not in ("+", "\\")
        self._new -= line[:1] not in ("-", "\\")
        return True


def _change(section: str, name: str) -> FileChange:
    if section.split("\n", 1)[0].endswith("\r"):  # a mail on its way: git am takes them off, too
        section = section.replace("\r\n", "\n")
    head, hunks = _split(section)
    old, new = (_inside(side, name) for side in _names(head, name))
    if new is not None and (mode := _MODE.search(head)) and mode[1] == _SYMLINK:
        _refuse_symlink(new, name)
    old, new = (None if _NEW.search(head) else old), (None if _GONE.search(head) else new)
    copied = "\ncopy from " in head
    if old and new and not copied and "\nrename from " not in head:
        old = new = next((path for path in (new, old) if path in WATCHED), new)  # "x.c.orig" and "x.c" mean one file
    change = FileChange(old, new, bool(_BINARY.search(head)), copied)
    if not change.watched or change.binary:
        return change
    if not hunks and re.search(r"^@@|^\+\+\+ ", head, re.MULTILINE):
        raise BadInput(f"{name}: the diff of {change.path} is damaged: it has no hunk that can be read; get it anew")
    return FileChange(old, new, copied=copied, hunks=tuple(_hunks(hunks, change.path, name)))


def _split(section: str) -> tuple[str, str]:
    """A section's header and its hunks."""
    at = section.find("\n@@ -") + 1
    return (section[:at], section[at:]) if at else (section, "")


def _refuse_symlink(path: str, name: str) -> None:
    if any(file == path or file.startswith(f"{path}/") for file in WATCHED):
        raise BadInput(f"{name}: makes {path} a symbolic link: refused")


def _names(head: str, name: str) -> tuple[str, str]:
    """Both names of a file as written. A header of git's without any other line has the same name twice."""
    for before, after in _TWO_NAMES:
        old = re.search(rf"^{before}([^\t\r\n]*)", head, re.MULTILINE)
        new = re.search(rf"^{after}([^\t\r\n]*)", head, re.MULTILINE)
        if old and new:
            return _unquoted(old[1]), _unquoted(new[1])
    first = head.split("\n", 1)[0].rstrip("\r").removeprefix("diff --git ")
    if quoted := re.fullmatch(f"({_QUOTED}) ({_QUOTED})", first):
        return _unquoted(quoted[1]), _unquoted(quoted[2])
    half = len(first) // 2
    if first[half : half + 1] != " ":
        raise BadInput(f"{name}: can't tell which file {quote(first)} means: make the patch with 'git format-patch'")
    return first[:half], first[half + 1 :]


def _unquoted(name: str) -> str:
    """A name without git's quotes."""
    if not re.fullmatch(_QUOTED, name):
        return name
    raw = bytearray()
    for plain, octal, letter in re.findall(r"([^\\]+)|\\([0-7]{3})|\\(.)", name[1:-1]):
        if plain:
            raw += plain.encode("utf-8", "surrogateescape")
        else:
            raw.append(int(octal, 8) & 255 if octal else _ESCAPES.get(letter, ord("?")))
    return raw.decode("utf-8", "surrogateescape")


def _inside(written: str, name: str) -> str | None:
    """The name of a file inside the tree: without the first part (``a/``, ``linux.orig/``) if there is one to drop."""
    if written == _NOWHERE:
        return None
    shorter = re.sub(r"^[abciow12]/", "", written)
    for candidate in (written, shorter):
        if candidate.startswith("/") or ".." in candidate.split("/") or "\0" in candidate or not candidate:
            raise BadInput(f"{name}: names {quote(written)}, which is not inside a tree: refused")
    without_first = written.partition("/")[2]
    return next((path for path in (written, without_first) if path in WATCHED), shorter)


def _hunks(text: str, path: str, name: str) -> Iterator[Hunk]:
    lines = list(_inside_hunks(text, path, name))
    if len(lines) > MAX_LINES or any(len(line) > MAX_LINE for line in lines):
        raise BadInput(f"{name}: a change of {path} has at most {MAX_LINES} lines of {MAX_LINE} characters, not more")
    try:
        files = PatchSet("\n".join([f"--- a/{path}", f"+++ b/{path}", *lines, ""]))
    except (UnidiffParseError, ValueError) as problem:
        reason = ascii(" ".join(str(problem).split())[:120])[1:-1]
        raise BadInput(f"{name}: the diff of {path} is damaged: {reason}; get the patch anew") from None
    for read in files[0] if files else ():
        yield _hunk(read)


def _inside_hunks(text: str, path: str, name: str) -> Iterator[str]:
    """The lines of the hunks, without those between and after them (a mail's signature, say).

    Raises :class:`BadInput` for what would be lost: a changed line that follows a hunk whose header counts too few, and
    a hunk whose header is none.
    """
    hunk, ends, signed = _HunkCounter(), False, False
    for number, line in enumerate(text.split("\n"), 1):
        if hunk.takes(line):
            ends = True
            yield line
        elif hunk.begins(line) or (ends and line.startswith("\\")):
            yield line
        elif ends and line[:1] in ("+", "-") and not line.startswith("--"):
            raise BadInput(f"{name}: the diff of {path} is damaged: line {number} of its hunks is in none; get it anew")
        elif line.startswith("@@") and not signed:
            where = f"line {number} of its hunks begins as the header of a hunk does, and is none"
            raise BadInput(f"{name}: the diff of {path} is damaged: {where}; get it anew")
        else:
            ends = ends and line[:1] in ("", " ")
            signed = signed or line in _SIGNATURE


def _hunk(read: ReadHunk) -> Hunk:
    """A hunk as lines with their ends: the mark for a missing one belongs to the line before it."""
    lines: list[tuple[str, str]] = []
    for line in read:
        if line.line_type == "\\" and lines:
            kind, value = lines[-1]
            lines[-1] = kind, value.removesuffix("\n")
        elif line.line_type in (" ", "+", "-"):
            lines.append((line.line_type, line.value or "\n"))
    changed = [number for number, (kind, _) in enumerate(lines) if kind != " "] or [0]
    return Hunk(
        read.source_start,
        read.target_start,
        tuple(value for kind, value in lines if kind != "+"),
        tuple(value for kind, value in lines if kind != "-"),
        changed[0],
        len(lines) - 1 - changed[-1] if lines else 0,
    )
