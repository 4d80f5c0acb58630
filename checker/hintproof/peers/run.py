"""A run of another model checker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PeerRun:
    """The counts, time and memory of a run. None: the tool does not report it.

    ``transitions`` are steps, without the initial state that some tools count as one. ``seconds`` are those of the
    search, by the tool's own clock if it has one; ``ready`` those before it (writing, generating, compiling).
    ``megabytes`` are the most memory that the search's process had, looked at now and then. ``errors`` is how many
    violations SPIN met; ``output`` is all that the tool printed.
    """

    version: str
    states: int
    transitions: int | None
    depth: int | None
    seconds: float
    ready: float
    megabytes: int
    errors: int = 0
    output: str = ""
