"""Other model checkers on the same models: their counts and times. They are no part of any verdict."""

from hintproof.peers.python import run_minicheck
from hintproof.peers.run import PeerRun
from hintproof.peers.spin import run_spin
from hintproof.peers.tlc import run_tlc

__all__ = ["PeerRun", "run_minicheck", "run_spin", "run_tlc"]
