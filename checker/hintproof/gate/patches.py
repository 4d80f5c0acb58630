"""The input of the gate: patches from files and standard input, as steps from text to text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hintproof.gate.apply import DoesNotApply, apply
from hintproof.gate.checker import Place
from hintproof.gate.mailbox import arrange
from hintproof.gate.mails import Patch, mails_in
from hintproof.linux.source import WATCHED
from hintproof.system.errors import BadInput
from hintproof.system.files import read_stdin

#: A file with patches larger than this (bytes) is refused; so are more patches than this in all.
MAX_BYTES, MAX_PATCHES = 16 << 20, 200

#: The name that means standard input.
STDIN = "-"


@dataclass(frozen=True)
class Step:
    """A patch with the watched files before and after it.

    ``after`` is None, and ``reason`` says why, if there is nothing to check; ``place`` is where the patch does not
    apply. A ``commit`` is part of a history already.
    """

    name: str
    subject: str
    author: str
    before: Mapping[str, str]
    after: Mapping[str, str] | None
    reason: str = ""
    place: Place | None = None
    notes: tuple[str, ...] = ()
    outside: bool = False
    commit: bool = False


def read(file: str) -> list[Patch]:
    """The patches in a file (``-``: standard input). Raises :class:`BadInput` if it can't be read or holds none."""
    name = "standard input" if file == STDIN else file
    try:
        if file == STDIN:
            raw = read_stdin(MAX_BYTES + 1)
        elif not file:
            raise BadInput("the name of a patch is empty: name a file")
        elif Path(file).is_dir():
            raise BadInput(f"{file}: a directory: name the patches in it, in order")
        else:
            with open(file, "rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as problem:
        raise BadInput(f"can't read {name}: {getattr(problem, 'strerror', None) or problem}") from None
    if len(raw) > MAX_BYTES:
        raise BadInput(f"{name}: larger than {MAX_BYTES >> 20} MiB: give the patches to the driver alone")
    return patches_in(raw, name)


def patches_in(raw: bytes, name: str) -> list[Patch]:
    """The patches in a file, series by series, each in its order.

    Raises :class:`BadInput` if there are none, or too many.
    """
    return arrange(mails_in(raw, name))


def series(patches: Iterable[Patch], files: Mapping[str, str]) -> list[Step]:
    """Apply patches one on another, beginning with ``files``; each series of a mailbox begins with them anew.

    After one that does not apply none of its series is tried.
    """
    steps: list[Step] = []
    broken, tree = "", files
    for patch in patches:
        if patch.begins:
            broken, files = "", tree
        if len(steps) == MAX_PATCHES:
            raise BadInput(f"more than {MAX_PATCHES} patches: give the series in parts")
        step = _step(patch, files, broken)
        steps.append(step)
        if step.after is not None:
            files = step.after
        elif not step.outside:
            broken = broken or step.name
    return steps


def _step(patch: Patch, files: Mapping[str, str], broken: str) -> Step:
    who = patch.name, patch.title, patch.author
    others = sorted({change.path for change in patch.changes if not change.watched})
    if len(others) == len({change.path for change in patch.changes}):
        reason = f"outside the watched files ({', '.join(WATCHED)}): the gate does not see it"
        return Step(*who, files, None, reason, outside=True)
    if broken:
        return Step(*who, files, None, f"not tried: {broken}, earlier in the series, does not apply")
    notes = [*patch.notes]
    notes += [f"it changes other files, too, which the gate does not see: {abbreviate(others)}"] if others else []
    try:
        applied = apply(patch.changes, files)
    except DoesNotApply as problem:
        return Step(*who, files, None, str(problem), Place(problem.path, problem.line), tuple(notes))
    return Step(*who, files, applied.files, notes=(*applied.notes, *notes))


def abbreviate(names: list[str]) -> str:
    """The first three of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
