"""Terms are one object where they are equal, and the table of operators says what each takes and gives."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import pytest

from hintspec.language.declare import Actor, Text, action, promise, require, state_property
from hintspec.language.errors import SpecError, quote
from hintspec.language.folds import fold, places, reads, replace_at, substitute, subterms, values_asked
from hintspec.language.operators import OPERATORS, only_in
from hintspec.language.recording import record
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, Enum, Ring
from hintspec.language.terms import _TERMS, EMPTY, TRUE, Term, choose, just, one_of
from hintspec.language.variables import Part, PartOf, StateView, var

SOMEBODY = Actor("somebody", "S", "somebody")
Light = Enum("light", ("RED", "AMBER", "GREEN"))
QUEUE = Ring("queue", (("kind", Light), ("of", BLOCK), ("secret", BLOCKS)), ghosts=("secret",))

LIGHT = Term("var", ("t.light",), Light)
OTHER = Term("var", ("t.other",), Light)
SET = Term("var", ("t.set",), BLOCKS)
RING = Term("var", ("t.queue",), QUEUE)
THE_BLOCK = Term("block", (), BLOCK)
POSTED = RING.post(kind=LIGHT, of=THE_BLOCK, secret=SET)


class Things(Part):
    light = var(Light, Light.RED, "a light")


class S(StateView[None]):
    t = PartOf(Things)


def test_equal_terms_are_one_object() -> None:
    assert (LIGHT == Light.RED) is (LIGHT == Light.RED)
    assert (LIGHT == Light.RED) is not (LIGHT == Light.GREEN)
    assert one_of(LIGHT, Light.RED, Light.GREEN) is ((LIGHT == Light.RED) | (LIGHT == Light.GREEN))
    assert {LIGHT == Light.RED: 1}[LIGHT == Light.RED] == 1


def test_terms_stay_one_object_when_copied_and_pickled() -> None:
    for made in (copy.copy(POSTED), copy.deepcopy(POSTED), pickle.loads(pickle.dumps(POSTED))):
        assert made is POSTED
    written = pickle.dumps(Term("var", ("t.nowhere_else",), BLOCKS) | SET)  # as a process that ends leaves it
    gc.collect()
    assert pickle.loads(written) is (Term("var", ("t.nowhere_else",), BLOCKS) | SET)


def test_terms_that_nobody_uses_are_dropped() -> None:
    before = len(_TERMS)
    many = [Term("const", (number,), COUNT) == 7 for number in range(1000, 1100)]
    assert len(_TERMS) >= before + 200
    del many
    gc.collect()
    assert len(_TERMS) <= before + 1  # 7 may stay


def test_a_text_can_not_look_a_term_up() -> None:
    """Before terms could be keys, "in" raised; now it would silently say no."""

    @action(by=SOMEBODY, where="here")
    def step(s: S) -> None:
        require(TRUE if s.t.light in {Light.RED, Light.GREEN} else ~TRUE)

    with pytest.raises(SpecError, match=r"test_terms\.py:\d+: a term can't be looked up"):
        record(Text(S, (SOMEBODY,), (step,), ()), None)


@pytest.mark.parametrize(("op", "args"), [("shrug", ()), ("and", (TRUE,)), ("post", ()), ("block", (1,))])
def test_a_term_keeps_to_the_table(op: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(SpecError, match=f"no operator '{op}' of {len(args)} arguments"):
        Term(op, args, BOOL)


def test_the_table_says_where_operators_may_be_used() -> None:
    assert only_in("lemmas") >= {"at", "newest", "slot"}
    assert not only_in("lemmas") & only_in("budgets", "assumptions", "transition invariants")
    assert "and" not in only_in(*{item.only for item in OPERATORS.values() if item.only})


def test_an_entry_is_flat() -> None:
    assert POSTED.args == (RING, LIGHT, THE_BLOCK, SET)
    assert [place for place, term in places(POSTED) if term is SET] == [(3,)]
    assert replace_at(POSTED, (3,), EMPTY) is RING.post(kind=LIGHT, of=THE_BLOCK, secret=EMPTY)


def test_a_fold_visits_a_shared_part_once() -> None:
    both = (LIGHT == Light.RED) & ~(LIGHT == Light.RED)
    visited: list[str] = []

    def size(term: Term, *sizes: Any) -> int:
        visited.append(term.op)
        return 1 + sum(int(s) for s, a in zip(sizes, term.args, strict=True) if isinstance(a, Term))

    assert fold(both, size) == 8
    assert sorted(visited) == ["and", "const", "eq", "not", "var"]
    assert [t.op for t in subterms(both)] == ["and", "eq", "var", "const", "not"]


def test_what_terms_read_and_ask_for() -> None:
    assert set(reads(POSTED)) == {"t.queue", "t.light"}  # what goes into a ghost field does not count
    assert set(reads(POSTED.head("kind") == LIGHT)) == {"t.queue", "t.queue:kind", "t.light", "t.light:kind"}
    assert values_asked(one_of(LIGHT, Light.RED, Light.GREEN)) == (LIGHT, frozenset({0, 2}))
    assert values_asked((LIGHT == Light.RED) | (OTHER == Light.RED)) is None
    assert values_asked(LIGHT == OTHER) is None


def test_substitution_leaves_the_rest_the_same_object() -> None:
    chosen = choose(LIGHT == Light.RED, SET, just(THE_BLOCK))
    assert substitute(chosen, lambda name, sort: None) is chosen
    assert substitute(chosen, lambda name, sort: EMPTY if name == "t.set" else None) is choose(
        LIGHT == Light.RED, EMPTY, just(THE_BLOCK)
    )


def test_the_text_is_blamed_and_not_the_language() -> None:
    @state_property("always", "here")
    def no_step_property(s: S) -> Term:
        return s.t.light == Light.RED

    @action(by=SOMEBODY, where="here")
    def step(s: S) -> None:
        promise(no_step_property, TRUE)

    with pytest.raises(SpecError, match=r"test_terms\.py:\d+: 'no_step_property' is no step property"):
        record(Text(S, (SOMEBODY,), (step,), ()), None)
    with pytest.raises(SpecError, match=r"test_terms\.py:\d+: promise\(\) belongs inside an action"):
        promise(no_step_property, TRUE)


def test_a_word_is_quoted_on_one_line() -> None:
    assert quote("L4") == "'L4'"
    assert quote("a\nb\x1b") == r"'a\nb\x1b'"
    assert len(quote("x" * 500)) <= 82
