"""Shared by the tests of the gate: a small driver of their own, a tree with it, a checker that reads marks."""

from __future__ import annotations

import difflib
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hintproof.gate.checker import DriverVerdict, Note, Place, Question, TraceLine, Trouble, Violation, say_nothing
from hintproof.gate.ctext import function_at, functions
from hintproof.linux.source import DRIVER, HEADER, Source
from hintproof.system.clock import ENDLESS, Clock

#: In the style of a driver, with functions that are called as the real ones are.
TEXT = """\
// A driver of nothing, for tests.
#include <linux/virtio.h>

#define ENTRIES 4 /* { not a brace */

struct virtio_balloon {
\tint cell;
\tint kept;
};

static int send_cmd_id_start(struct virtio_balloon *vb)
{
\tint err;

\terr = add(vb->cell);
\tif (err)
\t\treturn err;
\tkick(vb);
\treturn 0;
}

static int send_cmd_id_stop(struct virtio_balloon *vb)
{
\tif (!room(vb))
\t\treturn -1;
\treturn add(0);
}

static void remove_common(struct virtio_balloon *vb)
{
\tgive_back(vb, vb->kept);
\treset(vb);
}
"""

HEADER_TEXT = "#define STOP 0\n#define DONE 1\n"
FILES = {DRIVER: TEXT, HEADER: HEADER_TEXT}
TREE = Source("linux", FILES, "6.1.192")

LOST = Question("no_lost_write", "late device")
ONCE = Question("id_at_most_once")


def diff(after: str, before: str = TEXT, path: str = DRIVER, context: int = 3) -> str:
    """A unified diff as git writes it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{path}", f"b/{path}", n=context
    )
    ends = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return f"diff --git a/{path} b/{path}\nindex 111..222 100644\n{''.join(ends)}"


def changed(old: str, new: str, text: str = TEXT) -> str:
    """The text with one part replaced, which must be there."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def mail(
    text: str, subject: str = "[PATCH] virtio_balloon: change it", author: str = "A U Thor <a@example.org>"
) -> str:
    """A mail as ``git format-patch`` makes it."""
    return (
        f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: {author}\n"
        f"Date: Mon, 1 Jan 2024 10:00:00 +0000\nSubject: {subject}\n\nWhy it is so.\n---\n 1 file changed\n\n"
        f"{text}-- \n2.39.5\n\n"
    )


class MarkChecker:
    """A checker that reads its verdict from marks in the driver: ``/* falls: NAME LENGTH */`` and the like."""

    def __init__(self) -> None:
        self.checked: list[str] = []

    def check(
        self, files: Mapping[str, str], quick: bool = False, clock: Clock = ENDLESS, note: Note = say_nothing
    ) -> DriverVerdict:
        """What the marks say. Behaviour is the text without comments and blanks."""
        text = files[DRIVER]
        if quick or text not in self.checked:  # the quick checks are asked for first
            self.checked.append(text)
        for trouble in Trouble:
            if f"/* {trouble.name} */" in text:
                return DriverVerdict(
                    trouble=trouble, lines=(f"{DRIVER}:3:1: error: it says so",), place=Place(DRIVER, 3)
                )
        falls = {q: fall(text, q) for q in (LOST, ONCE) if f"/* falls: {q.property}" in text}
        undecided = {q: "the time was up" for q in (LOST, ONCE) if f"/* undecided: {q.property} */" in text}
        holds = frozenset((LOST, ONCE)) - falls.keys() - undecided.keys()
        behaviour = re.sub(r"/\*.*?\*/|\s+", "", text)
        return DriverVerdict(falls, holds, undecided, behaviour, "1 block, ring 4, 2 rounds")

    def same_code(self, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Another author's name is no code."""
        kept = [re.sub(r" /\* by \w+ \*/", "", files[DRIVER]) for files in (before, after)]
        return "only the author differs" if kept[0] == kept[1] else ""

    def difference(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """Which lines are no longer the same."""
        return ("before: send_cmd_id_start adds a buffer", "after:  send_cmd_id_start kicks")


def fall(text: str, question: Question) -> Violation:
    """A run that ends at the mark."""
    line = text[: text.index(f"/* falls: {question.property}")].count("\n") + 1
    place = Place(DRIVER, line, function_at(functions(text), line))
    found = re.search(rf"/\* falls: {question.property} (\d+)", text)
    length = int(found[1]) if found else 2
    trace = (
        TraceLine("  1 D... begins", Place(DRIVER, 11, "send_cmd_id_start")),
        TraceLine("  2 .V.. loses it", place),
    )
    return Violation(trace, length, "exhaustive", place)


def git(root: Path, *arguments: str) -> str:
    """Run git there, with no settings of whoever runs the tests."""
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{
            f"GIT_{who}_{what}": f"{what.lower()}@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def write(root: Path, files: Mapping[str, str] = FILES) -> Path:
    """Put files below a directory."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    return root
