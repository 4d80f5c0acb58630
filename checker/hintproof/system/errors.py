"""Errors, each with an exit code of its own."""

from __future__ import annotations


class BadInput(Exception):
    """Input or options that can't be used. The message says what, where, and what to do. Exit code 2."""


class EngineBug(Exception):
    """An engine gave a run that does not replay, or two engines contradict each other. Exit code 4."""


class CannotWrite(Exception):
    """The output could not be written to its end: the disk is full, say. Exit code 5."""


class Unfinished(Exception):
    """Work that ended before it could decide: its process was killed, or had no memory left. Exit code 3."""
