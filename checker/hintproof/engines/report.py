"""What an engine found: plain values, the same for every engine."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """The result of one engine on one model.

    ``against`` maps a property to the run that speaks against it; for a property that holds of some
    state only, ``witnesses`` maps it to a run that shows it. ``finished`` says that the engine did all
    that it set out to do; if not, ``stopped_by`` says which limit ended it. ``depths`` says how many steps
    the bounded engine looked ahead for each property. ``symmetric`` says that states were counted up to the names of
    the blocks. A run against a property of progress goes round for ever: ``loops`` says how many of its steps come
    before that. ``undecided`` says of single properties which limit was met.
    Of an exploration, ``coverage`` is what it saw, ``after`` how many seconds it took to find each run, and
    ``replayed`` names the properties whose runs were found by an earlier one.
    """

    engine: str
    against: dict[str, Run] = field(default_factory=dict)
    witnesses: dict[str, Run] = field(default_factory=dict)
    loops: dict[str, int] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    decides: frozenset[str] = frozenset()
    finished: bool = False
    stopped_by: str = ""
    states: int = 0
    transitions: int = 0
    depth: int = 0
    depths: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    symmetric: bool = False
    fired: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    coverage: Coverage | None = None
    after: dict[str, float] = field(default_factory=dict)
    replayed: frozenset[str] = frozenset()

    def merged(self, other: Found) -> Found:
        """What two explorations of the same model, from different seeds, found together: the shorter runs."""
        coverage = self.coverage.merged(other.coverage) if self.coverage and other.coverage else None
        return Found(
            self.engine,
            against=_shorter(self.against, other.against),
            witnesses=_shorter(self.witnesses, other.witnesses),
            decides=self.decides,
            finished=self.finished and other.finished,
            stopped_by=self.stopped_by or other.stopped_by,
            transitions=self.transitions + other.transitions,
            runs=self.runs + other.runs,
            fired={name: self.fired[name] + other.fired[name] for name in self.fired},
            seconds=max(self.seconds, other.seconds),
            coverage=coverage,
            after={n: min(f[n] for f in (self.after, other.after) if n in f) for n in self.after | other.after},
            replayed=self.replayed | other.replayed,
        )


def _order(run: Run) -> tuple[int, Run]:
    return len(run), run


def _shorter(one: dict[str, Run], two: dict[str, Run]) -> dict[str, Run]:
    """For each property the shorter of two runs."""
    return {name: min((d[name] for d in (one, two) if name in d), key=_order) for name in one | two}


def length(steps: int, loop: int | None = None) -> str:
    """The length of a run in words; ``loop`` says after how many steps its loop begins, if it has one."""
    if loop is None:
        return f"{steps} steps"
    return f"{loop} steps and " + (f"a loop of {steps - loop}" if loop < steps else "then none for ever")
