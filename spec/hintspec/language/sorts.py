"""The few kinds of value that a protocol text is written in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hintspec.language.errors import SpecError, blame


@dataclass(frozen=True)
class Sort:
    """A kind of value. Two sorts are the same if they are described alike."""

    name: str

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)  # fast, as each term is looked up by its sort


BOOL = Sort("bool")
ID = Sort("command id")
BLOCK = Sort("block")
BLOCKS = Sort("block set")
COUNT = Sort("count")
LIST = Sort("block list")
SLOT = Sort("ring slot")


@dataclass(frozen=True, repr=False)
class Enum(Sort):
    """A finite set of labels, compared for equality only. The first label is the initial one."""

    labels: tuple[str, ...]

    __hash__ = Sort.__hash__

    def __getattr__(self, label: str) -> Label:
        if label in object.__getattribute__(self, "labels"):
            return Label(self, self.labels.index(label))
        raise AttributeError(f"{self.name} has no label {label}")

    def __iter__(self) -> Iterator[Label]:
        return (Label(self, i) for i in range(len(self.labels)))


@dataclass(frozen=True)
class Label:
    """One label of an :class:`Enum`."""

    enum: Enum
    index: int

    def __str__(self) -> str:
        return self.enum.labels[self.index]


@dataclass(frozen=True, repr=False)
class Ring(Sort):
    """A virtqueue: a finite FIFO of entries, each a record of ``fields``, and a count of used entries.

    ``ghosts`` names the fields that exist for the properties alone.
    """

    fields: tuple[tuple[str, Sort], ...]
    ghosts: tuple[str, ...] = ()

    __hash__ = Sort.__hash__

    def sort_of(self, field: str) -> Sort:
        """The sort of one field; raises :class:`SpecError` for a field that the entries don't have."""
        for name, sort in self.fields:
            if name == field:
                return sort
        raise SpecError(f"{blame()}: the entries of this ring have no field '{field}'")
