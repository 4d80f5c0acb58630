"""What can't be recorded fails loudly, and names its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hintspec.language.declare import (
    Actor,
    Text,
    action,
    promise,
    require,
    state_property,
    step_property,
    transition_invariant,
)
from hintspec.language.errors import SpecError
from hintspec.language.recording import record
from hintspec.language.sorts import BLOCKS, BOOL, ID, Enum, Ring
from hintspec.language.terms import ALL, EMPTY, NO_BLOCK, STOP, TRUE, Term, choose, empty_ring, just
from hintspec.language.variables import Part, PartOf, StateView, var

SOMEBODY = Actor("somebody", "S", "somebody")
Light = Enum("light", ("RED", "GREEN"))
QUEUE = Ring("queue", (("kind", Light), ("secret", ID)), ghosts=("secret",))


class Things(Part):
    flag = var(BOOL, False, "a flag")
    light = var(Light, Light.RED, "a light")
    blocks = var(BLOCKS, EMPTY, "some blocks")
    queue = var(QUEUE, empty_ring(QUEUE), "a queue")
    ghost = var(BLOCKS, EMPTY, "a ghost", ghost=True)


class S(StateView[Any]):
    t = PartOf(Things)


def recorded(body: Callable[..., None]) -> Any:
    """Record a text whose one action is ``body``."""
    step = action(by=SOMEBODY, where="here")(body)
    return record(Text(S, (SOMEBODY,), (step,), ()), None)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (lambda s: require(s.t.flag and s.t.flag), "no truth value"),
        (lambda s: require(not s.t.flag), "no truth value"),  # type: ignore[arg-type]
        (lambda s: require(s.t.flag if s.t.flag else TRUE), "no truth value"),
        (lambda s: require(1 < s.t.queue.room < 3), "no truth value"),
        (lambda s: require(NO_BLOCK in s.t.blocks), "instead of 'in'"),  # type: ignore[arg-type]
        (lambda s: list(s.t.blocks), "looped over"),
        (lambda s: require(s.t.flag & EMPTY), "expected a bool"),
        (lambda s: require(s.t.light == 1), "no light"),
        (lambda s: require(s.t.light & s.t.light), "takes conditions or block sets"),
        (lambda s: require(~s.t.light), "takes a condition or a block set"),
        (lambda s: require(s.t.flag - s.t.flag), "takes block sets"),
        (lambda s: require(s.t.flag > 1), "only counts are ordered"),
        (lambda s: require(s.t.blocks), "expected a bool"),
        (lambda s: require(s.t.missing), "no variable 't.missing'"),
        (lambda s: require(s.nowhere.flag), "no part 'nowhere'"),
        (lambda s: setattr(s.t, "missing", TRUE), "no variable 't.missing'"),
        (lambda s: setattr(s.t, "flag", 7), "is no bool"),
        (lambda s: setattr(s.t, "queue", s.t.queue.post(kind=Light.RED)), "needs the fields"),
        (lambda s: setattr(s.t, "queue", s.t.queue.mark("kind", EMPTY)), "only a bool field"),
        (lambda s: require(s.t.queue.head("nothing") == STOP), "no field 'nothing'"),
        (lambda s: require(s.t.flag.pop() == TRUE), "takes a ring"),
        (lambda s: require(s.t.ghost == EMPTY), "ghost 't.ghost' influences"),
        (lambda s: setattr(s.t, "blocks", s.t.ghost), "ghost 't.ghost' influences"),
        (lambda s: require(s.t.queue.head("secret") == STOP), "ghost 't.queue:secret' influences"),
    ],
)
def test_what_cannot_be_meant_is_refused(body: Callable[[S], None], complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        recorded(body)


def test_the_line_is_named() -> None:
    def body(s: S) -> None:
        require(s.t.flag and s.t.flag)

    line = body.__code__.co_firstlineno + 1
    with pytest.raises(SpecError, match=rf"test_language\.py:{line}"):
        recorded(body)


def test_a_variable_is_written_once_and_not_read_afterwards() -> None:
    def twice(s: S) -> None:
        s.t.flag = True
        s.t.flag = False

    def after(s: S) -> None:
        s.t.flag = True
        require(s.t.flag)

    with pytest.raises(SpecError, match="written twice"):
        recorded(twice)
    with pytest.raises(SpecError, match="read after it was written"):
        recorded(after)


def test_ghosts_may_follow_ghosts_and_entries_may_carry_them() -> None:
    def body(s: S) -> None:
        s.t.ghost = s.t.ghost | just(NO_BLOCK)
        s.t.queue = s.t.queue.post(kind=Light.GREEN, secret=STOP)

    assert set(recorded(body).actions[0].updates) == {"t.ghost", "t.queue"}


def test_properties_may_not_write_nor_actions_be_asked_outside() -> None:
    @state_property("always", "none")
    def writes(s: S) -> Any:
        s.t.flag = True

    with pytest.raises(SpecError, match="only an action may write"):
        record(Text(S, (SOMEBODY,), (), (writes,)), None)
    with pytest.raises(SpecError, match="belongs inside an action"):
        require(TRUE)
    with pytest.raises(SpecError, match="belongs inside an action"):
        promise(step_property("p", "none", "says"), TRUE)


def test_guards_are_kept_conjunct_by_conjunct() -> None:
    def body(s: S) -> None:
        require(s.t.flag & (s.t.light == Light.RED), ~s.t.flag)

    assert len(recorded(body).actions[0].guard) == 3


def test_choose_takes_labels_and_terms() -> None:
    chosen = choose(TRUE, Light.RED, Light.GREEN)
    assert chosen.sort == Light
    assert choose(TRUE, ALL, EMPTY).sort == BLOCKS
    with pytest.raises(SpecError, match="expected a"):
        choose(TRUE, ALL, STOP)


# -- transition invariants ----------------------------------------------------------------------

OTHER = Actor("other", "O", "other")
LIGHT_BEFORE_FLAG = step_property("light_before_flag", "none", "The flag goes up under a green light.")


@transition_invariant(LIGHT_BEFORE_FLAG, of=("t.flag",), by=(SOMEBODY,), but=("may_always",))
def flag_needs_light(s: S, t: S) -> Term:
    """The light was green before."""
    return ~t.t.flag | s.t.flag | (s.t.light == Light.GREEN)


def promises(body: Callable[..., None], by: Actor = SOMEBODY) -> list[Term]:
    """What an action promises in a text with the change above."""
    step = action(by=by, where="here")(body)
    text = Text(S, (SOMEBODY, OTHER), (step,), (LIGHT_BEFORE_FLAG,), transition_invariants=(flag_needs_light,))
    return [term for name, term in record(text, None).actions[0].promises if name == LIGHT_BEFORE_FLAG.name]


def test_a_step_that_makes_a_change_promises_what_it_owes() -> None:
    def raises(s: S) -> None:
        s.t.flag = True

    (promised,) = promises(raises)
    flag, light = Term("var", ("t.flag",), BOOL), Term("var", ("t.light",), Light)
    assert promised is (flag | (light == Light.GREEN))  # the new value is put in, and what is left kept


def test_nothing_is_promised_where_nothing_can_go_wrong() -> None:
    def lowers(s: S) -> None:
        s.t.flag = False

    def asks(s: S) -> None:
        require(s.t.light == Light.GREEN)
        s.t.flag = True

    def something_else(s: S) -> None:
        s.t.light = Light.GREEN

    def may_always(s: S) -> None:
        s.t.flag = True

    for body in (lowers, asks, something_else, may_always):
        assert promises(body) == []


def test_only_its_actors_owe_a_change() -> None:
    def raises(s: S) -> None:
        s.t.flag = True

    assert promises(raises, OTHER) == []


def test_the_state_after_a_step_can_not_be_written() -> None:
    @transition_invariant(LIGHT_BEFORE_FLAG, of=("t.flag",), by=(SOMEBODY,))
    def writes(s: S, t: S) -> Any:
        t.t.flag = True

    with pytest.raises(SpecError, match="only an action may write"):
        record(Text(S, (SOMEBODY,), (), (LIGHT_BEFORE_FLAG,), transition_invariants=(writes,)), None)
