"""Certificates: every obligation of a proof as SMT-LIB 2, confirmed by a second solver.

Z3 names the facts that an obligation needs; the script has those alone, so that cvc5 confirms a claim
that is no weaker and can be read. The files, a manifest and a script that checks them need no hintproof.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import hintspec
from hintproof import __version__
from hintproof.engines.induction import SECONDS, settled
from hintproof.engines.obligations import Obligations
from hintproof.interpret.smtlib import script
from hintproof.system.clock import milliseconds
from hintproof.system.documents import Document, to_json
from hintproof.system.errors import BadInput
from hintproof.system.progress import Progress, no_progress
from hintproof.system.workers import Runner, Task, run_in_order
from hintproof.tasks.certificate_check import ask_cvc5
from hintproof.tasks.prove import unbounded_model
from hintspec.catalogue.expected import known_at_any_size

#: The file that checks the others, without hintproof.
CHECKER = "check.py"


@dataclass(frozen=True)
class Certified:
    """One obligation: its script and what each solver answers: "unsat" (it holds), "sat" or "unknown"."""

    file: str
    by: str
    claim: str
    sha256: str
    z3: str
    cvc5: str


@dataclass(frozen=True)
class Certificate:
    """All obligations of one environment, and the properties that they prove.

    ``known`` has the defect of each property that is known to be violated instead.
    """

    environment: str
    proved: list[str]
    unproved: list[str]
    known: dict[str, str]
    untouched: int
    obligations: list[Certified]

    @property
    def missing(self) -> list[str]:
        """The properties that are neither proved nor known to be violated."""
        return [name for name in self.unproved if name not in self.known]

    @property
    def confirmed(self) -> list[Certified]:
        """The obligations that both solvers say hold."""
        return [o for o in self.obligations if o.z3 == o.cvc5 == "unsat"]

    @property
    def disagreements(self) -> list[Certified]:
        """The obligations that one solver says hold, and the other says fail."""
        return [o for o in self.obligations if {o.z3, o.cvc5} == {"sat", "unsat"}]

    @property
    def unconfirmed(self) -> list[Certified]:
        """The obligations that Z3 says hold, and that cvc5 did not decide."""
        return [o for o in self.obligations if o.z3 == "unsat" and o.cvc5 == "unknown"]


def second_solver() -> Any:
    """cvc5's Python module. Raises :class:`BadInput` if it isn't installed."""
    try:
        return importlib.import_module("cvc5")
    except ImportError:
        raise BadInput("certify needs a second solver: pip install 'hintproof[certify]' (cvc5)") from None


def certify(
    environment: str, directory: Path, seconds: float = SECONDS, progress: Progress = no_progress
) -> Certificate:
    """Write every obligation of one environment below a directory, and ask both solvers for it.

    ``seconds`` limits each obligation and solver. Raises :class:`BadInput` for an unknown environment, and without
    cvc5.
    """
    model, solver = unbounded_model(environment), second_solver()
    folder = directory / environment
    folder.mkdir(parents=True)
    certified: list[Certified] = []
    untouched = 0
    for query in Obligations(model).all():
        if query is None:
            untouched += 1
            continue
        answer, needed = query.core(seconds)
        about = [f"environment: {environment}", f"claim: {query.claim}", f"step: {query.by}", f"z3: {answer}"]
        text = script(needed, query.goal, about)
        path = folder / f"{query.by}.{query.claim}.smt2".replace(" ", "_")
        path.write_text(text, encoding="ascii")
        second = ask_cvc5(solver, text, milliseconds(seconds))
        file = f"{environment}/{path.name}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        certified.append(Certified(file, query.by, query.claim, digest, answer, second))
        progress("obligations", len(certified))
    refused = {o.claim for o in certified if not o.z3 == o.cvc5 == "unsat"}
    proved, unproved, _ = settled(model, {o.claim for o in certified}, refused)
    known = {n: f for n, f in known_at_any_size(environment).items() if n in unproved}
    return Certificate(environment, proved, unproved, known, untouched, certified)


def certify_all(
    environments: Sequence[str], out: Path, seconds: float = SECONDS, runner: Runner[Certificate] = run_in_order
) -> list[Certificate]:
    """Write a directory with the certificates of some environments, a manifest, and a script that checks them.

    The directory takes the place of an older one when it is complete, and not before. Raises :class:`BadInput` for an
    unknown environment, without cvc5, and where ``out`` can't be written or is no certificate.
    """
    second_solver()
    for name in environments:
        unbounded_model(name)
    partial = _begin(out)
    try:
        tasks = [Task(name, "certificate", functools.partial(certify, name, partial, seconds)) for name in environments]
        certificates = runner(tasks)
        _finish(partial, out, certificates)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return certificates


class ManifestDocument(Document, tag="hintproof-certificate/1"):
    """The manifest of a directory of certificates: what made them, and the obligations of each environment.

    ``spec_sha256`` is a hash of the protocol text; ``solvers`` are their versions.
    """

    hintproof: str
    spec_sha256: str
    solvers: dict[str, str]
    environments: list[Certificate]


def make_manifest(certificates: Sequence[Certificate]) -> ManifestDocument:
    """The manifest of certificates made now."""
    return ManifestDocument(
        hintproof=__version__,
        spec_sha256=spec_hash(Path(hintspec.__file__).parent),
        solvers={"z3": version("z3-solver"), "cvc5": version("cvc5")},
        environments=list(certificates),
    )


def spec_hash(package: Path) -> str:
    """SHA-256 of the protocol text: names and contents of the sources and pins in every folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in package.rglob("*") if p.suffix in (".py", ".json", ".toml")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _begin(out: Path) -> Path:
    """Make a directory to write into beside ``out``. Raises :class:`BadInput` where that can't be."""
    partial = out.with_name(f".{out.name}.partial")
    try:
        if out.exists() and not (out / "manifest.json").is_file():
            raise BadInput(f"{out} is there and is no certificate: name another directory")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    except OSError as problem:
        raise BadInput(f"can't write {out}: {problem.strerror or problem}; name another directory") from None
    return partial


def _finish(partial: Path, out: Path, certificates: list[Certificate]) -> None:
    """Add the manifest and the checker, and put the directory in place of ``out``."""
    (partial / "manifest.json").write_text(to_json(make_manifest(certificates)), encoding="ascii")
    checker = files("hintproof.tasks").joinpath("certificate_check.py").read_text(encoding="ascii")
    (partial / CHECKER).write_text(checker, encoding="ascii")
    if out.exists():
        shutil.rmtree(out)
    partial.rename(out)
