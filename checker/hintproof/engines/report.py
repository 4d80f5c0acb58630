"""What an engine found, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hintproof.system.words import quantity

#: The name under which a state without any step is reported.
NO_DEADLOCK = "no_deadlock"

#: A run as the engine saw it: names of actions with the block they took, from the initial state on.
Run = list[tuple[str, int | None]]


@dataclass(frozen=True)
class Branch:
    """A condition of a step, and whether it was seen true and seen false.

    ``kind`` is guard, or the variable whose new value it chooses (where the step is possible); ``condition`` is its
    place among those of the step.
    """

    step: str
    kind: str
    condition: int
    true: bool
    false: bool

    @property
    def both(self) -> bool:
        """Whether it was seen both ways."""
        return self.true and self.false


@dataclass(frozen=True)
class Coverage:
    """What an exploration saw: how often each step was taken, and which actors one after the other; conditions."""

    steps: dict[str, int]
    pairs: dict[str, int]
    branches: tuple[Branch, ...]

    def merged(self, other: Coverage) -> Coverage:
        """What both saw together, of the same model."""
        steps, pairs = (
            {name: one.get(name, 0) + two.get(name, 0) for name in one | two}
            for one, two in ((self.steps, other.steps), (self.pairs, other.pairs))
        )
        both = zip(self.branches, other.branches, strict=True)
        branches = (Branch(a.step, a.kind, a.condition, a.true or b.true, a.false or b.false) for a, b in both)
        return Coverage(steps, pairs, tuple(branches))


@dataclass
class Found:
    """The result of one engine on one model; each engine adds its own details.

    ``against`` maps a property to the run that refutes it; for a property that holds of some state only, ``witnesses``
    maps it to a run that shows it. A run that refutes a liveness property goes round for ever: ``loops`` has the number
    of its steps before that. ``decides`` names the properties that the engine judges, ``undecided`` says of single
    ones which limit was met. ``stopped_by`` is the limit that ended the engine, if one did. ``fired`` counts how often
    each action happened.
    """

    engine: str
    against: dict[str, Run] = field(default_factory=dict)
    witnesses: dict[str, Run] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    decides: frozenset[str] = frozenset()
    stopped_by: str = ""
    fired: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether the engine did all that it set out to do."""
        return not self.stopped_by

    @property
    def counts(self) -> dict[str, int]:
        """States, transitions, depth and runs; 0 where the engine does not count them."""
        return {name: getattr(self, name, 0) for name in ("states", "transitions", "depth", "runs")}


@dataclass
class ExhaustiveFound(Found):
    """Of an exhaustive search: its counts. ``symmetric``: states count up to the names of the blocks."""

    engine: str = "exhaustive"
    states: int = 0
    transitions: int = 0
    depth: int = 0
    symmetric: bool = False


@dataclass
class BoundedFound(Found):
    """Of a bounded search: how many steps it looked ahead for each property, without a run against it."""

    engine: str = "bounded"
    depths: dict[str, int] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """The most steps that it looked ahead for any property."""
        return max(self.depths.values(), default=0)


@dataclass
class SampledFound(Found):
    """Of a sampling search: its walks (``runs``), what it covered, and after how many seconds it found each run.

    ``replayed`` names the properties whose runs an earlier search had found.
    """

    engine: str = "sampled"
    transitions: int = 0
    runs: int = 0
    coverage: Coverage | None = None
    after: dict[str, float] = field(default_factory=dict)
    replayed: frozenset[str] = frozenset()

    def merged(self, other: SampledFound) -> SampledFound:
        """The results of two searches of one model, from different seeds, together: the shorter runs."""
        return replace(
            self,
            against=_shorter(self.against, other.against),
            witnesses=_shorter(self.witnesses, other.witnesses),
            stopped_by=self.stopped_by or other.stopped_by,
            transitions=self.transitions + other.transitions,
            runs=self.runs + other.runs,
            fired={name: self.fired[name] + other.fired[name] for name in self.fired},
            seconds=max(self.seconds, other.seconds),
            coverage=self.coverage.merged(other.coverage) if self.coverage and other.coverage else None,
            after={n: min(f[n] for f in (self.after, other.after) if n in f) for n in self.after | other.after},
            replayed=self.replayed | other.replayed,
        )


def _shorter(one: dict[str, Run], two: dict[str, Run]) -> dict[str, Run]:
    """For each property the shorter of two runs."""
    return {
        name: min((d[name] for d in (one, two) if name in d), key=lambda run: (len(run), run)) for name in one | two
    }


def length(steps: int, loop: int | None = None) -> str:
    """The length of a run in words; ``loop`` says after how many steps its loop begins, if it has one."""
    if loop is None:
        return quantity(steps, "step")
    return f"{quantity(loop, 'step')} and " + (f"a loop of {steps - loop}" if loop < steps else "then none for ever")
