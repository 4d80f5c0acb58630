"""The catalogue of known defects, derived anew: each is refuted, and its fix is checked and proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from hintproof.engines.induction import prove as prove_model
from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions, Options, SamplingOptions
from hintproof.engines.report import ExhaustiveFound
from hintproof.interpret.concrete import Concrete
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress, no_progress
from hintproof.tasks.check import ENGINES, Result, check, plan
from hintproof.tasks.prove import unbounded_model
from hintproof.tasks.verdict import Verdict
from hintproof.trace.replay import Trace, prepare
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS
from hintspec.language.declare import OF_ALL_STATES, SOMETIMES
from hintspec.language.errors import quote, suggest

#: The engines that can be timed on a defect, in the order of the columns.
TIMED_ENGINES = ("exhaustive", "bounded", "sampled")

#: Seconds that an engine may take to find the run of one defect.
SECONDS = 300.0


@dataclass(frozen=True)
class Fix:
    """A world in which the defect is fixed, or is meant to be: its verdicts at the defect's sizes and for every size.

    ``violated`` says that the defect's property is violated there all the same, by a run of ``length`` steps.
    ``proof`` is "proved", "fails", or "not tried" as for liveness and reachability. ``others`` are the other
    properties that are not shown to hold there.
    """

    environment: str
    violated: bool
    states: int
    length: int | None
    proof: str
    others: tuple[str, ...]


@dataclass
class Derived:
    """A defect derived anew: the search that finds it, the worlds that fix it, and how long engines take.

    ``fixes`` begins with the world that fixes it; candidates follow. ``timings`` has the seconds and the length of the
    run for each engine that was timed.
    """

    defect: Defect
    found: ExhaustiveFound
    fixes: tuple[Fix, ...]
    timings: dict[str, tuple[float, int | None]] = field(default_factory=dict)

    @cached_property
    def result(self) -> Result:
        """The verdicts of the exhaustive engine in the world that shows the defect."""
        result, _ = plan(self.defect.environment, self.defect.sizes, ["exhaustive"])
        result.add(self.found)
        return result

    @cached_property
    def trace(self) -> Trace | None:
        """The shortest run; None where the defect is that something never happens."""
        return self.result.trace(self.defect.violates)

    @property
    def problems(self) -> list[str]:
        """The errors of the catalogue: a defect that is not there, or is there in the world that fixes it."""
        defect, lines = self.defect, []
        if self.result.verdict(defect.violates) != Verdict.REFUTED:
            lines.append(f"{defect.name}: {defect.violates} is not violated in {defect.environment}")
        if self.fixes[0].violated:
            lines.append(f"{defect.name}: {defect.violates} is violated in {defect.fixed}, too")
        return lines


def defect_named(name: str) -> Defect:
    """The defect of that name. Raises :class:`BadInput` for an unknown name."""
    if name not in DEFECTS:
        raise BadInput(f"no defect is called {quote(name)}{suggest(name, DEFECTS)} (hintproof defects lists all)")
    return DEFECTS[name]


def derive(name: str, engines: Sequence[str] = (), progress: Progress = no_progress) -> Derived:
    """Derive a known defect anew: refute its property, check the worlds that fix it, and time ``engines`` on it.

    Raises :class:`BadInput` for an unknown name.
    """
    defect = defect_named(name)
    result = check(defect.environment, defect.sizes, ["exhaustive"], progress=progress)
    fixes = tuple(check_fix(world, defect) for world in dict.fromkeys((defect.fixed, *defect.repairs)))
    found = result.exhaustive
    run = found.against.get(defect.violates)
    timings = {engine: time_engine(defect, engine, len(run) if run else None) for engine in engines}
    return Derived(defect, found, fixes, timings)


def check_fix(environment: str, defect: Defect) -> Fix:
    """Check a world that is to fix a defect, at the defect's sizes and for every size."""
    result = check(environment, defect.sizes, ["exhaustive"])
    not_shown = _not_shown(result)
    violated = defect.violates in not_shown
    found = result.exhaustive
    run = found.against.get(defect.violates)
    proof = "fails" if violated else _proof(environment, defect.violates)
    others = tuple(name for name in not_shown if name != defect.violates)
    return Fix(environment, violated, found.states, len(run) if run else None, proof, others)


def _proof(environment: str, name: str) -> str:
    proof = prove_model(unbounded_model(environment))
    return "proved" if name in proof.proved else "fails" if name in proof.unproved else "not tried"


def time_engine(defect: Defect, engine: str, depth: int | None = None) -> tuple[float, int | None]:
    """Seconds that an engine takes to refute a defect's property, and the length of its run; None if it finds none.

    No other property is checked. ``depth`` is how many steps the bounded engine looks ahead.
    """
    concrete = with_one_property(prepare(defect.environment, defect.sizes), defect.violates)
    [item] = concrete.model.properties
    if engine != "exhaustive" and item.declared.kind in (*OF_ALL_STATES, SOMETIMES):
        return 0.0, None  # only a search of all states decides such a property
    sampled = SamplingOptions(profile="thorough", until=frozenset({defect.violates}))
    options = Options(bounded=BoundedOptions(depth), sampled=sampled)
    found = ENGINES[engine](concrete, Limits(seconds=SECONDS), getattr(options, engine), no_progress)
    run = found.against.get(defect.violates)
    return found.seconds, len(run) if run is not None else None


def with_one_property(concrete: Concrete, name: str) -> Concrete:
    """A world whose only property is the one of that name."""
    model = concrete.model
    actions = tuple(
        replace(action, promises=tuple(p for p in action.promises if p[0] == name)) for action in model.actions
    )
    properties = tuple(p for p in model.properties if p.name == name)
    return Concrete(replace(model, actions=actions, properties=properties), concrete.sizes)


def _not_shown(result: Result) -> list[str]:
    """The properties that are not shown to hold; an undecided one is among them, as a fix has to be shown."""
    return [p.name for p in result.properties if not result.verdict(p.name).holds]
