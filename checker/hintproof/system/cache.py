"""A cache on disk for files that take long to make."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path


@cache
def cache_directory() -> Path:
    """The directory of the cache, below that of the user; if that can't be written, one for this run."""
    name = f"kernels-{version('numba')}-py{sys.version_info[0]}{sys.version_info[1]}"
    directory = user_cache_path("hintproof") / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:  # mkdtemp: nobody else may write there, as its files are run
        return Path(tempfile.mkdtemp(prefix="hintproof-"))


def cached_directory(name: str, files: Sequence[str], make: Callable[[Path], None]) -> Path:
    """A directory in the cache that has these files; if it lacks one, ``make`` makes all of them anew.

    It is there complete or not at all, also where two processes make it at once.
    """
    directory = cache_directory() / name

    def is_complete() -> bool:
        return all((directory / file).is_file() for file in files)

    if not is_complete():
        with tempfile.TemporaryDirectory(dir=cache_directory()) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            make(made)
            if not is_complete():
                shutil.rmtree(directory, ignore_errors=True)
                with contextlib.suppress(OSError):  # another process was first
                    os.replace(made, directory)
    return directory


def drop_oldest(directory: Path, most: int) -> None:
    """Keep at most so many entries of a directory, the newest by their time of change.

    A cache that nobody prunes fills the disk. Another process may prune the same directory meanwhile.
    """

    def age(entry: Path) -> float:
        try:
            return entry.stat().st_mtime
        except OSError:
            return 0.0

    for entry in sorted(directory.iterdir(), key=age)[:-most]:
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
