"""Apply a diff to texts, as git does, and with the fuzz that ``patch`` allows. Nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

from hintproof.gate.diffs import FileChange, Hunk
from hintproof.linux.source import DRIVER, WATCHED

#: Lines of context at either end of a hunk that need not fit: the default of ``patch``.
MAX_FUZZ = 2

#: The reason for a patch or a commit that removes the driver.
NO_DRIVER = f"it takes {DRIVER} away: there is no driver to check"


class DoesNotApply(Exception):
    """A change does not fit the text. ``path`` and ``line`` (from 1) say where its hunk expects to go."""

    def __init__(self, reason: str, path: str, line: int = 1) -> None:
        super().__init__(reason)
        self.path, self.line = path, line


@dataclass(frozen=True)
class Applied:
    """The texts after a patch, and how far its hunks had to be moved or bent."""

    files: dict[str, str]
    notes: tuple[str, ...]


def apply(changes: Sequence[FileChange], files: Mapping[str, str]) -> Applied:
    """Apply a patch to the watched files. Raises :class:`DoesNotApply` at the first change that does not apply."""
    after, notes = dict(files), []
    for change in changes:
        if change.watched:
            notes += _apply_one(change, after)
    if DRIVER not in after:
        raise DoesNotApply(NO_DRIVER, DRIVER)
    return Applied(after, tuple(notes))


def _apply_one(change: FileChange, files: dict[str, str]) -> list[str]:
    path = change.path
    if change.binary:
        raise DoesNotApply(f"it changes {path} as a binary file", path)
    if change.old is None and path in files:
        raise DoesNotApply(f"it makes {path}, which is there already", path)
    if change.old is not None and change.old not in WATCHED:
        raise DoesNotApply(f"it makes {path} of {change.old}, whose text the gate does not have", path)
    if change.old is not None and change.old not in files:
        raise DoesNotApply(f"it changes {change.old}, which the tree does not have", path)
    before = "" if change.old is None else files[change.old]
    after, notes = apply_hunks(before, change.hunks, path)
    if change.old is not None and change.old != change.new and not change.copied:
        del files[change.old]
    if change.new in WATCHED:
        files[change.new] = after
    return notes


def apply_hunks(text: str, hunks: Sequence[Hunk], path: str) -> tuple[str, list[str]]:
    """A text with hunks applied, and a note for each that did not fit just as it is."""
    lines, notes, moved = StringIO(text).readlines(), [], 0  # as in git only a line feed ends a line
    for number, hunk in enumerate(hunks, 1):
        expected = hunk.new_start - (1 if hunk.new else 0) + moved  # "+4,0" means after line 4
        found = _place(lines, hunk, expected)
        if found is None:
            raise DoesNotApply(_why_not(lines, hunk, number, len(hunks), path), path, max(hunk.old_start, 1))
        at, fuzz, lead, trail = found
        lines[at : at + len(hunk.old) - lead - trail] = hunk.new[lead : len(hunk.new) - trail]
        offset = at - lead - expected
        moved += offset
        if fuzz or offset:
            bent = [f"fuzz {fuzz}"] if fuzz else []
            bent += [f"offset {offset} {'line' if abs(offset) == 1 else 'lines'}"] if offset else []
            notes.append(f"hunk {number} of {path} fits with {', '.join(bent)}")
    return "".join(lines), notes


def _place(lines: list[str], hunk: Hunk, expected: int) -> tuple[int, int, int, int] | None:
    """Where a hunk fits: line (from 0), fuzz, and how many lines of context at its ends were left out."""
    if not hunk.old:
        return (expected, 0, 0, 0) if expected <= len(lines) else None
    context = max(hunk.lead, hunk.trail)
    for fuzz in range(MAX_FUZZ + 1):
        lead, trail = (min(max(0, fuzz + side - context), side) for side in (hunk.lead, hunk.trail))
        wanted = list(hunk.old[lead : len(hunk.old) - trail])
        anchored = context and not fuzz
        for at in _near(expected + lead, len(lines) - len(wanted)) if wanted else ():
            if lines[at : at + len(wanted)] == wanted and (not anchored or _anchored(lines, hunk, at, len(wanted))):
                return at, fuzz, lead, trail
    return None


def _anchored(lines: list[str], hunk: Hunk, at: int, length: int) -> bool:
    """A hunk of the first line belongs at the beginning; one that no context follows, at the end."""
    begins, ends = hunk.old_start <= 1, not hunk.trail
    return (not begins or at == 0) and (not ends or at + length == len(lines))


def _near(expected: int, last: int) -> Iterator[int]:
    """Lines from ``expected`` outwards, the later first, between 0 and ``last``."""
    expected = min(max(expected, 0), last)
    for distance in range(last + 1):
        yield from (at for at in dict.fromkeys((expected + distance, expected - distance)) if 0 <= at <= last)


def _why_not(lines: list[str], hunk: Hunk, number: int, count: int, path: str) -> str:
    reason = f"hunk {number} of {count} ({hunk.header}) does not apply to {path}"
    if any(line.endswith("\r\n") for line in hunk.old) and not any(line.endswith("\r\n") for line in lines):
        return f"{reason}: its lines end in CR LF, those of the file in LF; convert it (dos2unix), or send it as a mail"
    reversible = _place(lines, hunk.reverse, max(hunk.old_start - 1, 0))
    return f"{reason}: what it makes is there already" if reversible else reason
