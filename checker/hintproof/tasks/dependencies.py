"""Proof dependencies: which properties lose their proof without a guard, an update or a lemma.

Each part is left out in turn, and the queries that it could matter to are made again: for a guard or a lemma, those
whose proof uses it. The proof of safety does without some guards: they are there for liveness, or because the code
has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from hintproof.engines.induction import SECONDS, ask, rests_on
from hintproof.engines.induction import prove as prove_model
from hintproof.engines.obligations import WELL_FORMED, Obligations, Query
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress, no_progress
from hintproof.tasks.prove import unbounded_model
from hintspec.language.errors import quote, suggest
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
class Dependency:
    """A part, the claims that fail without it at once, and the properties that lose their proof by that."""

    part: Part
    breaks: tuple[str, ...]
    unproved: tuple[str, ...]


def parts_of(model: Model) -> list[Part]:
    """All parts of a model that can be left out, in the order of the text."""
    found = []
    for action in model.actions:
        real = [number for number, c in enumerate(action.guard) if any(reads(c.term))]  # others hold in this world
        found += [Part(GUARD, action.name, str(number)) for number in real]
        found += [Part(UPDATE, action.name, variable) for variable in action.updates]
    return found + [Part(LEMMA, "", item.name) for item in model.lemmas]


def parts_named(model: Model, name: str) -> list[Part]:
    """The parts that a name may mean: a lemma; a step, or one part of it; a variable; a function of the real code.

    Raises :class:`BadInput` for an unknown name.
    """
    functions = {a.name: set(re.findall(r"\w+", a.action.where)) for a in model.actions}
    found = [
        part
        for part in parts_of(model)
        if name in (part.name, part.step, str(part)) or name in functions.get(part.step, ())
    ]
    if not found:
        hint = suggest(name, [*functions, *(p.name for p in (*model.lemmas, *model.properties))])
        raise BadInput(f"no lemma, step, variable or function {quote(name)} in this environment{hint}")
    return found


def why_not_needed(term: Term) -> str:
    """Why the proof of safety does without a guard, from the variables that it reads."""
    variables = dict.fromkeys(name.split(":")[0] for name in reads(term))
    return "; ".join(NOT_FOR_SAFETY[v] for v in variables if v in NOT_FOR_SAFETY)


def term_of(model: Model, part: Part) -> Term | None:
    """The term of a part: a condition, a new value, a lemma's predicate."""
    if part.kind == LEMMA:
        return model.claim_named(part.name).term
    action = model.action_named(part.step)
    return action.guard[int(part.name)].term if part.kind == GUARD else action.updates[part.name]


def _without(action: RecordedAction, variable: str) -> RecordedAction:
    return replace(action, updates={n: t for n, t in action.updates.items() if n != variable})


class DependencyFinder:
    """Finds what depends on the parts of one environment, from one proof of it."""

    def __init__(self, environment: str, seconds: float = SECONDS) -> None:
        self.model = unbounded_model(environment)
        self._seconds = seconds
        self._proof = prove_model(self.model, seconds)
        self._failed = {(o.by, o.claim) for o in self._proof.failed}
        self._obligations = Obligations(self.model)
        self._proved_queries = cache(self._prove_queries)

    def leave_out(self, part: Part) -> Dependency:
        """Leave a part out, and find the claims that fail without it."""
        if part.kind == UPDATE:
            changed = _without(self.model.action_named(part.step), part.name)
            queries = list(filter(None, self._obligations.of_step(changed)))
        else:
            queries = list(self._queries_without(part))
        breaks = {
            q.claim
            for q in queries
            if (q.by, q.claim) not in self._failed and ask(q, self._seconds).verdict != "proved"
        }
        unproved = [
            name
            for name in self._proof.proved
            if WELL_FORMED in breaks or not breaks.isdisjoint(rests_on(self.model, name))
        ]
        return Dependency(part, tuple(sorted(breaks)), tuple(unproved))

    def _queries_without(self, part: Part) -> Iterator[Query]:
        """The queries whose proof uses a guard or a lemma, without that fact."""
        fact = part.name if part.kind == LEMMA else f"guard {part.name}"
        steps = [part.step] if part.step else [action.name for action in self.model.actions]
        for query, needed in chain.from_iterable(map(self._proved_queries, steps)):
            if fact in needed and query.claim != part.name:
                yield query.without(fact)

    def _prove_queries(self, step: str) -> list[tuple[Query, set[str]]]:
        """The queries of a step, each with the names of the facts that its proof uses: no other fact matters to it."""
        queries = filter(None, self._obligations.of_step(self.model.action_named(step)))
        return [(query, {name for name, _ in query.core(self._seconds)[1]}) for query in queries]


def find_dependencies(
    environment: str, parts: Sequence[Part], seconds: float = SECONDS, progress: Progress = no_progress
) -> list[Dependency]:
    """Leave each part of an environment out in turn, and find what depends on it.

    ``seconds`` limits each obligation. Raises :class:`BadInput` for an unknown environment.
    """
    finder = DependencyFinder(environment, seconds)
    found = []
    for part in parts:
        found.append(finder.leave_out(part))
        progress("parts left out", len(found))
    return found
