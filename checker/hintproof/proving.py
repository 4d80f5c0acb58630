"""Proofs for every size, of named environments: the Python API.

>>> from hintproof.proving import ProofTask
>>> ProofTask("no-hint+qemu-10+tcg").run().proved
['no_lost_write', 'block_conserved']
"""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.engines.induction import SECONDS, Proof, prove
from hintproof.engines.report import Progress
from hintproof.errors import BadInput
from hintproof.interpret.unbounded import Unbounded
from hintspec.environments import compose
from hintspec.protocol import PROTOCOL
from hintspec.recording import Model, record
from hintspec.sorts import SpecError


@dataclass(frozen=True)
class ProofTask:
    """The proof of one environment: a unit of parallel work. ``seconds`` limits each obligation."""

    environment: str
    seconds: float = SECONDS
    engine: str = "induction"

    def __str__(self) -> str:
        return f"proof of {self.environment}"

    def model(self) -> Model:
        """The environment without any bound. Raises :class:`BadInput` for one that can't be proved about."""
        try:
            world = compose(self.environment)
            if world.device.ids_wrap_soon:
                raise BadInput(f"{self.environment}: the proof counts ids without end; leave 'ids-wrap' out")
            model = record(PROTOCOL, world, finite=False)
            Unbounded(model).fresh("")  # refuses sorts that it has no meaning for
        except SpecError as problem:
            raise BadInput(str(problem)) from None
        return model

    def run(self, progress: Progress | None = None) -> Proof:
        """Make the proof. Raises :class:`BadInput` for an environment that it can't speak of."""
        return prove(self.model(), self.seconds, progress)
