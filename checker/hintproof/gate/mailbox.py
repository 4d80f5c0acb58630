"""The series in a mailbox: which mails belong together, which version counts, and what is left out.

A thread is one series, in as many versions as its mails have. Where mails have no Message-ID, a series goes on as long
as the numbers of its subjects do. Nothing is left out without a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hintproof.gate.mails import Patch


def arrange(mails: Sequence[Patch]) -> list[Patch]:
    """The patches of all series in these mails (among them covers and replies), one series after the other.

    Of several versions the newest counts; a patch that a partial reroll does not send again is that of the version
    before. The first patch of a series ``begins`` it, and has the notes on what was left out.
    """
    anyone = any(mail.changes and not mail.is_reply for mail in mails)
    found: list[list[Patch]] = []
    spare: list[str] = []
    for thread in _threads(mails):
        replies = [mail for mail in thread if mail.is_reply and mail.changes and anyone]
        series = _apart([mail for mail in thread if mail.changes and mail not in replies])
        own = [_newest(some, thread) for some in series]
        notes = [f"left out: {mail.subject} (a reply)" for mail in replies]
        if own:
            own[0][0] = _noted(own[0][0], notes)
        else:
            spare += notes
        found += own
    if found and spare:
        found[0][0] = _noted(found[0][0], spare)
    if len(found) > 1:
        for number, some in enumerate(found, 1):
            some[0] = _noted(replace(some[0], begins=True), [f"series {number} of {len(found)} in this mailbox"])
    return [patch for some in found for patch in some]


def _noted(patch: Patch, notes: Sequence[str]) -> Patch:
    return replace(patch, notes=(*patch.notes, *notes))


def _threads(mails: Sequence[Patch]) -> list[list[Patch]]:
    """The mails by their threads, in the order in which these begin; those without a Message-ID are one."""
    root: dict[str, str] = {}

    def top(name: str) -> str:
        while root.get(name, name) != name:
            name = root[name]
        return name

    for mail in mails:
        for other in mail.answers:
            root[top(other)] = top(mail.message_id)
    threads: dict[str, list[Patch]] = {}
    for mail in mails:
        threads.setdefault(top(mail.message_id), []).append(mail)
    return list(threads.values())


def _apart(patches: Sequence[Patch]) -> list[list[Patch]]:
    """Patches of one thread as series: another one begins where the numbers do, unless it is another version."""
    found: list[list[Patch]] = []
    for patch in patches:
        own = next((some for some in found if _belongs(patch, some)), None)
        if own is None:
            found.append([patch])
        else:
            own.append(patch)
    return found


def _belongs(patch: Patch, some: Sequence[Patch]) -> bool:
    """Whether a patch is part of a series: a number that it lacks, or another version of one that it has."""
    same = [other for other in some if other.version == patch.version]
    if same:
        taken = patch.number and any(other.number == patch.number and other.title != patch.title for other in same)
        return not taken and same[0].of == patch.of
    return any(other.title == patch.title or (other.of, other.author) == (patch.of, patch.author) for other in some)


def _newest(some: Sequence[Patch], thread: Sequence[Patch]) -> list[Patch]:
    """The patches of a series that count, in order; the first one has the notes."""
    newest = max(patch.version for patch in some)
    chosen = [patch for patch in some if patch.version == newest]
    there, of = {patch.number for patch in chosen}, chosen[0].of
    notes = []
    for number in range(1, of + 1):
        older = [patch for patch in some if patch.number == number and patch.of == of and patch.version < newest]
        if number not in there and older:
            taken = max(older, key=lambda patch: patch.version)
            chosen.append(taken)
            notes.append(f"{taken.subject} is of version {taken.version}: version {newest} does not have it")
    notes += [f"left out: {patch.subject} (version {newest} is newer)" for patch in some if patch not in chosen]
    first, *rest = sorted(chosen, key=lambda patch: patch.number)
    base = next((mail.base for mail in reversed(thread) if mail.base), "")
    needs = max((mail.prerequisites for mail in thread), default=0)
    notes += list(_needed(needs))
    return [replace(_noted(first, notes), base=base), *rest]


def _needed(patches: int) -> Iterator[str]:
    if patches:
        what = "another patch" if patches == 1 else f"{patches} other patches"
        yield f"it is made for a tree with {what} applied (prerequisite-patch-id)"
