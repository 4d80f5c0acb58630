"""Where the driver's source is: a kernel tree, or the source package of a distribution."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hintproof.system.cache import cache_directory
from hintproof.system.errors import BadInput

#: The files of a tree that are used, and no others.
DRIVER = Path("drivers/virtio/virtio_balloon.c")
HEADER = Path("include/uapi/linux/virtio_balloon.h")

#: Where distributions keep kernel sources.
PACKAGES = Path("/usr/src")

#: A driver is 40 kB; what is larger than this is something else.
_LIMIT = 4 << 20


@dataclass(frozen=True)
class Source:
    """The two files of a tree that the harness compiles, as bytes, and a name for messages."""

    name: str
    driver: bytes
    header: bytes

    def write(self, directory: Path) -> None:
        """Put the files below a directory, at their places in a tree."""
        for path, content in ((DRIVER, self.driver), (HEADER, self.header)):
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)


def find_source(place: str | Path) -> Source:
    """The driver of a kernel tree, of a tarball, or of an installed package such as ``linux-source-6.1``.

    Raises :class:`BadInput` if there is none.
    """
    path = Path(place)
    if path.is_dir():
        return _from_tree(path)
    if path.is_file():
        return _from_tarball(path)
    if re.fullmatch(r"linux-source-[0-9.]+", str(place)):
        found = sorted(PACKAGES.glob(f"{place}.tar.*")) or sorted(PACKAGES.glob(str(place)))
        if found:
            return find_source(found[0])
        raise BadInput(f"{place}: the package is not installed: there is no {PACKAGES}/{place}.tar.xz")
    raise BadInput(f"{place}: no such file; give a kernel tree, its tarball, or a package such as linux-source-6.1")


def _from_tree(tree: Path) -> Source:
    return Source(str(tree), _read(tree, DRIVER), _read(tree, HEADER))


def _read(tree: Path, name: Path) -> bytes:
    path = tree / name
    try:
        if path.stat().st_size > _LIMIT:
            raise BadInput(f"{path}: {path.stat().st_size} bytes are too many for a driver")
        return path.read_bytes()
    except OSError as problem:
        raise BadInput(f"{tree}: this is no kernel tree: {name}: {problem.strerror}") from None


def _from_tarball(tarball: Path) -> Source:
    """Unpacks the two files once: a kernel's tarball takes its time."""
    status = tarball.stat()
    key = f"{tarball.resolve()} {status.st_size} {status.st_mtime_ns}"
    kept = cache_directory() / f"source-{hashlib.sha256(key.encode()).hexdigest()[:24]}"
    if not (kept / DRIVER).is_file() or not (kept / HEADER).is_file():
        with tempfile.TemporaryDirectory(dir=cache_directory()) as scratch:
            _unpack(tarball, Path(scratch))
            shutil.rmtree(kept, ignore_errors=True)
            os.replace(scratch, kept)
            os.mkdir(scratch)  # for the context manager to remove
    return Source(tarball.name, _read(kept, DRIVER), _read(kept, HEADER))


def _unpack(tarball: Path, directory: Path) -> None:
    names = [f"*/{DRIVER}", f"*/{HEADER}"]
    command = ["tar", "-xf", str(tarball.resolve()), "-C", str(directory), "--strip-components=1", "--no-same-owner"]
    command += ["--occurrence=1", "--wildcards", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    missing = [name for name in (DRIVER, HEADER) if not (directory / name).is_file()]
    if missing:
        said = (done.stderr.strip().splitlines() or ["nothing"])[0][:200]
        raise BadInput(f"{tarball}: no kernel source: it has no {missing[0]} (tar said: {said})")
