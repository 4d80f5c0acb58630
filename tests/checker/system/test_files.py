"""Files that are written completely or not at all, and what is no file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from hintproof.system.errors import BadInput, CannotWrite
from hintproof.system.files import read_stdin, write_atomically


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_atomically(tmp_path / "pipe", "text")
    reader.join(10)
    assert got == ["text"]
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_into(tmp_path: Path) -> None:
    link = tmp_path / "full"  # by way of a link, so that a fault here does not cost the machine its device
    link.symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match="No space left"):
        write_atomically(link, "text")
    assert Path("/dev/full").is_char_device()


def test_a_closed_standard_input_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(BadInput, match="standard input is closed"):
        read_stdin(1)
