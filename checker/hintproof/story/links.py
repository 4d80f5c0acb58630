"""Links from the functions that a step cites into a public cross-reference of Linux and QEMU."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hintproof.story.model import Link

#: Files of Linux that the text cites; all other C files are QEMU's.
_OF_LINUX = ("virtio_balloon.c", "mm/page_alloc.c", "kernel/workqueue.c")

#: A citation: a file, perhaps a remark about it, and the functions.
_CITED = re.compile(r"(?P<file>[\w/-]+\.c)(?: \((?P<which>[^)]*)\))?: (?P<functions>[^;]*)")

#: A name that only a function can have.
_FUNCTION = re.compile(r"\b_*[a-z]\w*_\w+\b")


def links(where: str, environment: str) -> Iterator[Link]:
    """A link for each function that a citation names, in the environment's version of Linux or QEMU if it has one."""
    for cited in _CITED.finditer(where):
        project = "linux" if cited["file"] in _OF_LINUX else "qemu"
        version = _version(project, environment)
        for function in _FUNCTION.findall(cited["functions"]):
            yield Link(function, f"https://elixir.bootlin.com/{project}/{version}/A/ident/{function}")


def _version(project: str, environment: str) -> str:
    """The tag of a release in the cross-reference."""
    named = re.search(rf"\b{project}-(\d+)\.(\d+)\b|\b{project}-(\d+)\b", environment)
    if named is None:
        return "latest"
    major, minor = named[1] or named[3], named[2] or "0"
    return f"v{major}.{minor}" if project == "linux" else f"v{major}.{minor}.0"
