"""A process that runs foreign code gives up the network, files outside of one directory, and all beyond its share.

Limits always hold. The rest depends on the kernel, which may be too old or may refuse; :func:`enter` returns what
holds.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import tempfile
from pathlib import Path

from hintproof.system.children import die_with_parent

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000

#: Landlock (Linux 5.13): numbers of its system calls, the same on every processor.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH_BENEATH = 1

#: Of Landlock's first rights all that change something: write, remove and make of every kind.
_WRITES = 0b1_1111_1111_0010

#: Landlock's right to write into a file that is there, and (Linux 6.2, version 3 of Landlock) to cut one off.
_WRITE_FILE, _TRUNCATE = 1 << 1, 1 << 14
_VERSION, _TRUNCATE_SINCE = 1, 3

#: No process of ours writes a file as large (bytes), or opens as many at once.
_FILE, _OPEN = 64 << 20, 128


def enter(directory: Path, seconds: int, megabytes: int) -> list[str]:
    """Give up all that the process does not need. Returns the restrictions that hold from now on, in words.

    ``directory`` is where it may still write. ``seconds`` are of processor time, ``megabytes`` of address space.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    die_with_parent()
    holds = ["limits"]
    _limit(seconds, megabytes)
    os.chdir(directory)
    tempfile.tempdir = str(directory)
    if libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        holds.append("no network")
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        holds.append("no new privileges")
        holds += _write_only_below(libc, directory)
    return holds


def _limit(seconds: int, megabytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes << 20),
        (resource.RLIMIT_FSIZE, _FILE),
        (resource.RLIMIT_NOFILE, _OPEN),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _write_only_below(libc: ctypes.CDLL, directory: Path) -> list[str]:
    """Landlock: from now on nothing is written, made, removed or cut off but below the directory; what of it holds."""
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    truncate = _TRUNCATE if version >= _TRUNCATE_SINCE else 0
    asked = struct.pack("=Q", _WRITES | truncate)  # struct landlock_ruleset_attr, as of its first version
    rules = libc.syscall(_CREATE_RULESET, asked, len(asked), 0)
    if rules < 0:
        return []
    try:
        for path, rights in ((directory, _WRITES | truncate), (Path(os.devnull), _WRITE_FILE | truncate)):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = struct.pack("=Qi", rights, place)  # struct landlock_path_beneath_attr
            failed = libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0)
            os.close(place)
            if failed:
                return []
        if libc.syscall(_RESTRICT_SELF, rules, 0):
            return []
        return ["no writing elsewhere", *(["no truncating elsewhere"] if truncate else [])]
    finally:
        os.close(rules)
