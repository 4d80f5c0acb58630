"""Other model checkers, asked for the same counts: what each of them takes for it. They are no part of any verdict."""

from hintproof.peers.python import run_minicheck
from hintproof.peers.run import PeerRun
from hintproof.peers.spin import run_spin
from hintproof.peers.tlc import run_tlc

__all__ = ["PeerRun", "run_minicheck", "run_spin", "run_tlc"]
