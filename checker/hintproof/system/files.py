"""Files that are written completely or not at all."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from pathlib import Path

from hintproof.system.errors import BadInput, CannotWrite

#: Errors of a write that another name would not mend: the device has no room, or is broken.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def read_stdin(most: int) -> bytes:
    """Standard input, up to ``most`` bytes. Raises :class:`BadInput` where it is closed."""
    if sys.stdin is None:
        raise BadInput("standard input is closed: name a file, or send it there")
    return sys.stdin.buffer.read(most)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file by way of a temporary one beside it, so that nobody ever reads half of it.

    What a symbolic link names is written, and what is no file (a pipe, a device) is written into: neither is replaced.
    Raises :class:`BadInput` if it can't be written there, :class:`CannotWrite` if the disk is full.
    """
    raw = content.encode() if isinstance(content, str) else content
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(raw)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(raw)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise CannotWrite(f"can't write {path}: {problem.strerror}") from None
        raise BadInput(f"can't write {path}: {problem.strerror or problem}; name another directory") from None
