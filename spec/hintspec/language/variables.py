"""The variables of a state: how a text declares them, and the state that actions and properties read.

A text declares its parts as classes and its state as one class of them, so that mypy reports a misspelt variable::

    class Lamp(Part):
        on = var(BOOL, False, "it shines")

    class State(StateView[None]):
        lamp = PartOf(Lamp)

To an action ``s.lamp.on`` is a term; assigning to it records the update. All updates of an action happen at once, so
it may write a variable once and may not read it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Generic, NoReturn, ParamSpec, TypeVar, overload

from hintspec.language.errors import SpecError, blame
from hintspec.language.sorts import Sort
from hintspec.language.terms import Liftable, Term, lift

A = ParamSpec("A")
W = TypeVar("W")
P = TypeVar("P", bound="Part")


@dataclass(frozen=True)
class Var:
    """The declaration of a state variable. ``sort``, ``init`` and ``when`` may depend on the world.

    ``mark`` is the letter that shows membership of a block in a trace; ``role`` says what the variable
    means to the explanation of a trace: a block set that remembers a write ('dirty'), that matters to the guest
    ('content') or is missing ('stale'); or how far an actor has come, which says what is next and not why ('place').
    """

    sort: Sort | Callable[[Any], Sort]
    init: object
    says: str
    _: KW_ONLY
    ghost: bool = False
    when: Callable[[Any], bool] | None = None
    mark: str = ""
    role: str = ""


class Variable:
    """A declared variable as an attribute of its part: a term to read, and to assign whatever can be lifted."""

    def __init__(self, declared: Var) -> None:
        self.declared = declared

    def __set_name__(self, part: type[Part], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, part: None, kind: type[Part]) -> Variable: ...
    @overload
    def __get__(self, part: Part, kind: type[Part]) -> Term: ...
    def __get__(self, part: Part | None, kind: type[Part]) -> Variable | Term:
        return self if part is None else part.view.read(f"{part.name}.{self.name}")

    def __set__(self, part: Part, value: Liftable) -> None:
        part.view.write(f"{part.name}.{self.name}", value)


def _variable(declaration: Callable[A, Var]) -> Callable[A, Variable]:
    return lambda *args, **kwargs: Variable(declaration(*args, **kwargs))


#: Declares a state variable inside a :class:`Part`; it takes the fields of :class:`Var`.
var = _variable(Var)


class Part:
    """A group of state variables with one owner; subclass it and declare them with :func:`var`."""

    __slots__ = ("name", "view")

    def __init__(self, name: str, view: StateView[Any]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "view", view)

    if TYPE_CHECKING:
        name: str
        view: StateView[Any]
    else:  # hidden from mypy, which would take any attribute of a class that has these methods

        def __getattr__(self, attribute: str) -> NoReturn:
            raise SpecError(f"{blame()}: this world has no variable '{self.name}.{attribute}'")

        def __setattr__(self, attribute: str, value: Liftable) -> None:
            if not isinstance(getattr(type(self), attribute, None), Variable):
                raise SpecError(f"{blame()}: this world has no variable '{self.name}.{attribute}'")
            object.__setattr__(self, attribute, value)

    @classmethod
    def declared(cls) -> dict[str, Var]:
        """The declarations by name, in the order of the text."""
        return {name: item.declared for name, item in vars(cls).items() if isinstance(item, Variable)}


class PartOf(Generic[P]):
    """A part as an attribute of the state."""

    def __init__(self, kind: type[P]) -> None:
        self.kind = kind

    def __set_name__(self, state: type[StateView[Any]], name: str) -> None:
        self.name = name

    def __get__(self, view: StateView[Any], kind: type[StateView[Any]]) -> P:
        part = self.kind(self.name, view)
        vars(view)[self.name] = part  # found there from now on
        return part


class StateView(Generic[W]):
    """A state as actions and properties see it: the world that they are recorded for, and the declared parts.

    ``sorts`` are those of the world's variables. Reading gives the variables of the state, or (``op`` is "next") of
    the state that a step leads to. Writing adds to ``updates``; without them nothing may be written.
    """

    def __init__(
        self, world: W, sorts: Mapping[str, Sort], updates: dict[str, Term] | None = None, op: str = "var"
    ) -> None:
        self.world = world
        self._sorts = sorts
        self._updates = updates
        self._op = op

    if not TYPE_CHECKING:  # hidden from mypy, which would take any attribute of a class that has this method

        def __getattr__(self, name: str) -> NoReturn:
            raise SpecError(f"{blame()}: there is no part '{name}' in the state of this world")

    @classmethod
    def parts(cls) -> dict[str, type[Part]]:
        """The parts by name, in the order of the text; those of the classes that this one extends come first."""
        every = (item for kind in reversed(cls.__mro__) for item in vars(kind).items())
        return {name: item.kind for name, item in every if isinstance(item, PartOf)}

    @classmethod
    def declared(cls) -> Iterator[tuple[str, Var]]:
        """All variables by their full names (``driver.at``), in the order of the text."""
        for name, part in cls.parts().items():
            yield from ((f"{name}.{variable}", declared) for variable, declared in part.declared().items())

    def read(self, name: str) -> Term:
        """A variable by its full name, as a term."""
        sort = self._sort(name)
        if self._updates is not None and name in self._updates:
            raise SpecError(f"{blame()}: '{name}' is read after it was written in the same action")
        return Term(self._op, (name,), sort)

    def write(self, name: str, value: Liftable) -> None:
        """Record the new value of a variable."""
        sort = self._sort(name)
        if self._updates is None:
            raise SpecError(f"{blame()}: only an action may write '{name}'")
        if name in self._updates:
            raise SpecError(f"{blame()}: '{name}' is written twice in one action")
        self._updates[name] = lift(value, sort)

    def _sort(self, name: str) -> Sort:
        if name not in self._sorts:
            raise SpecError(f"{blame()}: this world has no variable '{name}'")
        return self._sorts[name]
