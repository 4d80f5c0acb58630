"""The gate reads, applies and reports any file, or refuses it in one line: no other error, nothing on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hintproof.gate.gate import run_gate
from hintproof.gate.patches import patches_in
from hintproof.system.errors import BadInput
from hintproof.views.gate.formats import FORMATS
from tests.checker.gate.made import TEXT, TREE, MarkChecker, changed, diff, mail

GOOD = diff(changed("reset(vb);", "stop(vb);", changed("kick(vb);", "wait(vb);")))
SEEDS = [
    GOOD.encode(),
    mail(GOOD).encode(),
    (mail(GOOD, "[PATCH 1/2] a") + mail(diff(TEXT, GOOD), "[PATCH 2/2] b")).encode(),
]
PIECES = st.sampled_from(
    [
        *(b"\n", b"\r\n", b"\0", b"\xff", b"-", b"+", b" ", b'"\\777"', b"From ", b"diff --git ", b"+++ /dev/null\n"),
        *(b"@@ -1,3 +1,3 @@\n", b"@@ -0,0 +1 @@\n", b"@@ -999999999,1 +1,99999999999999999 @@\n"),
        *(b"--- a/x\n+++ b/x\n", b"\\ No newline at end of file\n", b"GIT binary patch\n", b"new file mode 120000\n"),
        *(
            b"rename from ../x\n",
            b"Content-Transfer-Encoding: base64\n",
            b'Content-Type: multipart/mixed; boundary="\n',
        ),
        *(b"Subject: =?utf-8?b?!!?=\n", b"commit 0123456789012345678901234567890123456789\nAuthor:"),
    ]
)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A good patch, cut and stuffed at some places."""
    raw = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        cut = draw(st.sampled_from([0, 0, 1, 7, 60]))
        raw = raw[:at] + draw(PIECES) + raw[at + cut :]
    return raw


def gated(raw: bytes) -> None:
    try:
        report = run_gate(TREE, patches_in(raw, "p"), MarkChecker())
    except BadInput as problem:
        message = str(problem)
        assert message.startswith("p")
        assert message.isprintable()
        return
    for render in FORMATS.values():
        render(report, True).encode()


@settings(max_examples=300, deadline=None)
@given(spoiled())
def test_spoiled_patches(raw: bytes) -> None:
    gated(raw)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_noise(raw: bytes) -> None:
    gated(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"diff --git a/x b/x\n" * 20_000,
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n" * 50_000,
        b"Binary files " + b"a and b " * 300_000,
        b"diff --git " + b"a" * 3_000_000 + b"\n",
        b'diff --git "' + b"\\\\" * 1_500_000 + b"\n",
        b"--- " + b"/" * 2_000_000 + b"\n+++ b\n@@ -1 +1 @@\n-a\n+b\n",
        b"From x 00:00:00 2001\nSubject: " + b"[PATCH " * 200_000 + b"\n\n" + GOOD.encode(),
        b"From x 00:00:00 2001\nSubject: " + b"=?utf-8?q?a?= " * 50_000 + b"\n\n" + GOOD.encode(),
        GOOD.encode().replace(b"@@ -15", b"@@ -15" + b"0" * 5000),
        GOOD.encode() + b"\n" * 2_000_000,
        b"commit 0123456789012345678901234567890123456789\nAuthor: \n" * 20_000,
    ],
    ids=range(11),
)
def test_what_is_long_comes_to_an_end(raw: bytes) -> None:
    gated(raw)


def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("../outside", "/tmp/hintproof-outside", "inside"):
        gated(f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+owned\n".encode() + GOOD.encode())
    assert list(tmp_path.iterdir()) == []
    assert not (tmp_path.parent / "outside").exists()
    assert not Path("/tmp/hintproof-outside").exists()


def test_parts_that_lie_in_each_other_too_deeply_are_one_clear_line() -> None:
    deep = b"From: a\nSubject: b\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000)
    )
    with pytest.raises(BadInput, match="too deeply"):
        patches_in(deep, "p")
