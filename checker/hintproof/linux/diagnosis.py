"""The compiler's complaints about a driver: names that the shim lacks, or errors of the driver's own.

A name that is unknown may be a macro. What it would expand to is unknown, too, so the compiler takes it for a syntax
error, and complains of much that comes after it. So the first complaint decides, and a syntax error counts as one only
if its statement holds no name that might be a macro of the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hintproof.linux.source import DRIVER, HEADER, Source


@dataclass(frozen=True)
class Missing:
    """A name of the kernel's interface that the driver uses and the shim does not have."""

    name: str
    kind: str
    line: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name} (line {self.line})" if self.line else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class _Complaint:
    """An error of the compiler or the linker. ``line`` is that in the watched file ``path``; 0 if it is in neither."""

    path: str
    line: int
    text: str


#: What the compiler says of a name that nobody declared.
_UNKNOWN = (
    ("function", re.compile(r"implicit declaration of function '(\w+)'")),
    ("name", re.compile(r"'(\w+)' undeclared")),
    ("type", re.compile(r"unknown type name '(\w+)'")),
    ("type", re.compile(r"(?:invalid use of undefined|incomplete) .*'(?:const )?(?:struct|union|enum) (\w+)'")),
    ("field", re.compile(r"has no member named '(\w+)'")),
    ("function", re.compile(r"undefined reference to [`'](\w+)'")),
)

#: The shim's own names behind a guard or a cleanup that it does not have (shim/guard.h).
_PARTS = (
    ("guard", re.compile(r"(?:hp_(?:class|take|give|took|result)|HP_MAY_FAIL)_(\w+)")),
    ("cleanup", re.compile(r"hp_free_(\w+)")),
)

#: What the compiler says where an unknown macro, attribute or structure stands.
_MAY_BE_UNKNOWN = re.compile(
    r"expected |missing binary operator|type defaults to 'int' in declaration|has no type or storage class"
    r"|cleanup argument not a function|storage size of|incomplete (?:element )?type"
)

_OF_STRUCT = re.compile(r"'(?:const )?struct (\w+)' has no member named")

_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "asm auto break case char const continue default defined do double else enum extern float for goto if inline "
        "int long register return short signed sizeof static struct switch typedef typeof union unsigned void volatile "
        "while __asm__ __attribute__ __extension__ __inline__ __restrict __typeof__ __volatile__ __func__ __FUNCTION__ "
        "__LINE__ __FILE__ _Static_assert _Generic _Alignof _Bool",
    )
)

#: Characters of a line that are looked at.
_LONGEST = 500

#: Lines that a statement may reach back from the place of its error.
_REACH = 4


def diagnose(source: Source, output: str, shim: str) -> tuple[tuple[Missing, ...], tuple[str, ...]]:
    """Names that are missing, or errors: one of the two is empty. ``shim`` is the shim's own text, preprocessed."""
    own = frozenset(_own_names(source))
    known = _KEYWORDS | frozenset(re.findall(r"\w+", shim)) | own
    missing: dict[str, Missing] = {}
    errors: list[str] = []
    for complaint in _complaints(output):
        found = list(_unknown_names(source, complaint, known))
        struct = _OF_STRUCT.search(complaint.text)
        if missing and ((struct and struct[1] in missing) or all(m.name in own for m in found)):
            continue  # it follows from those before
        if found and not errors:
            missing |= {m.name: m for m in found if m.name not in missing}
        elif not found:
            errors.append(f"line {complaint.line}: {complaint.text[:160]}")
    return tuple(missing.values()), tuple(errors)


def _complaints(output: str) -> Iterator[_Complaint]:
    """All errors, in their order. An error in a macro of the shim is at the line of the driver that uses the macro."""
    lines = _cut(output)
    for number, line in enumerate(lines):
        found = re.match(r"(?:(.*?):(\d+):(?:\d+:)? )?.*?(?:error: |(?=undefined reference))(.*)", line)
        if not found:
            continue
        places = [(found[1] or "", int(found[2] or 0)), *_notes(lines[number + 1 :])]
        path, at = next(((watched, n) for p, n in places if (watched := _watched(p))), ("", 0))
        yield _Complaint(path, at, found[3])


def _notes(lines: list[str]) -> Iterator[tuple[str, int]]:
    """The places that the compiler names below an error, up to the next one."""
    for line in lines:
        if "error: " in line or "warning: " in line:
            return
        if found := re.match(r"(.*?):(\d+):(?:\d+:)? note: in (?:expansion of|definition of) macro", line):
            yield found[1], int(found[2])


def _watched(path: str) -> str | None:
    return next((w for w in (DRIVER, HEADER) if path.endswith(w.removeprefix("include/uapi/"))), None)


def _unknown_names(source: Source, complaint: _Complaint, known: frozenset[str]) -> Iterator[Missing]:
    """The names that a complaint is about, as it says or as the statement shows."""
    for kind, pattern in _UNKNOWN:
        if found := pattern.search(complaint.text):
            macro = _macro_around(found[1], source, complaint, known) if kind == "type" else None
            yield macro or _named(found[1], kind, complaint.line)
            return
    if _MAY_BE_UNKNOWN.search(complaint.text):
        yield from _suspects(source, complaint, known)


def _macro_around(name: str, source: Source, complaint: _Complaint, known: frozenset[str]) -> Missing | None:
    """The unknown macro that a name is an argument of: DEFINE_FROB(int, name) looks like a list of types."""
    text = "\n".join(line for _, line in _statement(source.files.get(complaint.path, ""), complaint.line))
    for suspect in _suspects(source, complaint, known):
        if suspect.kind == "macro" and re.search(rf"\b{suspect.name}\s*\([^()]*\b{name}\b[^()]*\)", text):
            return suspect
    return None


def _named(name: str, kind: str, line: int) -> Missing:
    for part, pattern in _PARTS:
        if found := pattern.fullmatch(name):
            return Missing(found[1], part, line)
    return Missing(name, kind, line)


#: Where a name stands that may be a macro, a type or an attribute, and what it is then.
_SUSPECTS = (
    ("cleanup", re.compile(r"\b__free\s*\(\s*(\w+)\s*\)")),
    ("macro", re.compile(r"(?<![.>])\b([A-Za-z_]\w*)\s*\(")),
    ("type", re.compile(r"\b(?:struct|union|enum)\s+(\w+)")),
    ("type", re.compile(r"\b([a-z]\w*_t)\b")),
    ("name", re.compile(r"\b(__[a-z]\w*|[A-Z][A-Z0-9]*_[A-Z0-9_]+)\b")),
)


def _suspects(source: Source, complaint: _Complaint, known: frozenset[str]) -> Iterator[Missing]:
    """The names in a statement that neither the shim nor the driver declares, each once."""
    seen: set[str] = set()
    for number, text in _statement(source.files.get(complaint.path, ""), complaint.line):
        for kind, pattern in _SUSPECTS:
            for name in pattern.findall(text):
                of_shim = f"hp_free_{name}" if kind == "cleanup" else name
                if of_shim not in known and name not in seen and not name.startswith("__builtin_"):
                    seen.add(name)
                    yield Missing(name, kind, number)


def _statement(text: str, line: int) -> Iterator[tuple[int, str]]:
    """The line of an error and those before it that belong to it, without strings and comments."""
    lines = [re.sub(r'"(?:\\.|[^"\\])*"|/\*.*?(?:\*/|$)|//.*', " ", t).strip() for t in _cut(text)]
    if not 0 < line <= len(lines):
        return
    yield line, lines[line - 1]
    for number in range(line - 1, max(0, line - _REACH), -1):
        before = lines[number - 1]
        if not before or before[-1] in ";{}:" or before[0] in "#*":
            return
        yield number, before


#: Functions, macros, structures and types that a driver defines.
_DEFINED = (
    re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE),
    re.compile(r"^(?:\w+[ \t*]+)*(?![A-Z0-9_]+\b)(\w+)\s*\((?!.*;[ \t]*$)", re.MULTILINE),
    re.compile(r"\b(?:struct|union|enum)\s+(\w+)\s*\{"),
    re.compile(r"^typedef\b.*\b(\w+)[ \t]*;", re.MULTILINE),
    re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)\s*\)"),
)


def _own_names(source: Source) -> Iterator[str]:
    yield from re.findall(r"\w+", source.files.get(HEADER, ""))
    text = "\n".join(_cut(source.files[DRIVER]))
    for pattern in _DEFINED:
        yield from pattern.findall(text)


def _cut(text: str) -> list[str]:
    """The lines of a foreign text, none of which is so long that a search in it takes long."""
    return [line[:_LONGEST] for line in text.splitlines()]
