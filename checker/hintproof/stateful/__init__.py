"""Hypothesis' stateful tests of an environment: :func:`machine` gives the ``RuleBasedStateMachine``."""

from hintproof.stateful.build import machine
from hintproof.stateful.protocol_machine import ProtocolMachine
from hintproof.stateful.violation import NotPossible, Violation

__all__ = ["NotPossible", "ProtocolMachine", "Violation", "machine"]
