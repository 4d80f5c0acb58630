"""Patches as people send them: the gate finds them, in order, with their names."""

from __future__ import annotations

import base64
import gzip
import quopri
from pathlib import Path

import pytest

from hintproof.gate import patches
from hintproof.gate.apply import apply
from hintproof.gate.mails import Patch
from hintproof.gate.patches import patches_in, read, series
from hintproof.linux.source import DRIVER
from hintproof.system.errors import BadInput
from tests.checker.gate.made import FILES, TEXT, changed, diff, mail

FIRST = changed("kick(vb);", "wait(vb);")
SECOND = changed("reset(vb);", "stop(vb);", FIRST)
COVER = mail("no diff\n", "[PATCH v2 0/2] virtio_balloon: a series")


def found(text: str | bytes) -> list[Patch]:
    return patches_in(text.encode() if isinstance(text, str) else text, "p")


def result(read: list[Patch]) -> str:
    last = series(read, FILES)[-1]
    assert last.after is not None, last.reason
    return last.after[DRIVER]


def test_a_bare_diff() -> None:
    [patch] = found(diff(FIRST))
    assert (patch.name, patch.subject, patch.author) == ("p", "", "")
    assert result([patch]) == FIRST


def test_a_mail() -> None:
    [patch] = found(mail(diff(FIRST), "[PATCH net v3 2/7] virtio_balloon:\n wait"))
    assert (patch.title, patch.number, patch.version) == ("virtio_balloon: wait", 2, 3)
    assert patch.author == "A U Thor <a@example.org>"
    assert result([patch]) == FIRST


def test_a_mail_without_the_line_of_a_mailbox() -> None:
    [patch] = found(mail(diff(FIRST)).split("\n", 1)[1])
    assert patch.title == "virtio_balloon: change it"


def test_the_author_is_who_the_text_says() -> None:
    text = mail(f"x\n{diff(FIRST)}").replace("\n\nWhy", "\n\nFrom: The Author <b@example.org>\n\nWhy", 1)
    assert found(text)[0].author == "The Author <b@example.org>"


def test_headers_in_other_alphabets() -> None:
    [patch] = found(mail(diff(FIRST), "=?utf-8?q?virtio=5Fballoon=3A_gr=C3=BC=C3=9Fe?=", "=?x-none?q?=C3?= <a@b>"))
    assert patch.title == "virtio_balloon: grüße"
    assert patch.author.endswith("<a@b>")


def test_a_series_comes_in_its_order_without_its_cover_and_its_replies() -> None:
    one = mail(diff(FIRST), "[PATCH v2 1/2] one")
    two = mail(diff(SECOND, FIRST), "[PATCH v2 2/2] two")
    reply = mail(diff(TEXT, SECOND), "Re: [PATCH v2 2/2] two")
    old = mail(diff(changed("kick(vb);", "old(vb);")), "[PATCH 1/2] one")
    read = found(two + reply + COVER + one + old)
    assert [patch.title for patch in read] == ["one", "two"]
    assert [patch.name for patch in read] == ["p (4)", "p (1)"]
    assert result(read) == SECOND


OTHER = changed("int kept;", "int kept, other;")


def thread(text: str, name: str, *answers: str, more: str = "") -> str:
    """A mail with its Message-ID, and those that it answers."""
    fields = f"Message-ID: <{name}>\n" + "".join(f"In-Reply-To: <{answer}>\n" for answer in answers)
    head, body = text.split("\n\n", 1)
    return f"{head}\n{fields}\n{body}{more}"


def test_threads_are_series_of_their_own_and_each_begins_with_the_tree() -> None:
    ours = thread(mail(diff(FIRST), "[PATCH v3 1/2] one"), "a1", "a0")
    ours += thread(mail(diff(SECOND, FIRST), "[PATCH v3 2/2] two"), "a2", "a0")
    theirs = thread(mail(diff(OTHER), "[PATCH] other"), "b1")
    read = found(theirs + ours)
    assert [patch.title for patch in read] == ["other", "one", "two"]
    assert [patch.begins for patch in read] == [True, True, False]
    assert "series 2 of 2 in this mailbox" in read[1].notes
    steps = series(read, FILES)
    assert [step.after and step.after[DRIVER] for step in steps] == [OTHER, FIRST, SECOND]


def test_series_without_message_ids_are_told_apart_by_their_numbers() -> None:
    ours = mail(diff(FIRST), "[PATCH v2 1/2] one") + mail(diff(SECOND, FIRST), "[PATCH v2 2/2] two")
    theirs = mail(diff(OTHER), "[PATCH 1/3] other").replace("A U Thor", "B")
    read = found(ours + theirs)
    assert [patch.title for patch in read] == ["one", "two", "other"]
    assert [patch.begins for patch in read] == [True, False, True]


def test_one_that_does_not_apply_stops_its_own_series_alone() -> None:
    away = changed("kick(vb);", "gone(vb);")
    wrong = thread(mail(diff(FIRST, away), "[PATCH] two"), "a1")
    steps = series(found(wrong + thread(mail(diff(OTHER), "[PATCH] other"), "b1")), FILES)
    assert [step.after is None for step in steps] == [True, False]


def test_a_partial_reroll_takes_the_rest_from_the_version_before() -> None:
    one = thread(mail(diff(FIRST), "[PATCH 1/2] one"), "a1", "a0")
    two = thread(mail(diff(changed("reset(vb);", "old(vb);", FIRST), FIRST), "[PATCH 2/2] two"), "a2", "a0")
    again = thread(mail(diff(SECOND, FIRST), "[PATCH v2 2/2] two"), "a3", "a2")
    read = found(one + two + again)
    assert [patch.subject for patch in read] == ["[PATCH 1/2] one", "[PATCH v2 2/2] two"]
    assert result(read) == SECOND
    assert read[0].notes == (
        "[PATCH 1/2] one is of version 1: version 2 does not have it",
        "left out: [PATCH 2/2] two (version 2 is newer)",
    )


def test_what_is_left_out_is_told() -> None:
    one = thread(mail(diff(FIRST), "[PATCH] one"), "a1")
    reply = thread(mail(diff(SECOND, FIRST), "Re: [PATCH] one"), "a2", "a1")
    [patch] = found(one + reply)
    assert patch.notes == ("left out: Re: [PATCH] one (a reply)",)
    assert series([patch], FILES)[0].notes[0] == patch.notes[0]


def test_what_a_series_needs_is_told() -> None:
    trailer = f"\nbase-commit: {'a' * 40}\nprerequisite-patch-id: {'b' * 40}\nprerequisite-patch-id: {'c' * 40}\n"
    [patch] = found(thread(mail(diff(FIRST), "[PATCH] one"), "a1", more=trailer))
    assert patch.base == "a" * 40
    assert patch.notes == ("it is made for a tree with 2 other patches applied (prerequisite-patch-id)",)


def test_line_ends_are_named_as_the_cause() -> None:
    head, body = diff(FIRST).split("@@", 1)
    [step] = series(found(head + "@@" + body.replace("\n", "\r\n")), FILES)
    assert step.after is None
    assert "its lines end in CR LF" in step.reason


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_transfer_encodings(encoding: str) -> None:
    head, body = mail(diff(FIRST)).split("\n\n", 1)
    raw = base64.encodebytes(body.encode()) if encoding == "base64" else quopri.encodestring(body.encode())
    head += f"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    assert result(found(head.encode() + raw)) == FIRST


def test_a_patch_that_is_attached() -> None:
    head = "From x Mon Sep 17 00:00:00 2001\nSubject: [PATCH] it\nMIME-Version: 1.0\n"
    head += "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain\n\nsee below\n"
    assert result(found(f"{head}--B\nContent-Type: text/x-patch; name=a.patch\n\n{diff(FIRST)}\n--B--\n")) == FIRST


def test_line_ends_of_the_network() -> None:
    assert result(found(mail(diff(FIRST)).replace("\n", "\r\n"))) == FIRST


def test_what_git_log_prints_has_the_oldest_last() -> None:
    def commit(number: int, subject: str, text: str) -> str:
        return f"commit {str(number) * 40}\nAuthor: A <a@b>\nDate:   now\n\n    {subject}\n\n    more\n\n{text}\n"

    read = found(commit(2, "two", diff(SECOND, FIRST)) + commit(1, "one", diff(FIRST)))
    assert [(patch.title, patch.author) for patch in read] == [("one", "A <a@b>"), ("two", "A <a@b>")]
    assert result(read) == SECOND


def test_bytes_that_are_no_utf_8_stay_as_they_are() -> None:
    raw = diff(changed("kick(vb);", "kick(vb); // é")).encode("latin-1")
    step = series(patches_in(raw, "p"), FILES)[0]
    assert step.after is not None
    assert b"// \xe9\n" in step.after[DRIVER].encode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "no diff in it"),
        (b"just text\n", "no diff in it"),
        (COVER.encode(), "no diff in it"),
        (b"\x7fELF\0\0\0", "a binary file"),
        (gzip.compress(b"x", mtime=0), "compressed: unpack it first"),
        (mail("x\n").encode() * 1001, "1001 mails"),
    ],
)
def test_what_holds_no_patch_is_one_clear_line(raw: bytes, message: str) -> None:
    with pytest.raises(BadInput, match=message) as problem:
        patches_in(raw, "p")
    assert "\n" not in str(problem.value)


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read(str(tmp_path / "none"))
    with pytest.raises(BadInput, match="a directory: name the patches in it"):
        read(str(tmp_path))
    with pytest.raises(BadInput, match="embedded null byte"):
        read("a\0b")


def test_a_mailbox_of_100_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    file = tmp_path / "a path with spaces.mbox"
    with open(file, "wb") as stream:
        stream.write(mail(diff(FIRST)).encode())
        stream.truncate(100 << 20)
    with pytest.raises(BadInput, match="larger than 16 MiB: give the patches to the driver alone"):
        read(str(file))


def test_a_path_with_spaces(tmp_path: Path) -> None:
    file = tmp_path / "a path with spaces.patch"
    file.write_text(diff(FIRST))
    assert result(read(str(file))) == FIRST


def test_a_series_stops_at_what_does_not_apply() -> None:
    outside = diff("a\n", "b\n", "mm/page_reporting.c")
    texts = [diff(FIRST, SECOND), diff(FIRST), outside, outside + diff(SECOND, FIRST)]
    first, second, third, fourth = series([Patch(f"p{n}", "", "", text) for n, text in enumerate(texts)], FILES)
    assert "does not apply to drivers/virtio/virtio_balloon.c" in first.reason
    assert first.place is not None
    assert first.place.path == DRIVER
    assert second.reason == fourth.reason == "not tried: p0, earlier in the series, does not apply"
    assert third.outside
    assert not second.outside


def test_a_patch_outside_the_watched_files_stops_nothing() -> None:
    outside = diff("a\n", "b\n", "mm/page_reporting.c")
    first, second = series([Patch("p0", "", "", outside), Patch("p1", "", "", outside + diff(FIRST))], FILES)
    assert first.reason.startswith("outside the watched files")
    assert second.after is not None
    assert second.notes == ("it changes other files, too, which the gate does not see: mm/page_reporting.c",)


def test_too_many_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "MAX_PATCHES", 1)
    with pytest.raises(BadInput, match="more than 1 patches"):
        series([Patch("p", "", "", diff(FIRST)), Patch("q", "", "", diff(SECOND, FIRST))], FILES)


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applying takes no disk: not even a directory of its own."""
    monkeypatch.chdir(tmp_path)
    assert apply(found(diff(FIRST))[0].changes, FILES).files[DRIVER] == FIRST
    assert list(tmp_path.iterdir()) == []
