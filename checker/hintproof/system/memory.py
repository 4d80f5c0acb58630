"""The memory that is free, and arrays that take memory as they are written."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import mmap
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The part of the free memory that hintproof uses.
_SHARE = 0.8

_MACHINE, _GROUP, _OWN = Path("/proc/meminfo"), Path("/sys/fs/cgroup"), Path("/proc/self/statm")


def available() -> int:
    """Bytes that this process may take before the machine, or its control group (version 2), runs out."""
    return min(_of_machine(), _of_group())


def share(processes: int) -> int:
    """Megabytes that each of so many processes may take, so that something is left for others."""
    return max(int(_SHARE * available()) // processes >> 20, 1)


def _of_machine() -> int:
    """Bytes that Linux gives without swapping (MemAvailable); elsewhere, the bytes that are free."""
    try:
        found = re.search(r"^MemAvailable: *(\d+) kB", _MACHINE.read_text(), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) << 10 if found else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def _of_group() -> int:
    """Bytes that are left of the control group's limit; more than any machine has if there is no limit."""
    try:
        limit, used = ((_GROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return 1 << 62
    return max(int(limit) - int(used), 0) if limit.isdigit() else 1 << 62


def touch(megabytes: int) -> None:
    """Write into memory and give it back, so that whoever needs memory next gets it at once.

    A virtual machine gets memory from its host at the first touch, which takes seconds a gigabyte; it would be
    measured along with the first search.
    """
    import numpy as np  # here, as it takes a while to be imported

    zeros((min(megabytes, share(1)) << 20,), np.uint8).fill(1)


def zeros(shape: tuple[int, ...], kind: type[Any]) -> Any:
    """An array of zeros that takes no memory before it is written, then in large pages where the system has them.

    In a large table most looks would otherwise miss the processor's short list of pages, too. Raises
    :class:`MemoryError` if there are no such addresses.
    """

    import numpy as np  # here, as in touch

    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    try:
        room = mmap.mmap(-1, max(size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, ValueError, OverflowError):
        raise MemoryError(f"no {size} bytes") from None
    if hasattr(mmap, "MADV_HUGEPAGE"):
        room.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(room, kind, count=int(np.prod(shape))).reshape(shape)


def resident_megabytes() -> int:
    """The memory that this process has now, in MB; where the system has no ``/proc``, the most that it has had."""
    try:
        pages = int(_OWN.read_text().split()[1])
    except OSError:
        return peak_megabytes()
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@contextlib.contextmanager
def no_collector() -> Iterator[None]:
    """No search for garbage in cycles, while this lasts.

    A breadth-first search makes none, and keeps millions of tuples that Python would look through again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def give_back() -> None:
    """Give memory that was freed back to the system at once, where the C library can."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def peak_megabytes() -> int:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
