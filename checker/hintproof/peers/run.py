"""A run of another model checker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PeerRun:
    """The counts, time and memory of a run. None: the tool does not report it.

    ``transitions`` are steps, without the initial state that some tools count as one. ``seconds`` are those of the
    search, by the tool's own clock if it has one; ``ready`` those before it (writing, generating, compiling);
    ``wall`` all of them, from the question to the verdict. ``megabytes`` are the most memory that the search's
    process had, looked at now and then, ``state_bytes`` what one state takes as it is stored, without its place in a
    table. ``errors`` is how many violations SPIN met; ``output`` is all that the tool printed.
    """

    version: str
    states: int
    transitions: int | None
    depth: int | None
    seconds: float
    ready: float
    wall: float
    megabytes: int
    state_bytes: int | None = None
    errors: int = 0
    output: str = ""
