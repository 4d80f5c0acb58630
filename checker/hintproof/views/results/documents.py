"""Results of the tasks as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from hintproof.mutation.task import Summary, mutants_of
from hintproof.story.model import Likeness, PreventingRule
from hintproof.system.documents import Document
from hintproof.tasks.check import Coverage, Found, Result, SampledFound
from hintproof.tasks.cover import Covered
from hintproof.tasks.defects import Derived
from hintproof.tasks.prove import Obligation, ProofResult
from hintproof.views.structs import fill
from hintspec.catalogue.defect import Defect, Status
from hintspec.language.declare import Property
from hintspec.language.sizes import Sizes

# -- checks -----------------------------------------------------------------------------------


class Condition(msgspec.Struct, kw_only=True):
    """A condition of a step, and whether an exploration saw it true and saw it false."""

    step: str
    kind: str = msgspec.field(name="of")
    condition: int
    true: bool
    false: bool


class Exploration(msgspec.Struct):
    """The coverage of an exploration: steps, pairs of actors, conditions; and the seconds until each run was found."""

    found_after: dict[str, float]
    replayed: list[str]
    steps: dict[str, int]
    pairs_of_actors: dict[str, int]
    conditions: list[Condition]


class EngineResult(msgspec.Struct):
    """The counts of one engine, and the limit that ended it early, if one did."""

    finished: bool
    stopped_by: str
    states: int
    transitions: int
    depth: int
    runs: int
    seconds: float
    fired: dict[str, int]
    exploration: Exploration | UnsetType = UNSET


class EngineVerdict(msgspec.Struct):
    """The verdict of one engine on a property. ``loop``: the run goes round for ever after so many steps."""

    engine: str
    verdict: str
    detail: str
    loop: int | None


class PropertyResult(msgspec.Struct):
    """The verdict of all engines on a property, and the file of the trace that refutes it.

    ``looks_like``: where no record knows a violation, the defects that a replay with their fixes shows to be like it.
    """

    property: str
    kind: str
    clause: str
    verdict: str
    known_as: str
    looks_like: tuple[Likeness, ...]
    trace: str | None
    judgements: list[EngineVerdict]


class EnvironmentResult(msgspec.Struct):
    """The results of one environment. ``not_as_recorded`` has a line for each difference from its record."""

    environment: str
    sizes: Sizes
    not_as_recorded: list[str]
    engines: dict[str, EngineResult]
    properties: list[PropertyResult]


class ResultsDocument(Document, tag="hintproof-results/1"):
    """The results of ``hintproof check``, with its exit code."""

    exit: int
    results: list[EnvironmentResult]


def results_document(results: Sequence[tuple[Result, dict[str, Path]]], code: int) -> ResultsDocument:
    """The results of checks, each with the files of its traces by property."""
    return ResultsDocument(exit=code, results=[_environment(result, files) for result, files in results])


def _environment(result: Result, files: dict[str, Path]) -> EnvironmentResult:
    return fill(
        EnvironmentResult,
        result,
        not_as_recorded=[*result.disagreements, *result.deviations],
        engines={engine: _engine(found) for engine, found in result.found.items()},
        properties=[_property(result, item, files) for item in result.properties],
    )


def _property(result: Result, item: Property, files: dict[str, Path]) -> PropertyResult:
    return fill(
        PropertyResult,
        item,
        property=item.name,
        verdict=result.verdict(item.name).value,
        known_as=result.known_as(item.name),
        looks_like=result.looks_like(item.name),
        trace=str(files[item.name]) if item.name in files else None,
        judgements=[fill(EngineVerdict, j, verdict=j.verdict.value) for j in result.judgements(item.name)],
    )


def _engine(found: Found) -> EngineResult:
    exploration = to_exploration(found, found.coverage) if isinstance(found, SampledFound) and found.coverage else UNSET
    return fill(EngineResult, found, **found.counts, seconds=round(found.seconds, 3), exploration=exploration)


def to_exploration(found: SampledFound, seen: Coverage) -> Exploration:
    """The coverage of a sampled search."""
    return Exploration(
        found_after={name: round(seconds, 3) for name, seconds in found.after.items()},
        replayed=sorted(found.replayed),
        steps=seen.steps,
        pairs_of_actors=seen.pairs,
        conditions=msgspec.convert(seen.branches, list[Condition], from_attributes=True),
    )


# -- proofs -----------------------------------------------------------------------------------


class ProofOfEnvironment(msgspec.Struct):
    """The proof of one environment for every size: properties by outcome, and every obligation with its seconds."""

    environment: str
    says: str
    proved: list[str]
    known_to_fall: dict[str, str]
    not_proved: list[str]
    not_tried: list[str]
    untouched: int
    obligations: list[Obligation]


class ProofsDocument(Document, tag="hintproof-proofs/1"):
    """The results of ``hintproof prove``, with its exit code."""

    exit: int
    proofs: list[ProofOfEnvironment]


def proofs_document(results: Sequence[ProofResult], code: int) -> ProofsDocument:
    """All proofs, with every obligation."""
    return ProofsDocument(
        exit=code,
        proofs=[
            fill(
                ProofOfEnvironment,
                result.proof,
                environment=result.environment,
                says=result.says,
                known_to_fall={n: result.known_as(n) for n in result.proof.unproved if result.known_as(n)},
                not_proved=result.missing,
                not_tried=result.proof.open,
            )
            for result in results
        ],
    )


# -- cover reports ----------------------------------------------------------------------------


class CoveredItem(msgspec.Struct):
    """A step ("action"), a goal, or a hypothesis of a lemma by its number; its shortest run, null if no run met it."""

    kind: str
    name: str
    number: int
    length: int | None


class CoverOfEnvironment(msgspec.Struct):
    """The cover report of one environment. ``finished``: each item was met, or all states of these sizes visited."""

    environment: str
    finished: bool
    states: int
    seconds: float
    items: list[CoveredItem]


class CoverDocument(Document, tag="hintproof-cover/1"):
    """The results of ``hintproof cover``, with its exit code."""

    exit: int
    environments: list[CoverOfEnvironment]


def cover_document(reports: Sequence[tuple[str, Covered]], code: int) -> CoverDocument:
    """All cover reports, with every item."""
    return CoverDocument(
        exit=code,
        environments=[
            fill(
                CoverOfEnvironment,
                report,
                environment=environment,
                seconds=round(report.seconds, 3),
                items=[fill(CoveredItem, item, length=length) for item, length in report.lengths.items()],
            )
            for environment, report in reports
        ],
    )


# -- known defects ----------------------------------------------------------------------------


class ListedDefect(msgspec.Struct):
    """A known defect, in short."""

    name: str
    label: str
    title: str
    status: Status
    affects: str


class DefectListDocument(Document, tag="hintproof-defect-list/1"):
    """The list of ``hintproof defects``."""

    defects: list[ListedDefect]


def defect_list_document(defects: Sequence[Defect]) -> DefectListDocument:
    """The known defects in short."""
    return DefectListDocument(defects=msgspec.convert(defects, list[ListedDefect], from_attributes=True))


class EngineTime(msgspec.Struct):
    """The seconds that an engine took to find a defect, and the length of its run; null if it found none."""

    seconds: float
    steps: int | None


class FixedWorld(msgspec.Struct):
    """A world that is to fix a defect. ``falls``: the property is violated there all the same."""

    environment: str
    falls: bool
    states: int
    steps: int | None
    proof: str


class DerivedDefect(msgspec.Struct):
    """A known defect derived anew: the search of its world, and the worlds that are to fix it."""

    name: str
    label: str
    environment: str
    sizes: str
    falls: str
    states: int
    steps: str | None
    engines: dict[str, EngineTime]
    mended: list[FixedWorld]
    problems: list[str]


class DefectsDocument(Document, tag="hintproof-defects/1"):
    """The results of ``hintproof defects --derive``."""

    defects: list[DerivedDefect]


def defects_document(found: Sequence[Derived]) -> DefectsDocument:
    """The figures of derived defects."""
    return DefectsDocument(
        defects=[
            fill(
                DerivedDefect,
                d.defect,
                sizes=str(d.defect.sizes),
                falls=d.defect.violates,
                states=d.found.states,
                steps=d.trace.length if d.trace else None,
                engines={e: EngineTime(round(seconds, 3), steps) for e, (seconds, steps) in d.timings.items()},
                mended=[FixedWorld(f.environment, f.violated, f.states, f.length, f.proof) for f in d.fixes],
                problems=d.problems,
            )
            for d in found
        ]
    )


class DefectRules(msgspec.Struct):
    """The rules that a defect needs: with another value of one of them the property holds."""

    name: str
    stopped_by: list[PreventingRule]


class RulesDocument(Document, tag="hintproof-rules/1"):
    """The results of ``hintproof defects --rules``."""

    defects: list[DefectRules]


# -- mutants ----------------------------------------------------------------------------------


class MutantResult(msgspec.Struct):
    """A mutant and its verdict. The other fields are those of a killed one: what killed it, how, and where."""

    name: str
    says: str
    verdict: str
    kind: str | UnsetType = UNSET
    by: str | UnsetType = UNSET
    how: str | UnsetType = UNSET
    length: int | UnsetType | None = UNSET
    sizes: str | UnsetType = UNSET
    world: str | UnsetType = UNSET


class MutantsDocument(Document, tag="hintproof-mutants/2"):
    """The results of ``hintproof mutate``, with its exit code. ``made`` counts all mutants of the environment."""

    exit: int
    environment: str
    digest: str
    stages: tuple[str, ...]
    score: float | None
    seconds: float
    made: int
    judged: int
    killed: int
    equivalent: int
    survivors: int
    undecided: int
    mutants: list[MutantResult]


def mutants_document(summary: Summary, code: int) -> MutantsDocument:
    """All mutants that were judged."""
    return fill(
        MutantsDocument,
        summary,
        exit=code,
        seconds=round(summary.seconds, 1),
        made=len(mutants_of(summary.environment)),
        judged=len(summary.rows),
        killed=len(summary.killed),
        equivalent=len(summary.equal),
        survivors=len(summary.survivors),
        undecided=len(summary.undecided),
        mutants=[
            fill(MutantResult, row.outcome.kill, name=row.name, says=row.says, verdict=row.outcome.verdict)
            for row in summary.rows
        ],
    )
