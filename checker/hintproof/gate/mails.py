"""Patches as people send them: a diff, a mail, a mailbox, the output of ``git log -p``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from functools import cached_property
from itertools import pairwise

from hintproof.gate.diffs import FileChange, file_changes
from hintproof.linux.source import decode
from hintproof.system.errors import BadInput

#: More mails in one mailbox than this are no series to check.
MAX_MAILS = 1000

#: Characters of a header field that count.
MAX_HEADER = 2000

_GZIP = b"\x1f\x8b"
_FROM = re.compile(rb"^From \S+[^\n]* \d\d:\d\d:\d\d [^\n]*\d{4}\s*$", re.MULTILINE)
_COMMIT = re.compile(rb"^commit [0-9a-f]{40,64}\b[^\n]*\n(?=(?:Merge:[^\n]*\n)?Author:)", re.MULTILINE)
_FIELD = re.compile(rb"\A[A-Za-z][A-Za-z0-9-]*: ")
_BRACKETS = re.compile(r"\[[^\]]*?(?:\bv(?P<version>\d+)\b[^\]]*?)?(?:(?P<number>\d+)/(?P<of>\d+))?\]", re.IGNORECASE)
_BASE = re.compile(r"^base-commit: ([0-9a-f]{40,64})\s*$", re.MULTILINE)
_PREREQUISITE = re.compile(r"^prerequisite-patch-id: [0-9a-f]{40,64}\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Patch:
    """One patch as sent. ``number``, ``of`` and ``version`` are those of its subject (``[PATCH v2 1/3]``); 0: none.

    ``answers`` are the Message-IDs of the mails before it in its thread. In a mailbox of several series the first patch
    of each ``begins`` it. ``notes`` say what is to be known of its series.
    """

    name: str
    subject: str
    author: str
    diff: str
    message_id: str = ""
    answers: tuple[str, ...] = ()
    begins: bool = False
    notes: tuple[str, ...] = ()
    base: str = ""

    @cached_property
    def changes(self) -> list[FileChange]:
        """Its changes, file by file. Raises :class:`BadInput` for a damaged diff."""
        return file_changes(self.diff, self.name)

    @property
    def number(self) -> int:
        """Its place in its series."""
        return self._bracketed("number")

    @property
    def of(self) -> int:
        """How many patches its series has."""
        return self._bracketed("of")

    @property
    def prerequisites(self) -> int:
        """How many other patches it says that its tree needs."""
        return len(_PREREQUISITE.findall(self.diff))

    @property
    def version(self) -> int:
        """The version of its series; 1 by default."""
        return self._bracketed("version") or 1

    @property
    def is_reply(self) -> bool:
        """Whether it is an answer: a diff in it is a suggestion, and no part of the series."""
        return self.subject.lower().startswith(("re:", "aw:"))

    @property
    def title(self) -> str:
        """The subject without the brackets before it."""
        return re.sub(r"^(\s*\[[^\]]*\])+\s*", "", self.subject) or self.subject

    def _bracketed(self, group: str) -> int:
        head = re.match(r"\s*(?:\[[^\]]*\]\s*)*", self.subject)
        for found in _BRACKETS.finditer(head[0] if head else ""):
            if found[group]:
                return int(found[group][:6])
        return 0


def mails_in(raw: bytes, name: str) -> list[Patch]:
    """All mails, commits or diffs in a file; covers and replies, too, of which some have no changes.

    Raises :class:`BadInput` if no one has any, or if there are too many.
    """
    if raw.startswith(_GZIP):
        raise BadInput(f"{name}: compressed: unpack it first, with gunzip")
    if b"\0" in raw[:8192]:
        raise BadInput(f"{name}: a binary file: give a diff, a mail or a mailbox")
    mails = list(_read(raw, name))
    if not any(mail.changes for mail in mails):
        raise BadInput(f"{name}: no diff in it: give a unified diff, as 'git format-patch' or 'diff -u' make it")
    return mails


def _read(raw: bytes, name: str) -> Iterator[Patch]:
    if raw.startswith(b"From ") and _FROM.match(raw):
        yield from _mails(raw, name)
    elif _FIELD.match(raw) and re.search(rb"^(Subject|From): ", raw.split(b"\n\n", 1)[0], re.MULTILINE | re.IGNORECASE):
        yield _mail(raw, name)
    elif _COMMIT.match(raw):
        yield from _commits(raw, name)
    else:
        yield Patch(name, "", "", decode(raw))


def _mails(raw: bytes, name: str) -> Iterator[Patch]:
    starts = [found.start() for found in _FROM.finditer(raw)]
    if len(starts) > MAX_MAILS:
        raise BadInput(f"{name}: {len(starts)} mails: at most {MAX_MAILS} are looked at; give the series alone")
    for number, (start, end) in enumerate(pairwise([*starts, len(raw)]), 1):
        yield _mail(raw[start:end], name if len(starts) == 1 else f"{name} ({number})")


def _mail(raw: bytes, name: str) -> Patch:
    try:
        message = message_from_bytes(raw)
        diff = "\n".join(_texts(message))
    except RecursionError:
        raise BadInput(f"{name}: its parts lie in each other too deeply: save the patch by itself") from None
    inner = re.match(r"\s*From: ([^\n]+)\n", diff)  # sent by another than its author
    author = inner[1].strip() if inner else _header(message, "From")
    base = _BASE.search(diff)
    return Patch(
        *(name, _header(message, "Subject"), author, diff),
        message_id=_header(message, "Message-ID"),
        answers=tuple(dict.fromkeys(f"{_header(message, 'References')} {_header(message, 'In-Reply-To')}".split())),
        base=base[1] if base else "",
    )


def _texts(message: Message) -> Iterator[str]:
    """The text parts of a mail, their transfer encoding undone."""
    for part in message.walk():
        if part.get_content_maintype() == "text" and part.get_content_subtype() != "html":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield decode(payload)


def _header(message: Message, field: str) -> str:
    """A header field, decoded if possible, on one line."""
    value = str(message.get(field, ""))[:MAX_HEADER]
    with suppress(LookupError, ValueError, MessageError):
        value = str(make_header(decode_header(value)))
    return " ".join(value.split())


def _commits(raw: bytes, name: str) -> Iterator[Patch]:
    """The output of ``git log -p`` or ``git show``: the newest commit comes first, and is the last of the series."""
    starts = [found.start() for found in _COMMIT.finditer(raw)]
    for start, end in reversed(list(pairwise([*starts, len(raw)]))):
        text = decode(raw[start:end])
        author = re.search(r"^Author: +(.+)$", text, re.MULTILINE)
        subject = re.search(r"^    (\S.*)$", text, re.MULTILINE)
        commit = text.split()[1][:12]
        yield Patch(
            f"{name} ({commit})" if len(starts) > 1 else name,
            subject[1] if subject else commit,
            author[1] if author else "",
            text,
        )
