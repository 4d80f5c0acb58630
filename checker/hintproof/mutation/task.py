"""Mutation of named environments, side by side, with results that are written as they come: the Python API."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from hintproof.mutation.baseline import Baseline
from hintproof.mutation.equivalence_proof import EquivalenceProof
from hintproof.mutation.judge import EQUAL, KILLED, PROVED, SURVIVES, UNDECIDED, Outcome, Stage, search_mutant
from hintproof.mutation.mutants import MERGE, Mutant, is_budget, mutants
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically
from hintproof.system.progress import Progress, no_progress
from hintproof.tasks.prove import unbounded_model
from hintproof.tasks.verdict import Exit
from hintproof.trace.replay import record_environment
from hintspec.catalogue.mutation_stages import stages_for
from hintspec.language.folds import spell
from hintspec.language.recording import RecordedAction
from hintspec.language.sizes import Sizes

#: Changes whenever the results of a mutant, or the way they come about, change.
SCHEMA = "hintproof-mutation/2"

#: Seconds for one question to the solver.
_SECONDS = 5.0


@dataclass(frozen=True)
class Row:
    """A mutant and its outcome, as a line of the file of results has it."""

    name: str
    step: str
    operator: str
    part: str
    says: str
    outcome: Outcome


@cache
def mutants_of(environment: str) -> dict[str, Mutant]:
    """All mutants of an environment by name."""
    return {mutant.name: mutant for mutant in mutants(record_environment(environment))}


@cache
def _baseline(environment: str, sizes: Sizes) -> Baseline:
    return Baseline(record_environment(environment), sizes)


@cache
def stages_of(environment: str) -> tuple[Stage, ...]:
    """The sizes and worlds in which the mutants of an environment are searched, one after the other."""
    return tuple(
        Stage(sizes, world, partial(counterpart, world)) if world else Stage(sizes)
        for world, sizes in ((("" if w == environment else w), s) for w, s in stages_for(environment))
    )


def counterpart(environment: str, mutant: Mutant) -> Mutant | None:
    """The mutant of another environment that changes the same words of the same step; None if there is none."""
    there = mutants_of(environment).get(mutant.name)
    return there if there is not None and there.says == mutant.says else None


@cache
def _equivalence_proof(environment: str) -> EquivalenceProof:
    return EquivalenceProof(unbounded_model(environment), _SECONDS)


def judge_mutant(environment: str, name: str, seconds: float | None = None, progress: Progress = no_progress) -> Row:
    """Search a mutant at one size after the other; if it never differs from the original, try to prove them equal.

    ``seconds`` limits its searches. Raises :class:`BadInput` for an unknown environment.
    """
    mutant = mutants_of(environment)[name]

    def baseline(stage: Stage) -> Baseline:
        progress(f"at {stage.sizes} {stage.world}", 1)
        return _baseline(stage.world or environment, stage.sizes)

    outcome = search_mutant(mutant, stages_of(environment), baseline, seconds)
    provable = outcome.verdict == EQUAL and mutant.operator != MERGE
    if provable and _equivalence_proof(environment).proves(_without_budgets(mutant.made[0])):
        outcome = replace(outcome, verdict=PROVED)
    elif outcome.verdict == EQUAL and outcome.elsewhere:
        outcome = replace(outcome, verdict=SURVIVES)
    return Row(mutant.name, mutant.step, mutant.operator, mutant.part, mutant.says, outcome)


def _without_budgets(action: RecordedAction) -> RecordedAction:
    guard = tuple(c for c in action.guard if not is_budget(c.term))
    return replace(action, guard=guard, updates={n: t for n, t in action.updates.items() if not n.startswith("left.")})


# -- summary ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """All results of an environment so far."""

    environment: str
    digest: str
    stages: tuple[str, ...]
    rows: tuple[Row, ...]

    def _with(self, *verdicts: str) -> list[Row]:
        return [row for row in self.rows if row.outcome.verdict in verdicts]

    @property
    def killed(self) -> list[Row]:
        """The mutants that a property, a lemma or a goal noticed."""
        return self._with(KILLED)

    @property
    def equal(self) -> list[Row]:
        """The mutants that behave as the original: proved for every size, or at all sizes that were searched."""
        return self._with(PROVED, EQUAL)

    @property
    def survivors(self) -> list[Row]:
        """The mutants that behave otherwise, and nothing noticed: a rule is not needed, or a property is missing."""
        return self._with(SURVIVES)

    @property
    def undecided(self) -> list[Row]:
        """The mutants whose search was ended by a limit."""
        return self._with(UNDECIDED)

    @property
    def score(self) -> float | None:
        """The mutation score: the part of the decided mutants that was killed, without those that are equal."""
        return len(self.killed) / (len(self.killed) + len(self.survivors)) if self.killed else None

    @property
    def seconds(self) -> float:
        """The seconds that all searches took together."""
        return sum(row.outcome.seconds for row in self.rows)

    def by_step(self) -> dict[str, list[Row]]:
        """The rows of each step, in the order of the text."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.step, []).append(row)
        return found

    @property
    def exit(self) -> Exit:
        """0 if none survives, 1 if one does; else 3 if anything is undecided."""
        if self.survivors:
            return Exit.REFUTED
        return Exit.UNDECIDED if self.undecided else Exit.AS_EXPECTED


def summarize(environment: str, rows: Iterable[Row]) -> Summary:
    """Put results together, in the order of the text."""
    by_name = {row.name: row for row in rows}
    ordered = tuple(by_name[name] for name in mutants_of(environment) if name in by_name)
    stages = tuple(f"{world} {sizes}" for world, sizes in stages_for(environment))
    return Summary(environment, digest(environment), stages, ordered)


# -- the file of results ----------------------------------------------------------------------


def digest(environment: str) -> str:
    """A hash of all that the results of an environment depend on: its terms, the sizes, the way of judging."""
    model = record_environment(environment)
    parts: list[Any] = [SCHEMA, [f"{world} {sizes}" for world, sizes in stages_for(environment)]]
    parts += [(v.name, spell(v.init)) for v in model.vars]
    for a in model.actions:
        updates = [(n, spell(t)) for n, t in a.updates.items()]
        parts.append((a.name, [spell(c.term) for c in a.guard], updates, [(n, spell(t)) for n, t in a.promises]))
    parts += [
        (p.name, None if p.term is None else spell(p.term), [sorted(f.steps) for f in p.fair]) for p in model.claims
    ]
    parts += [(c.name, c.by, spell(c.term)) for c in model.reachable]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Key:
    """The model that a result is of."""

    environment: str
    digest: str


class Results:
    """A file of results, a line a mutant, that grows as they come; results of another model are left out.

    Raises :class:`BadInput` for a file that can't be read, or that is no file of results.
    """

    def __init__(self, file: Path, environment: str) -> None:
        self.file = file
        self._key = _Key(environment, digest(environment))
        self.rows: dict[str, Row] = {}
        known = mutants_of(environment)
        self.rows |= {row.name: row for row in self._read() if row.name in known}
        write_atomically(file, "".join(map(self._line, self.rows.values())))

    def _read(self) -> Iterable[Row]:
        if not self.file.exists():
            return
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError) as problem:
            raise BadInput(f"can't read {self.file}: {problem}") from None
        for number, line in enumerate(lines, 1):
            if not line.endswith("\n"):
                continue  # a line that was being written as its process ended
            try:
                key, row = msgspec.json.decode(line, type=_Key), msgspec.json.decode(line, type=Row)
            except msgspec.DecodeError:
                raise BadInput(f"{self.file}:{number}: this is no result of 'hintproof mutate'") from None
            if key == self._key:
                yield row

    def _line(self, row: Row) -> str:
        return json.dumps({**asdict(self._key), **asdict(row)}) + "\n"

    def add(self, row: Row) -> None:
        """Add one more result to the file."""
        self.rows[row.name] = row
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(self._line(row))
