"""What rests on what: which properties lose their proof without a guard, an update or a lemma.

Each is left out in turn, and what it could matter to is asked again: of a guard or a lemma, the queries that Z3
showed with it. A guard that nothing needs is one that the proof of safety does without: it is there for progress,
or because the code is so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from hintproof.engines.induction import SECONDS, ask, prove, rests_on
from hintproof.engines.obligations import WELL_FORMED, Obligations, Query
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress
from hintproof.tasks.prove import ProofTask
from hintspec.language.errors import quote
from hintspec.language.folds import reads
from hintspec.language.recording import Model, RecordedAction
from hintspec.language.terms import Term
from hintspec.proof.unneeded_guards import NOT_FOR_SAFETY

GUARD, UPDATE, LEMMA = "guard", "update", "lemma"


@dataclass(frozen=True)
class Part:
    """A guard's conjunct (by its position), an update (by its variable) of a step, or a lemma."""

    kind: str
    step: str
    name: str

    def __str__(self) -> str:
        return self.name if self.kind == LEMMA else f"{self.step}.{self.name}"


@dataclass(frozen=True)
class Needed:
    """A part, the claims that fail without it at once, and the properties that lose their proof by that."""

    part: Part
    breaks: tuple[str, ...]
    falls: tuple[str, ...]


def parts_of(model: Model) -> list[Part]:
    """All parts of a model that can be left out, in the order of the text."""
    found = []
    for action in model.actions:
        real = [number for number, c in enumerate(action.guard) if any(reads(c.term))]  # others hold in this world
        found += [Part(GUARD, action.name, str(number)) for number in real]
        found += [Part(UPDATE, action.name, variable) for variable in action.updates]
    return found + [Part(LEMMA, "", item.name) for item in model.lemmas]


def named(model: Model, name: str) -> list[Part]:
    """The parts that a name may mean: a lemma; a step, or one part of it; a variable; a function of the real code.

    Raises :class:`BadInput` for a name that means none.
    """
    functions = {a.name: set(re.findall(r"\w+", a.action.where)) for a in model.actions}
    found = [
        part
        for part in parts_of(model)
        if name in (part.name, part.step, str(part)) or name in functions.get(part.step, ())
    ]
    if not found:
        near = difflib.get_close_matches(name, [*functions, *(p.name for p in model.lemmas)], 1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise BadInput(f"no lemma, step, variable or function {quote(name)} in this environment{hint}")
    return found


def why_not_needed(term: Term) -> str:
    """Why a guard is not needed for safety, by what it reads."""
    variables = dict.fromkeys(name.split(":")[0] for name in reads(term))
    return "; ".join(NOT_FOR_SAFETY[v] for v in variables if v in NOT_FOR_SAFETY)


def term_of(model: Model, part: Part) -> Term | None:
    """What is written there: a condition, a new value, a lemma's predicate."""
    if part.kind == LEMMA:
        return model.claim_named(part.name).term
    action = model.action_named(part.step)
    return action.guard[int(part.name)].term if part.kind == GUARD else action.updates[part.name]


def _without(action: RecordedAction, variable: str) -> RecordedAction:
    return replace(action, updates={n: t for n, t in action.updates.items() if n != variable})


class Resting:
    """What rests on what in one environment."""

    def __init__(self, environment: str, seconds: float = SECONDS) -> None:
        self.environment = environment
        self.seconds = seconds
        self.model = ProofTask(environment).model()
        self.proof = prove(self.model, seconds)
        self._failed = {(o.by, o.claim) for o in self.proof.failed}
        self._obligations = Obligations(self.model)
        self._shown = cache(self._queries_of)

    def needed(self, part: Part) -> Needed:
        """What fails without a part."""
        if part.kind == UPDATE:
            changed = _without(self.model.action_named(part.step), part.name)
            queries = [q for q in self._obligations.of_step(changed) if isinstance(q, Query)]
        else:
            queries = list(self._that_use(part))
        breaks = {
            q.claim for q in queries if (q.by, q.claim) not in self._failed and ask(q, self.seconds).verdict != "proved"
        }
        falls = [
            name
            for name in self.proof.proved
            if WELL_FORMED in breaks or not breaks.isdisjoint(rests_on(self.model, name))
        ]
        return Needed(part, tuple(sorted(breaks)), tuple(falls))

    def _that_use(self, part: Part) -> Iterator[Query]:
        """The queries that were shown with the help of a guard or a lemma, now without it."""
        fact = part.name if part.kind == LEMMA else f"guard {part.name}"
        steps = [part.step] if part.step else [action.name for action in self.model.actions]
        for query, needed in chain.from_iterable(map(self._shown, steps)):
            if fact in needed and query.claim != part.name:
                yield query.without(fact)

    def _queries_of(self, step: str) -> list[tuple[Query, set[str]]]:
        """The queries of a step, and the names of the facts from which Z3 shows each: no other fact matters to it."""
        queries = (q for q in self._obligations.of_step(self.model.action_named(step)) if isinstance(q, Query))
        return [(query, {name for name, _ in query.core(self.seconds)[1]}) for query in queries]


@dataclass(frozen=True)
class RestingTask:
    """What rests on some parts of one environment: a unit of parallel work."""

    environment: str
    parts: tuple[Part, ...]
    seconds: float = SECONDS
    engine: str = "resting"

    def __str__(self) -> str:
        return f"what rests on what in {self.environment}"

    def run(self, progress: Progress | None = None) -> list[Needed]:
        """Leave each part out in turn."""
        resting = Resting(self.environment, self.seconds)
        found = []
        for part in self.parts:
            found.append(resting.needed(part))
            if progress:
                progress("parts left out", len(found))
        return found
