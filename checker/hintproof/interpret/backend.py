"""The base of all interpretations: a meaning for every operator, bound when an interpretation is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from hintspec.language.errors import SpecError
from hintspec.language.folds import fold
from hintspec.language.operators import OPERATORS
from hintspec.language.terms import Term

V = TypeVar("V")


class Backend(Generic[V]):
    """An interpretation: for each operator a method of its name, ``_has(term, blocks, block)`` for "has".

    A method gets the term and the meanings of its arguments; names and numbers among them stay as they are. An operator
    may have a form instead: a function of the arguments alone; or, where the meaning is text, a template, in which {0},
    {1} .. are the arguments, {me} is the interpretation. An interpretation names the operators that it ``lacks``, as no
    term that it is given has them, and those that are ``given`` with each term, as they mean something else each time.
    If it forgets one, it can't be made.
    """

    title: ClassVar[str]
    lacks: ClassVar[frozenset[str]]
    given: ClassVar[frozenset[str]] = frozenset()
    forms: ClassVar[Mapping[str, str | Callable[..., Any]]] = {}

    def __init__(self) -> None:
        """Raise :class:`SpecError` naming the operators without a meaning."""
        bound = {name: self._bind(name) for name in OPERATORS if name not in self.lacks | self.given}
        unbound = [name for name, meaning in bound.items() if meaning is None]
        if unbound:
            raise SpecError(f"the {self.title} interpretation has no meaning for {', '.join(unbound)}")
        self._meanings: dict[str, Any] = bound

    def _bind(self, name: str) -> Callable[..., V] | None:
        """The method or form for an operator, of the nearest class that has one."""
        for kind in type(self).__mro__:
            if name in vars(kind).get("forms", ()):
                form: Any = vars(kind)["forms"][name]
                made: Any = partial(form.format, me=self) if isinstance(form, str) else form
                return lambda _, *args: made(*args)
            if f"_{name}" in vars(kind):
                return getattr(self, f"_{name}", None)
        return None

    def meaning(self, term: Term, memo: dict[Term, V] | None = None, **given: Callable[..., V]) -> V:
        """The meaning of a term. A ``memo`` is for terms that are interpreted with the same ``given``."""
        meanings: dict[str, Callable[..., V]] = {**self._meanings, **given}

        def visit(here: Term, *args: V) -> V:
            if here.op not in meanings:
                raise SpecError(f"the {self.title} interpretation has no meaning for '{here.op}'")
            return meanings[here.op](here, *args)

        return fold(term, visit, memo)
