"""The catalogue of known defects, derived anew: each is refuted, and what mends it is checked and proved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from hintproof.engines.induction import prove
from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions, Options, SamplingOptions
from hintproof.engines.report import ExhaustiveFound
from hintproof.interpret.concrete import Concrete
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress
from hintproof.tasks.check import ENGINES, Result, check, plan
from hintproof.tasks.prove import ProofTask
from hintproof.tasks.verdict import Verdict
from hintproof.trace.replay import Trace, prepare
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.out_of_scope import Harmless
from hintspec.language.declare import OF_ALL_STATES, SOMETIMES

#: The engines that look for a defect's run, in the order in which they are told.
SEEKERS = ("exhaustive", "bounded", "sampled")

#: Seconds that an engine may look for the run of one defect.
SECONDS = 300.0


@dataclass(frozen=True)
class Cure:
    """What is said of a world in which the defect is mended, or was to be: of all its states, and of every size.

    ``proof`` is "proved", "fails", or "not tried" as for progress and for what must be able to happen.
    """

    environment: str
    falls: bool
    states: int
    length: int | None
    proof: str
    others: tuple[str, ...]


@dataclass
class Derived:
    """What the engines say of a defect today. ``cures`` begins with the world that mends it."""

    defect: Defect
    found: ExhaustiveFound
    cures: tuple[Cure, ...]
    seekers: dict[str, tuple[float, int | None]] = field(default_factory=dict)

    @cached_property
    def result(self) -> Result:
        """All that the exhaustive engine says of the world that shows the defect."""
        result, _ = plan(self.defect.environment, self.defect.sizes, ["exhaustive"])
        result.found["exhaustive"] = self.found
        return result

    @cached_property
    def trace(self) -> Trace | None:
        """The shortest run; None where the defect is that something never happens."""
        return self.result.trace(self.defect.falls)

    @property
    def problems(self) -> list[str]:
        """What is not as the catalogue tells it."""
        told = []
        if self.result.verdict(self.defect.falls) != Verdict.REFUTED:
            told.append(f"{self.defect.name}: {self.defect.falls} does not fall in {self.defect.environment}")
        if self.cures[0].falls:
            told.append(f"{self.defect.name}: {self.defect.falls} falls in {self.defect.mended}, too")
        return told


def defect_named(name: str) -> Defect:
    """The defect of that name. Raises :class:`BadInput` for a name that means none."""
    if name not in DEFECTS:
        raise BadInput(f"no defect is called {name[:80]!a} (hintproof defects lists all)")
    return DEFECTS[name]


@dataclass(frozen=True)
class DeriveTask:
    """One defect derived anew: a unit of parallel work. ``engines`` look for its run, and are timed."""

    name: str
    engines: tuple[str, ...] = ()
    engine: str = "catalogue"

    def __str__(self) -> str:
        return f"derivation of {self.name}"

    @property
    def environment(self) -> str:
        """The world that shows the defect."""
        return DEFECTS[self.name].environment

    def run(self, progress: Progress | None = None) -> Derived:
        """Refute the defect, check what mends it, and have the engines look for it."""
        defect = DEFECTS[self.name]
        result = check(defect.environment, defect.sizes, ["exhaustive"])
        cures = tuple(cure(name, defect) for name in dict.fromkeys((defect.mended, *defect.repairs)))
        derived = Derived(defect, result.exhaustive, cures)
        for engine in self.engines:
            shortest = len(run) if (run := derived.found.against.get(defect.falls)) else None
            derived.seekers[engine] = seek(defect, engine, shortest)
        return derived


def cure(environment: str, defect: Defect) -> Cure:
    """Check a world in which a defect is mended, or was to be, at the defect's sizes and for every size."""
    result = check(environment, defect.sizes, ["exhaustive"])
    fallen = _fallen(result)
    falls = defect.falls in fallen
    run = result.exhaustive.against.get(defect.falls)
    proof = "fails" if falls else _proof(environment, defect.falls)
    others = tuple(name for name in fallen if name != defect.falls)
    return Cure(environment, falls, result.exhaustive.states, len(run) if run else None, proof, others)


def _proof(environment: str, name: str) -> str:
    proof = prove(ProofTask(environment).model())
    return "proved" if name in proof.proved else "fails" if name in proof.unproved else "not tried"


def seek(defect: Defect, engine: str, depth: int | None = None) -> tuple[float, int | None]:
    """Seconds that an engine takes to refute a defect, and the length of its run; None if it can't, or did not.

    It looks for this one property. ``depth`` is how far the bounded engine looks.
    """
    concrete = with_one_property(prepare(defect.environment, defect.sizes), defect.falls)
    [item] = concrete.model.properties
    if engine != "exhaustive" and item.declared.kind in (*OF_ALL_STATES, SOMETIMES):
        return 0.0, None  # of what is so for ever, or never, it has nothing to say
    sampled = SamplingOptions(profile="thorough", until=frozenset({defect.falls}))
    options = Options(bounded=BoundedOptions(depth), sampled=sampled)
    found = ENGINES[engine](concrete, Limits(seconds=SECONDS), getattr(options, engine), None)
    run = found.against.get(defect.falls)
    return found.seconds, len(run) if run is not None else None


def with_one_property(concrete: Concrete, name: str) -> Concrete:
    """The same world, of which one property is asked."""
    model = concrete.model
    actions = tuple(
        replace(action, promises=tuple(p for p in action.promises if p[0] == name)) for action in model.actions
    )
    properties = tuple(p for p in model.properties if p.name == name)
    return Concrete(replace(model, actions=actions, properties=properties), concrete.sizes)


def is_harmless(item: Harmless) -> bool:
    """Whether no property falls that does not fall without the change, at the stated sizes."""
    worlds = (item.environment, item.without)
    changed, plain = (_fallen(check(world, item.sizes, ["exhaustive"])) for world in worlds)
    return set(changed) <= set(plain)


def _fallen(result: Result) -> list[str]:
    """The properties of which it is not shown that they hold: what is undecided does not count for a cure."""
    return [p.name for p in result.properties if not result.verdict(p.name).holds]
