"""Two-phase commit: the model that other model checkers publish, with counts that all of them agree on.

It has nothing to do with ballooning. It shows that the engines are generic, and how fast each checker is on the same
work; ``benchmarks/`` holds it in the languages of the others.
"""

from __future__ import annotations

from hintproof.interpret.concrete import Concrete
from hintspec.language.declare import (
    ALWAYS,
    RECOVERABLE,
    SOMETIMES,
    Action,
    Actor,
    Property,
    Text,
    action,
    require,
    state_property,
)
from hintspec.language.recording import record
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCKS, Enum
from hintspec.language.terms import EMPTY, Term, just
from hintspec.language.variables import Part, PartOf, StateView, var

#: States by the number of resource managers, as TLC, SPIN and others count them.
STATES = {3: 288, 5: 8_832, 7: 296_448, 8: 1_745_408, 9: 10_340_352}

MANAGER = Actor("manager", "M", "the transaction manager")
RESOURCE = Actor("resource", "R", "a resource manager")
Phase = Enum("phase", ("INIT", "COMMITTED", "ABORTED"))


class Commit(Part):
    """The knowledge of the managers, and the messages that were sent."""

    tm = var(Phase, Phase.INIT, "the transaction manager")
    heard = var(BLOCKS, EMPTY, "prepared, as the manager knows")
    prepared = var(BLOCKS, EMPTY, "prepared")
    committed = var(BLOCKS, EMPTY, "committed")
    aborted = var(BLOCKS, EMPTY, "aborted")
    said_prepared = var(BLOCKS, EMPTY, "message: prepared")
    said_commit = var(BLOCKS, EMPTY, "message: commit, to all or none")
    said_abort = var(BLOCKS, EMPTY, "message: abort, to all or none")


class S(StateView[None]):
    """The whole state."""

    c = PartOf(Commit)


@action(by=MANAGER, where="TMRcvPrepared")
def hear(s: S, block: Term) -> None:
    """The transaction manager hears that a resource manager is prepared."""
    require(s.c.tm == Phase.INIT, s.c.said_prepared.has(block))
    s.c.heard = s.c.heard | just(block)


@action(by=MANAGER, where="TMCommit")
def commit(s: S) -> None:
    """All are prepared: the transaction manager commits."""
    require(s.c.tm == Phase.INIT, s.c.heard == ~EMPTY)
    s.c.tm = Phase.COMMITTED
    s.c.said_commit = ~EMPTY


@action(by=MANAGER, where="TMAbort")
def abort(s: S) -> None:
    """The transaction manager aborts."""
    require(s.c.tm == Phase.INIT)
    s.c.tm = Phase.ABORTED
    s.c.said_abort = ~EMPTY


def working(s: S, block: Term) -> Term:
    """Whether a resource manager has not decided yet."""
    return ~(s.c.prepared | s.c.committed | s.c.aborted).has(block)


@action(by=RESOURCE, where="RMPrepare")
def prepare_(s: S, block: Term) -> None:
    """A resource manager prepares, and says so."""
    require(working(s, block))
    s.c.prepared = s.c.prepared | just(block)
    s.c.said_prepared = s.c.said_prepared | just(block)


@action(by=RESOURCE, where="RMChooseToAbort")
def choose_to_abort(s: S, block: Term) -> None:
    """A resource manager aborts on its own."""
    require(working(s, block))
    s.c.aborted = s.c.aborted | just(block)


@action(by=RESOURCE, where="RMRcvCommitMsg")
def receive_commit(s: S, block: Term) -> None:
    """A resource manager receives the message to commit."""
    require(s.c.said_commit.has(block))
    s.c.committed = s.c.committed | just(block)
    s.c.prepared = s.c.prepared - just(block)
    s.c.aborted = s.c.aborted - just(block)


@action(by=RESOURCE, where="RMRcvAbortMsg")
def receive_abort(s: S, block: Term) -> None:
    """A resource manager receives the message to abort."""
    require(s.c.said_abort.has(block))
    s.c.aborted = s.c.aborted | just(block)
    s.c.prepared = s.c.prepared - just(block)
    s.c.committed = s.c.committed - just(block)


@state_property(ALWAYS, "consistency")
def consistent(s: S, block: Term) -> Term:
    """No resource manager commits while another aborts."""
    return ~(s.c.committed.has(block) & ~(s.c.aborted == EMPTY))


@state_property(SOMETIMES, "the point of it")
def all_commit(s: S) -> Term:
    """All can commit."""
    return s.c.committed == ~EMPTY


@state_property(RECOVERABLE, "the manager may abort for ever")
def can_commit(s: S) -> Term:
    """All can still commit."""
    return s.c.committed == ~EMPTY


STEPS: tuple[Action, ...] = (hear, commit, abort, prepare_, choose_to_abort, receive_commit, receive_abort)
CLAIMS: tuple[Property, ...] = (consistent, all_commit, can_commit)


def two_phase_commit(managers: int, steps: tuple[Action, ...] = STEPS) -> Concrete:
    """The model for so many resource managers."""
    text = Text(S, (MANAGER, RESOURCE), steps, CLAIMS)
    return Concrete(record(text, None), Sizes(blocks=managers, ring=2, rounds=1))
