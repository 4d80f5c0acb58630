"""Whether a patch leaves the code as it is: the same tokens, or the same machine code from lines that are compiled."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping

from hintproof.gate.touched import changed_lines
from hintproof.linux.build import BuildFailed, assembly, compiled_lines
from hintproof.linux.source import Source

#: Comments, and the strings that may look as if they had some.
_COMMENT = re.compile(
    r"""(?P<comment>/\*.*?\*/|//(?:[^\n\\]|\\.)*) | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')""",
    re.VERBOSE | re.DOTALL,
)
#: White space in a directive, outside of strings: how much there is makes no difference, whether there is some does.
_SPACE = re.compile(r"""(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?:\s|\\\n)+""")
_TOKEN = re.compile(
    r"""
    (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.)*)
  | (?P<space>\s+|\\\n)
  | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
  | [A-Za-z_]\w*
  | \.?[0-9](?:[eEpP][+-]|[\w.])*
  | <<=|>>=|\.\.\.|->|\+\+|--|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|\#\#
  | [^"'\s\\]
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def tokens(text: str) -> list[tuple[int, str]] | None:
    """The tokens of a C text, each with its line (from 1), a directive as one; without comments.

    None where a string or a comment has no end.
    """
    # A comment is white space, and ends no directive: each of its lines goes on in the next one.
    bare = _COMMENT.sub(lambda part: part["string"] or " " + "\\\n" * part[0].count("\n"), text)
    if "/*" in re.sub(_COMMENT, "", bare):
        return None
    found: list[tuple[int, str]] = []
    at, number = 0, 1
    while at < len(bare):
        token = _TOKEN.match(bare, at)
        if token is None:
            return None
        if token["directive"]:
            found.append((number, _SPACE.sub(lambda part: part["string"] or " ", token[0]).strip()))
        elif not token["space"]:
            found.append((number, token[0]))
        at = token.end()
        number += token[0].count("\n")
    return found


def same_code(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Why no run of the driver can differ, in words; "" where it may.

    Either only comments and white space differ, in whatever configuration; or the compiler makes the same machine code
    of both, and each changed line that has code is among those that it compiled.
    """
    if all(_same_tokens(before.get(path, ""), after.get(path, "")) for path in {*before, *after}):
        return "only comments and white space differ"
    was, now = (Source("the driver", files) for files in (before, after))
    try:
        same = all(assembly(was, accesses) == assembly(now, accesses) for accesses in (False, True))
        same = same and _is_compiled(was, now)
    except BuildFailed:
        return ""
    return f"the compiler makes the same machine code of it ({platform.machine()})" if same else ""


def _same_tokens(before: str, after: str) -> bool:
    if before == after:
        return True
    was, now = tokens(before), tokens(after)
    return was is not None and now is not None and [token for _, token in was] == [token for _, token in now]


def _is_compiled(before: Source, after: Source) -> bool:
    """Whether all changed lines that have code are compiled."""
    sides = [(side.files, compiled_lines(side)) for side in (before, after)]
    for path in {*before.files, *after.files}:
        changed = list(changed_lines(before.files.get(path, ""), after.files.get(path, "")))
        for number, (files, compiled) in enumerate(sides):
            lines = {line + 1 for part in changed for line in part[number]}
            code = tokens(files.get(path, ""))
            if code is None or not {line for line, _ in code} & lines <= compiled.get(path, frozenset()):
                return False
    return True
