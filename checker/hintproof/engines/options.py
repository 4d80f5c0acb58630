"""The options of each engine. They say how an engine searches; :class:`Limits` say when it gives up."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Steps that the bounded engine looks ahead by default.
DEFAULT_DEPTH = 30


@dataclass(frozen=True)
class ExhaustiveOptions:
    """With ``symmetry`` states that differ in the names of the blocks alone count once. ``threads``: cores to use."""

    symmetry: bool = False
    threads: int = 1


@dataclass(frozen=True)
class BoundedOptions:
    """Steps to look ahead: ``depths`` for single properties, ``depth`` for all others (default: 30)."""

    depth: int | None = None
    depths: dict[str, int] = field(default_factory=dict)

    def depth_for(self, name: str) -> int:
        """The steps to look ahead for one property."""
        return self.depths.get(name, self.depth or DEFAULT_DEPTH)


@dataclass(frozen=True)
class Profile:
    """How much a sampling search explores: a number of walks, or seconds.

    Afterwards, for up to half as many seconds, it finds and shortens ``others`` more runs for each property: how short
    a run gets depends on where it came from.
    """

    walks: int | None = None
    seconds: float | None = None
    others: int = 0


#: The profiles by name: a few seconds an environment, for CI; a minute.
PROFILES = {"quick": Profile(walks=5_000), "thorough": Profile(seconds=60.0, others=4)}

#: The profile of a search for which none is chosen.
DEFAULT_PROFILE = "quick"


@dataclass(frozen=True)
class SamplingOptions:
    """How the sampling engine explores: as much as the ``profile`` says, or ``runs`` walks; from a ``seed``.

    Failing runs are kept in the directory ``database`` under the ``name`` of the model, and replayed first by the
    next search. The search ends early once it has found runs against all of ``until``. ``threads``: cores to use,
    each for a search from a seed of its own.
    """

    runs: int | None = None
    profile: str = DEFAULT_PROFILE
    seed: int = 0
    database: str | None = None
    name: str = ""
    until: frozenset[str] = frozenset()
    threads: int = 1

    @property
    def seeds(self) -> list[int]:
        """The seeds of the searches that are made side by side: one, if the number of walks is given."""
        by_walks = self.runs or PROFILES[self.profile].walks
        return [self.seed + (number << 32) for number in range(1 if by_walks else self.threads)]


@dataclass(frozen=True)
class Options:
    """The options of all engines, each under the name of its engine."""

    exhaustive: ExhaustiveOptions = ExhaustiveOptions()
    bounded: BoundedOptions = BoundedOptions()
    sampled: SamplingOptions = SamplingOptions()
