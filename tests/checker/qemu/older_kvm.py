"""KVM as an older kernel offers it: with less, or nothing, of the manual-clear dirty log.

QEMU asks the kernel what it has. A small library that QEMU loads first gives another answer to that one question, so
that one machine can have each of KVM's dirty logs. QEMU itself and the kernel are unchanged.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hintproof.system.errors import BadInput
from hintspec.protocol.rules import LogMode

#: The answers for KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: 0, manual-clear, and with every bit set at first.
OFFERED = {LogMode.KVM_AUTO: 0, LogMode.KVM_MANUAL_ENABLE: 1, LogMode.KVM_MANUAL: 3}

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>

enum { CHECK_EXTENSION = 0xAE03, MANUAL_DIRTY_LOG_PROTECT2 = 168 };

int ioctl(int file, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (request == CHECK_EXTENSION && (long)argument == MANUAL_DIRTY_LOG_PROTECT2)
        return OFFERED;
    int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(file, request, argument);
}
"""


def compiler_missing() -> str:
    """Why the library can't be made here; empty if it can."""
    return "" if shutil.which("cc") else "no C compiler cc to make the library that stands for an older kernel"


def library(mode: LogMode, directory: Path) -> str:
    """Make the library for a dirty log in a directory; its path. Raises :class:`BadInput` if that fails."""
    if missing := compiler_missing():
        raise BadInput(missing)
    source, made = directory / f"{mode}.c", directory / f"{mode}.so"
    source.write_text(_SOURCE)
    command = ["cc", "-shared", "-fPIC", f"-DOFFERED={OFFERED[mode]}", "-o", str(made), str(source), "-ldl"]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise BadInput(f"the library that stands for an older kernel can't be made: {ended.stderr.strip()[:200]}")
    return str(made)
