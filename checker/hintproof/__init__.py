"""hintproof: a model checker for virtio-balloon free page hinting.

The names of this package are imported when they are used (PEP 562), so that ``hintproof --version`` and the pytest
plugin do not wait for solvers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hintproof.engines.limits import Limits
    from hintproof.engines.options import BoundedOptions, ExhaustiveOptions, Options, SamplingOptions
    from hintproof.system.errors import BadInput, EngineBug, Unfinished
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
    "Unfinished",
    "Verdict",
    "check",
]

__version__ = "0.1.0"

#: The module in which each name is defined.
_HOMES = {
    **dict.fromkeys(("BadInput", "EngineBug", "Unfinished"), "hintproof.system.errors"),
    **dict.fromkeys(("BoundedOptions", "ExhaustiveOptions", "Options", "SamplingOptions"), "hintproof.engines.options"),
    **dict.fromkeys(("Exit", "Judgement", "Verdict"), "hintproof.tasks.verdict"),
    **dict.fromkeys(("Result", "check"), "hintproof.tasks.check"),
    "Limits": "hintproof.engines.limits",
    "Sizes": "hintspec.language.sizes",
    "Trace": "hintproof.trace.replay",
}


def __getattr__(name: str) -> Any:
    """Import a name from its home at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names of the package, imported or not."""
    return sorted({*globals(), *__all__})
