"""Compile a driver and the runtime around it into one shared library."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hintproof.linux.diagnosis import Missing, diagnose
from hintproof.linux.source import DRIVER, HEADER, Source, decode, encode
from hintproof.system.cache import cached_directory
from hintproof.system.children import first_line, run_child
from hintproof.system.errors import BadInput

#: Our own C files: the interface that a driver is compiled against, and its implementation.
SHIM = Path(__file__).with_name("shim")

#: In the order in which they are linked; the driver's own data lies between the first two.
_BEFORE, _AFTER = "begin", "end"

_COMMON = (
    *("-std=gnu11", "-g", "-fPIC", "-fno-common", "-fno-strict-aliasing", "-fno-strict-overflow", "-fwrapv"),
    *("-fno-stack-protector", "-fcf-protection=none", "-fno-omit-frame-pointer"),
    "-ftrivial-auto-var-init=zero",  # equal states are to be equal bytes
)
_RUNTIME = (*_COMMON, "-O2")

#: Functions are not inlined and calls are not turned into jumps, so that each call has the name of the function that
#: makes it. More optimisation leaves more dead values in registers and on stacks, which split one state into two.
_DRIVER = (
    *(*_COMMON, "-Os", "-fno-inline", "-fno-optimize-sibling-calls", "-fno-ipa-icf", "-ffreestanding"),
    *("-fmax-errors=40", "-fdiagnostics-color=never", "-fno-diagnostics-show-caret"),
    *("-Wno-address-of-packed-member", "-Wno-pointer-sign"),
    *("-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=return-type"),
    *("-Werror=incompatible-pointer-types", "-Werror=int-conversion"),
)

#: Has the compiler call us at the beginning of each part of the code that has no branch.
_COVERAGE = ("-fsanitize-coverage=trace-pc",)

#: Has the compiler call us at each access to memory.
_ACCESSES = ("-fsanitize=thread",)

#: Seconds for one run of the compiler. A driver takes less than one.
_PATIENCE = 60.0

#: Bytes of memory that the compiler may have, and of each file that it may write.
_MEMORY, _DISK = 4 << 30, 256 << 20

#: A driver includes a dozen headers.
_MOST_HEADERS = 200


class BuildFailed(BadInput):
    """The driver does not compile, because the shim lacks names (``missing``), or for ``errors`` of its own."""

    def __init__(self, source: str, missing: tuple[Missing, ...], errors: tuple[str, ...]) -> None:
        self.missing = missing
        self.errors = errors
        if missing:
            text = f"{source}: the shim does not know {', '.join(str(m) for m in missing)}"
        else:
            text = f"{source}: it does not compile: {'; '.join(errors[:5]) or 'the compiler gave no reason'}"
        super().__init__(text)


def build(source: Source, directory: Path, accesses: bool = False) -> Path:
    """Compile and link; the library's path, in ``directory``.

    With ``accesses`` every access of the driver to its state is a point, too. Raises :class:`BuildFailed`, and
    :class:`BadInput` without a compiler or for an include that names no kernel header.
    """
    compiler()
    runtime = _runtime()
    unit, library = directory / "driver.o", directory / "driver.so"
    command = _command(source, directory)
    _compile(source, [*command, *_COVERAGE, *(_ACCESSES if accesses else ()), "-c", "-o", str(unit)], directory)
    objects = [runtime / f"{_BEFORE}.o", unit, runtime / f"{_AFTER}.o"]
    objects += sorted(p for p in runtime.glob("*.o") if p.stem not in (_BEFORE, _AFTER))
    command = [compiler(), "-shared", "-Wl,-z,defs", "-o", str(library), *map(str, objects)]
    _compile(source, command, directory)
    return library


def assembly(source: Source, accesses: bool = False) -> str:
    """What the compiler makes of the driver, as text without its lines; ``accesses`` as in :func:`build`.

    Raises :class:`BuildFailed`.
    """
    without_lines = ["-g0", "-Wno-builtin-macro-redefined", "-D__LINE__=0"]
    return _output(source, [*(_ACCESSES if accesses else ()), *without_lines, "-S"])


def compiled_lines(source: Source) -> dict[str, frozenset[int]]:
    """The lines of each file (from 1) of which the preprocessor leaves code. Raises :class:`BuildFailed`.

    Of a macro's call on several lines it is the first one.
    """
    found: dict[str, set[int]] = {path: set() for path in source.files}
    path, number = "", 0
    for line in _output(source, ["-E"]).splitlines():
        if marker := _LINE_MARKER.match(line):
            path = next((p for p in found if marker[2].endswith(p.removeprefix("include/uapi/"))), "")
            number = int(marker[1])
            continue
        if path and line.strip():
            found[path].add(number)
        number += 1
    return {path: frozenset(lines) for path, lines in found.items()}


_LINE_MARKER = re.compile(r'# (\d+) "([^"]*)"')


def _output(source: Source, options: list[str]) -> str:
    """What the compiler writes of the driver with some more options."""
    with tempfile.TemporaryDirectory(prefix="hintproof-build-") as scratch:
        directory = Path(scratch)
        _compile(source, [*_command(source, directory), *options, "-o", "output"], directory)
        return decode((directory / "output").read_bytes())


def _command(source: Source, directory: Path) -> list[str]:
    """Write a driver and its headers into a directory; the command, up to its output, that compiles it there."""
    directory.mkdir(parents=True, exist_ok=True)
    source.write(directory / "tree")
    for name, content in _headers(source):
        _write_header(directory / "include", name, content)
    places = ["-nostdinc", "-I", "include", "-I", str(SHIM), "-isystem", _own_headers()]
    return [compiler(), *_DRIVER, *_max_order(source), *places, f"tree/{DRIVER}"]


def _compile(source: Source, command: list[str], directory: Path) -> None:
    """Run the compiler on foreign text: it may neither run for long, nor fill the memory or the disk."""
    limited = f'ulimit -v {_MEMORY >> 10}; ulimit -f {_DISK >> 9}; exec "$@"'
    done = run_child(["sh", "-c", limited, "sh", *command], directory, _PATIENCE, {"LC_ALL": "C"})
    if done.status:
        raise _failure(source, done.output)


@cache
def compiler() -> str:
    """The C compiler; raises :class:`BadInput` if there is none that will do."""
    found = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    if not found:
        raise BadInput("no C compiler: the driver is compiled on this machine; install gcc, or set CC")
    return found


@cache
def _own_headers() -> str:
    """The directory of the compiler's own headers (stddef.h and the like)."""
    done = run_child([compiler(), "-print-file-name=include"], SHIM, _PATIENCE)
    return first_line(done.output)


@cache
def _runtime() -> Path:
    """The runtime's objects, compiled once for this compiler and these files."""
    version = run_child([compiler(), "--version"], SHIM, _PATIENCE).output
    files = sorted(SHIM.glob("*.[ch]"))
    key = hashlib.sha256("\0".join([version, *_RUNTIME, *(f.read_text() for f in files)]).encode()).hexdigest()[:24]
    units = [file for file in files if file.suffix == ".c"]

    def compile_all(directory: Path) -> None:
        command = [compiler(), *_RUNTIME, "-I", str(SHIM), "-c", *map(str, units)]
        done = run_child(command, directory, _PATIENCE, {"LC_ALL": "C"})
        if done.status:
            raise BadInput(f"{compiler()}: it can't compile the harness: {first_line(done.output)}")

    return cached_directory(f"shim-{key}", [f"{unit.stem}.o" for unit in units], compile_all)


def _headers(source: Source) -> Iterator[tuple[str, str]]:
    """The headers that the driver and its uapi header include: each forwards to the one superset header."""
    names: dict[str, None] = {"linux/virtio_balloon.h": None}
    for text in source.files.values():
        for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]*)[>"]', text, re.MULTILINE):
            name = found[1]
            if not re.fullmatch(r"[a-z0-9_-]+(/[a-z0-9_.-]+)*\.h", name) or ".." in name:
                raise BadInput(f"{source.name}: {DRIVER} includes {name[:80]!a}, which is no header of the kernel")
            names[name] = None
    if len(names) > _MOST_HEADERS:
        raise BadInput(f"{source.name}: {len(names)} headers are too many for a driver")
    for name in names:
        own = name.removeprefix("uapi/") == "linux/virtio_balloon.h"
        yield name, source.files.get(HEADER, "") if own else '#include "kernel.h"\n'


def _write_header(directory: Path, name: str, content: str) -> None:
    try:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(encode(content))
    except OSError as problem:
        raise BadInput(f"{DRIVER} includes {name!a}: {problem.strerror}") from None


def _max_order(source: Source) -> list[str]:
    """The flag for a driver of Linux 6.3 or older: there MAX_ORDER was one past the largest order."""
    return ["-DMAX_ORDER=11"] if "MAX_ORDER - 1" in source.files[DRIVER] else []


def _failure(source: Source, output: str) -> BuildFailed:
    """The errors of the compiler or the linker, in a few words."""
    return BuildFailed(source.name, *diagnose(source, output, _shim_text()))


@cache
def _shim_text() -> str:
    """All that the shim declares and defines, as the preprocessor leaves it."""
    places = ["-nostdinc", "-I", str(SHIM), "-isystem", _own_headers()]
    done = run_child(
        [compiler(), "-E", "-P", "-dD", "-ffreestanding", *places, str(SHIM / "kernel.h")], SHIM, _PATIENCE
    )
    return done.output
