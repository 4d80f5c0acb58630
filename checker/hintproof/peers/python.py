"""minicheck, an explicit-state model checker in plain Python: a script holds the model and prints the counts."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from hintproof.peers.run import PeerRun
from hintproof.system.children import last_line, run_child
from hintproof.system.errors import BadInput


def missing() -> str:
    """The program or package that is missing, as a sentence; "" if none is."""
    return "" if importlib.util.find_spec("minicheck") else "needs minicheck: pip install 'hintproof[bench]'"


def run_minicheck(script: Path, size: int, seconds: float = 600) -> PeerRun:
    """Run a script that searches a model of this size with minicheck and prints ``states`` and ``seconds`` as JSON.

    Raises :class:`BadInput` for what is missing and for a limit that was met. minicheck does not count transitions.
    """
    if problem := missing():
        raise BadInput(problem)
    if not script.is_file():
        raise BadInput(f"no such file: {script}")
    began = time.monotonic()
    ended = run_child([sys.executable, str(script.resolve()), str(size)], Path.cwd(), seconds)
    wall = time.monotonic() - began
    try:
        counts = json.loads(last_line(ended.output))
        states, searched = int(counts["states"]), float(counts["seconds"])
    except (ValueError, TypeError, KeyError):
        raise BadInput(f"{script.name} did not finish: {last_line(ended.output)}") from None
    return PeerRun(
        version=version("minicheck"),
        states=states,
        transitions=None,
        depth=None,
        seconds=searched,
        ready=wall - searched,
        megabytes=ended.megabytes,
        output=ended.output,
    )
