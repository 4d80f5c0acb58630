"""Proofs for every size, of named environments: the Python API.

>>> from hintproof.tasks.prove import ProofTask
>>> ProofTask("no-hint+qemu-10+tcg").run().proof.proved
['no_lost_write', 'block_conserved']
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hintproof.engines.cti import (
    Counterexample,
    Reached,
    check_counterexample,
    find_counterexample,
    reach,
    with_budgets,
)
from hintproof.engines.induction import SECONDS, Obligation, Proof, prove
from hintproof.interpret.concrete import Concrete
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress
from hintproof.trace.replay import Trace, follow, from_engine, one_step, prepare
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import compose
from hintspec.catalogue.expected import known_at_any_size
from hintspec.language.errors import SpecError
from hintspec.language.recording import Model, record
from hintspec.text import PROTOCOL


@dataclass(frozen=True)
class Failure:
    """An obligation that fails, by the smallest state that shows it, and what a search of small sizes says of it.

    Both are None for an obligation that is undecided, or whose counterexamples are all too large.
    """

    obligation: Obligation
    counterexample: Counterexample | None
    reached: Reached | None


@dataclass
class ProofResult:
    """The proof of an environment, and the failures that nothing known explains."""

    environment: str
    proof: Proof
    failures: list[Failure] = field(default_factory=list)

    def known_as(self, name: str) -> str:
        """The defect by which a property is known to fall; "" if none is."""
        return known_at_any_size(self.environment).get(name, "")

    @property
    def missing(self) -> list[str]:
        """The properties that are neither proved nor known to fall."""
        return [name for name in self.proof.unproved if not self.known_as(name)]

    @property
    def says(self) -> str:
        """ "proved", "as known" where all that is not proved is known to fall, or "undecided"."""
        if not self.proof.unproved:
            return "proved"
        return "undecided" if self.missing else "as known"


@dataclass(frozen=True)
class ProofTask:
    """The proof of one environment: a unit of parallel work. ``seconds`` limits each obligation."""

    environment: str
    seconds: float = SECONDS
    engine: str = "induction"

    def __str__(self) -> str:
        return f"proof of {self.environment}"

    def model(self) -> Model:
        """The environment without any bound. Raises :class:`BadInput` for a name that means none."""
        try:
            return record(PROTOCOL, compose(self.environment), finite=False)
        except SpecError as problem:
            raise BadInput(str(problem)) from None

    def run(self, progress: Progress | None = None) -> ProofResult:
        """Make the proof, and look for a counterexample to whatever fails and is not known to."""
        model = self.model()
        result = ProofResult(self.environment, prove(model, self.seconds, progress))
        for obligation in result.proof.failed:
            if not result.known_as(obligation.claim):
                if progress:
                    progress("failures explained", len(result.failures))
                result.failures.append(self._explain(model, obligation))
        return result

    def _explain(self, model: Model, obligation: Obligation) -> Failure:
        if obligation.verdict != "fails" or obligation.by not in {a.name for a in model.actions}:
            return Failure(obligation, None, None)
        found = find_counterexample(model, obligation.by, obligation.claim)
        if found is None:
            return Failure(obligation, None, None)
        concrete = prepare(self.environment, found.sizes)
        check_counterexample(concrete, found, obligation.claim)
        return Failure(obligation, found, reach(concrete, found, obligation.claim))


def step_of(environment: str, failure: Failure) -> Trace | None:
    """The two states of a counterexample to induction as a trace: reachable ones if there are any."""
    found, reached, claim = failure.counterexample, failure.reached, failure.obligation.claim
    if found is None or reached is None:
        return None
    concrete = prepare(environment, found.sizes)
    if reached.run is not None:
        states, _ = follow(concrete, reached.run[:-1])
        begins = f"is reached in {len(reached.run) - 1} steps, and keeps all lemmas"
        return one_step(environment, concrete, claim, states[-1], reached.run[-1], begins)
    begins = "keeps all lemmas, and was " + ("reached" if reached.seen else "not reached")
    state = with_budgets(concrete, found.state)
    return one_step(environment, concrete, claim, state, (found.action, found.block), begins)


def run_of(environment: str, failure: Failure) -> Trace | None:
    """The shortest run, from the initial state on, that breaks a claim whose proof fails; None if none was found."""
    if failure.counterexample is None or failure.reached is None or failure.reached.run is None:
        return None
    concrete: Concrete = prepare(environment, failure.counterexample.sizes)
    return from_engine(environment, concrete, "exhaustive", failure.obligation.claim, failure.reached.run)


def title_of(defect: str) -> str:
    """A defect as it is told: its name and label."""
    return f"{defect} ({DEFECTS[defect].label})"
