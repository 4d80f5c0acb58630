"""The parts that need no QEMU: which binary is taken, where blocks lie, what a migration stream says."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.qemu import binary, payload
from hintproof.qemu.layout import CHUNK, PAGE, Layout
from hintproof.qemu.outcome import Unsteerable
from hintproof.qemu.stream import Destination, NotUnderstood
from hintproof.system.errors import BadInput


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_no_binary_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no program 'qemu-of-nobody' that can be run"):
        binary.find_qemu("qemu-of-nobody")
    assert "no program" in binary.missing("tcg", str(tmp_path / "none"))


def test_a_wrong_binary_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no QEMU: asked for its version it says 'hello'"):
        binary.find_qemu(program(tmp_path / "other", "echo hello"))
    with pytest.raises(BadInput, match="no microvm machine"):
        binary.find_qemu(program(tmp_path / "arm", "echo QEMU emulator version 7.2.22"))
    (tmp_path / "text").write_text("no program")
    (tmp_path / "text").chmod(0o755)
    with pytest.raises(BadInput, match="can't be run: Exec format error"):
        binary.find_qemu(str(tmp_path / "text"))


def test_kvm_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary, "KVM", tmp_path / "kvm")
    assert "there is no" in binary.kvm_refusal()
    (tmp_path / "kvm").write_text("")
    assert "does not answer" in binary.kvm_refusal()
    monkeypatch.setattr(binary, "KVM", tmp_path)
    assert "can't be opened" in binary.kvm_refusal()


def test_an_accelerator_that_the_binary_has_not() -> None:
    qemu = binary.Qemu("/bin/qemu", (7, 2), "7.2", ("tcg",))
    assert "has no kvm" in qemu.refusal("kvm")
    assert "say kvm or tcg" in qemu.refusal("hvf")
    assert qemu.refusal("tcg") == ""


@pytest.mark.parametrize(("blocks", "chunk"), [(1, 1), (2, 1), (2, 2), (4, 2), (5, 64)])
def test_blocks_have_pages_of_their_own(blocks: int, chunk: int) -> None:
    layout = Layout(blocks, chunk)
    pages = [layout.page(block) for block in range(1, blocks + 1)]
    assert len({*pages}) == blocks
    assert all(layout.begin <= page < layout.pages for page in pages)
    assert [layout.block(page) for page in pages] == list(range(1, blocks + 1))
    assert sum(layout.block(page) is not None for page in range(layout.pages)) == blocks
    chunks = [page // CHUNK for page in pages]
    assert all((chunks[a] == chunks[b]) == (a // chunk == b // chunk) for a in range(blocks) for b in range(blocks))


def test_more_blocks_than_there_is_room_for() -> None:
    with pytest.raises(Unsteerable, match="no room"):
        Layout(3, 1)


def test_the_firmware_begins_with_a_jump_to_its_only_page_of_code() -> None:
    code = payload.firmware()
    assert len(code) == payload.SIZE
    offset = int.from_bytes(code[-15:-13], "little")
    assert code[-16] == 0xE9
    begins = (payload.SIZE - 16 + 3 + offset) % payload.SIZE
    assert begins == payload.SIZE - PAGE
    assert code[begins] == 0xFA  # cli
    assert not any(code[:begins])


def test_the_cpu_wakes_up_in_the_code_that_stores() -> None:
    entry = payload.nmi_entry()
    offset, segment = int.from_bytes(entry[:2], "little"), int.from_bytes(entry[2:], "little")
    assert segment * 16 + payload.SIZE == 1 << 20
    assert payload.firmware()[offset - 2 :][:4] == bytes([0xEB, 0xFD, 0x8E, 0x06])


def record(address: int, flags: int, rest: bytes) -> bytes:
    return (address | flags).to_bytes(8, "big") + rest


EOS = record(0, 0x10, b"")
RAM = b"\x03ram"
HEAD = b"QEVM" + bytes([0, 0, 0, 3]) + b"\x07" + (7).to_bytes(4, "big") + b"microvm"
SETUP = (
    b"\x01" + bytes(4) + RAM + bytes(8)
    + record(4 * PAGE, 0x04, RAM + (3 * PAGE).to_bytes(8, "big") + b"\x04bios" + PAGE.to_bytes(8, "big")) + EOS
    + b"\x7e" + bytes(4)
)  # fmt: skip
ROUND = (
    b"\x02" + bytes(4) + record(PAGE, 0x08, RAM + b"\xab" * PAGE) + record(0, 0x22, b"\x00") + EOS
    + b"\x7e" + bytes(4)
)  # fmt: skip
OTHER = b"\x02" + bytes(4) + record(0, 0x08, b"\x04bios" + b"\xcd" * PAGE) + EOS + b"\x7e" + bytes(4)
LAST = b"\x03" + bytes(4) + record(2 * PAGE, 0x28, b"\xef" * PAGE) + EOS + b"\x7e" + bytes(4) + b"devices"


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_a_stream_is_read_in_any_pieces(size: int) -> None:
    stream = HEAD + SETUP + ROUND + OTHER + ROUND + LAST
    destination = Destination()
    for place in range(0, len(stream), size):
        destination.feed(stream[place : place + size])
    assert destination.ram_is_complete
    assert destination.pages == [1, 0, 1, 0, 2]
    assert destination.memory == bytes(PAGE) + b"\xab" * PAGE + b"\xef" * PAGE
    assert destination.received == len(stream)


@pytest.mark.parametrize(
    ("stream", "problem"),
    [
        (b"not a stream", "no migration stream"),
        (HEAD + b"\x09", "a section of kind 9"),
        (HEAD + b"\x01" + bytes(4) + b"\x05slirp", "a part of the migration called 'slirp'"),
        (HEAD + SETUP + b"\x02" + bytes(4) + record(0, 0x40, RAM), "flags 0x40"),
        (HEAD + SETUP[:-5] + b"\x01" + bytes(4), "a section without an end"),
        (HEAD + b"\x05\x12configuration/uuid", "configuration/uuid"),
    ],
)
def test_what_is_not_understood_is_said(stream: bytes, problem: str) -> None:
    with pytest.raises(NotUnderstood, match=problem):
        Destination().feed(stream)
