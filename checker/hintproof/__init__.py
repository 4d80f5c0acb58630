"""hintproof: a model checker for virtio-balloon free page hinting."""

from hintproof.checking import Result, check
from hintproof.engines.report import Limits
from hintproof.errors import BadInput, EngineBug
from hintproof.trace import Trace
from hintproof.verdict import Exit, Judgement, Verdict
from hintspec.sizes import Sizes

__all__ = [
    "BadInput",
    "EngineBug",
    "Exit",
    "Judgement",
    "Limits",
    "Result",
    "Sizes",
    "Trace",
    "Verdict",
    "check",
]

__version__ = "0.1.0"
