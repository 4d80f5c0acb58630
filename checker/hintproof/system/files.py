"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hintproof.system.errors import BadInput


def write_atomically(path: Path, text: str) -> None:
    """Write a file by way of a temporary one beside it, so that nobody ever reads half of it.

    Raises :class:`BadInput` if it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as problem:
        raise BadInput(f"can't write {path}: {problem.strerror or problem}; name another directory") from None
