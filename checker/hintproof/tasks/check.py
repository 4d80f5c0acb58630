"""The Python API: check an environment with some engines, alone or many at a time.

>>> from hintproof import check
>>> result = check("no-hint+qemu-10+tcg", engines=["exhaustive"])
>>> print(result.verdict("no_lost_write").value)
exhausted
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from hintproof.engines.limits import Limits
from hintproof.engines.options import (
    DEFAULT_DEPTH,
    PROFILES,
    BoundedOptions,
    ExhaustiveOptions,
    Options,
    SamplingOptions,
)
from hintproof.engines.report import NO_DEADLOCK, BoundedFound, ExhaustiveFound
from hintproof.engines.report import Coverage as Coverage
from hintproof.engines.report import Found as Found
from hintproof.engines.report import SampledFound as SampledFound
from hintproof.interpret.concrete import Concrete
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.symmetry import canonical_form
from hintproof.story.likeness import find_likenesses
from hintproof.story.model import Likeness
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress, no_progress
from hintproof.system.workers import Runner, Task, run_in_order
from hintproof.tasks.verdict import Exit, Judgement, Verdict, combine, exit_code, judge
from hintproof.trace.replay import Trace, from_engine, prepare, resolve_environment
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import Record, known_at, pins, records_of
from hintspec.language.declare import ALWAYS, Property
from hintspec.language.errors import SpecError, quote, suggest
from hintspec.language.sizes import Sizes

EngineOptions = ExhaustiveOptions | BoundedOptions | SamplingOptions


# Each engine is imported where it runs: NumPy, Z3 and Hypothesis take a while.
def _run_exhaustive(concrete: Concrete, limits: Limits, options: ExhaustiveOptions, progress: Progress) -> Found:
    from hintproof.engines.exhaustive import explore_all

    return explore_all(concrete, limits, options, progress)


def _run_bounded(concrete: Concrete, limits: Limits, options: BoundedOptions, progress: Progress) -> Found:
    from hintproof.engines.bounded import search_bounded

    return search_bounded(concrete, limits, options, progress)


def _run_sampled(concrete: Concrete, limits: Limits, options: SamplingOptions, progress: Progress) -> Found:
    from hintproof.engines.sampling import sample

    return sample(concrete, limits, options, progress)


#: The engines by name; each takes its own options.
ENGINES: dict[str, Callable[[Concrete, Limits, Any, Progress], Found]] = {
    "exhaustive": _run_exhaustive,
    "bounded": _run_bounded,
    "sampled": _run_sampled,
}

_NO_DEADLOCK = Property(
    NO_DEADLOCK,
    ALWAYS,
    "a system that still has something to do can do it",
    "In every reachable state some step is possible.",
)


@dataclass
class Result:
    """The results of all engines on one environment, beside its record."""

    environment: str
    sizes: Sizes
    properties: tuple[Property, ...]
    record: Record | None
    pinned: bool
    found: dict[str, Found] = field(default_factory=dict)
    _likenesses: dict[str, tuple[Likeness, ...]] = field(default_factory=dict, repr=False, compare=False)

    def add(self, found: Found) -> None:
        """Add the result of an engine; several results of the sampled engine are merged."""
        before = self.found.get(found.engine)
        if isinstance(before, SampledFound) and isinstance(found, SampledFound):
            found = before.merged(found)
        self.found[found.engine] = found
        self._likenesses.clear()

    @property
    def exhaustive(self) -> ExhaustiveFound:
        """The result of the exhaustive engine. Raises ``KeyError`` if it did not run."""
        found = self.found["exhaustive"]
        assert isinstance(found, ExhaustiveFound)
        return found

    def judgements(self, name: str) -> list[Judgement]:
        """The verdicts of the engines on one property."""
        item = next(p for p in self.properties if p.name == name)
        judgements = (judge(found, item) for found in self.found.values())
        return [judgement for judgement in judgements if judgement is not None]

    def verdict(self, name: str) -> Verdict:
        """The engines' verdicts on a property, combined."""
        return combine(j.verdict for j in self.judgements(name))

    def best(self, name: str) -> Judgement | None:
        """The judgement that carries the combined verdict; of several refutations the shortest."""
        carrying = [j for j in self.judgements(name) if j.verdict == self.verdict(name)]
        return min(carrying, key=lambda j: len(j.run) if j.run else 0, default=None)

    def trace(self, name: str) -> Trace | None:
        """The shortest run against (or, for a witness, for) a property, replayed."""
        best = self.best(name)
        if best is None or best.run is None:
            return None
        concrete = prepare(self.environment, self.sizes)
        return from_engine(self.environment, concrete, best.engine, name, best.run, best.loop)

    @property
    def known(self) -> dict[str, str]:
        """The defect by which each property is known to be violated, at the sizes of the record or at others."""
        if self.record is None:
            return {}
        return self.record.known if self.pinned else known_at(self.environment, self.sizes)

    def known_as(self, name: str) -> str:
        """The defect by which a property is known to be violated, in a line; "" if there is none."""
        return DEFECTS[self.known[name]].known if name in self.known else ""

    def looks_like(self, name: str) -> tuple[Likeness, ...]:
        """The known defects that a violation looks like, if no record knows it: a replay with their fixes shows it."""
        if name not in self._likenesses:
            trace = None if name in self.known or self.verdict(name) != Verdict.REFUTED else self.trace(name)
            self._likenesses[name] = find_likenesses(trace) if trace else ()
        return self._likenesses[name]

    @property
    def disagreements(self) -> list[str]:
        """Contradictions between engines: a bug in one of them."""
        return [line for item in self.properties for line in self._disagreements(item.name)]

    def _disagreements(self, name: str) -> list[str]:
        by_engine = {j.engine: j for j in self.judgements(name)}
        full, bounded = by_engine.get("exhaustive"), by_engine.get("bounded")
        lines = []
        if full and full.verdict == Verdict.EXHAUSTED:
            others = [j.engine for j in by_engine.values() if j.verdict == Verdict.REFUTED]
            lines += [f"{name}: exhaustive finds no run against it, {other} does" for other in others]
        unrolled = self.found.get("bounded")
        if full and full.run and bounded and isinstance(unrolled, BoundedFound):
            reached = unrolled.depths.get(name, 0)
            if bounded.run and len(bounded.run) != len(full.run):
                lines.append(f"{name}: shortest runs of {len(full.run)} and {len(bounded.run)} steps")
            elif not bounded.run and bounded.verdict == Verdict.BOUNDED and reached >= len(full.run):
                lines.append(f"{name}: bounded finds nothing in {reached} steps, exhaustive {len(full.run)}")
        return lines

    @property
    def deviations(self) -> list[str]:
        """The differences from the record, a line each; none without a record."""
        if self.record is None:
            return []
        lines = []
        for item in self.properties:
            refuted = self.verdict(item.name) == Verdict.REFUTED
            expected = item.name in self.known
            if self.pinned and refuted and not expected:
                lines.append(f"{item.name} is refuted and recorded as holding")
            elif expected and self.pinned and not refuted and self._is_exhausted(item.name):
                lines.append(f"{item.name} holds and is recorded as refuted")
        if self.pinned:
            lines += compare_pins(self)
        return lines

    def _is_exhausted(self, name: str) -> bool:
        """Whether the exhaustive engine decided that a property holds."""
        return any(j.engine == "exhaustive" and j.verdict.holds for j in self.judgements(name))

    def exit(self, strict: bool = False) -> Exit:
        """The exit code that this result alone would give: one rule, whether the environment is recorded or not.

        Only a violation that is not known is a refutation; with ``strict`` a known one is, too.
        """
        names = [item.name for item in self.properties]
        verdicts = [self.verdict(name) for name in names if strict or not self._is_known_violation(name)]
        if self.disagreements:
            return Exit.INTERNAL_ERROR
        if self.deviations:
            return Exit.REFUTED
        verdicts = verdicts or [Verdict.EXHAUSTED]
        if any(not found.finished for found in self.found.values()) and Verdict.REFUTED not in verdicts:
            return Exit.UNDECIDED
        return exit_code(verdicts)

    def _is_known_violation(self, name: str) -> bool:
        return bool(self.known_as(name)) and self.verdict(name) == Verdict.REFUTED


def pins_of(found: ExhaustiveFound) -> dict[str, Any]:
    """The counts and lengths of an exhaustive search that are pinned."""
    return {
        "states": found.states,
        "transitions": found.transitions,
        "depth": found.depth,
        "never": sorted(name for name, count in found.fired.items() if not count),
        "lengths": {name: len(run) for name, run in sorted((found.against | found.witnesses).items())},
        "loops": dict(sorted(found.loops.items())),
    }


def compare_pins(result: Result) -> list[str]:
    """The differences of a finished exhaustive search from its pinned counts, a line each.

    Runs of undecided properties are not compared.
    """
    if "exhaustive" not in result.found or not result.exhaustive.finished or result.record is None:
        return []
    pinned, now = pins().get(result.record.key), pins_of(result.exhaustive)
    if pinned is None:
        return ["nothing is pinned for this record: run 'hintproof pin'"]
    for name in result.exhaustive.undecided:
        pinned = {k: {n: v for n, v in p.items() if n != name} if isinstance(p, dict) else p for k, p in pinned.items()}
    return [f"{k}: {now[k]} now, {pinned[k]} recorded" for k in pinned if now[k] != pinned[k]]


def run_engine(
    engine: str,
    environment: str,
    sizes: Sizes,
    limits: Limits,
    options: EngineOptions,
    progress: Progress = no_progress,
) -> Found:
    """Run one engine on one environment, in this process. Raises :class:`BadInput` for a bad environment or size."""
    return ENGINES[engine](prepare(environment, sizes), limits, options, progress)


def _guess_cost(sizes: Sizes, options: EngineOptions) -> float:
    match options:
        case ExhaustiveOptions():
            return 10.0 * sizes.rounds * sizes.blocks
        case BoundedOptions(depth, depths):
            return float(max(depth or DEFAULT_DEPTH, *depths.values(), 0))
        case SamplingOptions(profile="thorough"):
            return 60.0
    return 1.0


#: An empty result, and the tasks that fill it.
Plan = tuple[Result, list[Task[Found]]]


def plan(
    environment: str,
    sizes: Sizes | None = None,
    engines: Sequence[str] = (),
    limits: Limits = Limits(),
    options: Options = Options(),
    record: Record | None = None,
) -> Plan:
    """An empty result and the tasks that fill it, in the order of the engines.

    Without sizes the environment is checked at those of its first record, or at the default ones. Raises
    :class:`BadInput` for an unknown environment, engine or size.
    """
    chosen = list(engines) or list(ENGINES)
    for engine in chosen:
        if engine not in ENGINES:
            hint = suggest(engine, ENGINES)
            raise BadInput(f"unknown engine {quote(engine)}{hint}: choose from {', '.join(ENGINES)}")
    if options.sampled.profile not in PROFILES:
        raise BadInput(f"unknown profile '{options.sampled.profile}': choose from {', '.join(PROFILES)}")
    environment = resolve_environment(environment).name  # by which it is recorded
    recorded = records_of(environment)
    record = record or next((r for r in recorded if r.sizes == sizes), next(iter(recorded), None))
    fits = record is not None and (sizes is None or sizes == record.sizes) and not options.exhaustive.symmetry
    sizes = sizes or (record.sizes if record else Sizes())
    concrete = prepare(environment, sizes)
    if options.exhaustive.symmetry:
        _refuse_asymmetry(concrete)
    properties = (*(p.declared for p in concrete.model.properties), _NO_DEADLOCK)
    result = Result(environment, sizes, properties, record, fits)
    bounded = options.bounded
    if record and fits and bounded.depth is None:
        bounded = BoundedOptions(record.depth, _depths_of_known(record))
    sampled = replace(options.sampled, name=f"{environment} | {sizes}")
    by_engine: dict[str, Sequence[EngineOptions]] = {
        "exhaustive": [options.exhaustive],
        "bounded": [bounded],
        "sampled": [replace(sampled, seed=seed) for seed in sampled.seeds],
    }
    tasks = [
        Task(
            environment,
            f"{engine} engine",
            partial(run_engine, engine, environment, sizes, limits, own),
            _guess_cost(sizes, own),
        )
        for engine in chosen
        for own in by_engine[engine]
    ]
    return result, tasks


def _refuse_asymmetry(concrete: Concrete) -> None:
    try:
        canonical_form(PackedCompiler(concrete))
    except SpecError as problem:
        raise BadInput(str(problem)) from None


def _depths_of_known(record: Record) -> dict[str, int]:
    """The depth of the bounded search for each known violation: the length of its shortest run."""
    lengths = pins().get(record.key, {}).get("lengths", {})
    return {name: max(record.depth, lengths[name]) for name in record.known if name in lengths}


def check(
    environment: str,
    sizes: Sizes | None = None,
    engines: Sequence[str] = (),
    limits: Limits = Limits(),
    options: Options = Options(),
    progress: Progress = no_progress,
) -> Result:
    """Check one environment in this process. Raises :class:`BadInput` as :func:`plan` does."""
    result, tasks = plan(environment, sizes, engines, limits, options)
    for task in tasks:
        result.add(task.run(progress=progress))
    return result


def check_all(plans: Sequence[Plan], runner: Runner[Found] = run_in_order) -> list[Result]:
    """Carry plans out, with the tasks of all of them side by side."""
    found = iter(runner([task for _, tasks in plans for task in tasks]))
    for result, tasks in plans:
        for _ in tasks:
            result.add(next(found))
    return [result for result, _ in plans]
