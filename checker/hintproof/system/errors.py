"""Errors that a user can do something about: one clear line each."""

from __future__ import annotations


class BadInput(Exception):
    """Input or options that can't be used. The message says what, where, and what to do. Exit code 2."""


class EngineBug(Exception):
    """An engine gave a run that does not replay, or two engines contradict each other."""
