"""The files of a kernel tree that the gate watches, and where their text comes from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hintproof.system.errors import BadInput

DRIVER = "drivers/virtio/virtio_balloon.c"
HEADER = "include/uapi/linux/virtio_balloon.h"

#: All that is read of a tree, and all that a patch can change here.
WATCHED = (DRIVER, HEADER)

#: A watched file larger than this (bytes) is no driver.
MAX_BYTES = 4 << 20


@dataclass(frozen=True)
class Place:
    """A place in a file of the tree: its line (from 1), and the function around it, if any."""

    path: str
    line: int
    function: str = ""


class Source(Protocol):
    """Where the unpatched text comes from: a tree, a package, a commit."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def version(self) -> str:
        """The kernel's version; empty if it can't be told."""

    def text(self, path: str) -> str | None:
        """The text of a watched file, None if there is no such file. Bytes that are not UTF-8 are surrogates."""


def texts(source: Source) -> dict[str, str]:
    """The watched files that a source has. Raises :class:`BadInput` if the driver is not among them."""
    found = {path: text for path in WATCHED if (text := source.text(path)) is not None}
    if DRIVER not in found:
        raise BadInput(f"{source.name}: no {DRIVER} there: name the top directory of a kernel tree of 5.0 or later")
    return found


@dataclass(frozen=True)
class DirectoryTree:
    """A kernel tree in a directory. Only files inside it are read, wherever its symbolic links point."""

    root: Path

    @property
    def name(self) -> str:
        """The directory as given."""
        return str(self.root)

    @property
    def version(self) -> str:
        """VERSION.PATCHLEVEL.SUBLEVEL of its Makefile."""
        return makefile_version(self.text("Makefile") or "")

    def text(self, path: str) -> str | None:
        """The text of a file below the tree. Raises :class:`BadInput` if it can't be read or lies elsewhere."""
        try:
            root = self.root.resolve(strict=True)
            file = (root / path).resolve()
            if not file.is_relative_to(root):
                raise BadInput(f"{self.root}: {path} is a symbolic link that leaves the tree")
            if not file.exists():
                return None
            if not file.is_file() or file.stat().st_size > MAX_BYTES:
                raise BadInput(f"{self.root}: {path} is no file of at most {MAX_BYTES >> 20} MiB")
            return decoded(file.read_bytes())
        except (OSError, RuntimeError) as problem:  # a loop of links is a RuntimeError
            reason = getattr(problem, "strerror", None) or problem
            raise BadInput(f"can't read {path} of {self.root}: {reason}; name a kernel tree") from None


@dataclass(frozen=True)
class TextTree:
    """Texts that are at hand, as a source."""

    name: str
    files: Mapping[str, str]
    version: str = ""

    def text(self, path: str) -> str | None:
        """The text of a watched file."""
        return self.files.get(path)


def makefile_version(makefile: str) -> str:
    """The kernel's version as the head of its Makefile tells it; empty if it doesn't."""
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+) *$", makefile[:2000], re.MULTILINE))
    return ".".join(found[key] for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL") if key in found)


def decoded(raw: bytes) -> str:
    """Bytes as text that can be made the same bytes again."""
    return raw.decode("utf-8", "surrogateescape")
