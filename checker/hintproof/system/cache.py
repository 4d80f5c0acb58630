"""Where what takes long to make is kept on disk."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path


@cache
def cache_directory() -> Path:
    """Where compiled modules are kept: below $XDG_CACHE_HOME or ~/.cache; if not there, only for this run."""
    name = f"kernels-{version('numba')}-py{sys.version_info[0]}{sys.version_info[1]}"
    directory = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hintproof" / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return directory
    except OSError:  # in a directory that nobody else may write to, as what is kept there is run
        return Path(tempfile.mkdtemp(prefix="hintproof-"))
