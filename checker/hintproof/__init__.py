"""hintproof: a model checker for virtio-balloon free page hinting."""

from hintproof.engines.limits import Limits
from hintproof.engines.options import BoundedOptions, ExhaustiveOptions, Options, SamplingOptions
from hintproof.system.errors import BadInput, EngineBug
from hintproof.tasks.check import Result, check
from hintproof.tasks.verdict import Exit, Judgement, Verdict
from hintproof.trace.replay import Trace
from hintspec.language.sizes import Sizes

__all__ = [
    "BadInput",
    "BoundedOptions",
    "EngineBug",
    "ExhaustiveOptions",
    "Exit",
    "Judgement",
    "Limits",
    "Options",
    "Result",
    "SamplingOptions",
    "Sizes",
    "Trace",
    "Verdict",
    "check",
]

__version__ = "0.1.0"
