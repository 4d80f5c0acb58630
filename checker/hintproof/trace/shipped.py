"""The shipped counterexamples: a folder for each known defect, with a page, the shortest run, and what was observed.

``hintproof/counterexamples`` is a folder of the package. In a checkout it is a link to ``counterexamples/``.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import msgspec

from hintproof.engines.report import Run
from hintproof.system.errors import BadInput
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS
from hintspec.language.errors import quote, suggest

#: The word that stands for standard input wherever a trace is read.
STDIN = Path("-")


def shipped_folder() -> Path:
    """The folder of the shipped counterexamples: NAME/trace.json, NAME/trace.txt, NAME/README.md."""
    return Path(str(files("hintproof"))) / "counterexamples"


def run_of(defect: Defect) -> Run | None:
    """The shipped run of a known defect; None of one that has no run."""
    file = shipped_folder() / defect.name / "trace.json"
    if not file.is_file():
        return None
    document = msgspec.json.decode(file.read_bytes(), type=_Shipped)
    return [(step.action, step.block) for step in document.steps]


def defect_of(environment: str, violates: str, run: Run) -> Defect | None:
    """The known defect of which this is the shipped run; None if it is another run."""
    for defect in DEFECTS.values():
        if (defect.environment, defect.violates) == (environment, violates) and run_of(defect) == run:
            return defect
    return None


class _ShippedStep(msgspec.Struct):
    action: str
    block: int | None


class _Shipped(msgspec.Struct):
    """What is asked of a shipped trace: its steps."""

    steps: list[_ShippedStep]


def find_trace(place: Path) -> Path:
    """The trace file that a user means: a file, ``-`` for standard input, or the name of a known defect.

    Raises :class:`BadInput` for a defect that has no run, and for a name that is close to that of a defect.
    """
    name = str(place)
    if place == STDIN or place.is_file() or place.name != name or place.suffix:
        return place
    if name not in DEFECTS:
        hint = suggest(name, DEFECTS) or ": give a file, -, or the name of a defect (hintproof defects)"
        raise BadInput(f"no trace file and no defect is called {quote(name)}{hint}")
    file = shipped_folder() / name / "trace.json"
    if not file.is_file():
        raise BadInput(f"{name} has no run: it never happens in the model (hintproof defects {name})")
    return file
