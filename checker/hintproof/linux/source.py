"""The driver's text: of a kernel tree, of its tarball, or of the source package of a distribution."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hintproof.system.cache import cached_directory
from hintproof.system.errors import BadInput

DRIVER = "drivers/virtio/virtio_balloon.c"
HEADER = "include/uapi/linux/virtio_balloon.h"

#: The files of a tree that are compiled, and all that a patch can change here.
WATCHED = (DRIVER, HEADER)

#: A driver has 40 kB. A larger watched file (bytes) is no driver.
MAX_BYTES = 4 << 20

#: Where distributions keep kernel sources.
PACKAGES = Path("/usr/src")


@dataclass(frozen=True)
class Source:
    """A driver: the texts of the watched files by their path in the tree, the name that the user gave, the version.

    Bytes that are not UTF-8 are surrogates in a text. The version is empty where the tree does not tell it.
    """

    name: str
    files: Mapping[str, str]
    version: str = ""

    def write(self, directory: Path) -> None:
        """Put the files below a directory, at their places in a tree."""
        for path, text in self.files.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(encode(text))


def decode(raw: bytes) -> str:
    """Bytes as text; :func:`encode` gives the same bytes again."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes of a decoded text."""
    return text.encode("utf-8", "surrogateescape")


def find_source(place: str | Path) -> Source:
    """The driver of a kernel tree, of a tarball, or of an installed package such as ``linux-source-6.1``.

    Raises :class:`BadInput` if there is none.
    """
    path = Path(place)
    if path.is_file():
        return _read_tarball(path)
    if re.fullmatch(r"linux-source-[0-9.]+", str(place)) and not path.is_dir():
        found = sorted(PACKAGES.glob(f"{place}.tar.*")) or sorted(PACKAGES.glob(str(place)))
        if found:
            return find_source(found[0])
        raise BadInput(f"{place}: the package is not installed: there is no {PACKAGES}/{place}.tar.xz")
    if not path.is_dir():
        raise BadInput(f"{place}: no such file; give a kernel tree, its tarball, or a package such as linux-source-6.1")
    return read_tree(path)


def read_tree(root: Path) -> Source:
    """The driver of a kernel tree. Only files inside it are read, wherever its symbolic links point.

    Raises :class:`BadInput` if the tree has no driver, or if a file can't be read.
    """
    files = {path: text for path in WATCHED if (text := _read_file(root, path)) is not None}
    for path in WATCHED:
        if path not in files:
            raise BadInput(f"{root}: no {path} there: name the top directory of a kernel tree of 4.20 or later")
    return Source(str(root), files, makefile_version(_read_file(root, "Makefile") or ""))


def _read_file(root: Path, path: str) -> str | None:
    """The text of a file below the tree; None if there is no such file."""
    try:
        top = root.resolve(strict=True)
        file = (top / path).resolve()
        if not file.is_relative_to(top):
            raise BadInput(f"{root}: {path} is a symbolic link that leaves the tree")
        if not file.exists():
            return None
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            raise BadInput(f"{root}: {path} is no file of at most {MAX_BYTES >> 20} MiB")
        return decode(file.read_bytes())
    except (OSError, RuntimeError) as problem:  # a loop of links is a RuntimeError
        reason = getattr(problem, "strerror", None) or problem
        raise BadInput(f"can't read {path} of {root}: {reason}; name a kernel tree") from None


def makefile_version(makefile: str) -> str:
    """VERSION.PATCHLEVEL.SUBLEVEL at the head of a kernel's Makefile; empty if they are not there."""
    found = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+) *$", makefile[:2000], re.MULTILINE))
    return ".".join(found[key] for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL") if key in found)


def _read_tarball(tarball: Path) -> Source:
    """Unpack the two files, and the Makefile for its version; and cache them: a kernel's tarball takes seconds."""
    status = tarball.stat()
    key = f"{tarball.resolve()} {status.st_size} {status.st_mtime_ns}"
    name = f"source-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    cached = cached_directory(name, WATCHED, lambda directory: _unpack(tarball, directory))
    tree = read_tree(cached)
    return Source(tarball.name, tree.files, tree.version)


def _unpack(tarball: Path, directory: Path) -> None:
    command = ["tar", "-xf", str(tarball.resolve()), "-C", str(directory), "--strip-components=1", "--no-same-owner"]
    command += ["--occurrence=1", "--wildcards", "--no-wildcards-match-slash"]
    command += [f"*/{path}" for path in (*WATCHED, "Makefile")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    missing = [path for path in WATCHED if not (directory / path).is_file()]
    if missing:
        reason = (done.stderr.strip().splitlines() or ["nothing"])[0][:200]
        raise BadInput(f"{tarball}: no kernel source: it has no {missing[0]} (tar said: {reason})")
