"""Proofs for every size, of named environments: the Python API.

>>> from hintproof.tasks.prove import prove
>>> prove("no-hint+qemu-10+tcg").proof.proved
['no_lost_write', 'block_conserved']
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hintproof.engines.cti import (
    Counterexample,
    Reached,
    check_counterexample,
    find_counterexample,
    reach,
    with_budgets,
)
from hintproof.engines.induction import SECONDS as SECONDS
from hintproof.engines.induction import Obligation as Obligation
from hintproof.engines.induction import Proof
from hintproof.engines.induction import prove as prove_model
from hintproof.interpret.concrete import Concrete
from hintproof.system.progress import Progress, no_progress
from hintproof.trace.replay import Trace, follow, from_engine, prepare, record_environment, trace_of_step
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import known_at_any_size
from hintspec.language.recording import Model
from hintspec.language.sizes import Sizes


@dataclass(frozen=True)
class Failure:
    """An obligation that fails, with the smallest state that shows it, and whether a search of small sizes reaches it.

    Both are None for an obligation that is undecided, or whose counterexamples are all too large.
    """

    obligation: Obligation
    counterexample: Counterexample | None
    reached: Reached | None


@dataclass
class ProofResult:
    """The proof of an environment, and the failures that no known defect explains."""

    environment: str
    proof: Proof
    failures: list[Failure] = field(default_factory=list)

    def known_as(self, name: str) -> str:
        """The name of the defect by which a property is known to be violated; "" if there is none."""
        return known_at_any_size(self.environment).get(name, "")

    @property
    def missing(self) -> list[str]:
        """The properties that are neither proved nor known to be violated."""
        return [name for name in self.proof.unproved if not self.known_as(name)]

    @property
    def says(self) -> str:
        """ "proved"; "as known" if all that is not proved is known to be violated; or "undecided"."""
        if not self.proof.unproved:
            return "proved"
        return "undecided" if self.missing else "as known"


def unbounded_model(environment: str) -> Model:
    """The environment without any bound, as terms. Raises :class:`BadInput` for an unknown environment."""
    return record_environment(environment, finite=False)


def prove(environment: str, seconds: float = SECONDS, progress: Progress = no_progress) -> ProofResult:
    """Prove an environment for every size, and explain each obligation that fails and is not known to.

    ``seconds`` limits each obligation. Raises :class:`BadInput` for an unknown environment.
    """
    model = unbounded_model(environment)
    result = ProofResult(environment, prove_model(model, seconds, progress))
    found: list[Failure] = []
    for obligation in result.proof.failed:
        if not result.known_as(obligation.claim):
            progress("failures explained", len(found))
            found.append(Failure(obligation, _counterexample(model, obligation), None))
    result.failures = _reached(environment, found)
    return result


def _counterexample(model: Model, obligation: Obligation) -> Counterexample | None:
    """A counterexample to induction, if the obligation fails by a step and one is small enough."""
    if obligation.verdict != "fails" or obligation.by not in {a.name for a in model.actions}:
        return None
    return find_counterexample(model, obligation.by, obligation.claim)


def _reached(environment: str, failures: list[Failure]) -> list[Failure]:
    """Look for runs that reach the counterexamples: one search for all of the same sizes."""
    by_sizes: dict[Sizes, list[tuple[Counterexample, str]]] = {}
    for failure in failures:
        if failure.counterexample is not None:
            asked = by_sizes.setdefault(failure.counterexample.sizes, [])
            asked.append((failure.counterexample, failure.obligation.claim))
    answers: dict[tuple[Counterexample | None, str], Reached] = {}
    for sizes, asked in by_sizes.items():
        concrete = prepare(environment, sizes)
        for counterexample, claim in asked:
            check_counterexample(concrete, counterexample, claim)
        answers.update(zip(asked, reach(concrete, asked), strict=True))
    return [replace(f, reached=answers.get((f.counterexample, f.obligation.claim))) for f in failures]


def step_of(environment: str, failure: Failure) -> Trace | None:
    """The step of a counterexample to induction as a trace, from a reachable state if there is one.

    None for a failure without a counterexample.
    """
    found, reached, claim = failure.counterexample, failure.reached, failure.obligation.claim
    if found is None or reached is None:
        return None
    concrete = prepare(environment, found.sizes)
    if reached.run is not None:
        states, _ = follow(concrete, reached.run[:-1])
        begins = f"is reached in {len(reached.run) - 1} steps, and keeps all lemmas"
        return trace_of_step(environment, concrete, claim, states[-1], reached.run[-1], begins)
    begins = "keeps all lemmas, and was " + ("reached" if reached.seen else "not reached")
    state = with_budgets(concrete, found.state)
    return trace_of_step(environment, concrete, claim, state, (found.action, found.block), begins)


def run_of(environment: str, failure: Failure) -> Trace | None:
    """The shortest run, from the initial state on, that breaks a claim whose proof fails; None if none was found."""
    if failure.counterexample is None or failure.reached is None or failure.reached.run is None:
        return None
    concrete: Concrete = prepare(environment, failure.counterexample.sizes)
    return from_engine(environment, concrete, "exhaustive", failure.obligation.claim, failure.reached.run)


def title_of(defect: str) -> str:
    """The name and label of a defect."""
    return f"{defect} ({DEFECTS[defect].label})"
