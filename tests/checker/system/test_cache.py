"""The cache on disk: what is oldest goes first."""

from __future__ import annotations

import os
from pathlib import Path

from hintproof.system.cache import drop_oldest


def test_the_oldest_entries_go_first(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "newer", "old", "oldest")):
        path = tmp_path / name
        if age % 2:
            path.mkdir()
            (path / "inside").touch()
        else:
            path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    drop_oldest(tmp_path, 4)
    assert len(list(tmp_path.iterdir())) == 4
    drop_oldest(tmp_path, 2)
    assert {path.name for path in tmp_path.iterdir()} == {"newest", "newer"}
