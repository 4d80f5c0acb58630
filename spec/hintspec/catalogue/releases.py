"""Any release is a word: ``linux-5.15`` and ``qemu-9.2`` stand for the words whose rules these releases keep to.

The ranges are from the histories of drivers/virtio/virtio_balloon.c and of QEMU's hw/virtio/virtio-balloon.c and
migration/ram.c. Where two words have equal rules, a release gets the newer one that is not newer than itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hintspec.language.errors import SpecError, quote

Version = tuple[int, ...]


@dataclass(frozen=True)
class Releases:
    """The releases from ``first`` to ``last`` keep to the rules of ``words``. A last of (5, 6) includes 5.6.19."""

    first: Version
    last: Version
    words: str

    def __contains__(self, version: Version) -> bool:
        return self.first <= version and version[: len(self.last)] <= self.last

    def __str__(self) -> str:
        first, last = (".".join(map(str, version)) for version in (self.first, self.last))
        return first if self.last[: len(self.first)] == self.first else f"{first} .. {last}"


@dataclass(frozen=True)
class Family:
    """The releases of one project, from old to new, and the pattern of the words that name one."""

    name: str
    releases: tuple[Releases, ...]

    @property
    def newest(self) -> Releases:
        """The releases that ``-latest`` stands for: the newest that were looked at."""
        return self.releases[-1]

    def find(self, version: Version) -> Releases | None:
        """The range that has a version; None if no rules are known for it."""
        return next((releases for releases in self.releases if version in releases), None)


#: By the word's first part. Linux 5.6 releases the hinted blocks on remove (6c22dc61c76b, in stable from 5.4.19 on) and
#: has no shrinker for them yet. Which release of 5.5 got the fix is not known. TCG re-arms pages from QEMU 9.0 on
#: (03bfc2188f); QEMU 11 syncs, and issues ids, where this text does not.
FAMILIES = {
    "linux": Family(
        "Linux",
        (
            Releases((4, 20), (4, 20), "linux-4.20"),
            Releases((5, 0), (5, 4, 18), "linux-5.0"),
            Releases((5, 4, 19), (5, 4), "linux-5.7+no-shrinker"),
            Releases((5, 5), (5, 5, 0), "linux-5.0"),
            Releases((5, 6), (5, 6), "linux-5.7+no-shrinker"),
            Releases((5, 7), (6, 0), "linux-5.7"),
            Releases((6, 1), (6, 11), "linux-6.1"),
            Releases((6, 12), (7, 3), "linux-6.12"),
        ),
    ),
    "qemu": Family(
        "QEMU",
        (
            Releases((4, 0), (4, 0), "qemu-4.0"),
            Releases((4, 1), (5, 0), "qemu-5.0"),
            Releases((5, 1), (6, 0), "qemu-5.1"),
            Releases((6, 1), (6, 1), "qemu-6.1"),
            Releases((6, 2), (8, 2), "qemu-7.2"),
            Releases((9, 0), (10, 2), "qemu-10"),
        ),
    ),
    "firecracker": Family("Firecracker", (Releases((1, 14), (1, 14), "firecracker-1.14"),)),
}

_RELEASE = re.compile(rf"({'|'.join(FAMILIES)})-(latest|\d{{1,4}}(?:\.\d{{1,4}}){{0,3}})")

#: Words that look like releases of a family, and are words of their own.
_WORDS = {word for family in FAMILIES.values() for releases in family.releases for word in releases.words.split("+")}


@dataclass(frozen=True)
class Resolved:
    """An environment's name with words alone, and a line for each release that it named."""

    name: str
    notes: tuple[str, ...] = ()


def resolve_releases(environment: str) -> Resolved:
    """Replace each release by the words for its rules. Raises :class:`SpecError` for one outside every range.

    >>> resolve_releases("linux-6.8+qemu-9.2+kvm-auto").name
    'linux-6.1+qemu-10+kvm-auto'
    """
    words, notes = [], []
    for word in environment.split("+"):
        found = None if word in _WORDS else _RELEASE.fullmatch(word)
        words.append(word if found is None else _words_for(environment, *found.groups()))
        if found is not None:
            notes.append(_note(word, words[-1], FAMILIES[found[1]]))
    if "tcg" in words and re.search(r"(^|\+)qemu-8\.2(\.|\+|$)", environment):
        raise SpecError(
            f"environment {quote(environment)}: no word has the rules of QEMU 8.2 with TCG, where virtio-mmio has "
            "ioeventfd and pages are not re-armed yet; say qemu-8.1 or qemu-9.0"
        )
    return Resolved("+".join(words), tuple(notes))


def _words_for(environment: str, family_word: str, version_text: str) -> str:
    family = FAMILIES[family_word]
    if version_text == "latest":
        return family.newest.words
    major, *further = map(int, version_text.split("."))
    releases = family.find((major, *(further or [0])))
    if releases is None:
        ranges = ", ".join(_ranges(family))
        known = f"no rules of {family.name} {version_text} are known, only of {ranges}"
        raise SpecError(f"environment {quote(environment)}: {known}")
    return releases.words


def _note(word: str, words: str, family: Family) -> str:
    newest = ".".join(map(str, family.newest.last))
    which = f"{word} ({family.name} {newest}, the newest looked at)" if word.endswith("-latest") else word
    return f"{which} keeps to the rules of {words}"


def _ranges(family: Family) -> list[str]:
    """The ranges of a family as text, those that follow one another without a gap as one."""
    texts: list[tuple[Version, Version]] = []
    for releases in family.releases:
        if texts and _follows(texts[-1][1], releases.first):
            texts[-1] = (texts[-1][0], releases.last)
        else:
            texts.append((releases.first, releases.last))
    return [str(Releases(first, last, "")) for first, last in texts]


def _follows(last: Version, first: Version) -> bool:
    """Whether no release lies between two: the last number is one more, or a new series begins at 0."""
    return first in ((*last[:-1], last[-1] + 1), (last[0] + 1, 0))
