"""Proof by induction, for every size: each lemma holds initially, and every step keeps it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache

import z3

from hintproof.engines.obligations import WELL_FORMED, Obligations, Query
from hintproof.system.progress import Progress, no_progress
from hintspec.language.declare import STEP
from hintspec.language.recording import Model

#: Seconds after which an obligation is undecided.
SECONDS = 20.0


@dataclass(frozen=True)
class Obligation:
    """What became of one query: "proved", "fails" or "undecided"."""

    by: str
    claim: str
    verdict: str
    seconds: float


@dataclass
class Proof:
    """All obligations of one model. ``proved`` names the properties that hold for every size.

    ``unproved`` are those whose proof fails, ``open`` those of which no proof is tried (such as progress).
    ``untouched`` counts the pairs of a step and a claim that need no query.
    """

    obligations: list[Obligation] = field(default_factory=list)
    untouched: int = 0
    proved: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> list[Obligation]:
        """The obligations that are not proved."""
        return [o for o in self.obligations if o.verdict != "proved"]


#: Answers that are remembered: those of a few models, as models that are proved one after the other share queries.
_REMEMBERED = 4_000


@dataclass(frozen=True)
class _Question:
    """A query without its names: the numbers of its terms, which mean the terms as long as one keeps the query."""

    goal: int
    known: frozenset[int]
    query: Query = field(compare=False)

    @classmethod
    def of(cls, query: Query) -> _Question:
        return cls(query.goal.get_id(), frozenset(fact.get_id() for _, fact in query.known), query)


@lru_cache(_REMEMBERED)
def _verdict(question: _Question, seconds: float) -> str:
    answer = question.query.answer(seconds)
    return "proved" if answer == z3.unsat else "fails" if answer == z3.sat else "undecided"


def ask(query: Query, seconds: float = SECONDS) -> Obligation:
    """Put one query to Z3; a question that was put before has its answer."""
    began = time.monotonic()
    verdict = _verdict(_Question.of(query), seconds)
    return Obligation(query.by, query.claim, verdict, time.monotonic() - began)


def prove(model: Model, seconds: float = SECONDS, progress: Progress = no_progress) -> Proof:
    """Prove the ALWAYS and STEP properties of a model by its lemmas.

    A property is proved if its own obligations are, and those of every lemma that it depends on, directly or by
    way of other lemmas. So a lemma that fails takes with it only what depends on it.
    """
    began = time.monotonic()
    proof = Proof()
    for item in Obligations(model).all():
        if item is None:
            proof.untouched += 1
            continue
        proof.obligations.append(ask(item, seconds))
        progress("obligations", len(proof.obligations))
    tried, failed = {o.claim for o in proof.obligations}, {o.claim for o in proof.failed}
    proof.proved, proof.unproved, proof.open = settled(model, tried, failed)
    proof.seconds = time.monotonic() - began
    return proof


def settled(model: Model, tried: set[str], failed: set[str]) -> tuple[list[str], list[str], list[str]]:
    """Which properties are proved, not proved, and not tried, by the claims whose obligations were and failed.

    A STEP property without an obligation is kept as it is written: no step of this world promises it.
    """
    proved: list[str] = []
    unproved: list[str] = []
    untried: list[str] = []
    for item in model.properties:
        if item.name not in tried and item.declared.kind != STEP:
            untried.append(item.name)
        elif failed.isdisjoint(rests_on(model, item.name)) and WELL_FORMED not in failed:
            proved.append(item.name)
        else:
            unproved.append(item.name)
    return proved, unproved, untried


def rests_on(model: Model, name: str) -> set[str]:
    """A claim, and all the lemmas that its proof uses, directly or by way of other lemmas."""
    claims = {item.name: item for item in model.claims}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        here = waiting.pop()
        if here in claims and here not in found:
            found.add(here)
            waiting.extend(claims[here].declared.leans_on)
    return found
