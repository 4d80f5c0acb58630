"""Every interpretation has a meaning for every operator, or says at once which it lacks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hintproof.interpret.bitvector import BitVectors
from hintproof.interpret.concrete import Concrete
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.promela_terms import PromelaTerms
from hintproof.interpret.source import Compiler
from hintproof.interpret.steps import steps_text
from hintproof.interpret.unbounded import Unbounded
from hintproof.interpret.wording import _Wording
from hintspec.language.declare import Actor, Text, action, promise, require, step_property
from hintspec.language.errors import SpecError
from hintspec.language.operators import OPERATORS, Operator
from hintspec.language.recording import Model, record
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BOOL, Enum
from hintspec.language.terms import Term
from hintspec.language.variables import Part, PartOf, StateView, var

SOMEBODY = Actor("somebody", "S", "somebody")
Light = Enum("light", ("RED", "GREEN"))
ON_GREEN = step_property("on_green", "here", "It goes on green alone.")


class Lamp(Part):
    light = var(Light, Light.RED, "a light")


class S(StateView[None]):
    lamp = PartOf(Lamp)


def on_green(s: S) -> Term:
    return s.lamp.light == Light.GREEN


@action(by=SOMEBODY, where="here")
def go(s: S) -> None:
    require(on_green(s))
    promise(ON_GREEN, on_green(s))  # written anew, and the same
    s.lamp.light = Light.RED


@pytest.fixture(name="model")
def model_() -> Model:
    return record(Text(S, (SOMEBODY,), (go,), (ON_GREEN,)), None)


BACKENDS: dict[str, Callable[[Model], object]] = {
    "concrete": lambda model: Compiler(model, Sizes()),
    "packed": lambda model: PackedCompiler(Concrete(model, Sizes())),
    "bit-vector": lambda model: BitVectors(model, Sizes()),
    "unbounded": Unbounded,
    "Promela": lambda model: PromelaTerms(Compiler(model, Sizes()), Sizes()),
    "worded": lambda model: _Wording(),
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_operator_without_a_meaning_is_named(backend: str, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    BACKENDS[backend](model)
    if backend in ("packed", "Promela"):  # these need a compiler, which would complain first
        monkeypatch.setattr(Compiler, "_brand_new", lambda *_: "", raising=False)
        monkeypatch.setattr(PackedCompiler, "_brand_new", None, raising=False)
    monkeypatch.setitem(OPERATORS, "brand_new", Operator("brand_new", (), BOOL))
    with pytest.raises(SpecError, match=rf"the {backend} interpretation has no meaning for brand_new$"):
        BACKENDS[backend](model)


@pytest.mark.parametrize("backend", ["packed", "bit-vector", "Promela"])
def test_what_only_lemmas_use_is_lacking_where_there_are_none(backend: str, model: Model) -> None:
    made = BACKENDS[backend](model)
    assert {"newest", "at", "older"} <= made.lacks  # type: ignore[attr-defined]


def test_a_term_with_an_operator_that_is_lacking_is_refused(model: Model) -> None:
    slot = Term("slot", (), OPERATORS["slot"].gives)
    with pytest.raises(SpecError, match="the packed interpretation has no meaning for 'slot'"):
        PackedCompiler(Concrete(model, Sizes())).expr(slot)


def test_a_promise_that_the_guard_asks_for_is_not_compiled_again(model: Model) -> None:
    concrete = Concrete(model, Sizes())
    (instance,) = concrete.instances
    compiler = Compiler(model, Sizes())
    assert compiler.broken_promises(instance.action, instance.block, ["on_green"]) == "0"
    assert steps_text(PackedCompiler(concrete)).count("lamp_light == 1") == 1
